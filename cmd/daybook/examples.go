package main

// examples stand in the help of commands.
var examples = map[string]string{
	"demo":             "  daybook demo\n  daybook demo --keep ./demo --no-serve",
	"case new":         "  daybook case new --name Garden --zone Europe/London",
	"connect mastodon": "  daybook connect mastodon --case CASE --server social.example\n  daybook connect mastodon --case CASE --server social.example --token-file token.txt --agree",
	"collect":          "  daybook collect --case CASE --once",
	"mark":             "  daybook mark stop --case CASE --handle kestrel@birds.example --at 2026-10-26T21:14 --how \"a direct message\"\n  daybook mark unwanted --case CASE --handle kestrel@birds.example\n  daybook mark named-day --case CASE --at 2026-12-04 --how \"court date\"",

	"list":             "  daybook list --case CASE --newest --limit 20\n  daybook list --case CASE --handle kestrel@birds.example --json",
	"search":           "  daybook search --case CASE 'find you' --content\n  daybook search --case CASE '\"outside your\" OR window -market' --by-time",
	"findings":         "  daybook findings --case CASE --explain",
	"verify":           "  daybook verify --case CASE\n  daybook verify --case CASE --anchor 170:9f2c4be01d7a6653",
	"alert add":        "  daybook alert add --case CASE --address adviser@charity.example\n  daybook alert add --case CASE --address adviser@charity.example --at-once after-stop --quiet 21:00-08:00",
	"backup":           "  daybook backup ~/backups/daybook-2026-11-23.tar",
	"restore":          "  daybook restore ~/backups/daybook-2026-11-23.tar --reason \"the disk failed\"",
}
