package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"daybook"
	"daybook/detect/style"
)

// What is usual on a platform is how those wrote, on average, who wrote in the
// case. It has to stand still, or each message of anybody would change how much
// alike two others are. So it is made of what the first so and so many of them
// wrote until the last of these had written enough: the first 20, and anew when
// they have become 40, 80, and so on. That is a function of the messages of the
// case, in whatever order they came; a restart gives the same.
const (
	leastUsual    = 20  // writers; with fewer nothing is known
	usualMessages = 50  // of each writer: the first
	enoughWritten = 5   // messages …
	enoughText    = 250 // … and characters, after which somebody counts as one who wrote
	enoughLatin   = 70  // of 100 letters
)

// A usual is what is usual on a platform.
type usual struct {
	until   int64 // Unix microseconds: what was sent after that does not count
	writers int
	stale   bool // what was sent before that is not what it was
	*style.Background
}

// An earlyText is one of the first messages of a sender.
type earlyText struct {
	at, key               int64
	runes, letters, latin int
}

// firstText is the first version of a message that was seen: an edit changes
// nothing of what is usual.
func firstText(m *daybook.Message) string {
	if len(m.Versions) > 0 {
		return m.Versions[0].Text
	}
	return m.Text
}

// began takes in one message and notes from when on its sender had written
// enough.
func (s *senderKept) began(at, key int64, text string) {
	if s.since != 0 && at > s.since || text == "" {
		return
	}
	e := earlyText{at: at, key: key}
	for _, c := range text {
		e.runes++
		if unicode.IsLetter(c) {
			e.letters++
			if unicode.Is(unicode.Latin, c) {
				e.latin++
			}
		}
	}
	i, _ := slices.BinarySearchFunc(s.early, e, func(a, b earlyText) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	s.early = slices.Insert(s.early, i, e)
	s.since = 0
	var sum earlyText
	for i, e := range s.early {
		sum.runes, sum.letters, sum.latin = sum.runes+e.runes, sum.letters+e.letters, sum.latin+e.latin
		if i+1 >= enoughWritten && sum.runes >= enoughText && 100*sum.latin >= enoughLatin*sum.letters {
			s.since, s.early = e.at, s.early[:i+1]
			return
		}
	}
}

// changed notes that something about a message that was sent at a time is new: if
// it counted for what is usual, that is made again.
func (k *senderCase) changed(p daybook.Platform, at int64) {
	if u := k.usual[p]; u != nil && at <= u.until {
		u.stale = true
	}
}

// usual brings what is usual on each platform up to date.
func (r *senderReader) usual(ctx context.Context) error {
	since := map[daybook.Platform][]int64{}
	for id, s := range r.kept.senders {
		if id != thePerson && s.since != 0 {
			p := platformOf(r.kept.refs[id])
			since[p] = append(since[p], s.since)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(since)) {
		all := since[p]
		if len(all) < leastUsual {
			delete(r.kept.usual, p)
			continue
		}
		slices.Sort(all)
		n := leastUsual
		for 2*n <= len(all) {
			n *= 2
		}
		u := usual{until: all[n-1], writers: n}
		if before := r.kept.usual[p]; before != nil && !before.stale && before.until == u.until && before.writers == u.writers {
			continue
		}
		if err := r.makeUsual(ctx, p, &u); err != nil {
			return err
		}
		r.kept.usual[p] = &u
	}
	return nil
}

// makeUsual reads what counts and makes the mean of it.
func (r *senderReader) makeUsual(ctx context.Context, p daybook.Platform, u *usual) error {
	var profiles []*style.Profile
	for _, id := range slices.Sorted(maps.Keys(r.kept.senders)) {
		s := r.kept.senders[id]
		if id == thePerson || s.since == 0 || s.since > u.until || platformOf(r.kept.refs[id]) != p {
			continue
		}
		profile := r.kept.model.NewProfile()
		err := r.rows(ctx, ` AND m.direction = 'in' AND m.sender = $2 AND m.sent <= $3 ORDER BY m.sent, m.id LIMIT $4`,
			[]any{id, u.until, usualMessages}, func(rows []wroteRow) bool {
				if r.failed = r.open(rows); r.failed != nil {
					return false
				}
				for i := range rows {
					if text := firstText(&rows[i].message); text != "" {
						profile.Add(cutText(text))
					}
				}
				return true
			})
		if err := cmp.Or(r.failed, err); err != nil {
			return err
		}
		profiles = append(profiles, profile)
	}
	u.Background = r.kept.model.NewBackground(string(p), profiles...)
	return nil
}

// platformOf returns the platform in a Handle.Ref.
func platformOf(ref string) daybook.Platform {
	p, _, _ := strings.Cut(ref, ":")
	return daybook.Platform(p)
}
