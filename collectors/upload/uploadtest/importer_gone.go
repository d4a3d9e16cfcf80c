package uploadtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors/upload"
)

// A lacking export is another one without some messages, made at another time.
type lacking struct {
	upload.Export
	made    time.Time
	without map[daybook.MessageKey]bool
	holes   bool
}

func (l lacking) Summary() upload.Summary {
	s := l.Export.Summary()
	s.Made, s.Whole, s.Holes = l.made, !l.holes, l.holes
	return s
}

func (l lacking) Items(ctx context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		for it, err := range l.Export.Items(ctx) {
			if err == nil && l.lacks(&it) {
				continue
			}
			if it.Observed != nil {
				o := *it.Observed
				o.At, it.Observed = l.made, &o
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

func (l lacking) lacks(it *upload.Item) bool {
	return it.Item.Reading != nil && slices.ContainsFunc(it.Item.Reading.Messages, func(m daybook.ReadMessage) bool { return l.without[m.Key] })
}

// A madeFile is a file of the same account, made some months after the fixture.
type madeFile struct {
	months int
	has    bool
}

// gone checks that a message which an earlier file of an account has and a later
// one has not is noted as gone at the later one's date, in whatever order the
// files are read in, and once.
func (in Importing) gone(t *testing.T) {
	tests := []struct {
		name  string
		files []madeFile
		goneM int // months; 0: not gone
		lastM int
	}{
		{"the same twice", []madeFile{{1, true}, {2, true}}, 0, 0},
		{"not in the later one", []madeFile{{1, true}, {2, false}}, 2, 1},
		{"not in the earlier one", []madeFile{{1, false}, {2, true}}, 0, 0},
		{"back", []madeFile{{1, true}, {2, false}, {3, true}}, 0, 0},
		{"in neither of the later ones", []madeFile{{1, true}, {2, false}, {3, false}}, 2, 1},
		{"seen twice before", []madeFile{{1, true}, {2, true}, {3, false}}, 3, 2},
		{"gone, back and gone", []madeFile{{1, true}, {2, false}, {3, true}, {4, false}}, 4, 3},
	}
	for _, tt := range tests {
		for order := range permutations(len(tt.files)) {
			t.Run(fmt.Sprintf("%s %v", tt.name, order), func(t *testing.T) {
				w := in.world(t)
				m, first := w.alone(), w.export.Summary().Made
				at := func(months int) time.Time { return first.AddDate(0, months, 0) }
				w.clock.Advance(365 * 24 * time.Hour)
				for _, n := range order {
					f := tt.files[n]
					o := w.order()
					o.Export = lacking{w.export, at(f.months), map[daybook.MessageKey]bool{m.Key: !f.has}, false}
					w.read(o)
				}
				gone, last := w.state(m.Key)
				switch {
				case tt.goneM == 0 && !gone.IsZero():
					t.Errorf("gone at %s, last seen %s", gone, last)
				case tt.goneM > 0 && !gone.Equal(at(tt.goneM)):
					t.Errorf("gone at %s, want %s", gone, at(tt.goneM))
				}
				for _, o := range told[daybook.Observation](w, daybook.RecordObservation) {
					if o.Message != "" && o.Message != m.Key {
						t.Errorf("%s was observed of another message", o.What)
					}
				}
				if slices.IsSorted(order) && tt.goneM > 0 && !last.Equal(at(tt.lastM)) {
					t.Errorf("last seen %s, want %s", last, at(tt.lastM))
				}
				before := len(told[daybook.Observation](w, daybook.RecordObservation))
				for _, f := range tt.files {
					o := w.order()
					o.Export = lacking{w.export, at(f.months), map[daybook.MessageKey]bool{m.Key: !f.has}, false}
					w.read(o)
				}
				if again, _ := w.state(m.Key); !again.Equal(gone) {
					t.Errorf("gone at %s after the same files again, before at %s", again, gone)
				}
				if after := len(told[daybook.Observation](w, daybook.RecordObservation)); slices.IsSorted(order) && after != before {
					t.Errorf("the same files again made %d observations", after-before)
				}
			})
		}
	}
}

// observed checks that what files show beside messages is known from the first of
// them that was made, in whatever order they are read in.
func (in Importing) observed(t *testing.T) {
	for order := range permutations(3) {
		w := in.world(t)
		made := w.export.Summary().Made
		w.clock.Advance(365 * 24 * time.Hour)
		for range 2 {
			for _, n := range order {
				o := w.order()
				o.Export = lacking{w.export, made.AddDate(0, n, 0), nil, false}
				w.read(o)
			}
		}
		first, times := map[string]time.Time{}, map[string]int{}
		for _, o := range told[daybook.Observation](w, daybook.RecordObservation) {
			key := string(o.What) + " " + o.Handle.Ref()
			if at, known := first[key]; !known || o.At.Before(at) {
				first[key] = o.At
			}
			times[key]++
		}
		for key, at := range first {
			if !at.Equal(made) || times[key] > 3 || slices.IsSorted(order) && times[key] > 1 {
				t.Errorf("in the order %v, %s is known from %s, and was told %d times", order, key, at, times[key])
			}
		}
	}
}

// undated checks that nothing is concluded from what a file lacks, or from what it
// shows beside messages, that does not say when it was made or names a time that
// has not come, in whatever order the files are read in.
func (in Importing) undated(t *testing.T) {
	never, future := time.Time{}, in.made(t).AddDate(50, 0, 0)
	one, two := in.made(t).AddDate(0, 1, 0), in.made(t).AddDate(0, 2, 0)
	type file struct {
		made time.Time
		has  bool
	}
	tests := []struct {
		name  string
		files []file
		gone  time.Time
	}{
		{"no time, without it", []file{{one, true}, {never, false}}, never},
		{"no time, with it", []file{{one, true}, {never, true}}, never},
		{"no time, and without it in both", []file{{one, false}, {never, false}, {two, true}}, never},
		{"no time, with it, between others", []file{{one, true}, {never, true}, {two, false}}, two},
		{"a time that has not come, without it", []file{{one, true}, {future, false}}, never},
		{"a time that has not come, with it", []file{{one, true}, {two, false}, {future, true}}, two},
	}
	for _, tt := range tests {
		for order := range permutations(len(tt.files)) {
			t.Run(fmt.Sprintf("%s %v", tt.name, order), func(t *testing.T) {
				w := in.world(t)
				m := w.alone()
				w.clock.Advance(365 * 24 * time.Hour)
				for _, n := range order {
					o := w.order()
					o.Export = lacking{w.export, tt.files[n].made, map[daybook.MessageKey]bool{m.Key: !tt.files[n].has}, false}
					w.read(o)
				}
				if gone, _ := w.state(m.Key); !gone.Equal(tt.gone) {
					t.Errorf("gone at %s, want %s", gone, tt.gone)
				}
				for _, o := range told[daybook.Observation](w, daybook.RecordObservation) {
					if o.At.Equal(never) || o.At.Equal(future) {
						t.Errorf("%s was observed at %s", o.What, o.At)
					}
				}
			})
		}
	}
}

func (in Importing) made(t *testing.T) time.Time {
	t.Helper()
	return in.world(t).export.Summary().Made
}

// moved checks that nothing is concluded from a file of which the log tells and
// nobody knows any more what stood in it.
func (in Importing) moved(t *testing.T) {
	w := in.world(t)
	made := w.export.Summary().Made
	w.clock.Advance(365 * 24 * time.Hour)
	for _, months := range []int{1, 2} {
		o := w.order()
		o.Export = lacking{w.export, made.AddDate(0, months, 0), nil, false}
		w.read(o)
	}
	w.Forget()
	w.moved = true
	o := w.order()
	o.Export = lacking{w.export, made, nil, false}
	if r := w.read(o); r.Report.Gone != 0 {
		t.Errorf("%d messages are missing", r.Report.Gone)
	}
	if gone, _ := w.state(w.alone().Key); !gone.IsZero() {
		t.Errorf("a message is gone at %s", gone)
	}
}

// holes checks that nothing is concluded from what is not in a file of which
// something is missing, in whatever order the files are read in.
func (in Importing) holes(t *testing.T) {
	for order := range permutations(2) {
		w := in.world(t)
		m, made := w.alone(), w.export.Summary().Made
		w.clock.Advance(365 * 24 * time.Hour)
		for _, n := range order {
			o := w.order()
			o.Export = lacking{w.export, made.AddDate(0, n, 0), map[daybook.MessageKey]bool{m.Key: n == 1}, n == 1}
			if r := w.read(o); r.Report.Gone != 0 {
				t.Errorf("in the order %v, %d messages are missing", order, r.Report.Gone)
			}
		}
		if gone, _ := w.state(m.Key); !gone.IsZero() {
			t.Errorf("in the order %v, gone at %s", order, gone)
		}
	}
}

// A postless export is another one without the person's own posts.
type postless struct{ lacking }

func (p postless) Summary() upload.Summary {
	s := p.lacking.Summary()
	s.Threads = slices.DeleteFunc(slices.Clone(s.Threads), func(t upload.Thread) bool { return t.Kind == upload.ThreadPosts })
	return s
}

func (p postless) Items(ctx context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		for it, err := range p.lacking.Items(ctx) {
			if it.Thread != string(upload.ThreadPosts) && !yield(it, err) {
				return
			}
		}
	}
}

// withoutPosts checks that a file which holds no posts at all says nothing of
// those in another.
func (in Importing) withoutPosts(t *testing.T) {
	for order := range permutations(2) {
		w := in.world(t)
		made := w.export.Summary().Made
		w.clock.Advance(365 * 24 * time.Hour)
		for _, n := range order {
			o, file := w.order(), lacking{w.export, made.AddDate(0, n, 0), nil, false}
			if o.Export = file; n == 1 {
				o.Export = postless{file}
			}
			w.read(o)
		}
		for _, o := range told[daybook.Observation](w, daybook.RecordObservation) {
			if o.Message != "" {
				t.Errorf("in the order %v, %s was observed of %s", order, o.What, o.Message)
			}
		}
	}
}

// state is when a message was gone by what is observed of it, and when it was last
// seen before; zero if it is there. It is what the list of messages makes of it.
func (w *world) state(m daybook.MessageKey) (gone, last time.Time) {
	w.t.Helper()
	var back time.Time
	all := told[daybook.Observation](w, daybook.RecordObservation)
	for _, o := range all {
		if o.Message == m && o.What == daybook.SeenAgain && o.At.After(back) {
			back = o.At
		}
	}
	for _, o := range all {
		if o.Message == m && o.What == daybook.SeenGone && !o.At.Before(back) && (gone.IsZero() || o.At.Before(gone)) {
			gone, last = o.At, o.LastSeen
		}
	}
	return gone, last
}

// permutations yields the orders of n things.
func permutations(n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var place func(done []int) bool
		place = func(done []int) bool {
			if len(done) == n {
				return yield(slices.Clone(done))
			}
			for i := range n {
				if !slices.Contains(done, i) && !place(append(done, i)) {
					return false
				}
			}
			return true
		}
		place(nil)
	}
}
