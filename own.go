package daybook

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// An OwnDetail is something of the person's own that a message may make known:
// where they live or work, what their children are called. It is compared with
// messages and never leaves the instance: it is in no log, export or mail.
type OwnDetail struct {
	Kind  OwnKind `json:"kind"`
	Value string  `json:"value"`
}

// OwnKind says what an own detail is.
type OwnKind string

const (
	OwnAddress   OwnKind = "address"   // "14 High Street, Anytown"
	OwnWorkplace OwnKind = "workplace" // a firm, a school
	OwnName      OwnKind = "name"      // of children and others, and the person's own
	OwnPhone     OwnKind = "phone"
)

// OwnKinds lists the kinds, in the order in which they are shown.
func OwnKinds() []OwnKind { return []OwnKind{OwnAddress, OwnWorkplace, OwnName, OwnPhone} }

// Bounds of the list of own details of a case.
const (
	MaxOwn       = 200
	MaxOwnLength = 200 // characters of one
)

// Clean returns the detail as it is kept: NFC, with single spaces. The error
// wraps ErrInvalid and does not hold the value.
func (d OwnDetail) Clean() (OwnDetail, error) {
	if !slices.Contains(OwnKinds(), d.Kind) {
		return d, fmt.Errorf("%w: there is no kind %q of own details; choose address, workplace, name or phone", ErrInvalid, d.Kind)
	}
	if !utf8.ValidString(d.Value) || len(d.Value) > 8*MaxOwnLength {
		return d, fmt.Errorf("%w: the detail should be plain text of at most %d characters", ErrInvalid, MaxOwnLength)
	}
	d.Value = norm.NFC.String(strings.Join(strings.Fields(d.Value), " "))
	switch {
	case d.Value == "":
		return d, fmt.Errorf("%w: write the detail", ErrInvalid)
	case utf8.RuneCountInString(d.Value) > MaxOwnLength, strings.ContainsFunc(d.Value, unicode.IsControl):
		return d, fmt.Errorf("%w: the detail should be plain text of at most %d characters", ErrInvalid, MaxOwnLength)
	}
	return d, nil
}

// LogValue keeps the detail out of logs.
func (d OwnDetail) LogValue() slog.Value { return slog.StringValue(string(d.Kind)) }
