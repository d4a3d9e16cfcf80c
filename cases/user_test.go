package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

func TestNewUser(t *testing.T) {
	h := newHouse(t)
	u, err := h.NewUser(t.Context(), operator, "  Ana   Lindqvist ", "ana@charity.example")
	must(t, err)
	if u.Name != "Ana Lindqvist" || u.Address != "ana@charity.example" || !u.Created.Equal(start) {
		t.Errorf("got %+v", u)
	}
	for _, tt := range []struct{ name, user, address string }{
		{"no name", " ", ""},
		{"same name", "ANA lindqvist", ""},
		{"control character", "An\x1ba", ""},
		{"override", "An\u202ea", ""},
		{"not UTF-8", "\xff", ""},
		{"long", strings.Repeat("a", 101), ""},
		{"not an address", "Ben", "ben"},
		{"address with a name", "Ben", "Ben <ben@charity.example>"},
		{"second header", "Ben", "ben@charity.example\r\nBcc: eve@charity.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.NewUser(t.Context(), operator, tt.user, tt.address)
			want(t, tt.name, err, daybook.ErrInvalid)
		})
	}
	all, err := h.Users(t.Context(), operator)
	must(t, err)
	if diff := cmp.Diff([]cases.User{u}, all); diff != "" {
		t.Errorf("a refused user stays: %s", diff)
	}
	for _, key := range []string{u.ID, "ana lindqvist"} {
		if got, err := h.FindUser(t.Context(), key); err != nil || got != u {
			t.Errorf("find %q: %v, %v", key, got, err)
		}
	}
	_, err = h.FindUser(t.Context(), "Ben")
	want(t, "nobody", err, daybook.ErrNotFound)
	_, err = h.NewUser(t.Context(), daybook.Actor{ID: u.ID}, "Ben", "")
	want(t, "not the operator", err, daybook.ErrForbidden)
}

func TestGrant_D6(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", "")
	eve := h.member("Eve", "")
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		g    cases.Grant
		err  error
	}{
		{"the person gives anything", mara, cases.Grant{User: ria.ID, Role: cases.Exporter, Reason: "trial"}, nil},
		{"another person in the case", mara, cases.Grant{User: ria.ID, Role: cases.Owner}, nil},
		{"a manager gives what they have", moe, cases.Grant{User: ria.ID, Role: cases.Reader, Reason: "team"}, nil},
		{"a manager gives no more", moe, cases.Grant{User: ria.ID, Role: cases.Exporter, Reason: "team"}, daybook.ErrForbidden},
		{"nor the person's own place", moe, cases.Grant{User: ria.ID, Role: cases.Owner}, daybook.ErrForbidden},
		{"nobody to themselves", moe, cases.Grant{User: moe.ID, Role: cases.Reader, Reason: "me"}, daybook.ErrForbidden},
		{"no right", eve, cases.Grant{User: moe.ID, Role: cases.Reader, Reason: "x"}, daybook.ErrForbidden},
		{"no role", mara, cases.Grant{User: ria.ID, Role: "chief", Reason: "x"}, daybook.ErrInvalid},
		{"the operator is not granted", mara, cases.Grant{User: ria.ID, Role: "operator", Reason: "x"}, daybook.ErrInvalid},
		{"no user", mara, cases.Grant{User: "nobody", Role: cases.Reader, Reason: "x"}, daybook.ErrInvalid},
		{"no reason", mara, cases.Grant{User: ria.ID, Role: cases.Reader}, daybook.ErrInvalid},
		{"end before beginning", mara, cases.Grant{User: ria.ID, Role: cases.Reader, Reason: "x", End: start}, daybook.ErrInvalid},
		{"for ever", mara, cases.Grant{User: ria.ID, Role: cases.Reader, Reason: "x", End: start.AddDate(2, 0, 0)}, daybook.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouseOf(t, h)
			tt.g.Case = h.c
			before := len(h.entries(daybook.RecordAccess))
			g, err := h.Grant(t.Context(), tt.by, tt.g)
			if tt.err != nil {
				want(t, tt.name, err, tt.err)
				if n := len(h.entries(daybook.RecordAccess)); n != before {
					t.Errorf("a refused grant left %d entries", n-before)
				}
				return
			}
			must(t, err)
			end := start.Add(cases.GrantPeriod)
			if tt.g.Role == cases.Owner {
				end = time.Time{}
			}
			if g.ID == "" || g.By != tt.by || !g.Start.Equal(start) || !g.End.Equal(end) {
				t.Errorf("got %+v", g)
			}
			entries := h.entries(daybook.RecordAccess)[before:]
			if len(entries) != 1 || entries[0].Actor != tt.by || !strings.Contains(decode[daybook.Access](t, entries[0]).Detail, "gave Ria access as ") {
				t.Errorf("got entries %v", entries)
			}
		})
	}
}

// newHouseOf returns h, so that failures go to the subtest.
func newHouseOf(t *testing.T, h *house) *house {
	sub := *h
	sub.t = t
	return &sub
}

func TestGrantAndEntryAreOne(t *testing.T) {
	h := newHouse(t)
	ria := h.member("Ria", "")
	h.logFails = true
	_, err := h.Grant(t.Context(), operator, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Reader, Reason: "x"})
	want(t, "grant", err, errFault)
	h.logFails = false
	want(t, "it has no effect", h.Authorize(t.Context(), ria, h.c, cases.Counts), daybook.ErrForbidden)

	g := h.grant(operator, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Reader, Reason: "x"})
	h.logFails = true
	want(t, "revoke", h.Revoke(t.Context(), operator, h.c, g.ID, ""), errFault)
	h.logFails = false
	must(t, h.Authorize(t.Context(), ria, h.c, cases.Counts))
}

func TestRevoke(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", "")
	g := h.grant(mara, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Reader, Reason: "x"})
	all, err := h.Grants(t.Context(), moe, h.c)
	must(t, err)
	if len(all) != 3 {
		t.Fatalf("got %d grants, want 3", len(all))
	}
	for _, o := range all {
		if o.User == mara.ID {
			want(t, "a manager and the person's own place", h.Revoke(t.Context(), moe, h.c, o.ID, ""), daybook.ErrForbidden)
		}
	}
	want(t, "unknown", h.Revoke(t.Context(), moe, h.c, "none", ""), daybook.ErrNotFound)
	want(t, "in another case", h.Revoke(t.Context(), operator, h.newCase(), g.ID, ""), daybook.ErrNotFound)
	h.now = h.now.Add(time.Hour)
	must(t, h.Revoke(t.Context(), ria, h.c, g.ID, "not needed any more")) // one's own
	n := len(h.entries(daybook.RecordAccess))
	must(t, h.Revoke(t.Context(), moe, h.c, g.ID, "")) // again
	entries := h.entries(daybook.RecordAccess)
	if len(entries) != n {
		t.Error("a second call wrote an entry")
	}
	if got, wanted := decode[daybook.Access](t, entries[n-1]).Detail, "ended the access of Ria as reader of content: not needed any more"; got != wanted {
		t.Errorf("got %q, want %q", got, wanted)
	}
	_, err = h.Grants(t.Context(), ria, h.c)
	want(t, "list without access", err, daybook.ErrForbidden)
}

func TestLeaving_D6(t *testing.T) {
	h := newHouse(t)
	first, second := h.c, h.newCase()
	ria := h.member("Ria", cases.Reader)
	h.grant(operator, cases.Grant{Case: second, User: ria.ID, Role: cases.Reader, Reason: "x"})
	mine, err := h.Mine(t.Context(), ria)
	must(t, err)
	if len(mine) != 2 {
		t.Fatalf("got %d cases, want 2", len(mine))
	}
	want(t, "not the operator", h.Leave(t.Context(), ria, ria.ID), daybook.ErrForbidden)
	must(t, h.Leave(t.Context(), operator, ria.ID))
	must(t, h.Leave(t.Context(), operator, ria.ID))
	for _, c := range []daybook.CaseID{first, second} {
		want(t, "after leaving", h.Authorize(t.Context(), ria, c, cases.Counts), daybook.ErrForbidden)
		h.c = c
		entries := h.entries(daybook.RecordAccess)
		if got := decode[daybook.Access](t, entries[len(entries)-1]).Detail; got != "ended the access of Ria as reader of content: Ria has left" {
			t.Errorf("got %q", got)
		}
	}
	if mine, err = h.Mine(t.Context(), ria); err != nil || len(mine) != 0 {
		t.Errorf("got %v, %v, want none", mine, err)
	}
	_, err = h.Grant(t.Context(), operator, cases.Grant{Case: first, User: ria.ID, Role: cases.Reader, Reason: "x"})
	want(t, "grant to one who left", err, daybook.ErrInvalid)
	want(t, "unknown", h.Leave(t.Context(), operator, "nobody"), daybook.ErrNotFound)
}
