package cases_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

func TestOwnDetails_D6_D7(t *testing.T) {
	h := newHouse(t)
	mara, moe, ria := h.member("Mara", cases.Owner), h.member("Moe", cases.Manager), h.member("Ria", cases.Reader)
	school := daybook.OwnDetail{Kind: daybook.OwnWorkplace, Value: "Quillwort Primary"}
	must(t, h.AddOwn(t.Context(), mara, h.c, daybook.OwnDetail{Kind: daybook.OwnWorkplace, Value: "  Quillwort \n Primary "}))
	size, err := h.db.Size(t.Context(), h.c)
	must(t, err)
	must(t, h.AddOwn(t.Context(), moe, h.c, school)) // it is there: nothing is written
	if again, err := h.db.Size(t.Context(), h.c); err != nil || again != size {
		t.Errorf("%d entries after the same was added again, %v, want %d", again, err, size)
	}
	want(t, "a reader adds", h.AddOwn(t.Context(), ria, h.c, school), daybook.ErrForbidden)
	want(t, "a reader takes out", h.RemoveOwn(t.Context(), ria, h.c, school), daybook.ErrForbidden)
	_, err = h.Own(t.Context(), ria, h.c)
	want(t, "a reader looks", err, daybook.ErrForbidden)
	got, err := h.Own(t.Context(), moe, h.c)
	must(t, err)
	if diff := cmp.Diff([]daybook.OwnDetail{school}, got); diff != "" {
		t.Error(diff)
	}
	want(t, "what is not there is taken out", h.RemoveOwn(t.Context(), mara, h.c, daybook.OwnDetail{Kind: daybook.OwnName, Value: "Sam"}), daybook.ErrNotFound)
	must(t, h.RemoveOwn(t.Context(), mara, h.c, school))

	// The log says that the list was looked at and changed, and nothing of it.
	said := map[string]int{}
	for e, err := range h.log.Entries(t.Context(), h.c, 0) {
		must(t, err)
		if e.Record.Kind != daybook.RecordAccess {
			continue
		}
		if strings.Contains(fmt.Sprint(e.Record), "Quillwort") {
			t.Errorf("entry %d holds a detail", e.Index)
		}
		words, _, err := cases.DidEntry(e.Record)
		must(t, err)
		said[words]++
	}
	if said["changed the list of own details"] != 2 || said["looked at the list of own details"] != 1 {
		t.Errorf("the access log says %v", said)
	}

	h.logFails = true
	if err := h.AddOwn(t.Context(), mara, h.c, school); err == nil {
		t.Error("a change without an entry was made")
	}
	h.logFails = false
	if got, err := h.Own(t.Context(), mara, h.c); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want an empty list", got, err)
	}
}

func TestOwnDetailsAreBounded(t *testing.T) {
	h := newHouse(t)
	for _, d := range []daybook.OwnDetail{
		{}, {Kind: "shoe size", Value: "6"}, {Kind: daybook.OwnName}, {Kind: daybook.OwnName, Value: " \t"}, {Kind: daybook.OwnName, Value: "a\x00b"},
		{Kind: daybook.OwnName, Value: "\xff"}, {Kind: daybook.OwnName, Value: strings.Repeat("é", daybook.MaxOwnLength+1)},
	} {
		err := h.AddOwn(t.Context(), operator, h.c, d)
		want(t, fmt.Sprintf("%q", d.Value), err, daybook.ErrInvalid)
		if d.Value != "" && strings.Contains(err.Error(), d.Value) && strings.TrimSpace(d.Value) != "" && d.Kind != "shoe size" {
			t.Errorf("the error holds the detail: %v", err)
		}
	}
	must(t, h.AddOwn(t.Context(), operator, h.c, daybook.OwnDetail{Kind: daybook.OwnName, Value: strings.Repeat("é", daybook.MaxOwnLength)}))
	for i := range daybook.MaxOwn - 1 {
		must(t, h.AddOwn(t.Context(), operator, h.c, daybook.OwnDetail{Kind: daybook.OwnPhone, Value: fmt.Sprintf("01632 960%03d", i)}))
	}
	want(t, "one too many", h.AddOwn(t.Context(), operator, h.c, daybook.OwnDetail{Kind: daybook.OwnName, Value: "Sam"}), daybook.ErrInvalid)
	got, err := h.Own(t.Context(), operator, h.c)
	must(t, err)
	if len(got) != daybook.MaxOwn {
		t.Errorf("the list holds %d", len(got))
	}
}
