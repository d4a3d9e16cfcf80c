package cases_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

func nothing(context.Context, cases.User) error { return nil }

func TestFirstRun(t *testing.T) {
	h := newHouse(t)
	u, c, err := h.FirstRun(t.Context(), operator, h.log, cases.User{Name: " Ana  Ruiz ", Zone: "Europe/Madrid", Country: "ES"}, "Garden notes", nothing)
	must(t, err)
	found, err := h.FindUser(t.Context(), "ana ruiz")
	must(t, err)
	want := cases.User{ID: u.ID, Name: "Ana Ruiz", Zone: "Europe/Madrid", Country: "ES", Created: start}
	if diff := cmp.Diff(want, found); diff != "" || u != found {
		t.Errorf("the user:\n%s", diff)
	}
	name, err := h.log.CaseName(t.Context(), c)
	must(t, err)
	row, err := h.db.Case(t.Context(), c)
	must(t, err)
	if name != "Garden notes" || row.Zone != "Europe/Madrid" {
		t.Errorf("got case %q in %s", name, row.Zone)
	}
	actor, err := h.Actor(t.Context(), u, c, "web")
	must(t, err)
	must(t, h.Authorize(t.Context(), actor, c, cases.Erase))
}

// Nothing of a first run is there if a part of it is refused.
func TestFirstRunIsAllOrNothing(t *testing.T) {
	h := newHouse(t)
	ana := cases.User{Name: "Ana", Zone: "Europe/Madrid", Country: "ES"}
	for _, tt := range []struct {
		name   string
		by     daybook.Actor
		user   cases.User
		record string
		then   func(context.Context, cases.User) error
		want   error
	}{
		{"by somebody else", h.member("Mara", cases.Owner), ana, "Notes", nothing, daybook.ErrForbidden},
		{"by somebody who says so", daybook.Actor{ID: "x", Role: "operator"}, ana, "Notes", nothing, daybook.ErrForbidden},
		{"without a name", operator, cases.User{Zone: "Europe/Madrid"}, "Notes", nothing, daybook.ErrInvalid},
		{"with a name that is taken", operator, cases.User{Name: "mara", Zone: "Europe/Madrid"}, "Notes", nothing, daybook.ErrInvalid},
		{"without a zone", operator, cases.User{Name: "Ana"}, "Notes", nothing, daybook.ErrInvalid},
		{"in a zone that is not there", operator, cases.User{Name: "Ana", Zone: "Europe/Atlantis"}, "Notes", nothing, daybook.ErrInvalid},
		{"in a country that is none", operator, cases.User{Name: "Ana", Zone: "Europe/Madrid", Country: "Spain"}, "Notes", nothing, daybook.ErrInvalid},
		{"without a name for the record", operator, ana, " ", nothing, daybook.ErrInvalid},
		{"with a hidden character in it", operator, ana, "No\u202etes", nothing, daybook.ErrInvalid},
		{"with too long a name for it", operator, ana, strings.Repeat("n", 101), nothing, daybook.ErrInvalid},
		{"refused at the end", operator, ana, "Notes", func(context.Context, cases.User) error { return errFault }, errFault},
	} {
		_, _, err := h.FirstRun(t.Context(), tt.by, h.log, tt.user, tt.record, tt.then)
		want(t, tt.name, err, tt.want)
		if _, err := h.FindUser(t.Context(), "Ana"); !errors.Is(err, daybook.ErrNotFound) {
			t.Errorf("%s: the user is there: %v", tt.name, err)
		}
		all, err := h.db.Cases(t.Context())
		must(t, err)
		if len(all) != 1 {
			t.Errorf("%s: got %d cases", tt.name, len(all))
		}
	}
}

func TestChoose(t *testing.T) {
	h := newHouse(t)
	mara := h.member("Mara", cases.Owner)
	u, err := h.Choose(t.Context(), mara, "Asia/Kolkata", "XX")
	must(t, err)
	found, err := h.FindUser(t.Context(), mara.ID)
	must(t, err)
	if found != u || u.Zone != "Asia/Kolkata" || u.Country != "XX" {
		t.Errorf("got %+v, then %+v", u, found)
	}
	if u, err = h.Choose(t.Context(), mara, "", ""); err != nil || u.Zone != "" || u.Country != "" {
		t.Errorf("nothing chosen: %+v, %v", u, err)
	}
	_, err = h.Choose(t.Context(), mara, "Local", "")
	want(t, "the machine's own zone", err, daybook.ErrInvalid)
	_, err = h.Choose(t.Context(), mara, "Europe/London", "gb")
	want(t, "small letters", err, daybook.ErrInvalid)
	_, err = h.Choose(t.Context(), daybook.Actor{ID: "nobody"}, "", "")
	want(t, "nobody", err, daybook.ErrNotFound)
	must(t, h.Leave(t.Context(), operator, mara.ID))
	_, err = h.Choose(t.Context(), mara, "", "")
	want(t, "somebody who left", err, daybook.ErrForbidden)
}
