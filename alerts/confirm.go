package alerts

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"daybook"
)

// An address is confirmed in the app, never by a link: a number is mailed to it
// and typed where it was asked for. Until then nothing else goes there, so that
// a mistyped address, or one that somebody slipped in, is told nothing.

// How long a number can be typed, and how often wrongly.
const (
	ConfirmLife  = 24 * time.Hour
	ConfirmTries = 5
)

// ErrOver says that a number is too old, or was typed wrongly too often: another
// has to be sent.
var ErrOver = errors.New("the number is over")

// A Confirmation is a number that was mailed to an address.
type Confirmation struct {
	ID     string    `json:"id"`
	Number string    `json:"number"` // six digits
	Sent   time.Time `json:"sent"`
	Wrong  int       `json:"wrong,omitzero"` // tries
}

// AskToConfirm takes the recipient's address as unconfirmed and returns the mail
// that asks to confirm it. Both have to be kept together.
func (r *Recipient) AskToConfirm(now time.Time) (Notification, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Notification{}, fmt.Errorf("make a number: %w", err)
	}
	c := &Confirmation{ID: daybook.NewID(), Number: fmt.Sprintf("%06d", n), Sent: now.UTC()}
	r.Unconfirmed, r.Confirmed = c, time.Time{}
	return Notification{ID: daybook.NewID(), Case: r.Case, Recipient: r.ID, Made: now.UTC(), Body: confirmBody(c.Number), Code: c.ID}, nil
}

// Confirm takes what was typed. When it returns nil the address is confirmed.
// Otherwise the error wraps daybook.ErrInvalid, and ErrOver if another number has
// to be sent. The recipient has to be kept in either case: it counts the tries.
// An address that is confirmed already stays so.
func (r *Recipient) Confirm(now time.Time, typed string) error {
	c := r.Unconfirmed
	if c == nil {
		return nil
	}
	if c.Wrong >= ConfirmTries || now.Sub(c.Sent) >= ConfirmLife {
		return fmt.Errorf("confirm an address: %w: %w", daybook.ErrInvalid, ErrOver)
	}
	typed = strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' || c == '\u00a0' {
			return -1
		}
		return c
	}, typed)
	if subtle.ConstantTimeCompare([]byte(typed), []byte(c.Number)) != 1 {
		wrong := *c
		wrong.Wrong++
		r.Unconfirmed = &wrong
		return fmt.Errorf("confirm an address: %w: it is another number", daybook.ErrInvalid)
	}
	r.Unconfirmed, r.Confirmed = nil, now.UTC()
	return nil
}

// confirmBody is the text of that mail. It says nothing of what the number is
// for: whoever asked for it knows.
func confirmBody(number string) string {
	return "Hello,\n\nyour number is " + number + ".\n\nType it where you asked for it. If you did not ask for one, you can leave this note alone.\n"
}
