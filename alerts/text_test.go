package alerts_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"daybook"
	"daybook/alerts"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMail_C5_Golden(t *testing.T) {
	anchor := alerts.Anchor{Size: 1042, Root: daybook.DigestOf([]byte("root"))}
	var events []alerts.Event
	for i, k := range alerts.RuleKinds() {
		e := event(uint64(i+1), k, date(4, 12, 0))
		e.Count = 3 * (i + 1)
		events = append(events, e)
	}
	person := alerts.NewRecipient(caseID, alerts.ThePerson, "maya@mail.example", "UTC")
	person.Rules[alerts.AfterStop] = alerts.Digest
	bodies := map[string]string{}
	for file, r := range map[string]alerts.Recipient{"adviser.golden": adviser(), "person.golden": person} {
		mails := alerts.Plan(date(5, 12, 0), r, events, alerts.Told{}, anchor)
		if len(mails) != 1 {
			t.Fatalf("%s: got %d mails, want 1", file, len(mails))
		}
		bodies[file] = mails[0].Body
		name := filepath.Join("testdata", file)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(mails[0].Body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), mails[0].Body); diff != "" {
			t.Errorf("%s (-update writes it anew):\n%s", name, diff)
		}
	}
	forbidden := regexp.MustCompile(`(?i)stal[k]|harass|threat|http|www\.|://|@|mastodon|twitter|bluesky|handle|victi[m]|police|danger|risk|abuse|daybook|[^\x00-\x7f]`)
	for _, text := range []string{bodies["adviser.golden"], bodies["person.golden"], alerts.DefaultTitle, alerts.DefaultSender} {
		if m := forbidden.FindString(text); m != "" {
			t.Errorf("%q says %q", text, m)
		}
	}
	if m := regexp.MustCompile(`[0-9]|(?i)case|contact`).FindString(bodies["person.golden"]); m != "" {
		t.Errorf("the person's mail says %q", m)
	}
	for _, want := range []string{alerts.Code(caseID), "1042", anchor.Root.String()[:16]} {
		if !strings.Contains(bodies["adviser.golden"], want) {
			t.Errorf("the adviser's mail lacks %q", want)
		}
	}
}

func TestRecipient_E11_HeadersCannotBeInjected(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *alerts.Recipient)
		ok     bool
	}{
		{"plain", func(*alerts.Recipient) {}, true},
		{"own words", func(r *alerts.Recipient) { r.Title, r.Sender = "Notiz für Dich", "Büro" }, true},
		{"line end in the title", func(r *alerts.Recipient) { r.Title = "Notes\r\nBcc: other@mail.example" }, false},
		{"line feed in the sender", func(r *alerts.Recipient) { r.Sender = "Notes\nBcc: other@mail.example" }, false},
		{"line end in the address", func(r *alerts.Recipient) { r.Address = "a@mail.example\r\nBcc: b@mail.example" }, false},
		{"two addresses", func(r *alerts.Recipient) { r.Address = "a@mail.example, b@mail.example" }, false},
		{"a name with the address", func(r *alerts.Recipient) { r.Address = "Maya <a@mail.example>" }, false},
		{"no address", func(r *alerts.Recipient) { r.Address = "" }, false},
		{"text that runs backwards", func(r *alerts.Recipient) { r.Title = "Notes \u202e" }, false},
		{"line separator", func(r *alerts.Recipient) { r.Title = "Notes\u2028x" }, false},
		{"not UTF-8", func(r *alerts.Recipient) { r.Title = "Notes\xff" }, false},
		{"too long", func(r *alerts.Recipient) { r.Title = strings.Repeat("x", 101) }, false},
		{"unknown zone", func(r *alerts.Recipient) { r.Zone = "Nowhere/Land" }, false},
		{"unknown pace", func(r *alerts.Recipient) { r.Rules[alerts.AfterStop] = "often" }, false},
		{"no such hour", func(r *alerts.Recipient) { r.DigestAt = 24 * 60 }, false},
		{"nobody", func(r *alerts.Recipient) { r.Kind = "" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := alerts.NewRecipient(caseID, alerts.Adviser, "adviser@charity.example", "UTC")
			tt.change(&r)
			switch err := r.Check(); {
			case tt.ok && err != nil:
				t.Errorf("got %v, want no error", err)
			case !tt.ok && !errors.Is(err, daybook.ErrInvalid):
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
}

func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"", "22:00", "24:00", "7:05", "-1:00", "12:60", "٠٧:٠٠"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := alerts.ParseClock(s)
		if err != nil {
			return
		}
		back, err := alerts.ParseClock(c.String())
		if err != nil || back != c || c < 0 || c >= 24*60 {
			t.Errorf("%q is read as %d, written as %q, read again as %d (%v)", s, int(c), c, int(back), err)
		}
	})
}
