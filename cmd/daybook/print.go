package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"daybook"
)

// shown makes text from outside safe for a terminal: control characters, marks
// that turn the direction of writing, and invisible characters are written as
// their code points, so that nobody can hide anything behind them.
func shown(s string) string {
	clean := true
	for _, r := range s {
		if hidden(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\u200d': // joins emoji: a family is one picture
		return false
	case r >= '\ufe00' && r <= '\ufe0f': // chooses the form of the character before it
		return false
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), unicode.Is(unicode.Co, r):
		return true
	}
	return r == unicode.ReplacementChar
}

// jsonLine writes one value as one line of JSON.
func jsonLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes aligned columns.
func table(w io.Writer, rows ...[]string) error {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if _, err := fmt.Fprintln(t, strings.Join(r, "\t")); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range bytes.Lines(b.Bytes()) {
		if _, err := fmt.Fprintf(w, "%s\n", bytes.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

func rfc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// plural returns "1 entry", "2 entries".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// senderJSON is a handle in the output of commands.
type senderJSON struct {
	Platform daybook.Platform `json:"platform"`
	Native   string           `json:"native"`
	Display  string           `json:"display"`
	Names    []nameJSON       `json:"names"`
}

type nameJSON struct {
	Account string `json:"account,omitempty"`
	Display string `json:"display,omitempty"`
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
}

func senderOf(h daybook.Handle) senderJSON {
	s := senderJSON{Platform: h.Platform, Native: h.Native, Display: h.Shown(), Names: []nameJSON{}}
	for _, n := range h.Names {
		s.Names = append(s.Names, nameJSON{n.Account, n.Display, rfc(n.From), rfc(n.To)})
	}
	return s
}
