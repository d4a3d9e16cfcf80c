package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/web"
)

// keptParameters name what is kept for one session: an address with something
// else says that it is not kept any more, or begins anew.
var keptParameters = []string{"view", "attempt", "which"}

// Two people who try to get at each other's case, with their own rights and with
// their advisers', through every route and every identifier that the other's
// pages hold: nothing is found, nothing is changed, and each try is in the log.
func TestNobodyGetsAtAnotherCase_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	mayaIDs, tomIDs := h.furnish(h.mayas, h.maya), h.furnish(h.toms, h.tom)
	maya, tom := h.enter(h.maya), h.enter(h.tom)
	priya, lee := h.enter(h.priya), h.enter(h.lee)
	sides := []side{
		{h.mayas, maya, []*browserClient{tom, lee}, regexp.MustCompile(`nightjar|quietharbour|\bMaya\b|Priya|` + strings.Join(contents, "|")), h.explore(maya, h.mayas), mayaIDs},
		{h.toms, tom, []*browserClient{maya, priya}, regexp.MustCompile(`marzipan|tom_private|\bTom\b|\bLee\b`), h.explore(tom, h.toms), tomIDs},
	}
	for i, s := range sides {
		if len(s.f.ids) < 5 {
			t.Fatalf("only %d identifiers were found", len(s.f.ids))
		}
		own := sides[1-i]
		for _, b := range s.others {
			t.Run(b.user.Name, func(t *testing.T) {
				from := h.size(s.c)
				for _, r := range h.table().inCase() {
					h.tryOtherCase(t, b, r, s)
					h.tryOwnCase(t, b, r, s, own)
				}
				refused := 0
				for _, e := range h.newEntries(s.c, from) {
					if strings.HasPrefix(e, b.user.Name+" ") && strings.HasSuffix(e, " was refused") {
						refused++
					} else {
						t.Errorf("the tries left %q in the other case", e)
					}
				}
				if refused == 0 {
					t.Error("no try is in the log of the other case")
				}
			})
		}
	}
}

// A side is a case, whoever it belongs to, and those who try to get at it.
type side struct {
	c       daybook.CaseID
	person  *browserClient
	others  []*browserClient
	markers *regexp.Regexp // of what is in the case
	f       found
	ids     []string // identifiers of rows of the case
}

// tryOtherCase asks for a page of the other case as it stands in its links.
func (h *house) tryOtherCase(t *testing.T, b *browserClient, r web.RouteSeen, s side) {
	t.Helper()
	for _, path := range append(slices.Clone(s.f.paths[pattern(r)]), anyID(r.Path, s.c)) {
		got := b.do(r.Method, path, s.f.forms[pattern(r)])
		if got.Status != http.StatusNotFound {
			t.Errorf("%s of another case: got %d to %q, want 404", pattern(r), got.Status, got.Location)
		}
		if m := s.markers.FindString(got.Body); m != "" {
			t.Errorf("%s of another case shows %q", pattern(r), m)
		}
	}
}

// tryOwnCase asks for a page of one's own case with the other's identifiers, in
// the path and in the form.
func (h *house) tryOwnCase(t *testing.T, b *browserClient, r web.RouteSeen, s, own side) {
	t.Helper()
	form := own.f.forms[pattern(r)]
	ids := slices.Concat(s.ids, s.f.ids[:min(len(s.f.ids), 8)])
	var tries []string
	for _, path := range s.f.paths[pattern(r)] { // what stands at the same place there
		if strings.Count(r.Path, "{") > 1 {
			tries = append(tries, strings.Replace(path, string(s.c), string(own.c), 1))
		}
	}
	if len(tries) == 0 && strings.Count(r.Path, "{") > 1 {
		for _, id := range ids {
			tries = append(tries, fill(r.Path, func(name string) string {
				if name == "case" {
					return string(own.c)
				}
				return id
			}))
		}
	}
	kept := slices.ContainsFunc(keptParameters, func(p string) bool { return strings.Contains(r.Path, "{"+p+"}") })
	for _, path := range tries {
		got := b.do(r.Method, path, form)
		ok := []int{http.StatusNotFound, http.StatusForbidden, http.StatusUnprocessableEntity}
		if kept {
			ok = append(ok, http.StatusOK, http.StatusSeeOther)
		}
		if !slices.Contains(ok, got.Status) {
			t.Errorf("%s with an identifier of another case: got %d to %q", path, got.Status, got.Location)
		}
		if m := s.markers.FindString(got.Body); m != "" {
			t.Errorf("%s with an identifier of another case shows %q", pattern(r), m)
		}
	}
	h.tryOwnForm(t, b, r, s, own, ids)
}

// tryOwnForm sends the form of one's own page with identifiers of the other case
// in the place of its own. Where it goes back to is not one of them: that is
// looked at and left aside.
func (h *house) tryOwnForm(t *testing.T, b *browserClient, r web.RouteSeen, s, own side, ids []string) {
	t.Helper()
	form, theirs := own.f.forms[pattern(r)], s.f.forms[pattern(r)]
	path := anyID(r.Path, own.c)
	if known := own.f.paths[pattern(r)]; len(known) > 0 {
		path = known[0]
	}
	for _, id := range append([]string{""}, ids...) {
		sent, replaced := url.Values{}, 0
		for name, values := range form {
			sent[name] = slices.Clone(values)
			if name == "back" || slices.Contains(keptParameters, name) || len(values) == 0 || !idPattern.MatchString(values[0]) {
				continue
			}
			replaced++
			if id == "" {
				sent.Set(name, theirs.Get(name))
			} else {
				sent[name] = []string{id}
			}
		}
		if replaced == 0 || id == "" && len(theirs) == 0 {
			continue
		}
		got := b.do(r.Method, path, sent)
		if got.Status < 400 {
			t.Errorf("%s with identifiers of another case in its form: got %d to %q", pattern(r), got.Status, got.Location)
		}
		if m := s.markers.FindString(got.Body); m != "" {
			t.Errorf("%s with identifiers of another case in its form shows %q", pattern(r), m)
		}
	}
}
