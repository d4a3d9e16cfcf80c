package web_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/web"
)

// slowFacts counts how often the figures of a case are worked out.
type slowFacts struct {
	web.Store
	times atomic.Int64
	now   chan struct{} // closed: it goes on
}

func (s *slowFacts) Facts(ctx context.Context, c daybook.CaseID, now time.Time) (detect.Facts, error) {
	s.times.Add(1)
	if s.now != nil {
		<-s.now
	}
	return s.Store.Facts(ctx, c, now)
}

// Figures over a whole case are worked out once, until the case changes; visits,
// which the access log grows by, do not count.
func TestPatternsAreWorkedOutOnce(t *testing.T) {
	var facts *slowFacts
	h := newHouse(t, func(c *web.Config) {
		facts = &slowFacts{Store: c.Store}
		c.Store = facts
	})
	h.tell()
	maya := h.enter(h.maya)
	look := func(want int64, why string) {
		t.Helper()
		if a := maya.get(h.path("handles")); a.Status != 200 {
			t.Fatal(a.Status)
		}
		if got := facts.times.Load(); got != want {
			t.Errorf("%s: worked out %d times, want %d", why, got, want)
		}
	}
	look(1, "the first look")
	look(1, "the second look")
	for range 3 {
		maya.find("library") // access entries
	}
	look(1, "after searches")
	maya.post(h.path("marks"), "what", "unwanted", "handle", refOf(maya.handlePath("bramble_co")))
	look(2, "after a mark")
	h.move(4 * time.Minute)
	look(2, "four minutes later")
	h.move(2 * time.Minute)
	maya = h.enter(h.maya)
	look(3, "six minutes later")

	r := h.item(told{id: "new", from: bramble, at: at(11, 23, 9, 19), text: "made up"})
	r.Actor = daybook.Actor{ID: "mastodon", Role: "collector"}
	_, err := h.log.Append(t.Context(), h.mayas, []daybook.Record{r})
	h.ok(err)
	shows(t, maya.get(h.path("handles")), "4 – 14 Oct to 23 Nov") // also what no follower had read yet
	look(4, "after new contact")
}

func TestOneWorksOutAndTheOthersWait(t *testing.T) {
	var facts *slowFacts
	h := newHouse(t, func(c *web.Config) {
		facts = &slowFacts{Store: c.Store, now: make(chan struct{})}
		c.Store = facts
	})
	h.tell()
	maya := h.enter(h.maya)
	var wait sync.WaitGroup
	answers := make(chan string, 8)
	for range cap(answers) {
		wait.Go(func() { answers <- fmt.Sprint(maya.get(h.path("handles")).Status) })
	}
	close(facts.now)
	wait.Wait()
	close(answers)
	for status := range answers {
		if status != "200" {
			t.Errorf("status %s", status)
		}
	}
	if got := facts.times.Load(); got != 1 {
		t.Errorf("worked out %d times, want 1", got)
	}
}
