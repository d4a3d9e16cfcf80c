package index_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/index"
)

func TestCountCountsWhatSearchFinds(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	words := []string{"will", "outside house", `outside -"your house"`, "kind:direct_message", "nobody_wrote_this"}
	var queries []index.Query
	for _, s := range words {
		queries = append(queries, w.parse(s))
	}
	got, err := w.x.Count(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range queries {
		if want := w.search(q).Total; got[i] != want {
			t.Errorf("%s: %d, want %d", words[i], got[i], want)
		}
	}
	if none, err := w.x.Count(t.Context(), nil); err != nil || none != nil {
		t.Errorf("no queries: %v, %v", none, err)
	}
	other := w.parse("will")
	other.Case = w.newCase()
	if _, err := w.x.Count(t.Context(), []index.Query{queries[0], other}); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("two cases: %v, want ErrInvalid", err)
	}
	if _, err := w.x.Count(t.Context(), []index.Query{{Case: w.c, Text: `"half`}}); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("half a phrase: %v, want ErrInvalid", err)
	}
}

func TestSinceAndPeriods(t *testing.T) {
	w := newWorld(t)
	at := func(day int) time.Time { return time.Date(2026, 10, day, 12, 0, 0, 0, time.UTC) }
	wren, finch := "https://birds.example/users/wren", "https://birds.example/users/finch"
	w.put(
		message{name: "wren1", text: "a word", from: wren, at: at(1)},
		message{name: "wren2", text: "a word", from: wren, at: at(10)},
		message{name: "finch1", text: "a word", from: finch, at: at(10)},
		message{name: "finch2", text: "a word", from: finch, at: at(20)},
	)
	since := func(native string, day int) index.Since {
		return index.Since{Senders: []daybook.Handle{sender(native)}, From: at(day)}
	}
	for _, tt := range []struct {
		name    string
		since   []index.Since
		periods []index.Period
		want    []string
	}{
		{"neither", nil, nil, []string{"finch1", "finch2", "wren1", "wren2"}},
		{"one sender since a day", []index.Since{since(wren, 10)}, nil, []string{"wren2"}},
		{"each since another", []index.Since{since(wren, 1), since(finch, 11)}, nil, []string{"finch2", "wren1", "wren2"}},
		{"nobody", []index.Since{{From: at(1)}}, nil, []string{}},
		{"two periods", nil, []index.Period{{From: at(1), To: at(2)}, {From: at(20)}}, []string{"finch2", "wren1"}},
		{"until", nil, []index.Period{{To: at(10)}}, []string{"wren1"}},
		{"both", []index.Since{since(finch, 1)}, []index.Period{{To: at(11)}}, []string{"finch1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := w.parse("word")
			q.Since, q.Periods = tt.since, tt.periods
			got := w.found(q)
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if n, err := w.x.Count(t.Context(), []index.Query{q}); err != nil || int(n[0]) != len(tt.want) {
				t.Errorf("count %v, %v, want %d", n, err, len(tt.want))
			}
		})
	}
}

func TestEachGoesThroughAllHits(t *testing.T) {
	w := newWorld(t)
	wren, finch := "https://birds.example/users/wren", "https://birds.example/users/finch"
	at := time.Date(1969, 10, 1, 12, 0, 0, 1000, time.UTC)
	w.put(
		message{name: "one", text: "a word", from: wren, at: at},
		message{name: "two", text: "a word", from: finch, kind: daybook.KindDirectMessage, at: day},
		message{name: "three", text: "another", from: finch, at: day},
	)
	w.put(message{name: "two", text: "a word, edited", from: finch, kind: daybook.KindDirectMessage, at: day}) // the same message again
	key := w.key(w.c)
	found := map[index.Found]int{}
	n, err := w.x.Each(t.Context(), w.parse("word"), func(f index.Found) { found[f]++ })
	want := map[index.Found]int{
		{Sender: key.MAC("handle", sender(wren).Ref()), Kind: daybook.KindMention, At: at}:         1,
		{Sender: key.MAC("handle", sender(finch).Ref()), Kind: daybook.KindDirectMessage, At: day}: 1,
	}
	if diff := cmp.Diff(want, found); err != nil || n != 2 || diff != "" {
		t.Errorf("%d hits, %v: %s", n, err, diff)
	}
	if n, err := w.x.Each(t.Context(), w.parse("nothing_of_this"), func(index.Found) { t.Error("a hit") }); n != 0 || err != nil {
		t.Errorf("no hits: %d, %v", n, err)
	}
	if _, err := w.x.Each(t.Context(), index.Query{Case: w.c, Text: `"half`}, nil); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("half a phrase: %v, want ErrInvalid", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.x.Each(stopped, w.parse("word"), func(index.Found) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("without time: %v, want Canceled", err)
	}
}

func TestMessageFragments(t *testing.T) {
	q, err := index.Parse("garden")
	if err != nil {
		t.Fatal(err)
	}
	m := daybook.Message{Text: "the house", Versions: []daybook.Version{{Text: "the garden, first"}, {Text: "the garden, then"}, {Text: "the house"}}}
	got := index.MessageFragments(&m, q)
	if len(got) != 1 || !strings.HasSuffix(got[0].Text, "then") {
		t.Errorf("got %v, want the newest version that has the word", got)
	}
	m.Text = "a garden now"
	if got := index.MessageFragments(&m, q); len(got) != 1 || got[0].Text != m.Text {
		t.Errorf("got %v, want the text", got)
	}
	m = daybook.Message{Text: "nothing"}
	if got := index.MessageFragments(&m, q); got != nil {
		t.Errorf("got %v, want none", got)
	}
}
