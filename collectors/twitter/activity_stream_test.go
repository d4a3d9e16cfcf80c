package twitter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
)

// A fakeStream is a made-up stream of events and what came of it. The n-th
// connection is answered by the n-th of its answers, all further ones by the last.
type fakeStream struct {
	answers []http.HandlerFunc

	mu     sync.Mutex
	began  time.Time
	asked  []string // for each connection: seconds since the beginning, and the query
	bearer []string
	taken  []string // what was kept: NativeID
	events []twitter.ActivityEvent
	x      []daybook.Exchange
	refuse int // how many events cannot be kept
	log    bytes.Buffer
}

func (f *fakeStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	n := min(len(f.asked), len(f.answers)-1)
	f.asked = append(f.asked, strings.TrimSpace(fmt.Sprintf("%d %s", int(time.Since(f.began).Seconds()), r.URL.RawQuery)))
	f.bearer = append(f.bearer, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
	f.mu.Unlock()
	f.answers[n](w, r)
}

// listen runs a Listener for a while, on a clock that the test bubble moves.
func (f *fakeStream) listen(t *testing.T, d time.Duration) {
	t.Helper()
	f.began = time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	l := twitter.Listener{
		Now: time.Now, Bearer: "app-token", Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.x.com": f}},
		Logger: slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Take: func(_ context.Context, e twitter.ActivityEvent, x daybook.Exchange) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.refuse > 0 {
				f.refuse--
				return errors.New("the disk is full of kestrels")
			}
			f.taken = append(f.taken, e.Capture.NativeID)
			f.events, f.x = append(f.events, e), append(f.x, x)
			return nil
		},
	}
	if err := l.Listen(ctx); err != nil {
		t.Errorf("Listen: %v", err)
	}
}

// sends writes lines, each after a pause, and then ends or goes on without a word.
func sends(pause time.Duration, hang bool, lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		for _, line := range lines {
			time.Sleep(pause)
			if _, err := fmt.Fprint(w, line); err != nil {
				return
			}
		}
		if hang {
			<-r.Context().Done()
		}
	}
}

func answers(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func event(kind, uuid string) string {
	return `{"data":{"event_type":"` + kind + `","event_uuid":"` + uuid + `","filter":{"user_id":"` + mara + `"},"payload":{"direct_message_events":[]}}}`
}

func TestActivityStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := event("dm.received", "1")
		long := event("dm.received", strings.Repeat("9", 2<<20))
		f := &fakeStream{answers: []http.HandlerFunc{sends(10*time.Second, true,
			"\r\n", first+"\r\n", event("dm.read", "2")+"\n", event("dm.indicate_typing", "3")+"\n", long+"\n", "not JSON\n",
			`{"errors":[{"title":"operational-disconnect"}]}`+"\n", `{"data":{"event_type":"dm.received","filter":{}}}`+"\n",
			event("spaces.start", "4")+"\n", event("post.mention.create", "5")+"\n", event("dm.received", "6"), // half a line
		)}}
		f.listen(t, 2*time.Minute)
		if want := []string{"dm.received/1", "spaces.start/4", "post.mention.create/5"}; !slices.Equal(f.taken, want) {
			t.Fatalf("taken %q, want %q", f.taken, want)
		}
		e, x := f.events[0], f.x[0]
		if e.User != mara || string(e.Capture.Raw) != first || e.Capture.Lane != twitter.LaneActivity || e.Capture.Offset != -1 {
			t.Errorf("event %+v", e)
		}
		want := daybook.Exchange{Method: "GET", URL: "https://api.x.com/2/activity/stream?backfill_minutes=5", Status: 200,
			Start: f.began.UTC(), End: f.began.Add(20 * time.Second).UTC(), Body: daybook.DigestOf([]byte(first)), Size: int64(len(first))}
		if diff := cmp.Diff(want, x); diff != "" {
			t.Errorf("exchange (-want +got):\n%s", diff)
		}
		if want := "GET /2/activity/stream Bearer app-token"; f.bearer[0] != want {
			t.Errorf("asked %q, want %q", f.bearer[0], want)
		}
	})
}

// Whatever the platform does, it is not asked again and again without a pause.
func TestActivityStream_NoHotLoop(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		most   int // connections in an hour
		first  []string
	}{
		{"ends at once", sends(0, false), 20, []string{"0 backfill_minutes=5", "1 backfill_minutes=5", "3 backfill_minutes=5", "7 backfill_minutes=5", "15 backfill_minutes=5"}},
		{"ends after a sign of life", sends(0, false, "\r\n"), 20, []string{"0 backfill_minutes=5", "1 backfill_minutes=1", "3 backfill_minutes=1", "7 backfill_minutes=1"}},
		{"error of the server", answers(503), 20, []string{"0 backfill_minutes=5", "1 backfill_minutes=5"}},
		{"no credits", answers(402), 20, []string{"0 backfill_minutes=5", "1 backfill_minutes=5"}},
		{"refused token", answers(401), 20, []string{"0 backfill_minutes=5", "1 backfill_minutes=5"}},
		{"not offered", answers(403), 20, []string{"0 backfill_minutes=5", "1", "3"}},
		{"no backfill", answers(400), 20, []string{"0 backfill_minutes=5", "1", "3"}},
		{"too many", answers(429, "Retry-After", "900"), 5, []string{"0 backfill_minutes=5", "900 backfill_minutes=5"}},
		{"silence", sends(0, true), 60, []string{"0 backfill_minutes=5", "61 backfill_minutes=5", "122 backfill_minutes=5"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeStream{answers: []http.HandlerFunc{tc.answer}}
				f.listen(t, time.Hour)
				if len(f.asked) > tc.most || len(f.asked) < len(tc.first) {
					t.Fatalf("%d connections in an hour, want %d at most", len(f.asked), tc.most)
				}
				if diff := cmp.Diff(tc.first, f.asked[:len(tc.first)]); diff != "" {
					t.Errorf("connections (-want +got):\n%s", diff)
				}
				if n := strings.Count(f.log.String(), "asked for again"); tc.name != "silence" && tc.name != "ends after a sign of life" && tc.name != "ends at once" && n > 2 {
					t.Errorf("the same is said %d times", n)
				}
			})
		})
	}
}

// After a good connection the first pause is short again, and X is asked for what
// came meanwhile.
func TestActivityStream_ComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beats := slices.Repeat([]string{"\r\n"}, 9)
		f := &fakeStream{answers: []http.HandlerFunc{
			answers(503), answers(503), answers(503), // 0, 1, 3
			sends(20*time.Second, false, beats...), // from 7 to 187
			answers(503), answers(503), answers(503), answers(503), answers(503), answers(503), answers(503),
			sends(0, true, event("dm.received", "1")+"\n"),
		}}
		f.listen(t, 10*time.Minute)
		want := []string{
			"0 backfill_minutes=5", "1 backfill_minutes=5", "3 backfill_minutes=5", "7 backfill_minutes=5",
			"188 backfill_minutes=1", "190 backfill_minutes=1", "194 backfill_minutes=1", "202 backfill_minutes=1", "218 backfill_minutes=1",
			"250 backfill_minutes=2", "314 backfill_minutes=3", "442 backfill_minutes=5",
		}
		if diff := cmp.Diff(want, f.asked[:min(len(want), len(f.asked))]); diff != "" {
			t.Errorf("connections (-want +got):\n%s", diff)
		}
		if len(f.taken) == 0 || f.taken[0] != "dm.received/1" {
			t.Errorf("taken %q", f.taken)
		}
	})
}

// An event that could not be kept is asked for again.
func TestActivityStream_EventThatCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{refuse: 1, answers: []http.HandlerFunc{sends(time.Second, true, event("dm.received", "1")+"\n", event("dm.received", "2")+"\n")}}
		f.listen(t, 30*time.Second)
		if want := []string{"dm.received/1", "dm.received/2"}; !slices.Equal(f.taken, want) {
			t.Errorf("taken %q, want %q", f.taken, want)
		}
		if want := []string{"0 backfill_minutes=5", "3 backfill_minutes=5"}; !slices.Equal(f.asked, want) {
			t.Errorf("asked %q, want %q", f.asked, want)
		}
		for _, word := range []string{"kestrels", mara, "dm.received", "app-token"} {
			if strings.Contains(f.log.String(), word) {
				t.Errorf("the log says %q: %s", word, &f.log)
			}
		}
	})
}
