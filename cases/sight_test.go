package cases_test

import (
	"errors"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
)

// Who works for a public body is not shown what was fetched from X, wherever an
// account there is in the case; everybody else is.
func TestSight_D6(t *testing.T) {
	h := newHouse(t)
	owner := h.member("Mara", cases.Owner)
	adviser := h.member("Ida", cases.Exporter)
	u, err := h.NewUser(t.Context(), operator, "Officer", "")
	if err != nil {
		t.Fatal(err)
	}
	g := h.grant(operator, cases.Grant{Case: h.c, User: u.ID, Role: cases.Exporter, Reason: "the report", Public: true})
	officer, err := h.Actor(t.Context(), u, h.c, "web")
	if err != nil {
		t.Fatal(err)
	}
	whole := func(who daybook.Actor) bool {
		t.Helper()
		s, err := h.Sight(t.Context(), who, h.c)
		if err != nil {
			t.Fatal(err)
		}
		return s.Whole()
	}
	if !whole(officer) {
		t.Error("something is withheld, and no account on X is in the case")
	}
	_, err = h.Connect(t.Context(), owner, daybook.Account{Case: h.c, Platform: "x", Handle: daybook.Handle{Platform: "x", Native: "1"}}, []byte("token"), daybook.Consent{Scopes: []string{"read"}, Purpose: "test", Text: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if whole(officer) || !whole(owner) || !whole(adviser) || !whole(operator) {
		t.Errorf("withheld from the officer %v, the person %v, the adviser %v, the operator %v", !whole(officer), !whole(owner), !whole(adviser), !whole(operator))
	}
	s, err := h.Sight(t.Context(), officer, h.c)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		platform daybook.Platform
		origin   daybook.Origin
		want     bool
	}{
		{"fetched", "x", daybook.Collected, true}, {"of no known origin", "x", "", true}, {"in a file", "x", daybook.Imported, false},
		{"entered", "x", daybook.Entered, false}, {"of another platform", "mastodon", daybook.Collected, false},
	} {
		if got := s.WithholdsCapture(tt.platform, tt.origin); got != tt.want {
			t.Errorf("%s: withheld %v", tt.name, got)
		}
	}
	// A second access, not for the public body, does not open it.
	h.grant(operator, cases.Grant{Case: h.c, User: u.ID, Role: cases.Reader, Reason: "a friend"})
	if whole(officer) {
		t.Error("a second access opens what the first withholds")
	}
	if err := h.Revoke(t.Context(), operator, h.c, g.ID, "done"); err != nil {
		t.Fatal(err)
	}
	if !whole(officer) {
		t.Error("it is withheld after the access for the public body has ended")
	}
}

// Nobody gives what they do not have: who works for a public body gives access
// for one, and the person's own is never one.
func TestGrantForPublicBody_D6(t *testing.T) {
	h := newHouse(t)
	u, err := h.NewUser(t.Context(), operator, "Officer", "")
	if err != nil {
		t.Fatal(err)
	}
	h.grant(operator, cases.Grant{Case: h.c, User: u.ID, Role: cases.Manager, Reason: "runs it", Public: true})
	officer, err := h.Actor(t.Context(), u, h.c, "web")
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.NewUser(t.Context(), operator, "Colleague", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		g    cases.Grant
		want error
	}{
		{"not for one", officer, cases.Grant{Role: cases.Reader}, daybook.ErrForbidden},
		{"for one", officer, cases.Grant{Role: cases.Reader, Public: true}, nil},
		{"the person's own", operator, cases.Grant{Role: cases.Owner, Public: true}, daybook.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.g.Case, tt.g.User, tt.g.Reason, tt.g.End = h.c, other.ID, "helps", h.now.Add(time.Hour)
			if got, err := h.Grant(t.Context(), tt.by, tt.g); !errors.Is(err, tt.want) || err == nil && !got.Public {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Nor do they come in as somebody who is shown more: they get no new code for an
// access that is not for a public body.
func TestInviteAgainForPublicBody_D6(t *testing.T) {
	h := newHouse(t)
	invited := func(name string, public bool) string {
		t.Helper()
		_, g, err := h.Invite(t.Context(), operator, name, cases.Grant{Case: h.c, Role: cases.Reader, Reason: "helps", End: h.now.Add(time.Hour), Public: public})
		if err != nil {
			t.Fatal(err)
		}
		return g.ID
	}
	manager := func(name string, public bool) daybook.Actor {
		t.Helper()
		u, err := h.NewUser(t.Context(), operator, name, "")
		if err != nil {
			t.Fatal(err)
		}
		h.grant(operator, cases.Grant{Case: h.c, User: u.ID, Role: cases.Manager, Reason: "runs it", Public: public})
		a, err := h.Actor(t.Context(), u, h.c, "web")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	officer, adviser, theirs, others := manager("Officer", true), manager("Adviser", false), invited("Colleague", true), invited("Friend", false)
	for _, tt := range []struct {
		name  string
		by    daybook.Actor
		grant string
		want  error
	}{
		{"for one", officer, theirs, nil},
		{"not for one", officer, others, daybook.ErrForbidden},
		{"by somebody else", adviser, others, nil},
		{"by somebody else, for one", adviser, theirs, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := h.MayInviteAgain(t.Context(), tt.by, h.c, tt.grant); !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	mara := h.member("Mara", cases.Owner)
	if _, err := h.MayRecover(t.Context(), officer, h.c, mara.ID); !errors.Is(err, daybook.ErrForbidden) {
		t.Errorf("a new way in for the person: got %v", err)
	}
	if _, err := h.MayRecover(t.Context(), adviser, h.c, mara.ID); err != nil {
		t.Errorf("a new way in for the person, by somebody else: got %v", err)
	}
}
