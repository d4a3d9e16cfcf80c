package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"daybook"
	"daybook/detect"
)

// Detection reads every message of a case. Through database/sql, reading a
// dozen columns of each takes ten times as long as reading one, and a row takes
// longer than its content: so what detection knows of a message is kept in one
// column, a line of words, and the lines of many messages are read as one text.

// factSpan is how many numbers of messages (1024 for each entry) are read as one
// text: those of some thousand entries.
const factSpan = 4096 << 10

// fact writes the line of one message: numbers first, words after. others is
// that of othersOf.
func fact(m *daybook.Message, row *messageRow, sender, sent int64, others string) string {
	b := make([]byte, 0, 160)
	for _, n := range []int64{row.id, row.firstEntry, sender, sent, micros(m.Sent.Until), row.content.Logged,
		int64(bit(m.State == daybook.Gone)), int64(bit(len(m.Versions) > 1))} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	for i, s := range []string{string(m.Kind), string(m.Direction), string(m.Account), string(m.Platform), string(m.Origin), string(m.Sent.Precision), others} {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, word(s)...)
	}
	return string(b)
}

// A factLine is what fact wrote.
type factLine struct {
	id, sender int64
	others     string // see othersOf
	detect.Contact
}

// parse reads one line. intern makes one string of many equal ones.
func (l *factLine) parse(line string, intern map[string]string) error {
	var (
		numbers [8]int64
		words   [7]string // a line of before others were kept has six
		err     error
	)
	for i := range numbers {
		digits, rest, _ := strings.Cut(line, " ")
		if numbers[i], err = strconv.ParseInt(digits, 10, 64); err != nil {
			return fmt.Errorf("read what detection knows of a message: %w", err)
		}
		line = rest
	}
	for i := range words {
		w, rest, _ := strings.Cut(line, " ")
		s, known := intern[w]
		if !known {
			s = unword(w)
			intern[strings.Clone(w)] = s
		}
		words[i], line = s, rest
	}
	l.id, l.sender, l.others = numbers[0], numbers[2], words[6]
	l.Contact = detect.Contact{
		Entry: uint64(numbers[1]), Handle: -1, At: fromMicros(numbers[3]), Until: fromMicros(numbers[4]), Logged: fromMicros(numbers[5]),
		Gone: numbers[6] != 0, Edited: numbers[7] != 0,
		Kind: daybook.Kind(words[0]), Direction: daybook.Direction(words[1]), Account: daybook.AccountID(words[2]),
		Platform: daybook.Platform(words[3]), Origin: daybook.Origin(words[4]), Precision: daybook.Precision(words[5]),
	}
	return nil
}

// word writes s so that it holds no space, comma or control character. A kind
// that is not known here is what the platform sent, whatever that is.
func word(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '.', c == '-', c >= 'A' && c <= 'Z':
		default:
			return url.QueryEscape(s)
		}
	}
	return s
}

// unword reads what word wrote.
func unword(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	plain, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

// eachFact calls each with every message of a case that was seen, in the order
// of first mention.
func (db *DB) eachFact(ctx context.Context, c daybook.CaseID, each func(l *factLine)) error {
	var last int64
	err := db.from(ctx).QueryRowContext(ctx, `SELECT COALESCE(MAX(id), -1) FROM message WHERE case_id = $1`, string(c)).Scan(&last)
	if err != nil {
		return err
	}
	intern := map[string]string{}
	for first := int64(0); first <= last; first += factSpan {
		if err := db.someFacts(ctx, c, first, intern, each); err != nil {
			return err
		}
	}
	return nil
}

// someFacts calls each with the messages from number first on, factSpan of
// them. Their lines are joined by the database, so that it hands on one row.
func (db *DB) someFacts(ctx context.Context, c daybook.CaseID, first int64, intern map[string]string, each func(l *factLine)) error {
	var text sql.NullString
	err := db.from(ctx).QueryRowContext(ctx, `SELECT string_agg(fact, ',') FROM message
		WHERE case_id = $1 AND id >= $2 AND id < $3 AND captures > 0`, string(c), first, first+factSpan).Scan(&text)
	if err != nil || !text.Valid {
		return err
	}
	var l factLine
	for line := range strings.SplitSeq(text.String, ",") {
		if err := l.parse(line, intern); err != nil {
			return err
		}
		each(&l)
	}
	return nil
}
