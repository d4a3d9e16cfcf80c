package alerts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/internal/fakesmtp"
)

// C6, E14: a flood is one mail, the night is quiet, and in the end everything
// has been told, each contact once. Everything is real but the clock and the
// mail server.
func TestFlood_C6_E14_FiveHundredMessagesInAnHourAreOneMail(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	server, err := fakesmtp.Start(fakesmtp.Options{RequireTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if h.notifier, err = email.New(email.Config{Host: "127.0.0.1", Port: server.Port(), From: "notes@charity.example", Roots: server.Roots()}); err != nil {
		t.Fatal(err)
	}
	h.recipient(alerts.Adviser, atOnce)
	h.recipient(alerts.ThePerson)
	h.askToStop()
	for range 50 {
		h.now = h.now.Add(72 * time.Second)
		h.receive(10)
		h.mail()
	}
	if got := len(server.Mails()); got != 1 {
		t.Fatalf("500 messages in an hour made %d mails, want 1", got)
	}

	// A second flood in the evening, then the night.
	h.until(date(5, 20, 55), 5*time.Minute)
	evening := len(server.Mails())
	for h.now = date(5, 21, 0); h.now.Before(date(5, 22, 0)); h.now = h.now.Add(6 * time.Minute) {
		h.receive(10)
		h.mail()
	}
	h.until(date(6, 5, 55), 5*time.Minute) // 06:55 BST
	if got := len(server.Mails()); got != evening {
		t.Fatalf("%d mails in quiet hours", got-evening)
	}
	h.until(date(8, 12, 0), 15*time.Minute)

	mails := server.Mails()
	total := 0
	for _, m := range mails {
		total += counted(t, strings.ReplaceAll(m.Data, "=\n", ""))
		if !m.TLS || len(m.To) != 1 || m.To[0] != "adviser@charity.example" {
			t.Errorf("a mail went to %v, with TLS: %v", m.To, m.TLS)
		}
		for _, secret := range []string{secretWords, "kestrel", "mastodon", "birds.example", "http"} {
			if strings.Contains(m.Data, secret) {
				t.Errorf("a mail says %q", secret)
			}
		}
	}
	if total != 600 || len(mails) != 2 {
		t.Errorf("%d mails told of %d contacts, want 2 and 600", len(mails), total)
	}
	if s := h.logged.String(); strings.Contains(s, "charity.example") || strings.Contains(s, "kestrel") {
		t.Errorf("the program's log has personal data: %s", s)
	}
}

// A rebuild of what is derived sends nothing: the position of the alerts stays.
func TestFollower_RebuildSendsNothing(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	n := &fakeNotifier{}
	h.notifier = n
	h.recipient(alerts.Adviser, atOnce)
	h.askToStop()
	h.now = h.now.Add(time.Minute)
	h.receive(3)
	h.mail()
	if len(n.sent) != 1 {
		t.Fatalf("got %d mails, want 1", len(n.sent))
	}
	h.follow() // a second time
	again := alerts.NewFollower(h.db, h.db, h.log, h.clock)
	batch, err := h.log.Batch(t.Context(), h.c, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Handle(t.Context(), h.c, batch); err != nil { // as if it had lost its place
		t.Fatal(err)
	}
	h.until(date(9, 12, 0), time.Hour)
	if len(n.sent) != 1 {
		t.Errorf("got %d mails, want 1: %q", len(n.sent), n.sent[len(n.sent)-1].Body)
	}
}

func TestMailer_NothingIsLostWhileTheServerIsDown(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	down := errors.New("the mail server cannot be reached")
	n := &fakeNotifier{}
	for range 60 {
		n.fail = append(n.fail, down)
	}
	h.notifier = n
	h.recipient(alerts.Adviser, atOnce)
	h.askToStop()
	h.now = h.now.Add(time.Minute)
	h.receive(2)
	h.until(date(5, 15, 0), time.Minute)
	waiting, err := h.db.WaitingMails(t.Context(), h.c)
	if err != nil {
		t.Fatal(err)
	}
	if len(waiting) != 1 || waiting[0].Error != down.Error() || waiting[0].Tries < 10 || waiting[0].Tries > 20 {
		t.Fatalf("waiting: %+v, want one mail with 10 to 20 tries", waiting)
	}
	first := waiting[0].ID
	h.receive(5) // while it is down
	h.until(date(12, 12, 0), 20*time.Minute)
	if len(n.fail) > 0 {
		t.Fatalf("the server was down for the whole time: %d failures left", len(n.fail))
	}
	total := 0
	for _, m := range n.sent {
		total += counted(t, m.Body)
	}
	if total != 7 || n.sent[0].ID != first {
		t.Errorf("told of %d contacts, want 7; first mail %s, want %s", total, n.sent[0].ID, first)
	}
}

func TestMailer_RefusalIsShown(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	refused := errors.Join(alerts.ErrPermanent, errors.New("550 5.1.1"))
	n := &fakeNotifier{fail: []error{refused}}
	h.notifier = n
	h.recipient(alerts.Adviser, atOnce)
	h.askToStop()
	h.now = h.now.Add(time.Minute)
	h.receive(1)
	h.mail()
	h.until(date(5, 13, 0), time.Minute)
	failed, err := h.db.FailedMails(t.Context(), h.c)
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) != 1 || failed[0].State != alerts.Failed || failed[0].Error != refused.Error() || len(n.sent) != 0 {
		t.Fatalf("failed: %+v, sent: %d; want one failure and nothing sent", failed, len(n.sent))
	}
	h.receive(1)
	h.until(date(6, 12, 0), time.Hour)
	if len(n.sent) != 1 {
		t.Errorf("got %d mails after a refusal, want the next day's", len(n.sent))
	}
}

// What a recipient changes reaches a mail that waits already.
func TestMailer_WaitingMailFollowsTheSettings(t *testing.T) {
	tests := []struct {
		name   string
		change func(h *house, r alerts.Recipient) error
		sent   int
		to     string
	}{
		{"nothing", func(*house, alerts.Recipient) error { return nil }, 1, "adviser@charity.example"},
		{"another address", func(h *house, r alerts.Recipient) error {
			r.Address = "new@charity.example"
			return h.db.SaveRecipient(t.Context(), r)
		}, 1, "new@charity.example"},
		{"a break", func(h *house, r alerts.Recipient) error {
			r.Paused = h.now.Add(48 * time.Hour)
			return h.db.SaveRecipient(t.Context(), r)
		}, 0, ""},
		{"access ends", func(h *house, r alerts.Recipient) error {
			r.Until = h.now
			return h.db.SaveRecipient(t.Context(), r)
		}, 0, ""},
		{"removed", func(h *house, r alerts.Recipient) error { return h.db.RemoveRecipient(t.Context(), h.c, r.ID) }, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, date(5, 12, 0))
			n := &fakeNotifier{fail: []error{errors.New("try later")}}
			h.notifier = n
			r := h.recipient(alerts.Adviser, atOnce)
			h.askToStop()
			h.now = h.now.Add(time.Minute)
			h.receive(1)
			h.mail()
			if err := tt.change(h, r); err != nil {
				t.Fatal(err)
			}
			h.now = h.now.Add(time.Minute)
			h.mail()
			if len(n.sent) != tt.sent {
				t.Fatalf("got %d mails, want %d", len(n.sent), tt.sent)
			}
			if tt.sent > 0 && n.sent[0].To != tt.to {
				t.Errorf("sent to %s, want %s", n.sent[0].To, tt.to)
			}
		})
	}
}

// A retry that comes into the night waits for the morning.
func TestMailer_C6_RetriesKeepQuietHours(t *testing.T) {
	h := newHouse(t, date(5, 20, 50)) // 21:50 BST
	n := &fakeNotifier{}
	for range 10 {
		n.fail = append(n.fail, errors.New("try later"))
	}
	h.notifier = n
	h.recipient(alerts.Adviser, atOnce)
	h.askToStop()
	h.now = h.now.Add(time.Minute)
	h.receive(1)
	h.until(date(5, 21, 0), 10*time.Second)
	tried := 10 - len(n.fail)
	h.until(date(6, 5, 59), time.Minute)
	if len(n.sent) != 0 || 10-len(n.fail) != tried {
		t.Fatalf("%d mails and %d tries in quiet hours", len(n.sent), 10-len(n.fail)-tried)
	}
	h.until(date(6, 12, 0), time.Minute)
	if len(n.sent) != 1 {
		t.Errorf("got %d mails in the morning, want 1", len(n.sent))
	}
}

func TestFollower_CollectorStopped(t *testing.T) {
	h := newHouse(t, date(5, 12, 0))
	n := &fakeNotifier{}
	h.notifier = n
	h.recipient(alerts.Adviser, func(r *alerts.Recipient) { r.Rules[alerts.Stopped] = alerts.AtOnce })
	for range 5 {
		if err := h.follower.Stopped(t.Context(), daybook.Account{ID: "acc", Case: h.c, Platform: "mastodon"}); err != nil {
			t.Fatal(err)
		}
		h.mail()
	}
	if len(n.sent) != 1 || !strings.Contains(n.sent[0].Body, "not read any more: 1\n") || strings.Contains(n.sent[0].Body, "mastodon") {
		t.Errorf("got %+v, want one mail about one account", n.sent)
	}
}
