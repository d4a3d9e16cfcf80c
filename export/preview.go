package export

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"daybook"
)

// A Preview tells what a bundle will hold before it is made.
type Preview struct {
	Kind       Kind
	Size       uint64
	Exhibits   int
	Entries    int // in the bundle
	InPeriod   int
	LeftOut    int
	Handles    int // without the person's own
	Media      int // attachments whose bytes are in it
	Gaps       int
	Erased     int      // entries whose content is gone
	Unsaid     int      // reasons that are left out
	Covers     []Effect // in the order of the Spec
	Redactions []Effect
	Warnings   []string // in words that hold nothing covered
}

// An Effect tells where a cover or a redaction works.
type Effect struct {
	Field    Field    // of a redaction
	As       string   // of a cover
	Reason   string   // as the Spec has it
	Exhibits []string // as they are called, in order of time
}

// mostNamed is how many exhibits a warning names.
const mostNamed = 12

// Preview tells what the bundle will hold.
func (s *Shown) Preview() Preview {
	p := Preview{Kind: s.Spec.Kind, Size: s.Size, Exhibits: len(s.Exhibits), InPeriod: s.InPeriod, LeftOut: s.LeftOut,
		Gaps: len(s.Gaps), Unsaid: s.Unsaid}
	for _, held := range s.choice.held {
		if held {
			p.Entries++
		}
	}
	for _, h := range s.Handles {
		if !h.Own {
			p.Handles++
		}
	}
	gone := map[uint64]bool{}
	for _, e := range s.Erased {
		for _, n := range e.Entries {
			gone[n] = true
		}
	}
	p.Erased = len(gone)
	c := s.choice
	if c.covers != nil {
		for w := range c.covers.words {
			p.Covers = append(p.Covers, Effect{As: c.covers.words[w].As, Reason: c.covers.reason(w)})
		}
	}
	var sealed []string
	for i := range s.Exhibits {
		x := &s.Exhibits[i]
		for _, m := range x.Media {
			if m.File != "" {
				p.Media++
			}
		}
		if x.Sealed {
			sealed = append(sealed, x.FromMark)
		}
		for _, cov := range x.Covered {
			if cov.Field == "" {
				p.Covers[cov.word].Exhibits = append(p.Covers[cov.word].Exhibits, x.FromMark)
				continue
			}
			at := slices.IndexFunc(p.Redactions, func(e Effect) bool { return e.Field == cov.Field && e.Reason == cov.Reason })
			if at < 0 {
				at = len(p.Redactions)
				p.Redactions = append(p.Redactions, Effect{Field: cov.Field, Reason: cov.Reason})
			}
			p.Redactions[at].Exhibits = append(p.Redactions[at].Exhibits, x.FromMark)
		}
	}
	p.Warnings = s.warnings(sealed, &p)
	return p
}

func (s *Shown) warnings(sealed []string, p *Preview) (out []string) {
	say := func(text string, args ...any) { out = append(out, fmt.Sprintf(text, args...)) }
	if len(sealed) > 0 {
		say("Of %s the bytes as they came are withheld with what is covered: what is shown of them rests on what the program read on the day, and the report says so at the exhibit.", named(sealed))
	}
	for i, e := range p.Covers {
		if len(e.Exhibits) == 0 {
			say("The word that is covered as %q (number %d) stands in no exhibit as a reader sees it.", e.As, i+1)
		}
	}
	for _, t := range s.stillShown() {
		say("The text of %s is withheld; it also stands in %s, which is shown.", t.of, named(t.in))
	}
	for _, e := range p.Redactions {
		if e.Field == FieldNames {
			say("In %s the list of those who are named is withheld. Names in the text itself are not found by that: cover them as words.", named(e.Exhibits))
		}
	}
	for _, t := range s.sameFiles() {
		say("An attachment of %s is withheld; the same file is also part of %s, which is shown.", t.of, named(t.in))
	}
	if s.Spec.Access {
		say("Who looked at this record and searched in it is part of the bundle, without the words that were searched for. It is meant for the person's own copy.")
	}
	out = append(out, s.filesInWords()...)
	if n := s.KeptBack; n > 0 {
		say("%d %s not in the bundle: %s.", n, pick(n, "message is", "messages are"), KeptBackWhy)
	}
	if len(s.Gaps) > 0 {
		n := len(s.Gaps)
		say("%d %s in which something was not watched: the bundle lists %s.", n, pick(n, "time", "times"), pick(n, "it", "them"))
	}
	return out
}

// A stillShown is something withheld of one exhibit that others show.
type stillShown struct {
	of string
	in []string
}

// leastQuoted is how many characters of a text must stand elsewhere for it to be
// called the same text.
const leastQuoted = 12

// stillShown finds withheld texts in messages that are shown: quotes and replies.
func (s *Shown) stillShown() (out []stillShown) {
	var shown [][]byte // folded texts of all exhibits, once one is asked for
	for i := range s.Exhibits {
		x := &s.Exhibits[i]
		if _, ok := s.choice.redacted[x.key][FieldText]; !ok {
			continue
		}
		if shown == nil {
			shown = make([][]byte, len(s.Exhibits))
			for k := range s.Exhibits {
				shown[k] = fold(strings.Join(texts(&s.Exhibits[k].Message), "\n\n"), nil)
			}
		}
		found := stillShown{of: x.FromMark}
		for _, t := range texts(s.choice.originals[x.key]) {
			t = foldWord(t)
			if utf8.RuneCountInString(t) < leastQuoted {
				continue
			}
			for k := range shown {
				if name := s.Exhibits[k].FromMark; k != i && bytes.Contains(shown[k], []byte(t)) && !slices.Contains(found.in, name) {
					found.in = append(found.in, name)
				}
			}
		}
		if len(found.in) > 0 {
			out = append(out, found)
		}
	}
	return out
}

// sameFiles finds withheld attachments that other exhibits show.
func (s *Shown) sameFiles() (out []stillShown) {
	for i := range s.Exhibits {
		x := &s.Exhibits[i]
		if _, ok := s.choice.redacted[x.key][FieldAttachments]; !ok {
			continue
		}
		found := stillShown{of: x.FromMark}
		for _, md := range s.choice.originals[x.key].Media {
			if md.Digest.IsZero() {
				continue
			}
			for k := range s.Exhibits {
				if slices.ContainsFunc(s.Exhibits[k].Media, func(m ExhibitMedia) bool { return m.Digest == md.Digest && m.File != "" }) {
					found.in = append(found.in, s.Exhibits[k].FromMark)
				}
			}
		}
		if len(found.in) > 0 {
			out = append(out, found)
		}
	}
	return out
}

// texts are the texts of a message, the newest first, each once.
func texts(m *daybook.Message) (out []string) {
	if m.Text != "" {
		out = append(out, m.Text)
	}
	for _, v := range m.Versions {
		if v.Text != "" && !slices.Contains(out, v.Text) {
			out = append(out, v.Text)
		}
	}
	return out
}

// named lists exhibits: "exhibit 17", "exhibits 17, 18 and 20".
func named(all []string) string {
	n := len(all)
	switch {
	case n == 1:
		return "exhibit " + all[0]
	case n <= mostNamed:
		return "exhibits " + strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return fmt.Sprintf("exhibits %s and %d more", strings.Join(all[:mostNamed], ", "), n-mostNamed)
}

func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
