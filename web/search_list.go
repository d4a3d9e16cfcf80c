package web

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/index"
)

// searchTerms is the view of a list of words.
type searchTerms struct{ List []string }

// listPage is the page search-list.html.
type listPage struct {
	voice
	Rows []termRow
	At   stamp
}

type termRow struct {
	Query    string // finds the same messages
	Shown    name
	Messages uint64
	Wrong    string
}

const (
	maxTermsShown = 200
	maxTermLength = 200 // characters
)

// newList keeps the lines of the field terms and goes to their counts.
func (r *request) newList() error {
	typed := r.form("terms")
	page := searchPage{Terms: typed}
	var v searchTerms
	for line := range strings.Lines(typed) {
		if s := strings.TrimSpace(line); s != "" && !slices.Contains(v.List, s) {
			v.List = append(v.List, s)
		}
	}
	switch {
	case len(v.List) == 0:
		page.TermsBad = "search.list.empty"
	case len(v.List) > maxTermsShown:
		page.TermsBad = "search.list.many"
	case slices.ContainsFunc(v.List, func(s string) bool { return utf8.RuneCountInString(s) > maxTermLength }):
		page.TermsBad = "search.list.long"
	default:
		return r.to(r.in("search/list/" + r.keep(v)))
	}
	return r.showSearch(422, page)
}

// termQuery is the query that finds what a term of a list stands for. A term
// knows nothing of the language but * and ~ at its end.
func termQuery(term string) string {
	body := strings.TrimRight(term, "*~")
	if body == term {
		return `"` + strings.Map(func(c rune) rune {
			if strings.ContainsRune("\"“”„", c) {
				return ' '
			}
			return c
		}, term) + `"`
	}
	parts := strings.FieldsFunc(body, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsNumber(c) })
	return strings.Join(parts, "-") + term[len(body):]
}

// searchList counts the messages that hold each word of a list.
func (r *request) searchList() error {
	v, ok := kept[searchTerms](r, r.PathValue("view"))
	if !ok {
		return r.to(r.in("search"))
	}
	ctx := r.Context()
	if err := r.s.Cases.Look(ctx, r.actor, r.caseID, cases.Search, daybook.Access{Words: strings.Join(v.List, "\n")}); err != nil {
		return err
	}
	if err := r.s.CatchUp(ctx, r.caseID); err != nil {
		return err
	}
	counts, err := r.s.Index.Terms(ctx, r.caseID, v.List)
	if errors.Is(err, index.ErrBehind) {
		if err = r.s.CatchUp(ctx, r.caseID); err == nil {
			counts, err = r.s.Index.Terms(ctx, r.caseID, v.List)
		}
	}
	if err != nil {
		return err
	}
	page := listPage{voice: r.voice(), At: r.when(r.now())}
	for _, c := range counts {
		row := termRow{Query: termQuery(c.Term), Shown: textOf(c.Term), Messages: c.Messages}
		var syntax *index.SyntaxError
		if errors.As(c.Err, &syntax) {
			row.Wrong = syntax.What
		} else if c.Err != nil {
			row.Wrong = "*"
		}
		page.Rows = append(page.Rows, row)
	}
	return r.render(200, "search-list", "title.search", page)
}
