package cases

import (
	"context"
	"fmt"
	"slices"

	"daybook"
)

// A Sight says what of a case somebody may be shown of what messages say.
//
// The terms of some platforms keep what comes from their interface from public
// bodies: police, councils, courts. So for somebody whose access is for one, what
// daybook fetched there is withheld (text, attachments, raw bytes, what was found
// in it, what profiles say) unless the operator has the platform's approval. What
// the person added themselves, in a file that the platform gave them, is shown;
// and how often, when and from which handle somebody wrote is never withheld.
//
// The zero value withholds nothing.
type Sight struct {
	withheld []daybook.Platform
}

// Whole reports whether nothing is withheld.
func (s Sight) Whole() bool { return len(s.withheld) == 0 }

// Withholds reports whether what a platform says of itself in its interface is
// withheld.
func (s Sight) Withholds(p daybook.Platform) bool { return slices.Contains(s.withheld, p) }

// WithholdsCapture reports whether a capture is withheld: it was fetched.
func (s Sight) WithholdsCapture(p daybook.Platform, o daybook.Origin) bool {
	return s.Withholds(p) && o != daybook.Imported && o != daybook.Entered
}

// WithholdsWords reports whether words about some handles are withheld, which
// were written by one of them or in a profile.
func (s Sight) WithholdsWords(handles []daybook.Handle) bool {
	return slices.ContainsFunc(handles, func(h daybook.Handle) bool { return s.Withholds(h.Platform) })
}

// Withholding returns the Sight that withholds what was fetched from these
// platforms.
func Withholding(platforms ...daybook.Platform) Sight { return Sight{platforms} }

// Platforms are those of which what was fetched is withheld; nil for none.
func (s Sight) Platforms() []daybook.Platform { return slices.Clone(s.withheld) }

// Sight returns what the actor may be shown in the case now. It is whole for the
// operator and for the person, and for everybody where no account of such a
// platform is in the case.
func (s *Cases) Sight(ctx context.Context, actor daybook.Actor, c daybook.CaseID) (Sight, error) {
	if isOperator(actor) || len(s.keptFromPublic) == 0 {
		return Sight{}, nil
	}
	st, err := s.grantsInForce(ctx, actor, c)
	if err != nil {
		return Sight{}, err
	}
	// Whoever the case is about sees all of it.
	if !slices.ContainsFunc(st.now, func(g Grant) bool { return g.Public }) || slices.ContainsFunc(st.now, func(g Grant) bool { return g.Role == Owner }) {
		return Sight{}, nil
	}
	accounts, err := s.store.Accounts(ctx, c)
	if err != nil {
		return Sight{}, fmt.Errorf("look up what may be shown: %w", err)
	}
	var out Sight
	for _, a := range accounts {
		if slices.Contains(s.keptFromPublic, a.Platform) && !out.Withholds(a.Platform) {
			out.withheld = append(out.withheld, a.Platform)
		}
	}
	return out, nil
}

type sightKey struct{}

// WithSight returns a context with which a Store narrows the messages that it
// reads to what may be shown. What is derived from messages for everybody is
// never read with one.
func WithSight(ctx context.Context, s Sight) context.Context {
	return context.WithValue(ctx, sightKey{}, s)
}

// SightOf returns the Sight of a context; a whole one if it has none.
func SightOf(ctx context.Context) Sight {
	s, ok := ctx.Value(sightKey{}).(Sight)
	if !ok {
		return Sight{}
	}
	return s
}
