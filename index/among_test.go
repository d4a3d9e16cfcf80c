package index_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/index"
)

// messagesOf are messages by the names that a test calls them.
func (w *world) messagesOf(names ...string) (out index.Messages) {
	key := w.key(w.c)
	for _, name := range names {
		out = append(out, key.MessageMAC(message{name: name}.key()))
	}
	return out
}

func TestAmong(t *testing.T) {
	w := newWorld(t)
	for i, text := range []string{"a word", "a word and another", "another", "a word"} { // in several segments
		w.put(message{name: string(rune('a' + i)), text: text, at: day.Add(time.Duration(i) * time.Hour)})
	}
	for _, tt := range []struct {
		name, text string
		among      []index.Messages
		want       []string
	}{
		{"not narrowed", "word", nil, []string{"a", "b", "d"}},
		{"one set", "word", []index.Messages{w.messagesOf("b", "c", "d")}, []string{"b", "d"}},
		{"two sets", "word", []index.Messages{w.messagesOf("b", "d"), w.messagesOf("a", "d")}, []string{"d"}},
		{"no messages", "word", []index.Messages{{}}, []string{}},
		{"some that are not there", "word", []index.Messages{w.messagesOf("a", "never", "z")}, []string{"a"}},
		{"a flag alone", "flag:threat", []index.Messages{w.messagesOf("a", "c")}, []string{"a", "c"}},
		{"a flag and a word", "flag:threat another", []index.Messages{w.messagesOf("a", "c")}, []string{"c"}},
		{"an exclusion", "-another flag:threat", []index.Messages{w.messagesOf("a", "c")}, []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := w.parse(tt.text)
			q.Among = tt.among
			for _, byTime := range []bool{false, true} {
				q.SortByTime = byTime
				if diff := cmp.Diff(tt.want, w.found(q)); diff != "" {
					t.Error(diff)
				}
			}
			if n, err := w.x.Count(t.Context(), []index.Query{q}); err != nil || int(n[0]) != len(tt.want) {
				t.Errorf("count %v, %v, want %d", n, err, len(tt.want))
			}
			q.Tell = []index.Messages{w.messagesOf("a", "b"), {}, w.messagesOf("b", "never")}
			in := map[uint64]int{}
			n, err := w.x.Each(t.Context(), q, func(f index.Found) {
				want := map[time.Time]uint64{day: 1, day.Add(time.Hour): 5}[f.At]
				if f.In != want {
					t.Errorf("the hit of %v is in %b, want %b", f.At, f.In, want)
				}
				in[f.In]++
			})
			if err != nil || n != len(tt.want) {
				t.Errorf("each: %d hits, %v, want %d", n, err, len(tt.want))
			}
		})
	}
	w.put(message{name: "b", text: "a word, edited", at: day.Add(time.Hour)}) // the document before it is gone
	q := w.parse("word")
	q.Among = []index.Messages{w.messagesOf("b")}
	if diff := cmp.Diff([]string{"b"}, w.found(q)); diff != "" {
		t.Errorf("after it was indexed again: %s", diff)
	}
	other := index.Query{Case: w.newCase(), Among: q.Among}
	w.follow(other.Case)
	if r := w.search(other); r.Total != 0 {
		t.Errorf("%d hits in another case", r.Total)
	}
	if _, err := w.x.Search(t.Context(), index.Query{Case: w.c, Text: "word", Kinds: []daybook.Kind{"mention"}, Among: q.Among}); err != nil {
		t.Error(err)
	}
}

// BenchmarkAmong is what it costs to narrow a search of 20,000 messages to a
// tenth of them.
func BenchmarkAmong(b *testing.B) {
	w := newWorld(b)
	var some []string
	for i := range 40 {
		var batch []message
		for j := range 500 {
			name := "m" + time.Duration(i*500+j).String()
			batch = append(batch, message{name: name, text: "a word of every message"})
			if j%10 == 0 {
				some = append(some, name)
			}
		}
		w.put(batch...)
	}
	q := w.parse("word")
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			w.search(q)
		}
	})
	q.Among = []index.Messages{w.messagesOf(some...)}
	b.Run("narrowed", func(b *testing.B) {
		for b.Loop() {
			w.search(q)
		}
	})
	q.Among, q.Tell = nil, q.Among
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.x.Each(b.Context(), q, func(index.Found) {}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
