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

func TestInvite_D6(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", cases.Reader)
	for _, tt := range []struct {
		name  string
		by    daybook.Actor
		user  string
		g     cases.Grant
		named string
		err   error
	}{
		{"an adviser", mara, " Priya  N. ", cases.Grant{Role: cases.Reader, Reason: "caseworker"}, "Priya N.", nil},
		{"of a name that is there", mara, "moe", cases.Grant{Role: cases.Counter, Reason: "stands in"}, "moe 2", nil},
		{"of a name that is there twice", mara, "Moe", cases.Grant{Role: cases.Counter, Reason: "stands in"}, "Moe 3", nil},
		{"by a manager", moe, "Lee", cases.Grant{Role: cases.Manager, Reason: "team"}, "Lee", nil},
		{"a manager gives no more than they have", moe, "Sam", cases.Grant{Role: cases.Exporter, Reason: "team"}, "", daybook.ErrForbidden},
		{"by a reader", ria, "Sam", cases.Grant{Role: cases.Counter, Reason: "team"}, "", daybook.ErrForbidden},
		{"without a reason", mara, "Sam", cases.Grant{Role: cases.Counter}, "", daybook.ErrInvalid},
		{"without a name", mara, " ", cases.Grant{Role: cases.Counter, Reason: "x"}, "", daybook.ErrInvalid},
		{"with a name that turns around", mara, "Sam\u202e", cases.Grant{Role: cases.Counter, Reason: "x"}, "", daybook.ErrInvalid},
		{"for two years", mara, "Sam", cases.Grant{Role: cases.Counter, Reason: "x", End: start.AddDate(2, 0, 0)}, "", daybook.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouseOf(t, h)
			tt.g.Case = h.c
			users, entries := len(h.users()), len(h.entries(daybook.RecordAccess))
			u, g, err := h.Invite(t.Context(), tt.by, tt.user, tt.g)
			if tt.err != nil {
				want(t, tt.name, err, tt.err)
				if len(h.users()) != users || len(h.entries(daybook.RecordAccess)) != entries {
					t.Error("a refused invitation left something")
				}
				return
			}
			must(t, err)
			if u.Name != tt.named || g.User != u.ID || g.Role != tt.g.Role || !g.End.Equal(start.Add(cases.GrantPeriod)) {
				t.Errorf("got %+v, %+v", u, g)
			}
			a, err := h.Actor(t.Context(), u, h.c, "web")
			must(t, err)
			must(t, h.Authorize(t.Context(), a, h.c, cases.Counts))
			if got := h.entries(daybook.RecordAccess)[entries:]; len(got) != 1 || got[0].Actor != tt.by {
				t.Errorf("got entries %v", got)
			}
		})
	}
}

func (h *house) users() []cases.User {
	h.t.Helper()
	all, err := h.Users(h.t.Context(), operator)
	must(h.t, err)
	return all
}

// Nothing of an invitation is left when its entry cannot be written.
func TestInviteAndEntryAreOne(t *testing.T) {
	h := newHouse(t)
	mara := h.member("Mara", cases.Owner)
	h.logFails = true
	_, _, err := h.Invite(t.Context(), mara, "Priya", cases.Grant{Case: h.c, Role: cases.Reader, Reason: "x"})
	want(t, "invite", err, errFault)
	if all := h.users(); len(all) != 1 {
		t.Errorf("got users %v, want Mara alone", all)
	}
}

func TestChangeEnd_D6(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", "")
	g := h.grant(mara, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Reader, Reason: "x"})
	x := h.grant(mara, cases.Grant{Case: h.c, User: ria.ID, Role: cases.Exporter, Reason: "x"})
	all, err := h.Grants(t.Context(), mara, h.c)
	must(t, err)
	own := all[slices.IndexFunc(all, func(g cases.Grant) bool { return g.User == moe.ID })]
	later := start.Add(40 * 24 * time.Hour)
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		id   string
		end  time.Time
		err  error
	}{
		{"later", mara, g.ID, later, nil},
		{"sooner", moe, g.ID, start.Add(time.Hour), nil},
		{"a year", mara, g.ID, start.Add(cases.MaxGrant), nil},
		{"more than a year", mara, g.ID, start.Add(cases.MaxGrant + time.Second), daybook.ErrInvalid},
		{"in the past", mara, g.ID, start, daybook.ErrInvalid},
		{"one's own", moe, own.ID, later, daybook.ErrForbidden},
		{"more than one has", moe, x.ID, later, daybook.ErrForbidden},
		{"without the right", ria, g.ID, later, daybook.ErrForbidden},
		{"none", mara, "none", later, daybook.ErrNotFound},
	} {
		n := len(h.entries(daybook.RecordAccess))
		got, err := h.ChangeEnd(t.Context(), tt.by, h.c, tt.id, tt.end)
		if tt.err != nil {
			want(t, tt.name, err, tt.err)
			if len(h.entries(daybook.RecordAccess)) != n {
				t.Errorf("%s: left an entry", tt.name)
			}
			continue
		}
		must(t, err)
		entries := h.entries(daybook.RecordAccess)[n:]
		if !got.End.Equal(tt.end) || len(entries) != 1 || !strings.HasPrefix(decode[daybook.Access](t, entries[0]).Detail, "changed the access of Ria as reader of content: until ") {
			t.Errorf("%s: got %v, entries %v", tt.name, got, entries)
		}
	}
	_, err = h.ChangeEnd(t.Context(), operator, h.newCase(), g.ID, later)
	want(t, "of another case", err, daybook.ErrNotFound)
	must(t, h.Revoke(t.Context(), mara, h.c, g.ID, ""))
	_, err = h.ChangeEnd(t.Context(), mara, h.c, g.ID, later)
	want(t, "of an access that is over", err, daybook.ErrInvalid)
}

// A way in that somebody of one case hands out opens no other case.
func TestWhoMayHandOutAWayIn_C9(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", cases.Reader)
	both := h.member("Both", cases.Owner)
	other := h.newCase()
	h.grant(operator, cases.Grant{Case: other, User: both.ID, Role: cases.Owner})
	gone := h.grant(operator, cases.Grant{Case: other, User: ria.ID, Role: cases.Counter, Reason: "x"})
	must(t, h.Revoke(t.Context(), operator, other, gone.ID, ""))
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		user string
		err  error
	}{
		{"a manager for the person", moe, mara.ID, nil},
		{"a person for another", both, mara.ID, nil},
		{"for oneself", mara, mara.ID, daybook.ErrForbidden},
		{"without the right", ria, mara.ID, daybook.ErrForbidden},
		{"for somebody with another case", moe, both.ID, daybook.ErrForbidden},
		{"for an adviser", mara, moe.ID, daybook.ErrNotFound},
		{"for nobody", moe, "nobody", daybook.ErrNotFound},
		{"for no one", moe, "", daybook.ErrNotFound},
	} {
		u, err := h.MayRecover(t.Context(), tt.by, h.c, tt.user)
		if tt.err != nil {
			want(t, tt.name, err, tt.err)
		} else if err != nil || u.ID != tt.user {
			t.Errorf("%s: got %v, %v", tt.name, u, err)
		}
	}
	all, err := h.Grants(t.Context(), operator, h.c)
	must(t, err)
	grant := map[string]string{}
	for _, g := range all {
		grant[g.User] = g.ID
	}
	for _, tt := range []struct {
		name string
		by   daybook.Actor
		user string
		err  error
	}{
		{"an adviser again", mara, moe.ID, nil},
		{"more than one has", moe, mara.ID, daybook.ErrForbidden},
		{"somebody who had another case", mara, ria.ID, daybook.ErrForbidden},
		{"without the right", ria, moe.ID, daybook.ErrForbidden},
		{"nobody", mara, "nobody", daybook.ErrNotFound},
	} {
		u, err := h.MayInviteAgain(t.Context(), tt.by, h.c, grant[tt.user])
		if tt.err != nil {
			want(t, tt.name, err, tt.err)
		} else if err != nil || u.ID != tt.user {
			t.Errorf("%s: got %v, %v", tt.name, u, err)
		}
	}
}

func TestReviews(t *testing.T) {
	h := newHouse(t)
	cleo, eve := h.member("Cleo", cases.Counter), h.member("Eve", "")
	at, size, err := h.Reviewed(t.Context(), cleo, h.c)
	if err != nil || !at.IsZero() || size != 0 {
		t.Errorf("none yet: %v, %d, %v", at, size, err)
	}
	h.now = start.Add(time.Hour)
	must(t, h.Review(t.Context(), cleo, h.c))
	head, _, err := h.log.Head(t.Context(), h.c)
	must(t, err)
	if at, size, err = h.Reviewed(t.Context(), cleo, h.c); err != nil || !at.Equal(h.now) || size != head {
		t.Errorf("got %v, %d, %v, want %v, %d", at, size, err, h.now, head)
	}
	entries := h.entries(daybook.RecordAccess)
	if diff := cmp.Diff(daybook.Access{Action: "review"}, decode[daybook.Access](t, entries[len(entries)-1])); diff != "" {
		t.Error(diff)
	}
	want(t, "without access", h.Review(t.Context(), eve, h.c), daybook.ErrForbidden)
	_, _, err = h.Reviewed(t.Context(), eve, h.c)
	want(t, "without access", err, daybook.ErrForbidden)
	h.logFails = true
	h.now = start.Add(2 * time.Hour)
	want(t, "when the log cannot be written", h.Review(t.Context(), cleo, h.c), errFault)
	if again, _, err := h.Reviewed(t.Context(), cleo, h.c); err != nil || !again.Equal(at) {
		t.Errorf("a review without its entry counts: %v, %v", again, err)
	}
}

func TestVisits(t *testing.T) {
	h := newHouse(t)
	mara, eve := h.member("Mara", cases.Owner), h.member("Eve", "")
	visit := func(session string, after time.Duration, wantAt time.Time) {
		t.Helper()
		h.now = start.Add(after)
		before, _, err := h.Visited(t.Context(), mara, h.c, session)
		must(t, err)
		at, _, err := h.Visit(t.Context(), mara, h.c, session)
		must(t, err)
		if !at.Equal(wantAt) || !before.Equal(at) {
			t.Errorf("at %v in %s: got %v and %v, want %v", after, session, before, at, wantAt)
		}
	}
	n := len(h.entries(daybook.RecordAccess))
	visit("one", 0, time.Time{})
	visit("one", 10*time.Minute, time.Time{})
	visit("two", time.Hour, start.Add(10*time.Minute))
	must(t, h.Audit(t.Context(), mara, h.c, daybook.Access{Action: "list"}))
	visit("two", 2*time.Hour, start.Add(10*time.Minute))
	visit("three", 3*time.Hour, start.Add(2*time.Hour))
	_, size, err := h.Visited(t.Context(), mara, h.c, "three")
	head, _, herr := h.log.Head(t.Context(), h.c)
	if err != nil || herr != nil || size != head {
		t.Errorf("the log then: got %d, %v, want %d, %v", size, err, head, herr)
	}
	if got := len(h.entries(daybook.RecordAccess)); got != n+1 {
		t.Errorf("visits wrote %d entries", got-n-1)
	}
	_, _, err = h.Visit(t.Context(), eve, h.c, "s")
	want(t, "without access", err, daybook.ErrForbidden)
	_, _, err = h.Visited(t.Context(), eve, h.c, "s")
	want(t, "without access", err, daybook.ErrForbidden)
}
