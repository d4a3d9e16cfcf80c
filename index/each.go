package index

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	api "github.com/blevesearch/bleve_index_api"

	"daybook"
)

// A Found is what the index knows of one hit.
type Found struct {
	Sender [32]byte // CaseKey.MAC("handle", handle.Ref()); zero if it names nobody
	Kind   daybook.Kind
	At     time.Time // stated; zero if there is none
	In     uint64    // bit i: it is in Query.Tell[i]
}

// Each calls fn with every hit of a query, in no order, and returns how many
// there are. It is one pass without scores: as much as a page of hits costs,
// however many different figures are made of it. It takes ten seconds at most.
// Errors are those of Search.
func (x *Index) Each(ctx context.Context, q Query, fn func(Found)) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = x.with(ctx, q.Case, func(f *folder) error {
		if err := q.readText(); err != nil {
			return err
		}
		compiled, err := compile(&q, f.key)
		if err != nil {
			return err
		}
		if err := f.ready(ctx); err != nil {
			return err
		}
		if err := f.boundPrefixes(q.read); err != nil {
			return err
		}
		n = 0
		err = guard(func() error { return f.each(ctx, compiled, q.Tell, func(h Found) { n++; fn(h) }) })
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return fmt.Errorf("%w: it takes too long; narrow the search by time or words: %w", daybook.ErrInvalid, ctx.Err())
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return damaged(err)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("go through hits: %w", err)
	}
	return n, nil
}

func (f *folder) each(ctx context.Context, compiled query.Query, tell []Messages, fn func(Found)) (err error) {
	scorch, err := f.words.Advanced()
	if err != nil {
		return err
	}
	r, err := scorch.Reader()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	searcher, err := compiled.Searcher(ctx, r, f.words.Mapping(), search.SearcherOptions{Score: "none"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, searcher.Close()) }()
	values, err := r.DocValueReader([]string{fieldSender, fieldKind, fieldAt})
	if err != nil {
		return err
	}
	in, err := places(r, tell)
	if err != nil {
		return err
	}
	var (
		hit   Found
		bad   error
		kinds = map[string]daybook.Kind{}
	)
	visit := func(field string, term []byte) {
		switch field {
		case fieldSender:
			if len(term) != hex.EncodedLen(len(hit.Sender)) {
				bad = errors.New("a sender that is no hash")
			} else if _, err := hex.Decode(hit.Sender[:], term); err != nil {
				bad = err
			}
		case fieldKind:
			k, known := kinds[string(term)]
			if !known {
				k = daybook.Kind(term)
				kinds[string(k)] = k
			}
			hit.Kind = k
		case fieldAt:
			hit.At, bad = readAt(term, bad)
		}
	}
	sc := &search.SearchContext{DocumentMatchPool: search.NewDocumentMatchPool(searcher.DocumentMatchPoolSize()+1, 0), IndexReader: r}
	for i := 0; ; i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, err := searcher.Next(sc)
		if err != nil || m == nil {
			return err
		}
		hit = Found{In: in[string(m.IndexInternalID)]}
		if err := values.VisitDocValues(m.IndexInternalID, visit); err != nil {
			return err
		}
		if bad != nil {
			return bad
		}
		sc.DocumentMatchPool.Put(m)
		fn(hit)
	}
}

// places tells which of some messages each document is, by its number in the
// index: bit i for those of tell[i].
func places(r api.IndexReader, tell []Messages) (map[string]uint64, error) {
	out := map[string]uint64{}
	for i, some := range tell {
		ids := make([]string, len(some))
		for j := range some {
			ids[j] = string(some[j][:])
		}
		docs, err := r.DocIDReaderOnly(ids)
		if err != nil {
			return nil, err
		}
		id, err := docs.Next()
		for ; err == nil && id != nil; id, err = docs.Next() {
			out[string(id)] |= 1 << i
		}
		if err = errors.Join(err, docs.Close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readAt reads what atTerm wrote.
func readAt(term []byte, before error) (time.Time, error) {
	var b [8]byte
	if len(term) != hex.EncodedLen(len(b)) {
		return time.Time{}, errors.New("a time that is none")
	}
	if _, err := hex.Decode(b[:], term); err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b[:]) ^ 1<<63)).UTC(), before
}
