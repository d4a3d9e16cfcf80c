package cases_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
)

var (
	kestrel = daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel"}
	shrike  = daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/shrike"}
	own     = daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/mara"}
)

// message appends a captured message and returns its entry.
func (h *house) message(a daybook.Account, native string, from daybook.Handle, to ...daybook.Handle) uint64 {
	h.t.Helper()
	m := daybook.ReadMessage{
		Key: daybook.MessageKey("mastodon:" + native), Native: native, Kind: daybook.KindDirectMessage, Direction: daybook.In,
		Sender: from, To: to, Sent: daybook.When{At: start.Add(-time.Hour)}, Text: "made up",
	}
	if from.Same(own) {
		m.Direction = daybook.Out
	}
	raw, err := json.Marshal(map[string]string{"id": native})
	must(h.t, err)
	item := daybook.Item{
		Capture: daybook.Capture{
			Account: a.ID, Platform: "mastodon", Lane: "notifications", NativeID: native, MediaType: "application/json",
			Raw: raw, Offset: -1, Origin: daybook.Collected,
		},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{m}},
	}
	entry, err := h.log.Append(h.t.Context(), h.c, []daybook.Record{item.Record()})
	must(h.t, err)
	return entry
}

func ref(n uint64) *uint64 { return &n }

func TestMarks(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	in := h.message(a, "1", kestrel, own)
	out := h.message(a, "2", own, kestrel)
	both := h.message(a, "3", own, kestrel, shrike)
	yesterday := start.Add(-day)
	at := func(t time.Time) daybook.When { return daybook.When{At: t} }
	span := func(from, to time.Time) daybook.When {
		return daybook.When{At: from, Until: to, Precision: daybook.Span}
	}
	for _, tt := range []struct {
		name string
		d    daybook.Decision
		want daybook.Decision // What, Handle, When and At are compared, unless err is set
		err  string
	}{
		{name: "stop", d: daybook.Decision{What: "stop", Handle: kestrel, When: daybook.When{At: yesterday, Precision: daybook.About}, How: " by phone "},
			want: daybook.Decision{Handle: kestrel, When: daybook.When{At: yesterday, Precision: daybook.About}, How: "by phone"}},
		{name: "stop by one's own message", d: daybook.Decision{What: "stop", Entry: ref(out)},
			want: daybook.Decision{Handle: kestrel, Entry: ref(out), When: at(start.Add(-time.Hour))}},
		{name: "stop by one's own message at another time", d: daybook.Decision{What: "stop", Entry: ref(out), When: at(yesterday)},
			want: daybook.Decision{Handle: kestrel, Entry: ref(out), When: at(yesterday)}},
		{name: "stop by their message says whom, not when", d: daybook.Decision{What: "stop", Entry: ref(in)}, err: "say when they were asked to stop"},
		{name: "stop by a message to two", d: daybook.Decision{What: "stop", Entry: ref(both)}, err: "say which with --handle"},
		{name: "stop without a time", d: daybook.Decision{What: "stop", Handle: kestrel}, err: "say when they were asked to stop"},
		{name: "stop in the future", d: daybook.Decision{What: "stop", Handle: kestrel, When: at(start.Add(1))}, err: "lies in the future"},
		{name: "stop without a handle", d: daybook.Decision{What: "stop", When: at(yesterday)}, err: "say whom it is about"},
		{name: "stop about two", d: daybook.Decision{What: "stop", Handle: kestrel, Other: shrike, When: at(yesterday)}, err: "about one handle"},
		{name: "stop taken back", d: daybook.Decision{What: "stop", Handle: kestrel, Undone: true},
			want: daybook.Decision{Handle: kestrel, Undone: true}},
		{name: "unwanted by message", d: daybook.Decision{What: "unwanted", Entry: ref(in)}, want: daybook.Decision{Handle: kestrel, Entry: ref(in)}},
		{name: "no such entry", d: daybook.Decision{What: "unwanted", Entry: ref(999)}, err: "entry 999 shows no message"},
		{name: "an entry that is no message", d: daybook.Decision{What: "unwanted", Entry: ref(0)}, err: "entry 0 shows no message"},
		{name: "no such entry beside a handle", d: daybook.Decision{What: "unwanted", Handle: kestrel, Entry: ref(999)}, err: "entry 999 shows no message"},
		{name: "allowed from now on", d: daybook.Decision{What: "allowed", Handle: kestrel}, want: daybook.Decision{Handle: kestrel, When: at(start)}},
		{name: "allowed for a time", d: daybook.Decision{What: "allowed", Handle: kestrel, When: daybook.When{At: yesterday, Until: start}},
			want: daybook.Decision{Handle: kestrel, When: span(yesterday, start)}},
		{name: "allowed backwards", d: daybook.Decision{What: "allowed", Handle: kestrel, When: daybook.When{At: start, Until: yesterday}}, err: "a later end"},
		{name: "named day", d: daybook.Decision{What: "named-day", When: at(yesterday), How: "birthday"},
			want: daybook.Decision{When: daybook.When{At: yesterday, Precision: daybook.Day}, How: "birthday"}},
		{name: "named day without a name", d: daybook.Decision{What: "named-day", When: at(yesterday)}, err: "what the day is"},
		{name: "named day without a day", d: daybook.Decision{What: "named-day", How: "birthday"}, err: "which day"},
		{name: "linked", d: daybook.Decision{What: "linked", Handle: kestrel, Other: shrike, How: "same phone number"},
			want: daybook.Decision{Handle: kestrel, Other: shrike, How: "same phone number"}},
		{name: "linked without a reason", d: daybook.Decision{What: "linked", Handle: kestrel, Other: shrike}, err: "give the reason"},
		{name: "left open needs none", d: daybook.Decision{What: "open", Handle: kestrel, Other: shrike}, want: daybook.Decision{Handle: kestrel, Other: shrike}},
		{name: "linked to itself", d: daybook.Decision{What: "linked", Handle: kestrel, Other: kestrel, How: "x"}, err: "the same handle"},
		{name: "linked to nobody", d: daybook.Decision{What: "apart", Handle: kestrel, How: "x"}, err: "name the other one"},
		{name: "no such mark", d: daybook.Decision{What: "cursed", Handle: kestrel}, err: `no mark "cursed"`},
		{name: "no such precision", d: daybook.Decision{What: "stop", Handle: kestrel, When: daybook.When{At: yesterday, Precision: "roughly"}}, err: `no precision "roughly"`},
		{name: "an end without a span", d: daybook.Decision{What: "stop", Handle: kestrel, When: daybook.When{At: yesterday, Until: start, Precision: daybook.Day}}, err: "is a span"},
		{name: "zone", d: daybook.Decision{What: "stop", Handle: kestrel, When: daybook.When{At: yesterday, Zone: "Europe/Londn"}}, err: "Europe/London"},
		{name: "long words", d: daybook.Decision{What: "unwanted", Handle: kestrel, How: strings.Repeat("a", 4001)}, err: "at most 4000"},
		{name: "words that are not text", d: daybook.Decision{What: "unwanted", Handle: kestrel, How: "\xff"}, err: "plain text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := h.entries(daybook.RecordDecision)
			entry, err := h.Mark(t.Context(), operator, h.c, tt.d)
			if tt.err != "" {
				want(t, tt.name, err, daybook.ErrInvalid)
				if !strings.Contains(fmt.Sprint(err), tt.err) {
					t.Errorf("got %q, want it to contain %q", err, tt.err)
				}
				if n := len(h.entries(daybook.RecordDecision)); n != len(before) {
					t.Error("a refused mark left an entry")
				}
				return
			}
			must(t, err)
			e, err := h.log.Entry(t.Context(), h.c, entry)
			must(t, err)
			tt.want.What, tt.want.At = tt.d.What, start
			if diff := cmp.Diff(tt.want, decode[daybook.Decision](t, e.Record)); diff != "" {
				t.Error(diff)
			}
			if e.Record.Actor != operator || e.Record.Kind != daybook.RecordDecision {
				t.Errorf("got %v %v", e.Record.Kind, e.Record.Actor)
			}
		})
	}
}

// Excluding a sender has taken effect when Mark returns; when it fails, neither
// the entry nor the effect is there.
func TestExclusionTakesEffectAtOnce_D5(t *testing.T) {
	h := newHouse(t)
	excluded := func() map[string]bool {
		t.Helper()
		got, err := h.db.Excluded(t.Context(), h.c)
		must(t, err)
		return got
	}
	h.logFails = true
	_, err := h.Mark(t.Context(), operator, h.c, daybook.Decision{What: daybook.MarkExcluded, Handle: kestrel})
	want(t, "exclude", err, errFault)
	h.logFails = false
	if got := excluded(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	_, err = h.Mark(t.Context(), operator, h.c, daybook.Decision{What: daybook.MarkExcluded, Handle: kestrel})
	must(t, err)
	if diff := cmp.Diff(map[string]bool{kestrel.Ref(): true}, excluded()); diff != "" {
		t.Error(diff)
	}
	_, err = h.Mark(t.Context(), operator, h.c, daybook.Decision{What: daybook.MarkExcluded, Handle: kestrel, Undone: true})
	must(t, err)
	if got := excluded(); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestWhoMayMark(t *testing.T) {
	h := newHouse(t)
	ria, moe := h.member("Ria", cases.Reader), h.member("Moe", cases.Manager)
	for _, d := range []daybook.Decision{
		{What: daybook.MarkUnwanted, Handle: kestrel},
		{What: daybook.MarkExcluded, Handle: kestrel},
		{What: daybook.MarkLinked, Handle: kestrel, Other: shrike, How: "x"},
	} {
		_, err := h.Mark(t.Context(), ria, h.c, d)
		want(t, "a reader, "+string(d.What), err, daybook.ErrForbidden)
		if _, err := h.Mark(t.Context(), moe, h.c, d); err != nil {
			t.Errorf("a manager, %s: %v", d.What, err)
		}
	}
}

// What a person calls a handle is theirs: the latest holds, it counts as no mark,
// and it never becomes one of the names that a platform showed.
func TestMarkCalled(t *testing.T) {
	h := newHouse(t)
	a := h.connect("token-1")
	h.message(a, "1", kestrel, own)
	called := func() string {
		t.Helper()
		all, err := h.db.Handles(t.Context(), h.c)
		must(t, err)
		for _, s := range all {
			if s.Handle.Same(kestrel) {
				if len(s.Marks) != 0 || len(s.Handle.Names) != 0 {
					t.Errorf("marks %v, names %v", s.Marks, s.Handle.Names)
				}
				return s.Called
			}
		}
		return "no such handle"
	}
	for _, tt := range []struct {
		name string
		d    daybook.Decision
		want string
	}{
		{"named", daybook.Decision{How: " Ruben "}, "Ruben"},
		{"named otherwise", daybook.Decision{How: "R. from the gym"}, "R. from the gym"},
		{"taken back", daybook.Decision{Undone: true}, ""},
	} {
		tt.d.What, tt.d.Handle = daybook.MarkCalled, kestrel
		if _, err := h.Mark(t.Context(), operator, h.c, tt.d); err != nil {
			t.Fatal(err)
		}
		if got := called(); got != tt.want {
			t.Errorf("%s: called %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, how := range []string{"", "   ", strings.Repeat("x", 101), "two\nlines"} {
		_, err := h.Mark(t.Context(), operator, h.c, daybook.Decision{What: daybook.MarkCalled, Handle: kestrel, How: how})
		want(t, fmt.Sprintf("called %q", how), err, daybook.ErrInvalid)
	}
	facts, err := h.db.Facts(t.Context(), h.c, start)
	must(t, err)
	if len(facts.Marks) != 0 {
		t.Errorf("facts %v", facts.Marks)
	}
}
