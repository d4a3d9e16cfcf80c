package web

import (
	"errors"
	"net/http"

	"daybook"
	"daybook/cases"
)

func (s *Server) ownRoutes() []route {
	const own = "cases writes the entry before it hands the list out, or with the change; nothing of the list is in it"
	return []route{
		{method: http.MethodGet, path: "/c/{case}/own", who: inCase, action: cases.OwnDetails, why: "shows nothing of the list", handle: (*request).ownPage},
		{method: http.MethodPost, path: "/c/{case}/own", who: inCase, action: cases.OwnDetails, settled: true, why: own, handle: (*request).addOwn},
		{method: http.MethodPost, path: "/c/{case}/own/show", who: inCase, action: cases.OwnDetails, why: own, handle: (*request).showOwn},
		{method: http.MethodPost, path: "/c/{case}/own/remove", who: inCase, action: cases.OwnDetails, settled: true, why: own, handle: (*request).dropOwn},
	}
}

// ownPage is the page own.html: the person's own details, hidden until they are
// asked for.
type ownPage struct {
	voice
	Kinds []choiceOption
	Value string // as it was typed
	Wrong string // key
	Most  int
	Shown bool
	List  []ownKind
	Empty bool
}

// An ownKind is the details of one kind.
type ownKind struct {
	Key     string
	Details []ownDetail
}

type ownDetail struct {
	Kind, Value string
	Text        name
}

func ownKey(k daybook.OwnKind) string { return "own.kind." + string(k) }

func (r *request) ownPage() error {
	return r.renderOwn(http.StatusOK, ownPage{})
}

func (r *request) renderOwn(status int, page ownPage) error {
	page.voice, page.Most = r.voice(), daybook.MaxOwn
	chosen := r.form("kind")
	for _, k := range daybook.OwnKinds() {
		page.Kinds = append(page.Kinds, choiceOption{Value: string(k), Key: ownKey(k), Chosen: string(k) == chosen})
	}
	return r.render(status, "own", "title.settings", page)
}

// addOwn adds what the form names. Its fields: kind and value.
func (r *request) addOwn() error {
	d := daybook.OwnDetail{Kind: daybook.OwnKind(r.form("kind")), Value: r.form("value")}
	err := r.s.Cases.AddOwn(r.Context(), r.actor, r.caseID, d)
	if errors.Is(err, daybook.ErrInvalid) {
		return r.renderOwn(http.StatusUnprocessableEntity, ownPage{Value: d.Value, Wrong: "own.wrong"})
	}
	if err != nil {
		return err
	}
	return r.done(r.in("own"))
}

// showOwn shows the list.
func (r *request) showOwn() error {
	list, err := r.s.Cases.Own(r.Context(), r.actor, r.caseID)
	if err != nil {
		return err
	}
	page := ownPage{Shown: true, Empty: len(list) == 0}
	for _, k := range daybook.OwnKinds() {
		of := ownKind{Key: ownKey(k)}
		for _, d := range list {
			if d.Kind == k {
				of.Details = append(of.Details, ownDetail{string(k), d.Value, textOf(d.Value)})
			}
		}
		if len(of.Details) > 0 {
			page.List = append(page.List, of)
		}
	}
	return r.renderOwn(http.StatusOK, page)
}

// dropOwn takes one detail out and shows what is left. What is gone already is
// passed over.
func (r *request) dropOwn() error {
	d := daybook.OwnDetail{Kind: daybook.OwnKind(r.form("kind")), Value: r.form("value")}
	err := r.s.Cases.RemoveOwn(r.Context(), r.actor, r.caseID, d)
	if err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return err
	}
	if err := r.s.Settle(r.Context(), r.caseID); err != nil {
		return err
	}
	return r.showOwn()
}

// An ownOf is a case whose own details the user may see.
type ownOf struct {
	Href string
	Name name // of the case; "" if there is only one
}

// ownCases lists the cases whose own details the user may see.
func (r *request) ownCases(mine []cases.Grant) (out []ownOf, err error) {
	seen := map[daybook.CaseID]bool{}
	for _, g := range mine {
		if !g.Role.May(cases.OwnDetails) || seen[g.Case] {
			continue
		}
		seen[g.Case] = true
		title, err := r.s.Log.CaseName(r.Context(), g.Case)
		if err != nil {
			return nil, err
		}
		out = append(out, ownOf{"/c/" + string(g.Case) + "/own", nameOf(title)})
	}
	return out, nil
}
