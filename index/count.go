package index

import (
	"context"
	"fmt"
	"time"

	"github.com/blevesearch/bleve/v2/search/query"

	"daybook"
	"daybook/archive"
)

// A Since is met by what some handles sent from a moment on.
type Since struct {
	Senders []daybook.Handle
	From    time.Time
}

// A Period is from From on and before To; a zero time is open.
type Period struct{ From, To time.Time }

// within is the filter of Query.Periods: any of them.
func within(all []Period) []query.Query {
	var choices []query.Query
	for _, p := range all {
		choices = append(choices, between(p.From, p.To)...)
	}
	if len(choices) == 0 {
		return nil
	}
	return []query.Query{either(choices...)}
}

// since is the filter of Query.Since: any of them.
func since(all []Since, key *archive.CaseKey) []query.Query {
	var choices []query.Query
	for _, s := range all {
		if len(s.Senders) == 0 {
			continue
		}
		both := append(oneOf(fieldSender, sendersOf(s.Senders, key)), between(s.From, time.Time{})...)
		choices = append(choices, query.NewConjunctionQuery(both))
	}
	if len(choices) == 0 && len(all) > 0 {
		choices = []query.Query{query.NewMatchNoneQuery()}
	}
	if len(choices) == 0 {
		return nil
	}
	return []query.Query{either(choices...)}
}

// Count counts the hits of several queries of one case, in their order, at the
// cost of one pass without scores for each. All of them together take ten
// seconds at most. Errors are those of Search.
func (x *Index) Count(ctx context.Context, queries []Query) ([]uint64, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := make([]uint64, len(queries))
	err := x.with(ctx, queries[0].Case, func(f *folder) error {
		if err := f.ready(ctx); err != nil {
			return err
		}
		for i := range queries {
			q := queries[i]
			if q.Case != queries[0].Case {
				return fmt.Errorf("%w: queries of two cases", daybook.ErrInvalid)
			}
			if err := q.readText(); err != nil {
				return err
			}
			if err := f.boundPrefixes(q.read); err != nil {
				return err
			}
			compiled, err := compile(&q, f.key)
			if err != nil {
				return err
			}
			q.Limit, q.Offset, q.Facets, q.SortByTime = 0, 0, false, false
			found, err := f.search(ctx, &q, compiled)
			if err != nil {
				return err
			}
			out[i] = found.Total
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count hits: %w", err)
	}
	return out, nil
}
