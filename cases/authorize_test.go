package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

// rights is the whole table, written once more by hand: o the person, c counts,
// r content, x exporter, m manager. The operator may do everything.
const rights = `
counts       o c r x m
list         o . r x m
content      o . r x m
search       o . r x m
access       o . . . m
verify       o c r x m
mark         o . . . m
link         o . . . m
diary        o . . . m
import       o . . . m
collect      o . . . m
connect      o . . . m
consent      o . . . m
alert        o . . . m
grant        o . . . m
export       o . . x .
checkpoint   o . . x m
erase        o . . . .
cancel_erase o . . . m
review       o c r x m
own_details  o . . . m
open_case    . . . . .
people       . . . . .
operate      . . . . .
`

func TestRightsOfRoles_D6(t *testing.T) {
	h := newHouse(t)
	actors := []daybook.Actor{
		h.member("Mara", cases.Owner), h.member("Cleo", cases.Counter), h.member("Ria", cases.Reader),
		h.member("Xan", cases.Exporter), h.member("Moe", cases.Manager),
	}
	var seen []cases.Action
	for line := range strings.Lines(strings.TrimSpace(rights)) {
		cells := strings.Fields(line)
		action := cases.Action(strings.ReplaceAll(cells[0], "_", " "))
		seen = append(seen, action)
		for i, a := range actors {
			err := h.Authorize(t.Context(), a, h.c, action)
			if may := cells[i+1] != "."; may && err != nil {
				t.Errorf("%s may %s: %v", a.Role, action, err)
			} else if !may {
				want(t, a.Role+" may not "+string(action), err, daybook.ErrForbidden)
			}
			mine, err := h.May(t.Context(), a, h.c)
			must(t, err)
			if slices.Contains(mine, action) != (cells[i+1] != ".") {
				t.Errorf("May of %s and the table differ on %s", a.Role, action)
			}
		}
		if err := h.Authorize(t.Context(), operator, h.c, action); err != nil {
			t.Errorf("the operator may %s: %v", action, err)
		}
		if err := h.Authorize(t.Context(), h.member("stranger "+cells[0], ""), h.c, action); err == nil {
			t.Errorf("a stranger may %s", action)
		}
	}
	if diff := cmp.Diff(cases.Actions(), seen); diff != "" {
		t.Errorf("the table does not have every action:\n%s", diff)
	}
	want(t, "an action that is not there", h.Authorize(t.Context(), operator, h.c, "frobnicate"), daybook.ErrForbidden)
}

// What an actor says of itself counts for nothing.
func TestClaimedRoleIsNotBelieved(t *testing.T) {
	h := newHouse(t)
	cleo := h.member("Cleo", cases.Counter)
	for _, a := range []daybook.Actor{
		{ID: cleo.ID, Role: "operator"}, {ID: cleo.ID, Role: "owner"},
		{ID: "local", Role: "owner"}, {ID: "", Role: "operator"}, {Role: "owner"}, {},
	} {
		want(t, a.ID+" as "+a.Role, h.Authorize(t.Context(), a, h.c, cases.Content), daybook.ErrForbidden)
	}
}

func TestAccessEnds_D6(t *testing.T) {
	h := newHouse(t)
	ria := h.member("Ria", cases.Reader)
	look := func() error { return h.Authorize(t.Context(), ria, h.c, cases.Content) }
	h.now = start.Add(30*24*time.Hour - time.Second)
	must(t, look())
	h.now = start.Add(30 * 24 * time.Hour)
	err := look()
	want(t, "after 30 days", err, daybook.ErrForbidden)
	if !strings.Contains(err.Error(), "ended on 1 April 2026") || !strings.Contains(err.Error(), "renew") {
		t.Errorf("got %q, want it to say when access ended and what to do", err)
	}
	g := h.grant(operator, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Reader, Reason: "goes on", Start: h.now.Add(time.Hour)})
	want(t, "before the beginning", look(), daybook.ErrForbidden)
	h.now = h.now.Add(time.Hour)
	must(t, look())
	must(t, h.Revoke(t.Context(), operator, h.c, g.ID, ""))
	want(t, "after it was ended", look(), daybook.ErrForbidden)
}

// A user without access learns nothing about which cases there are.
func TestUnknownCaseLooksLikeAForeignOne(t *testing.T) {
	h := newHouse(t)
	other := h.newCase()
	ria := h.member("Ria", cases.Reader)
	nobody := daybook.Actor{ID: "nobody", Role: "content"}
	a, err := h.Connect(t.Context(), operator, account(other), []byte("token"), consent())
	must(t, err)
	for _, who := range []daybook.Actor{ria, nobody} {
		foreign := h.Authorize(t.Context(), who, other, cases.Content)
		missing := h.Authorize(t.Context(), who, "no-such-case", cases.Content)
		want(t, "foreign", foreign, daybook.ErrForbidden)
		if foreign.Error() != missing.Error() {
			t.Errorf("cases: got %q and %q, want the same", foreign, missing)
		}
		foreign = h.Pause(t.Context(), who, a.ID)
		missing = h.Pause(t.Context(), who, "no-such-account")
		want(t, "foreign account", foreign, daybook.ErrForbidden)
		if foreign.Error() != missing.Error() {
			t.Errorf("accounts: got %q and %q, want the same", foreign, missing)
		}
		foreign = h.Revoke(t.Context(), who, other, "no-such-grant", "")
		missing = h.Revoke(t.Context(), who, "no-such-case", "no-such-grant", "")
		want(t, "foreign grant", foreign, daybook.ErrForbidden)
		if foreign.Error() != missing.Error() {
			t.Errorf("grants: got %q and %q, want the same", foreign, missing)
		}
	}
	want(t, "the operator is told", h.Pause(t.Context(), operator, "no-such-account"), daybook.ErrNotFound)
}

func TestEveryLookIsAnEntry_D7(t *testing.T) {
	h := newHouse(t)
	ria := h.member("Ria", cases.Reader)
	before := len(h.entries(daybook.RecordAccess))
	must(t, h.Look(t.Context(), ria, h.c, cases.Search, daybook.Access{Words: "made-up words", Count: 3}))
	must(t, h.Look(t.Context(), operator, h.c, cases.Content, daybook.Access{Entries: []uint64{4}}))
	want(t, "not allowed", h.Look(t.Context(), ria, h.c, cases.Export, daybook.Access{}), daybook.ErrForbidden)
	got := h.entries(daybook.RecordAccess)[before:]
	if len(got) != 2 {
		t.Fatalf("got %d entries, want 2", len(got))
	}
	if diff := cmp.Diff(daybook.Access{Action: "search", Words: "made-up words", Count: 3}, decode[daybook.Access](t, got[0])); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]daybook.Actor{ria, operator}, []daybook.Actor{got[0].Actor, got[1].Actor}); diff != "" {
		t.Error(diff)
	}
	if !got[0].Logged.Equal(start) {
		t.Errorf("logged %v, want %v", got[0].Logged, start)
	}
}

// When the log cannot be written the person may still read, and nobody else.
func TestLogCannotBeWritten_D7(t *testing.T) {
	h := newHouse(t)
	mara, moe := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager)
	// A second, lesser role does not take anything from the person.
	h.grant(operator, cases.Grant{Case: h.c, User: mara.ID, Role: cases.Counter, Reason: "by mistake"})
	h.logFails = true
	for _, action := range cases.Actions() {
		for _, who := range []daybook.Actor{mara, moe, operator} {
			err := h.Look(t.Context(), who, h.c, action, daybook.Access{})
			if who == mara && action.Reads() {
				if err != nil {
					t.Errorf("%s: the person reads on, got %v", action, err)
				}
			} else if err == nil {
				t.Errorf("%s: %s goes on without an entry", action, who.Role)
			}
		}
	}
	want(t, "the cause", h.Look(t.Context(), moe, h.c, cases.Content, daybook.Access{}), errFault)
	if len(h.logged) == 0 || !strings.HasPrefix(h.logged[0], "WARN ") {
		t.Errorf("got log %q, want warnings", h.logged)
	}
}
