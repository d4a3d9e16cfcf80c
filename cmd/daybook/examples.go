package main

// examples stand in the help of commands, by the command's path.
var examples = map[string]string{
	"demo": `  daybook demo
  daybook demo --keep ./demo --no-serve`,
	"serve": `  daybook serve
  daybook serve --data /srv/daybook`,
	"case new": `  daybook case new --name Garden --zone Europe/London`,
	"case list": `  daybook case list
  daybook case list --json`,
	"connect mastodon": `  daybook connect mastodon --case CASE --server social.example
  daybook connect mastodon --case CASE --server social.example --code-file code.txt --agree
  daybook connect mastodon --case CASE --server social.example --token-file token.txt --agree`,
	"connect x": `  daybook connect x --case CASE
  daybook connect x --case CASE --paste
  daybook connect x --case CASE --token-file pair.json --agree-terms --agree`,
	"collect": `  daybook collect --case CASE --once
  daybook collect --case CASE --account ACCOUNT`,
	"import": `  daybook import --case CASE --dry-run twitter-2026-11-18.zip
  daybook import --case CASE twitter-2026-11-18.zip
  daybook import --case CASE --thread 1480000101-2220000101 --leave-out 3330000101 twitter-2026-11-18.zip`,
	"mark": `  daybook mark stop --case CASE --entry 27
  daybook mark stop --case CASE --handle kestrel@birds.example --at 2026-10-26T21:14 --precision about --how "on the phone"
  daybook mark unwanted --case CASE --handle kestrel@birds.example
  daybook mark allowed --case CASE --handle ana@social.example --until 2026-12-31
  daybook mark excluded --case CASE --handle surgery@health.example
  daybook mark called --case CASE --handle 2220000101 --how "Ruben, from the old street"
  daybook mark named-day --case CASE --at 2026-12-04 --how "court date"`,
	"link": `  daybook link confirm --case CASE kestrel@birds.example reed@ponds.example --reason "the same picture of my door"
  daybook link reject --case CASE kestrel@birds.example ana@social.example --reason "a colleague"`,
	"own add": `  daybook own add name --case CASE
  daybook own add address '14 High Street, Anytown' --case CASE`,
	"own remove": `  daybook own remove name 'Sam' --case CASE`,
	"own list": `  daybook own list --case CASE
  daybook own list --case CASE --content`,
	"erase ask": `  daybook erase ask --case CASE --entry 27 --dry-run
  daybook erase --case CASE --entry 27 --reason "she asked for it"
  daybook erase --case CASE --entry 27 --now
  daybook erase --case CASE`,
	"erase cancel": `  daybook erase cancel --case CASE ERASURE`,
	"erase list":   `  daybook erase list --case CASE`,
	"pause":        `  daybook pause --account ACCOUNT`,
	"resume":       `  daybook resume --account ACCOUNT`,
	"renew":        `  daybook renew --account ACCOUNT --agree`,
	"withdraw":     `  daybook withdraw --account ACCOUNT`,
	"show": `  daybook show --case CASE 27
  daybook show --case CASE 27 --content --around 3
  daybook show --case CASE 27 --raw`,
	"list": `  daybook list --case CASE --newest --limit 20
  daybook list --case CASE --handle kestrel@birds.example --from 2026-10-01 --content
  daybook list --case CASE --direction in --json`,
	"search": `  daybook search --case CASE 'find you' --content
  daybook search --case CASE '"outside your" OR window -market' --by-time
  daybook search --case CASE 'from:kestrel@birds.example after:2026-10-26 wind*'
  daybook search --case CASE --terms terms.txt`,
	"handles": `  daybook handles --case CASE`,
	"findings": `  daybook findings --case CASE --explain
  daybook findings --case CASE --content --json`,
	"export": `  daybook export --case CASE --out bundle.zip
  daybook export --case CASE --selection --handle kestrel@birds.example --from 2026-10-01 --mark MR --to-whom "Anytown police" --out bundle.zip
  daybook export --case CASE --entry 27 --entry 31 --redact text=31:private --cover 'Sam=Person 1' --dry-run
  daybook export --case CASE --for-file solicitor.txt --out bundle.zip.age
  daybook export --case CASE --at 170 --out again.zip`,
	"verify": `  daybook verify --case CASE
  daybook verify --case CASE --anchor checkpoint.txt
  daybook verify --case CASE --anchor 170:9f2c4be01d7a6653
  daybook verify --case CASE --anchor '170 9f2c4be01d7a6653 daybook/3fk2a9qd/x81mmzpl'
  daybook verify bundle.zip --key FINGERPRINT
  daybook verify bundle.zip --anchor checkpoint.txt --roots authority.pem`,
	"checkpoint": `  daybook checkpoint --case CASE --out /media/stick/checkpoint.txt
  daybook checkpoint --case CASE --line`,
	"anchors":   `  daybook anchors --case CASE`,
	"user add":  `  daybook user add 'Ria Vane' --address ria@charity.example`,
	"user list": `  daybook user list`,
	"user code": `  daybook user code 'Ria Vane'
  daybook user code 'Ria Vane' --recover`,
	"user leave": `  daybook user leave 'Ria Vane'`,
	"grant add": `  daybook grant add --case CASE --user Mara --role owner
  daybook grant add --case CASE --user 'Ria Vane' --role content --until 2026-12-24 --reason "helps with the report"`,
	"grant end": `  daybook grant end GRANT --case CASE --reason "the report is made"`,
	"grant list": `  daybook grant list --case CASE
  daybook grant list --case CASE --log`,
	"alert add": `  daybook alert add --case CASE --address adviser@charity.example
  daybook alert add --case CASE --address adviser@charity.example --at-once after-stop --quiet 21:00-08:00`,
	"alert list":   `  daybook alert list --case CASE`,
	"alert remove": `  daybook alert remove RECIPIENT --case CASE`,
	"alert send":   `  daybook alert send`,
	"rebuild": `  daybook rebuild
  daybook rebuild --case CASE`,
	"backup": `  daybook backup /media/stick/daybook-2026-11-23.tar`,
	"restore": `  daybook restore /media/stick/daybook-2026-11-23.tar --reason "the disk failed"
  daybook restore bundle.zip --key FINGERPRINT --name Garden --reason "the person moved to us"
  daybook restore --declare --case CASE --reason "a backup of the whole machine was put back"`,
	"doctor":      `  daybook doctor`,
	"key sheet":   `  daybook key sheet`,
	"key restore": `  daybook key restore --file sheet.txt`,
	"version":     `  daybook version`,
}
