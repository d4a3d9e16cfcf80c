package index

import (
	"context"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	api "github.com/blevesearch/bleve_index_api"
)

// A filter is a query that has no weight in the score. bleve is told so, because
// it then joins the documents of many terms (the days of a span) as sets, instead
// of walking along all of them at once.
type filter struct{ query.Query }

// Searcher implements query.Query.
func (f filter) Searcher(ctx context.Context, r api.IndexReader, m mapping.IndexMapping, o search.SearcherOptions) (search.Searcher, error) {
	o.Score, o.IncludeTermVectors, o.Explain = "none", false, false
	return f.Query.Searcher(ctx, r, m, o)
}
