package alerts_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// Until the number that was mailed to an address is typed in the app, nothing
// else goes there: not at once, not in a digest.
func TestConfirm_C6(t *testing.T) {
	h := newHouse(t, date(5, 23, 30)) // in quiet hours: somebody waits for the number
	n := &fakeNotifier{}
	h.notifier = n
	r := alerts.NewRecipient(h.c, alerts.Adviser, "adviser@charity.example", "Europe/London")
	r.Rules[alerts.NewHandle] = alerts.AtOnce
	save := func(r alerts.Recipient, note alerts.Notification) {
		t.Helper()
		if err := h.db.SaveAndMail(t.Context(), r, note); err != nil {
			t.Fatal(err)
		}
	}
	ask := func() {
		t.Helper()
		note, err := r.AskToConfirm(h.now)
		if err != nil {
			t.Fatal(err)
		}
		save(r, note)
	}
	ask()
	ask() // and once more: the first number is no good any more, and not sent
	h.mail()
	if len(n.sent) != 1 {
		t.Fatalf("%d mails, want the one with the newer number", len(n.sent))
	}
	number := sixDigits.FindString(n.sent[0].Body)
	if number == "" || number != r.Unconfirmed.Number || n.sent[0].To != r.Address {
		t.Fatalf("the mail %+v does not carry the number", n.sent[0])
	}
	if m := regexp.MustCompile(`(?i)http|www|confirm|daybook|case|alert|notice|handle|contact`).FindString(n.sent[0].Body); m != "" {
		t.Errorf("the mail with the number says %q", m)
	}
	h.receive(5)
	h.until(date(8, 12, 0), time.Hour)
	if len(n.sent) != 1 {
		t.Errorf("%d mails to an address that nobody confirmed", len(n.sent)-1)
	}
	if err := r.Confirm(h.now, number); !errors.Is(err, alerts.ErrOver) {
		t.Errorf("a number of three days ago: %v, want ErrOver", err)
	}
	ask()
	h.mail()
	number = sixDigits.FindString(n.sent[1].Body)
	if err := r.Confirm(h.now, "12345"); !errors.Is(err, daybook.ErrInvalid) || errors.Is(err, alerts.ErrOver) || r.Unconfirmed == nil {
		t.Errorf("a wrong number: %v", err)
	}
	if err := r.Confirm(h.now, number[:3]+" "+number[3:]); err != nil || r.Unconfirmed != nil || !r.Confirmed.Equal(h.now) {
		t.Fatalf("the right number: %v, %+v", err, r)
	}
	if err := h.db.SaveRecipient(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	h.until(date(9, 12, 0), time.Hour)
	if len(n.sent) != 3 {
		t.Errorf("%d mails after the address was confirmed, want one with what happened meanwhile", len(n.sent)-2)
	}
}

func TestConfirm_TriesEnd(t *testing.T) {
	r := alerts.NewRecipient(caseID, alerts.Adviser, "adviser@charity.example", "UTC")
	if _, err := r.AskToConfirm(date(5, 12, 0)); err != nil {
		t.Fatal(err)
	}
	number := r.Unconfirmed.Number
	wrong := strings.Map(func(c rune) rune { return '0' + (c-'0'+1)%10 }, number)
	for range alerts.ConfirmTries {
		if err := r.Confirm(date(5, 12, 1), wrong); !errors.Is(err, daybook.ErrInvalid) {
			t.Fatalf("a wrong number: %v", err)
		}
	}
	if err := r.Confirm(date(5, 12, 1), number); !errors.Is(err, alerts.ErrOver) {
		t.Errorf("the right number after %d wrong ones: %v, want ErrOver", alerts.ConfirmTries, err)
	}
}
