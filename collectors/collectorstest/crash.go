package collectorstest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
)

// mostCrashes is how many steps of a run are tried unless Harness.Crashes says
// otherwise.
const mostCrashes = 60

// story plays what happens while the crash test runs, once.
func (s *stage) story() {
	if !s.played {
		s.played = true
		s.Play(Burst)
		s.Play(LateOld)
	}
}

// names returns what was archived by lane and native identifier.
func (s *stage) names() []string {
	s.t.Helper()
	found := map[string]bool{}
	for _, it := range s.items() {
		found[string(it.Capture.Lane)+" "+it.Capture.NativeID] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// crashes lets each step of a Runner's dealings with its store fail, before and
// after it was done, and checks that the next runs find the same items, each
// once.
func (h Harness) crashes(t *testing.T) {
	clean := h.stage(t)
	counted := &Faults{At: -1}
	clean.config = counted.Wrap(clean.config)
	clean.mustRead()
	clean.story()
	clean.mustRead()
	want := clean.names()
	most := mostCrashes
	if h.Crashes > 0 {
		most = h.Crashes
	}
	stride := max(1, counted.Steps/most)
	for at := 0; at < counted.Steps; at += stride {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, persisted %t", at, after), func(t *testing.T) {
				h.crash(t, &Faults{At: at, After: after}, want)
			})
		}
	}
}

func (h Harness) crash(t *testing.T, f *Faults, want []string) {
	s := h.stage(t)
	whole := s.config
	s.config = f.Wrap(whole)
	for range 2 {
		if _, err := s.once(); errors.Is(err, ErrFault) {
			break
		}
		s.story()
	}
	if f.Steps <= f.At {
		t.Fatalf("the run ended after %d steps", f.Steps)
	}
	s.config = whole
	s.config.Owner = "test, started again"
	s.clock.Advance(time.Hour) // the lease ends
	s.mustRead()
	s.story()
	s.mustRead()
	s.complete()
	if diff := cmp.Diff(want, s.names()); diff != "" {
		t.Errorf("items differ from those of a run without a crash (-want +got):\n%s", diff)
	}
}

// parse checks that the driver's parser gives an answer to anything. Every
// driver has a fuzz test of its own beside.
func (h Harness) parse(t *testing.T) {
	s := h.stage(t)
	s.mustRead()
	a, _ := s.Platform.Account()
	raws := [][]byte{nil, []byte("{"), []byte("[]"), []byte("null"), []byte(`{"id":1}`), []byte(`{"id":{}}`), {0xff, 0xfe, 0}}
	for _, it := range s.items() {
		raw := it.Capture.Raw
		raws = append(raws, raw[:len(raw)/2], raw[:len(raw)-1], raw[len(raw)/3:])
	}
	lanes := []daybook.Lane{"", "no such lane"}
	for _, it := range s.items() {
		if !slices.Contains(lanes, it.Capture.Lane) {
			lanes = append(lanes, it.Capture.Lane)
		}
	}
	for _, lane := range lanes {
		for _, raw := range raws {
			c := daybook.Capture{Account: a.ID, Platform: a.Platform, Lane: lane, NativeID: "1", Raw: raw, Origin: daybook.Collected}
			r, err := s.Driver().Parse(a, c)
			again, err2 := s.Driver().Parse(a, c)
			if diff := cmp.Diff(r, again); diff != "" || (err == nil) != (err2 == nil) {
				t.Errorf("lane %q: two readings of the same bytes differ:\n%s", lane, diff)
			}
		}
	}
}
