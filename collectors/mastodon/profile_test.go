package mastodon_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/mastodon"
)

const fullProfile = `{"id":"7","username":"kestrel_74","acct":"kestrel_74@birds.example","display_name":"Ruben","uri":"https://birds.example/users/kestrel_74",
	"note":"<p>Birds. <a href=\"https://kiln.example/ruben\">my page</a> <a class=\"u-url mention\" href=\"https://birds.example/@wren\">@wren</a></p>",
	"created_at":"2026-01-05T00:00:00.000Z","bot":false,"url":"https://birds.example/@kestrel_74",
	"avatar":"https://files.example/cache/accounts/avatars/7/original/a.gif","avatar_static":"https://files.example/cache/accounts/avatars/7/static/a.png",
	"fields":[{"name":"phone","value":"07700 900 123"},{"name":"web","value":"<a href=\"https://rings.example\" rel=\"me\">rings.example</a>"}],
	"also_known_as":["https://nests.example/users/kestrel"],"moved":{"id":"8","acct":"quiet@kiln.example","uri":"https://kiln.example/users/quiet"}}`

func TestProfiles(t *testing.T) {
	kestrel := daybook.Profile{
		Handle:  daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel_74"},
		Account: "kestrel_74@birds.example", Display: "Ruben", Note: "Birds. my page @wren",
		Links:   []string{"https://kiln.example/ruben", "https://rings.example"},
		Fields:  []string{"phone: 07700 900 123", "web: rings.example"},
		Created: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Moved: "mastodon:https://kiln.example/users/quiet",
		Aliases: []string{"mastodon:https://nests.example/users/kestrel"}, Server: "birds.example",
		AvatarAt: "https://files.example/cache/accounts/avatars/7/original/a.gif",
	}
	tilda := daybook.Profile{Handle: daybook.Handle{Platform: "mastodon", Native: "tilda_w@mastodon.example"}, Account: "tilda_w@mastodon.example", Server: "mastodon.example"}
	with := func(avatar string) string {
		return strings.NewReplacer("https://files.example/cache/accounts/avatars/7/original/a.gif", avatar,
			"https://files.example/cache/accounts/avatars/7/static/a.png", avatar).Replace(fullProfile)
	}
	without := kestrel
	without.AvatarAt = ""
	tests := []struct {
		name string
		lane daybook.Lane
		raw  string
		want []daybook.Profile
	}{
		{"mention", "notifications", notification("mention", fullProfile, statusJSON(fullProfile, "public", "")), []daybook.Profile{kestrel}},
		{"favourite of the person's own post", "notifications", notification("favourite", fullProfile, statusJSON(mara, "public", "")), []daybook.Profile{kestrel}},
		{"conversation of three", "conversations", `{"id":"2","accounts":[` + friend + `,` + fullProfile + `],"last_status":` + statusJSON(fullProfile, "direct", "") + `}`,
			[]daybook.Profile{kestrel, tilda}},
		{"status", "contexts", statusJSON(fullProfile, "public", ""), []daybook.Profile{kestrel}},
		{"only the person", "statuses", statusJSON(mara, "public", ""), nil},
		{"picture at the other's server", "contexts", statusJSON(with("https://birds.example/avatars/a.png"), "public", ""), []daybook.Profile{without}},
		{"Mastodon's default picture", "contexts", statusJSON(with("https://mastodon.example/avatars/original/missing.png"), "public", ""), []daybook.Profile{without}},
		{"GoToSocial's default picture", "contexts", statusJSON(with("https://mastodon.example/assets/default_avatars/GoToSocial_icon3.webp"), "public", ""), []daybook.Profile{without}},
		{"not JSON", "notifications", "<html>", nil},
		{"another form", "notifications", `{"account":[1,2]}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mastodon.Profiles(self, daybook.Capture{Platform: "mastodon", Lane: tt.lane, NativeID: "34", Raw: []byte(tt.raw)})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A profile is bounded whatever a server sends.
func TestProfilesAreBounded(t *testing.T) {
	field := `{"name":"` + strings.Repeat("ä", 9_000) + `","value":"` + strings.Repeat(`<a href='https://x.example/y'>z</a>`, 100) + `"}`
	raw := `{"account":{"acct":"a@b.example","display_name":"` + strings.Repeat("é", 60_000) + `","note":"` + strings.Repeat("<p>", 50_000) + strings.Repeat("n", 50_000) +
		`","fields":[` + field + strings.Repeat(","+field, 80) + `]},"accounts":[{"acct":"c"}` + strings.Repeat(`,{"acct":"d@e.example"}`, 300) + `]}`
	got := mastodon.Profiles(self, daybook.Capture{Raw: []byte(raw)})
	if len(got) != 3 {
		t.Fatalf("%d profiles", len(got))
	}
	p := got[0]
	size := len(p.Account) + len(p.Display) + len(p.Note)
	for _, s := range append(p.Fields, p.Links...) {
		size += len(s)
	}
	if size > 400_000 || len(p.Fields) > 32 || len(p.Display) > 8_000 || p.Display == "" {
		t.Errorf("a profile of %d bytes, %d fields, a name of %d", size, len(p.Fields), len(p.Display))
	}
}

func FuzzProfiles(f *testing.F) {
	f.Add(notification("mention", fullProfile, statusJSON(fullProfile, "public", "")))
	f.Add(`{"accounts":[` + friend + `],"last_status":{"account":` + ruben + `}}`)
	f.Add(`{"account":{"acct":"@","uri":"","fields":null,"moved":{}}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, p := range mastodon.Profiles(self, daybook.Capture{Raw: []byte(raw)}) {
			if p.Handle.IsZero() || p.AvatarAt != "" && !strings.HasPrefix(p.AvatarAt, "http") && strings.Contains(p.AvatarAt, "birds.example") {
				t.Errorf("%+v", p)
			}
		}
	})
}
