package cases_test

import (
	"strings"
	"testing"

	"daybook"
	"daybook/cases"
)

func TestAccessInPlainWords_D7(t *testing.T) {
	h := newHouse(t)
	mara, ria := h.member("Mara", cases.Owner), h.member("Ria", cases.Reader)
	for _, tt := range []struct {
		actor daybook.Actor
		a     daybook.Access
		want  string
	}{
		{ria, daybook.Access{Action: "search", Words: "outside", Count: 3, Detail: "outside"}, "Ria (adviser) searched this case"},
		{ria, daybook.Access{Action: "content", Entries: []uint64{12}}, "Ria (adviser) read entry 12"},
		{ria, daybook.Access{Action: "content", Entries: []uint64{12, 13, 20}}, "Ria (adviser) read 3 entries"},
		{ria, daybook.Access{Action: "content", Count: 1}, "Ria (adviser) read one entry"},
		{ria, daybook.Access{Action: "search", Detail: "opened the search page"}, "Ria (adviser) opened the search page"},
		{ria, daybook.Access{Action: "list", Detail: "looked at the timeline"}, "Ria (adviser) looked at the timeline"},
		{ria, daybook.Access{Action: "content", Entries: []uint64{12}, Detail: "looked at a picture"}, "Ria (adviser) looked at a picture (entry 12)"},
		{ria, daybook.Access{Action: "content", Detail: "was refused"}, "Ria (adviser) tried to read messages and was refused"},
		{ria, daybook.Access{Action: "review"}, "Ria (adviser) marked this case as reviewed"},
		{mara, daybook.Access{Action: "export", Detail: "entries 0 to 40"}, "Mara (the person) made a bundle to hand over: entries 0 to 40"},
		{mara, daybook.Access{Action: "grant", Detail: "gave Ria access as exporter until 1 April 2026"}, "Mara (the person) gave Ria access as exporter until 1 April 2026"},
		{operator, daybook.Access{Action: "counts"}, "the operator, command line (OS user mara) looked at the counts of this case"},
		{daybook.Actor{ID: "gone", Role: "content"}, daybook.Access{Action: "list"}, "a former user (reader of content) looked at the list of messages, without their text"},
		{daybook.Actor{ID: "collector", Role: "collector", Via: "collector mastodon"}, daybook.Access{Action: "collect"}, "daybook (collector mastodon) started collecting"},
		{ria, daybook.Access{Action: "levitate"}, "Ria (adviser) did something that this version has no words for (levitate)"},
	} {
		who, err := h.Who(t.Context(), tt.actor)
		must(t, err)
		if got := cases.Words(tt.a, who); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

// Every action has words of its own, and none gives away what was searched for.
func TestEveryActionHasWords_D7(t *testing.T) {
	seen := map[string]cases.Action{}
	for _, a := range cases.Actions() {
		got := cases.Words(daybook.Access{Action: string(a), Words: "marker"}, "Ria (adviser)")
		if strings.Contains(got, "no words") || strings.Contains(got, "marker") {
			t.Errorf("%s: %q", a, got)
		}
		if o, ok := seen[got]; ok {
			t.Errorf("%s and %s read the same: %q", a, o, got)
		}
		seen[got] = a
		if got := cases.Words(daybook.Access{Action: string(a), Detail: "was refused"}, "Ria (adviser)"); !strings.HasPrefix(got, "Ria (adviser) tried to ") || !strings.HasSuffix(got, " and was refused") {
			t.Errorf("%s: %q", a, got)
		}
	}
}

// Every kind of entry that is in the access log reads well, and names chosen by
// others are not among the words.
func TestWhatWasDoneInPlainWords_D7(t *testing.T) {
	bad := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel", Names: []daybook.SeenName{{Account: "kestrel@birds.example"}}}
	other := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/merlin"}
	for _, tt := range []struct {
		record daybook.Record
		want   string
		about  int
	}{
		{daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "search", Words: "outside"}), "searched this case", 0},
		{daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentWithdrawn, Account: daybook.Account{Handle: bad}}), "withdrew the agreement that an account is read", 1},
		{daybook.NewRecord(daybook.RecordDecision, daybook.Decision{What: daybook.MarkUnwanted, Handle: bad}), "marked contact as unwanted", 1},
		{daybook.NewRecord(daybook.RecordDecision, daybook.Decision{What: daybook.MarkApart, Handle: bad, Other: other}), "decided that two handles are not linked", 2},
		{daybook.NewRecord(daybook.RecordDecision, daybook.Decision{What: daybook.MarkStop, Handle: bad, Undone: true}), "took back that they noted that somebody was asked to stop", 1},
		{daybook.NewRecord(daybook.RecordErased, daybook.Erased{Entries: []uint64{3, 4}}), "destroyed the content of 2 entries", 0},
		{daybook.NewRecord(daybook.RecordKey, map[string]string{"event": "case opened"}), "opened this case", 0},
		{daybook.Record{Kind: daybook.RecordAccess}, "did something whose content was erased since", 0},
	} {
		got, about, err := cases.DidEntry(tt.record)
		if err != nil || got != tt.want || len(about) != tt.about {
			t.Errorf("got %q, %v, %v, want %q and %d", got, about, err, tt.want, tt.about)
		}
	}
	for _, k := range cases.ActKinds() {
		if got, _, err := cases.DidEntry(daybook.NewRecord(k, map[string]string{})); err != nil || strings.Contains(got, "did something that this version has no words for") && k != daybook.RecordAccess {
			t.Errorf("%s: %q, %v", k, got, err)
		}
	}
}

// The people of a case are not told who else is here.
func TestStrangersAreNotNamed_D6(t *testing.T) {
	h := newHouse(t)
	tom, ria := h.member("Tom", ""), h.member("Ria", cases.Reader)
	h.now = start.AddDate(0, 2, 0)
	u, err := h.FindUser(t.Context(), "Ria")
	must(t, err)
	late, err := h.Actor(t.Context(), u, h.c, "web")
	must(t, err)
	for _, tt := range []struct {
		actor daybook.Actor
		want  string
	}{
		{tom, "somebody without access"},
		{ria, "Ria (adviser)"},
		{late, "Ria (without access by then)"},
	} {
		if got, err := h.WhoIn(t.Context(), tt.actor, h.c); err != nil || got != tt.want {
			t.Errorf("got %q, %v, want %q", got, err, tt.want)
		}
	}
}
