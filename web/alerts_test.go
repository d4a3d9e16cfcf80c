package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook/alerts"
	"daybook/web"
)

// A postedHouse has a mail server that takes what it is given.
type postedHouse struct {
	*house
	sent []alerts.Notification
	fail error
}

func newPostedHouse(t *testing.T) *postedHouse {
	t.Helper()
	p := &postedHouse{}
	p.house = newHouse(t, func(cfg *web.Config) {
		cfg.Mail = alerts.Recipient{Address: "notes@northfield.example", Title: "Your weekly note", Sender: "Notes", QuietFrom: 19 * 60, QuietUntil: 9*60 + 30}
	})
	return p
}

// Notify implements alerts.Notifier.
func (p *postedHouse) Notify(_ context.Context, n alerts.Notification) error {
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, n)
	return nil
}

// post plans and sends what is due.
func (p *postedHouse) mail() {
	p.t.Helper()
	m := alerts.NewMailer(p.db, p.log, p, p.clock, slog.New(slog.DiscardHandler))
	p.ok(m.Queue(p.t.Context()))
	p.ok(m.Send(p.t.Context()))
}

func (p *postedHouse) recipients() []alerts.Recipient {
	p.t.Helper()
	all, err := p.db.Recipients(p.t.Context(), p.mayas)
	p.ok(err)
	return all
}

var (
	ownForm = []string{"me", "weekly", "day", "1", "at", "10:00", "quiet_from", "19:00", "quiet_until", "09:30", "zone", "Europe/London",
		"title", "Your order", "sender", "The shop", "address", "maya.second@mail.example"}
	adviserForm = []string{"label", "Priya at Northfield", "at", "09:45", "quiet_from", "19:00", "quiet_until", "08:00", "zone", "Europe/London",
		"title", "", "sender", "", "address", "priya@northfield.example", "pace-after-stop", "once", "pace-unwanted", "digest", "pace-renewal", "digest"}
	aNumber = regexp.MustCompile(`\b\d{6}\b`)
)

// The person chooses a mail a week: the address is confirmed by a number that is
// typed in the app, and what is shown is what goes out.
func TestAlerts_ThePerson_C5_C6(t *testing.T) {
	p := newPostedHouse(t)
	p.tell()
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/alerts"
	page := maya.get(in)
	maya.says(page, 200, "Nobody is told of anything by e-mail", "E-mail for me", "Never in an e-mail", "notes@northfield.example")
	if len(p.recipients()) != 0 {
		t.Error("somebody is told before anybody chose them")
	}
	if !regexp.MustCompile(`value="none" checked`).MatchString(page.Body) {
		t.Error("the person is told of something by default")
	}

	maya.says(maya.goOn(maya.post(in, ownForm...)), 200, "A number was mailed to maya.second@mail.example", "Monday, 10:00", "Not confirmed yet", "That it is that day, and nothing else")
	p.mail()
	if len(p.sent) != 1 || p.sent[0].To != "maya.second@mail.example" || p.sent[0].Title != "Your order" || p.sent[0].Sender != "The shop" {
		t.Fatalf("mails %+v, want the one with the number", p.sent)
	}
	number := aNumber.FindString(p.sent[0].Body)
	one := in + "/" + p.recipients()[0].ID
	maya.says(maya.post(one+"/confirm", "number", "1234"), 422, "That is another number")
	maya.says(maya.goOn(maya.post(one+"/confirm", "number", number[:3]+" "+number[3:])), 200, "The address is confirmed", "This address was confirmed here on 23 Nov 2026")

	for range 15 * 8 {
		p.move(3 * time.Hour)
		p.mail()
	}
	var days []string
	for _, n := range p.sent[1:] {
		days = append(days, n.Made.Format("Mon 2 Jan"))
	}
	if want := []string{"Mon 23 Nov", "Mon 30 Nov", "Mon 7 Dec"}; !slices.Equal(days, want) {
		t.Errorf("mails on %v, want %v", days, want)
	}
	maya = p.enter(p.maya)
	shown := previewOf(t, maya.get(in))
	if shown != p.sent[1].Body {
		t.Errorf("the preview shows\n%s\nand the mail says\n%s", shown, p.sent[1].Body)
	}
	if got := p.accessed(p.mayas); !slices.Contains(got, "Maya alert chose somebody who is told of new contact") || !slices.Contains(got, "Maya alert typed a number to confirm an address") {
		t.Errorf("access log %v", got)
	}
}

// previewOf is the text of the mail on a page.
func previewOf(t *testing.T, a answer) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<pre>(.*?)</pre>`).FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no preview: %s", said(a))
	}
	return html.UnescapeString(m[1])
}

func TestAlerts_NumberTriesEnd_C6(t *testing.T) {
	p := newPostedHouse(t)
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/alerts"
	maya.post(in, ownForm...)
	rec := p.recipients()[0]
	wrong := strings.Map(func(c rune) rune { return '0' + (c-'0'+1)%10 }, rec.Unconfirmed.Number)
	for range alerts.ConfirmTries {
		maya.says(maya.post(in+"/"+rec.ID+"/confirm", "number", wrong), 422, "That is another number")
	}
	maya.says(maya.post(in+"/"+rec.ID+"/confirm", "number", rec.Unconfirmed.Number), 422, "cannot be used any more")
	p.move(2 * time.Minute)
	maya.goOn(maya.post(in + "/" + rec.ID + "/number"))
	again := p.recipients()[0]
	if again.Unconfirmed.ID == rec.Unconfirmed.ID {
		t.Fatal("no other number was made")
	}
	maya.says(maya.goOn(maya.post(in+"/"+rec.ID+"/confirm", "number", again.Unconfirmed.Number)), 200, "The address is confirmed")
	// Another address has to be confirmed anew; until then nothing goes to either.
	maya.says(maya.goOn(maya.post(in, with(ownForm, "address", "third@mail.example")...)), 200, "A number was mailed to third@mail.example")
	if r := p.recipients(); len(r) != 1 || r[0].Unconfirmed == nil || !r[0].Confirmed.IsZero() {
		t.Errorf("recipients %+v", r)
	}
}

func TestAlerts_AnAdviser_C6(t *testing.T) {
	p := newPostedHouse(t)
	p.tell()
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/alerts"
	maya.says(maya.get(in+"/new"), 200, "Tell somebody else", "At once", "with numbers as an example")
	page := maya.goOn(maya.post(in+"/new", adviserForm...))
	maya.says(page, 200, "A number was mailed to priya@northfield.example", "Ask them for it")
	rec := p.recipients()[0]
	if rec.Kind != alerts.Adviser || rec.Rules[alerts.AfterStop] != alerts.AtOnce || rec.Rules[alerts.NewHandle] != alerts.Never || rec.Label != "Priya at Northfield" {
		t.Errorf("kept %+v", rec)
	}
	p.mail()
	maya.says(maya.goOn(maya.post(in+"/"+rec.ID+"/confirm", "number", aNumber.FindString(p.sent[0].Body))), 200, "The address is confirmed")
	maya.says(maya.get(in), 200, "Priya at Northfield Adviser", "unwanted contact", "Once a day at 09:45, if there is news. At once: contact after they were asked to stop", "priya@northfield.example")

	// The mail that goes out is the one that is shown, but for its numbers.
	shown := previewOf(t, maya.get(in+"/"+rec.ID))
	size, root, err := p.log.Head(t.Context(), p.mayas)
	p.ok(err)
	if want := alerts.Preview(p.clock(), p.recipients()[0], nil, alerts.Anchor{Size: size, Root: root}).Body; shown != want {
		t.Errorf("the preview shows\n%s\nwant\n%s", shown, want)
	}
	for _, word := range []string{"nightjar", "mastodon", "library", "http"} {
		if strings.Contains(strings.ToLower(shown), word) {
			t.Errorf("the mail says %q", word)
		}
	}

	maya.goOn(maya.post(in+"/"+rec.ID, with(adviserForm, "pace-after-stop", "", "away", "2026-12-24")...))
	if rec = p.recipients()[0]; rec.Rules[alerts.AfterStop] != alerts.Never || rec.Unconfirmed != nil || !rec.Paused.Equal(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("after a change: %+v; want the address still confirmed", rec)
	}
	maya.says(maya.get(in), 200, "No e-mails until 24 Dec 2026")
	maya.says(maya.goOn(maya.post(in+"/"+rec.ID+"/remove")), 200, "Nothing more goes to that address", "Nobody is told")
}

func TestAlerts_FormMistakes(t *testing.T) {
	p := newPostedHouse(t)
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/alerts"
	hostile := `"><script>alert(1)</script>`
	for _, tc := range []struct{ name, path, field, value, says string }{
		{"no address for a mail", in, "address", "", "Write one address"},
		{"two addresses", in, "address", "a@mail.example, b@mail.example", "Write one address"},
		{"a header in the title", in, "title", "Notes\r\nBcc: x@mail.example", "One line"},
		{"hidden characters", in, "sender", "Notes\u202e", "One line"},
		{"no such time", in, "at", "25:00", "Write a time of day"},
		{"in the quiet hours", in, "at", "20:00", "lies in the quiet hours"},
		{"no such zone", in, "zone", "Nowhere/Land", "Choose a time zone"},
		{"the machine's zone", in, "zone", "Local", "Choose a time zone"},
		{"no such day", in, "day", "9", "Choose a day"},
		{"no choice", in, "me", "often", "Choose one of these"},
		{"a break in the past", in, "away", "2026-11-01", "within the next year"},
		{"hostile", in, "address", hostile, "Write one address"},
		{"hostile title", in, "title", strings.Repeat(hostile, 20), "One line"},
		{"an adviser without an address", in + "/new", "address", "", "Write one address"},
		{"a label of two lines", in + "/new", "label", "a\nb", "One line"},
		{"rules", in + "/rules", "quiet", "many", "Write a number of days"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			form := ownForm
			if tc.path != in {
				form = adviserForm
			}
			a := maya.post(tc.path, with(form, tc.field, tc.value)...)
			maya.says(a, 422, tc.says)
			maya.saysNot(a, "<script>alert")
		})
	}
	if r := p.recipients(); len(r) != 0 {
		t.Errorf("kept %+v", r)
	}
	// The person who wants no mail needs no address.
	maya.says(maya.goOn(maya.post(in, with(ownForm, "me", "none", "address", "")...)), 200, "Saved")
	if r := p.recipients(); len(r) != 0 {
		t.Errorf("kept %+v", r)
	}
	p.mail()
	if len(p.sent) != 0 {
		t.Errorf("sent %+v", p.sent)
	}
}

// At once is for advisers alone, whatever a form says.
func TestAlerts_AtOnceIsNotForThePerson_C6(t *testing.T) {
	p := newPostedHouse(t)
	maya := p.enter(p.maya)
	maya.post("/c/"+string(p.mayas)+"/alerts", append(with(ownForm, "me", "daily"), "pace-after-stop", "once")...)
	for k, pace := range p.recipients()[0].Rules {
		if pace != alerts.Digest {
			t.Errorf("%s: %q, want once a day at most", k, pace)
		}
	}
}

func TestAlerts_Rules(t *testing.T) {
	p := newPostedHouse(t)
	maya := p.enter(p.maya)
	in := "/c/" + string(p.mayas) + "/alerts"
	maya.says(maya.goOn(maya.post(in+"/rules", "rule", "after-stop", "rule", "after-quiet", "rule", "no such rule", "quiet", "10")), 200, "Saved")
	rules, err := p.db.AlertRules(t.Context(), p.mayas)
	if err != nil || len(rules) != 2 || rules[0] != (alerts.Rule{Kind: alerts.AfterQuiet, Quiet: 10 * 24 * time.Hour}) || rules[1].Kind != alerts.AfterStop {
		t.Errorf("rules %+v, %v", rules, err)
	}
	a := maya.get(in)
	if !strings.Contains(a.Body, `value="after-stop" checked`) || strings.Contains(a.Body, `value="stopped" checked`) || !strings.Contains(a.Body, `value="10"`) {
		t.Error("the page shows other rules")
	}
}

func TestAlerts_FailedMailsAreShown(t *testing.T) {
	p := newPostedHouse(t)
	p.tell()
	r := alerts.NewRecipient(p.mayas, alerts.Adviser, "gone@northfield.example", "UTC")
	n, err := r.AskToConfirm(p.clock())
	p.ok(err)
	p.ok(p.db.SaveAndMail(t.Context(), r, n))
	p.fail = errors.Join(alerts.ErrPermanent, errors.New("550 5.1.1"))
	p.mail()
	maya := p.enter(p.maya)
	maya.says(maya.get("/c/"+string(p.mayas)+"/alerts"), 200, "Not delivered", "gone@northfield.example", "550 5.1.1")
}

// An adviser who runs the case sees the same in the third person; others see
// nothing, and nobody reaches another case.
func TestAlerts_Others_D6(t *testing.T) {
	p := newPostedHouse(t)
	p.tell()
	maya, priya, lee, tom := p.enter(p.maya), p.enter(p.priya), p.enter(p.lee), p.enter(p.tom)
	in := "/c/" + string(p.mayas) + "/alerts"
	maya.post(in, ownForm...)
	rec := p.recipients()[0]
	page := priya.get(in)
	priya.says(page, 200, "as the person decided", "The person", "Monday, 10:00")
	priya.saysNot(page, "E-mail for me", "You decide", "Your address")
	priya.says(priya.get(in+"/"+rec.ID), 200, "E-mail for the person", "maya.second@mail.example")
	if a := priya.post(in, ownForm...); a.Status != http.StatusForbidden {
		t.Errorf("an adviser saved as the person: %d", a.Status)
	}
	if a := lee.get("/c/" + string(p.toms) + "/alerts"); a.Status != http.StatusForbidden {
		t.Errorf("a reader sees who is told: %d", a.Status)
	}
	for _, path := range []string{"", "/new", "/" + rec.ID} {
		if a := tom.get(in + path); a.Status != 404 {
			t.Errorf("%s of another case: %d", path, a.Status)
		}
	}
	other := "/c/" + string(p.toms) + "/alerts/" + rec.ID
	if a := tom.get(other); a.Status != 404 {
		t.Errorf("a recipient of another case: %d", a.Status)
	}
	for _, verb := range []string{"", "/remove", "/confirm", "/number"} {
		if a := tom.post(other+verb, append(adviserForm, "number", rec.Unconfirmed.Number)...); a.Status != 404 {
			t.Errorf("%s of another case: %d", verb, a.Status)
		}
	}
	if got := p.recipients(); len(got) != 1 || got[0].Address != rec.Address || got[0].Unconfirmed == nil {
		t.Errorf("changed by somebody else: %+v", got)
	}
	all, err := p.db.Recipients(t.Context(), p.toms)
	if err != nil || len(all) != 0 {
		t.Errorf("recipients of the other case: %v, %v", all, err)
	}
}
