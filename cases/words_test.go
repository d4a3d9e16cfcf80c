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
	}
}
