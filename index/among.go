package index

import (
	"slices"

	"github.com/blevesearch/bleve/v2/search/query"
)

// Messages are some messages of a case, by CaseKey.MessageMAC of their keys: such
// as those with a flag, which the index knows nothing of.
type Messages [][32]byte

// among is the filter of Query.Among: a hit is one of each. Messages that the
// index does not have are passed over.
func among(all []Messages) []query.Query {
	var out []query.Query
	for _, some := range all {
		if len(some) == 0 {
			out = append(out, query.NewMatchNoneQuery())
			continue
		}
		out = append(out, filter{withIDs(some)})
	}
	return out
}

func withIDs(some Messages) query.Query {
	ids := make([]string, len(some))
	for i := range some {
		ids[i] = string(some[i][:])
	}
	slices.Sort(ids)
	q := query.NewDocIDQuery(ids)
	q.SetBoost(0)
	return q
}
