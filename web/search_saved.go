package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/index"
)

// Saved keeps the searches of users.
type Saved interface {
	PutSavedSearch(ctx context.Context, s cases.SavedSearch) error
	// SavedSearches returns what a user keeps in a case, oldest first.
	SavedSearches(ctx context.Context, c daybook.CaseID, user string) ([]cases.SavedSearch, error)
	DropSavedSearch(ctx context.Context, c daybook.CaseID, user, id string) error
}

const (
	maxSaved     = 20 // in one case
	maxSavedName = 80 // characters
)

// A savedRow is a search that the user keeps.
type savedRow struct {
	ID     string
	Name   name
	Shown  name // the words
	Found  uint64
	New    uint64
	Count  bool // Found and New are known
	Wrong  bool // it can no longer be read
	Looked stamp

	words string
}

// savedRows lists the searches that the user keeps; with counts, how many
// messages each finds now. Counting is searching, and written down as that.
// full: no more can be kept.
func (r *request) savedRows(counts bool) (rows []savedRow, full bool, err error) {
	ctx := r.Context()
	all, err := r.s.Store.SavedSearches(ctx, r.caseID, r.user.ID)
	if err != nil {
		return nil, false, err
	}
	for _, s := range all {
		rows = append(rows, savedRow{ID: s.ID, Name: nameOf(s.Name), Shown: textOf(s.Words), Looked: r.when(s.Looked), words: s.Words})
	}
	if len(all) == 0 || !counts {
		return rows, len(all) >= maxSaved, nil
	}
	var words []string
	for _, s := range all {
		words = append(words, s.Words)
	}
	if err := r.s.Cases.Look(ctx, r.actor, r.caseID, cases.Search, daybook.Access{Words: strings.Join(words, "\n"), Detail: "counted what kept searches find"}); err != nil {
		return nil, false, err
	}
	if err := r.s.CatchUp(ctx, r.caseID); err != nil {
		return nil, false, err
	}
	for i := range all {
		n, err := r.count(all[i].Words)
		switch {
		case errors.Is(err, daybook.ErrInvalid): // a name that nobody bears any more, too many words by now
			rows[i].Wrong = true
		case err != nil:
			return nil, false, err
		default:
			rows[i].Count, rows[i].Found = true, n
			rows[i].New = n - min(n, all[i].Found)
		}
	}
	return rows, len(all) >= maxSaved, nil
}

// count counts the messages that words find.
func (r *request) count(words string) (uint64, error) {
	q, err := r.query(searchView{Words: words}, nil)
	if err != nil {
		return 0, err
	}
	if len(q.Flags) > 0 {
		if _, err := r.bringFlags(flagsAsked); err != nil {
			return 0, err
		}
		if q, err = r.withFlags(q, q.Flags); err != nil {
			return 0, err
		}
	}
	n, err := r.s.Index.Count(r.Context(), []index.Query{q})
	if errors.Is(err, index.ErrBehind) {
		if err = r.s.CatchUp(r.Context(), r.caseID); err == nil {
			n, err = r.s.Index.Count(r.Context(), []index.Query{q})
		}
	}
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// saveSearch keeps the words of a view under a name. Its fields: view and name.
func (r *request) saveSearch() error {
	v, ok := kept[searchView](r, r.form("view"))
	if !ok {
		return r.to(r.in("search"))
	}
	all, err := r.s.Store.SavedSearches(r.Context(), r.caseID, r.user.ID)
	if err != nil {
		return err
	}
	title := r.form("name")
	if title == "" {
		title = v.Words
	}
	if cut := []rune(title); len(cut) > maxSavedName {
		title = string(cut[:maxSavedName-1]) + "…"
	}
	if !utf8.ValidString(title) || len(all) >= maxSaved {
		return daybook.ErrInvalid
	}
	if !slices.ContainsFunc(all, func(s cases.SavedSearch) bool { return s.Words == v.Words }) {
		n, err := r.count(v.Words)
		if err != nil {
			return err
		}
		now := r.now()
		err = r.s.Store.PutSavedSearch(r.Context(), cases.SavedSearch{
			ID: daybook.NewID(), Case: r.caseID, User: r.user.ID, Name: title, Words: v.Words, Made: now, Looked: now, Found: n,
		})
		if err != nil {
			return err
		}
	}
	return r.to(r.in("search/" + r.form("view")))
}

// saved finds the search of the path.
func (r *request) saved() (cases.SavedSearch, error) {
	all, err := r.s.Store.SavedSearches(r.Context(), r.caseID, r.user.ID)
	if err != nil {
		return cases.SavedSearch{}, err
	}
	for _, s := range all {
		if s.ID == r.PathValue("id") {
			return s, nil
		}
	}
	return cases.SavedSearch{}, daybook.ErrNotFound
}

// runSaved goes to what a kept search finds, which is then no longer new.
func (r *request) runSaved() error {
	s, err := r.saved()
	if err != nil {
		return err
	}
	v := searchView{Words: s.Words, Newest: true}
	if err := r.s.Cases.Look(r.Context(), r.actor, r.caseID, cases.Search, daybook.Access{Words: s.Words}); err != nil {
		return err
	}
	if err := r.s.CatchUp(r.Context(), r.caseID); err != nil {
		return err
	}
	n, err := r.count(s.Words)
	if page := (searchPage{Form: v}); page.cannot(err) {
		return r.showSearch(422, page)
	}
	if err != nil {
		return err
	}
	s.Looked, s.Found = r.now(), n
	if err := r.s.Store.PutSavedSearch(r.Context(), s); err != nil {
		return err
	}
	return r.to(r.in("search/" + r.keep(v)))
}

func (r *request) dropSaved() error {
	if err := r.s.Store.DropSavedSearch(r.Context(), r.caseID, r.user.ID, r.PathValue("id")); err != nil {
		return err
	}
	return r.to(r.in("search"))
}
