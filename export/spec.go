package export

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"daybook"
)

// Bounds of a Spec.
const (
	MaxCovers     = 500
	MaxWord       = 200 // characters of a covered word, of what stands in its place, of a reason
	MaxMark       = 20  // characters
	MaxFor        = 200 // characters
	MaxRedactions = 10_000
)

// check tells what is wrong with a Spec, in words that hold nothing covered.
func (s *Spec) check(v *View) error {
	bad := func(text string, args ...any) error {
		return fmt.Errorf("%w: "+text, append([]any{daybook.ErrInvalid}, args...)...)
	}
	narrowed := !s.From.IsZero() || !s.To.IsZero() || len(s.Handles) > 0 || len(s.Entries) > 0
	switch {
	case s.Kind != Complete && s.Kind != Selection:
		return bad("a bundle is complete or a selection; choose one of them")
	case s.Size != v.Size:
		return bad("the bundle is to be made of %d entries, and %d were read; read as many", s.Size, v.Size)
	case s.Kind == Complete && narrowed:
		return bad("a complete bundle has everything; leave out the period, the handles and the exhibits, or make a selection")
	case s.Kind == Selection && !narrowed:
		return bad("choose a period, handles or exhibits, or make a complete bundle")
	case !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To):
		return bad("the period ends before it begins; change one of its ends")
	case s.Kind == Selection && s.Access:
		return bad("who looked and searched is part of a person's own complete copy alone; leave it out of a selection")
	case s.Files && (s.Kind == Selection || len(s.Covers) > 0 || len(s.Redactions) > 0):
		return bad("a file that was added holds everything, also what is left out or covered; leave the files out, or make a complete bundle in which nothing is covered")
	case !short(s.Mark, MaxMark) || !short(s.For, MaxFor):
		return bad("the mark can have %d characters and for whom it is %d, all of them printable", MaxMark, MaxFor)
	case len(s.Covers) > MaxCovers || len(s.Redactions) > MaxRedactions:
		return bad("at most %d words can be covered and %d fields withheld", MaxCovers, MaxRedactions)
	}
	for i, r := range s.Redactions {
		if !slices.Contains(Fields(), r.Field) || !short(r.Reason, MaxWord) {
			return bad("field %d of those to withhold: choose text, names, addresses or attachments, with a reason of at most %d characters", i+1, MaxWord)
		}
	}
	for i, c := range s.Covers {
		switch {
		case utf8.RuneCountInString(foldWord(c.Word)) < 2 || !short(c.Word, MaxWord):
			return bad("word %d of those to cover: it has 2 to %d characters", i+1, MaxWord)
		case c.As == "" || !short(c.As, MaxWord) || !short(c.Reason, MaxWord):
			return bad("word %d of those to cover: say what stands in its place, in at most %d characters", i+1, MaxWord)
		}
	}
	all := newCoverer(s.Covers)
	for i, c := range s.Covers {
		if all.find(c.As) >= 0 || all.find(c.Reason) >= 0 {
			return bad("word %d of those to cover: what stands in its place, or the reason, holds a word that is covered; choose another", i+1)
		}
	}
	for i, r := range s.Redactions {
		if all.find(r.Reason) >= 0 {
			return bad("field %d of those to withhold: the reason holds a word that is covered; choose another", i+1)
		}
	}
	if all.find(s.For) >= 0 || all.find(s.Mark) >= 0 {
		return bad("for whom the bundle is, or its mark, holds a word that is covered; choose other words")
	}
	return nil
}

func short(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !slices.ContainsFunc([]rune(s), unicode.IsControl)
}
