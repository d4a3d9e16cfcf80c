package web

import (
	"context"
	"slices"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/index"
)

// Sighted tells which messages may be shown as they are.
type Sighted interface {
	// SeenMessages returns the messages of which the Sight of the context
	// (cases.WithSight) shows all that they ever said; all: of everything.
	SeenMessages(ctx context.Context, c daybook.CaseID) (macs [][32]byte, all bool, err error)
}

type askingKey struct{}

// asking returns a context that says what whoever asks may be shown. Only what
// a page reads in order to show it is narrowed by that: what is derived for
// everybody meanwhile is not.
func asking(ctx context.Context, s cases.Sight) context.Context {
	if s.Whole() {
		return ctx
	}
	return context.WithValue(ctx, askingKey{}, s)
}

// narrow is the context with which a page reads messages.
func narrow(ctx context.Context) context.Context {
	if s, ok := ctx.Value(askingKey{}).(cases.Sight); ok {
		return cases.WithSight(ctx, s)
	}
	return ctx
}

// seeing is a Store that reads messages as far as whoever asks may be shown
// them. All pages have theirs from it.
type seeing struct{ Store }

func (s seeing) List(ctx context.Context, c daybook.CaseID, f daybook.MessageFilter, limit int, cursor string) ([]daybook.Message, string, error) {
	return s.Store.List(narrow(ctx), c, f, limit, cursor)
}

func (s seeing) Message(ctx context.Context, c daybook.CaseID, entry uint64) (daybook.Message, error) {
	return s.Store.Message(narrow(ctx), c, entry)
}

func (s seeing) MessageByMAC(ctx context.Context, c daybook.CaseID, mac [32]byte) (daybook.Message, error) {
	return s.Store.MessageByMAC(narrow(ctx), c, mac)
}

func (s seeing) MessagesByMAC(ctx context.Context, c daybook.CaseID, macs [][32]byte) ([]daybook.Message, error) {
	return s.Store.MessagesByMAC(narrow(ctx), c, macs)
}

func (s seeing) Around(ctx context.Context, c daybook.CaseID, entry uint64, n int) ([]daybook.Message, error) {
	return s.Store.Around(narrow(ctx), c, entry, n)
}

func (s seeing) Timeline(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter, limit int, cursor string) (daybook.TimelinePage, error) {
	return s.Store.Timeline(narrow(ctx), c, f, limit, cursor)
}

func (s seeing) TimelineCount(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter) (int, bool, error) {
	return s.Store.TimelineCount(narrow(ctx), c, f)
}

func (s seeing) FlagCounts(ctx context.Context, c daybook.CaseID) (map[flags.Flag]int, error) {
	return s.Store.FlagCounts(narrow(ctx), c)
}

func (s seeing) Flagged(ctx context.Context, c daybook.CaseID, which ...flags.Flag) ([][32]byte, error) {
	return s.Store.Flagged(narrow(ctx), c, which...)
}

// seeingIndex is a Finder that finds only what whoever asks may be shown: that a
// message holds a word tells of it.
type seeingIndex struct {
	Finder
	store Sighted
}

func (x seeingIndex) among(ctx context.Context, c daybook.CaseID, all []index.Messages) ([]index.Messages, error) {
	some, everything, err := x.store.SeenMessages(narrow(ctx), c)
	if err != nil || everything {
		return all, err
	}
	return append(slices.Clip(all), some), nil
}

func (x seeingIndex) Search(ctx context.Context, q index.Query) (_ index.Result, err error) {
	if q.Among, err = x.among(ctx, q.Case, q.Among); err != nil {
		return index.Result{}, err
	}
	return x.Finder.Search(ctx, q)
}

func (x seeingIndex) Each(ctx context.Context, q index.Query, fn func(index.Found)) (_ int, err error) {
	if q.Among, err = x.among(ctx, q.Case, q.Among); err != nil {
		return 0, err
	}
	return x.Finder.Each(ctx, q, fn)
}

func (x seeingIndex) Count(ctx context.Context, queries []index.Query) (_ []uint64, err error) {
	queries = slices.Clone(queries)
	for i := range queries {
		if queries[i].Among, err = x.among(ctx, queries[i].Case, queries[i].Among); err != nil {
			return nil, err
		}
	}
	return x.Finder.Count(ctx, queries)
}

func (x seeingIndex) Terms(ctx context.Context, c daybook.CaseID, list []string) ([]index.TermCount, error) {
	return x.TermsAmong(ctx, c, list, nil)
}

func (x seeingIndex) TermsAmong(ctx context.Context, c daybook.CaseID, list []string, some []index.Messages) (_ []index.TermCount, err error) {
	if some, err = x.among(ctx, c, some); err != nil {
		return nil, err
	}
	return x.Finder.TermsAmong(ctx, c, list, some)
}

// withholdsWords reports whether what a finding quotes is withheld. Of a group it
// may name the first handle alone, and quote them all.
func (r *request) withholdsWords(p *pattern, f *detect.Finding) bool {
	return r.sight.WithholdsWords(f.Handles) || slices.ContainsFunc(f.Handles, func(h daybook.Handle) bool {
		g := p.group(h)
		return g != nil && r.sight.WithholdsWords(g.Handles)
	})
}

// mayHave returns daybook.ErrForbidden if the user may not have the bytes of a
// capture.
func (r *request) mayHave(e *archive.Entry) error {
	if r.sight.Whole() {
		return nil
	}
	it, err := e.Item()
	if err != nil || r.sight.WithholdsCapture(it.Capture.Platform, it.Capture.Origin) {
		return daybook.ErrForbidden
	}
	return nil
}
