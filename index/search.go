package index

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	api "github.com/blevesearch/bleve_index_api"

	"daybook"
)

// Bounds of a search.
const (
	maxLimit  = 1000
	maxOffset = 10_000
	maxTerms  = 1000 // of one list
	maxWords  = 4096 // that a prefix may stand for
	timeout   = 10 * time.Second
)

// A Result is one page of hits, and figures about all of them.
type Result struct {
	Total   uint64 // hits on all pages
	Seen    uint64 // entries of the log that the index had followed: newer ones were not searched
	Took    time.Duration
	Hits    []Hit
	Kinds   []KindCount   // with Query.Facets: most frequent first, at most 50
	Senders []SenderCount // likewise
}

// A Hit is one message that was found.
type Hit struct {
	Message [32]byte // CaseKey.MessageMAC of its key
	Score   float64  // for order alone; 0 when sorted by time
}

// A KindCount says how many of the hits are of a kind.
type KindCount struct {
	Kind     daybook.Kind
	Messages int
}

// A SenderCount says how many of the hits are from a handle.
type SenderCount struct {
	Sender   [32]byte // CaseKey.MAC("handle", handle.Ref())
	Messages int
}

// A TermCount says in how many messages a term of a list stands.
type TermCount struct {
	Term     string
	Messages uint64
	Err      error // why this term cannot be counted; wraps daybook.ErrInvalid
}

// Search finds messages of one case, as far as the index has followed its log.
// It takes ten seconds at most. Errors: daybook.ErrInvalid for a query that
// cannot be answered (a *SyntaxError if it cannot be read), ErrBehind if the
// index has seen nothing yet or was damaged, and what the keys give for the case.
func (x *Index) Search(ctx context.Context, q Query) (Result, error) {
	if q.Case == "" {
		return Result{}, fmt.Errorf("search: %w: no case is named", daybook.ErrInvalid)
	}
	if err := q.readText(); err != nil {
		return Result{}, err
	}
	if q.Limit < 0 || q.Limit > maxLimit || q.Offset < 0 || q.Offset > maxOffset {
		return Result{}, fmt.Errorf("search: %w: at most %d hits at a time, and %d in all; narrow the search by time or words", daybook.ErrInvalid, maxLimit, maxOffset)
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var out Result
	err := x.with(ctx, q.Case, func(f *folder) error {
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
		seen := f.seen.Load()
		out, err = f.search(ctx, &q, compiled)
		out.Seen = seen
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	return out, nil
}

// readText reads the text of a query that was not made by Parse.
func (q *Query) readText() error {
	if q.read != nil || q.Text == "" {
		return nil
	}
	p, err := Parse(q.Text)
	if err != nil {
		return err
	}
	q.read, q.Flags = p.read, append(q.Flags, p.Flags...)
	q.Names = append(q.Names, p.Names...)
	return nil
}

// Terms counts the messages that hold each term of a list. A term is a word, or
// several that stand one after the other; it may end with * or ~ as in a query,
// and knows nothing else of its language.
func (x *Index) Terms(ctx context.Context, c daybook.CaseID, list []string) ([]TermCount, error) {
	return x.TermsAmong(ctx, c, list, nil)
}

// TermsAmong is Terms for messages that stand in each of some, as Query.Among has
// it.
func (x *Index) TermsAmong(ctx context.Context, c daybook.CaseID, list []string, some []Messages) ([]TermCount, error) {
	if len(list) > maxTerms {
		return nil, fmt.Errorf("count terms: %w: a list has at most %d", daybook.ErrInvalid, maxTerms)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := make([]TermCount, len(list))
	err := x.with(ctx, c, func(f *folder) error {
		if err := f.ready(ctx); err != nil {
			return err
		}
		for i, s := range list {
			out[i].Term = s
			r, err := readTerm(s)
			if err == nil {
				err = f.boundPrefixes(r)
			}
			if errors.Is(err, daybook.ErrInvalid) {
				out[i].Err = err
				continue
			}
			if err != nil {
				return err
			}
			q := Query{Case: c, read: r, Among: some}
			compiled, err := compile(&q, f.key)
			if err != nil {
				return err
			}
			found, err := f.search(ctx, &q, compiled)
			if err != nil {
				return err
			}
			out[i].Messages = found.Total
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count terms: %w", err)
	}
	return out, nil
}

func (f *folder) search(ctx context.Context, q *Query, compiled query.Query) (Result, error) {
	req := bleve.NewSearchRequestOptions(compiled, q.Limit, q.Offset, false)
	if q.SortByTime || q.Limit == 0 {
		req.Score = "none"
	}
	if q.SortByTime {
		req.SortByCustom(search.SortOrder{
			&search.SortField{Field: fieldAt, Desc: true, Type: search.SortFieldAsString, Missing: search.SortFieldMissingLast},
			&search.SortDocID{},
		})
	}
	if q.Facets {
		req.AddFacet(fieldKind, bleve.NewFacetRequest(fieldKind, 50))
		req.AddFacet(fieldSender, bleve.NewFacetRequest(fieldSender, 50))
	}
	var res *bleve.SearchResult
	err := guard(func() (err error) {
		res, err = f.words.SearchInContext(ctx, req)
		return err
	})
	if ctx.Err() != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return Result{}, fmt.Errorf("%w: it takes too long; narrow the search by time or words: %w", daybook.ErrInvalid, ctx.Err())
		}
		return Result{}, ctx.Err()
	}
	if err != nil {
		return Result{}, damaged(err)
	}
	out := Result{Total: res.Total, Took: res.Took}
	for _, h := range res.Hits {
		if len(h.ID) != len(Hit{}.Message) {
			return Result{}, fmt.Errorf("%w: a document has another id than a message", errDamaged)
		}
		out.Hits = append(out.Hits, Hit{Message: [32]byte([]byte(h.ID)), Score: h.Score})
	}
	if r := res.Facets[fieldKind]; r != nil {
		for _, t := range r.Terms.Terms() {
			out.Kinds = append(out.Kinds, KindCount{daybook.Kind(t.Term), t.Count})
		}
	}
	if r := res.Facets[fieldSender]; r != nil {
		for _, t := range r.Terms.Terms() {
			var s SenderCount
			if _, err := hex.Decode(s.Sender[:], []byte(t.Term)); err != nil {
				return Result{}, damaged(err)
			}
			s.Messages = t.Count
			out.Senders = append(out.Senders, s)
		}
	}
	return out, nil
}

// ready refuses to answer from an index that has seen no entry, as after damage
// or an erasure: that nothing is found would not be true. Every log has one.
func (f *folder) ready(ctx context.Context) error {
	if f.seen.Load() == 0 {
		return ErrBehind
	}
	return f.settle(ctx)
}

// boundPrefixes refuses a prefix that stands for too many words.
func (f *folder) boundPrefixes(r *reading) error {
	if r == nil {
		return nil
	}
	for _, c := range r.clauses {
		for _, t := range c.terms {
			if t.kind != begins {
				continue
			}
			last := t.tokens[len(t.tokens)-1]
			for _, look := range [][2]string{{fieldText, last.text}, {fieldText, last.fold}, {fieldFolded, last.fold}} {
				n, err := f.countWords(look[0], look[1])
				if err != nil {
					return damaged(err)
				}
				if n > maxWords {
					return fmt.Errorf("%w: more than %d different words begin with %q; write more of it", daybook.ErrInvalid, maxWords, last.text)
				}
			}
		}
	}
	return nil
}

// countWords counts the words of a field that begin with prefix, up to one more
// than maxWords.
func (f *folder) countWords(field, prefix string) (n int, err error) {
	err = guard(func() error {
		dict, err := f.words.FieldDictPrefix(field, []byte(prefix))
		if err != nil {
			return err
		}
		var e *api.DictEntry
		for e, err = dict.Next(); err == nil && e != nil && n <= maxWords; e, err = dict.Next() {
			n++
		}
		return errors.Join(err, dict.Close())
	})
	return n, err
}

// readTerm reads one term of a list.
func readTerm(s string) (*reading, error) {
	p := parser{text: []rune(s), or: -1}
	if len(p.text) > MaxQueryLength {
		return nil, p.fail(MaxQueryLength, "the term is too long; at most %d characters can be read", MaxQueryLength)
	}
	t, err := p.words(0, strings.TrimSpace(s))
	if err != nil {
		return nil, err
	}
	if len(t.tokens) == 0 || len(t.tokens) > maxTokens {
		return nil, p.fail(0, "a term has between 1 and %d words", maxTokens)
	}
	return &reading{clauses: []clause{{terms: []term{t}}}}, nil
}
