package twitter_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
	"daybook/internal/need"
)

// An exchange is one line of a recording.
type exchange struct {
	Seq     int
	URL     string
	Status  int
	Headers [][2]string `json:"response_headers"`
	Body    string
}

func (x exchange) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for _, h := range x.Headers {
		if name := http.CanonicalHeaderKey(h[0]); name != "Content-Length" && name != "Transfer-Encoding" {
			w.Header().Set(name, h[1])
		}
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write([]byte(x.Body)) // the test's own writer
}

func recorded(t *testing.T, file string) (out []exchange) {
	t.Helper()
	f, err := os.Open(filepath.Join(need.TestData(t), "recordings", "x", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var x exchange
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	if err := lines.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%s: %d exchanges, %v", file, len(out), err)
	}
	return out
}

// A replay answers as it was recorded: by path and pagination token, whatever
// fields are asked for.
type replay struct {
	t     *testing.T
	pages map[string]exchange
}

func (r replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	key := keyOf(req.URL)
	x, ok := r.pages[key]
	if !ok {
		r.t.Errorf("not recorded: %q", key)
		x = exchange{Status: http.StatusNotFound}
	}
	x.ServeHTTP(w, req)
}

func keyOf(u *url.URL) string {
	q := u.Query()
	ids := strings.Split(q.Get("ids"), ",")
	slices.Sort(ids)
	key := u.Path + " " + q.Get("pagination_token") + " " + strings.Join(ids, ",")
	if q.Get("since_id") != "" {
		key += "since"
	}
	return key
}

func replayed(t *testing.T, exchanges []exchange) (collectors.Source, collectors.Driver) {
	t.Helper()
	r := replay{t, map[string]exchange{}}
	for _, x := range exchanges {
		u, err := url.Parse(x.URL)
		if err != nil {
			t.Fatal(err)
		}
		if key := keyOf(u); r.pages[key].Status == 0 {
			r.pages[key] = x
		}
	}
	now := func() time.Time { return time.Date(2026, 11, 23, 17, 30, 0, 0, time.UTC) }
	driver := twitter.Driver(twitter.Config{Now: now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.x.com": r}}})
	source, err := driver.Open(t.Context(), maraOnX(), []byte("any"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
	return source, driver
}

type xTruth struct {
	Events []struct {
		N                  int
		Time               time.Time
		Kind, ID, Text, To string
		User               string `json:"user_id"`
		Thread             string `json:"dm_conversation_id"`
		Actor              string
	}
	People map[string]struct{ ID, Username string }
}

func truthOfX(t *testing.T) (tr xTruth) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(need.TestData(t), "recordings", "x", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// All that reached the person, and all that she sent, is read out of what X's own
// simulator answered and out of the documented shapes: each once, from whom, when,
// and word for word.
func TestReplay_AllThatReachedThePerson(t *testing.T) {
	tr := truthOfX(t)
	shapes := recorded(t, "documented-shapes.jsonl")
	for _, tt := range []struct {
		name      string
		exchanges []exchange
		names     bool // authors come along
	}{
		{"simulator", append(recorded(t, "dm_events.jsonl"), recorded(t, "mentions.jsonl")...), false},
		{"documented shapes", shapes[:7], true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, driver := replayed(t, tt.exchanges)
			seen := map[daybook.MessageKey]daybook.ReadMessage{}
			for _, lane := range []daybook.Lane{twitter.LaneMessages, twitter.LaneMentions} {
				for _, c := range everyPage(t, source, lane) {
					r, err := driver.Parse(maraOnX(), c)
					if err != nil {
						t.Fatalf("%s %s: %v", lane, c.NativeID, err)
					}
					for _, m := range r.Messages {
						if _, twice := seen[m.Key]; twice {
							t.Errorf("read twice: %s", string(m.Key))
						}
						seen[m.Key] = m
					}
				}
			}
			found := 0
			for _, e := range tr.Events {
				key, kind := twitter.PostKey(e.ID), daybook.KindMention
				switch e.Kind {
				case "dm":
					key, kind = twitter.MessageKey(e.ID), daybook.KindDirectMessage
				case "mention", "reply":
				default:
					continue
				}
				m, ok := seen[key]
				if !ok {
					t.Errorf("event %d (%s) was not read", e.N, e.Kind)
					continue
				}
				found++
				out := daybook.In
				if e.User == maraID {
					out = daybook.Out
				}
				if e.Kind == "reply" && tt.names {
					kind = m.Kind // the shapes do not say whom it answers
				} else if e.Kind == "reply" {
					kind = daybook.KindReply
				}
				if m.Text != e.Text || m.Sender.Native != e.User || m.Direction != out || m.Thread != e.Thread && e.Kind == "dm" || m.Kind != kind {
					t.Errorf("event %d: got %s %s from %s in %s: %.80q, want %.80q", e.N, m.Direction, m.Kind, m.Sender.Native, m.Thread, m.Text, e.Text)
				}
				if d := e.Time.Sub(m.Sent.At); d < 0 || d >= time.Second {
					t.Errorf("event %d: sent at %s, want %s", e.N, m.Sent.At, e.Time)
				}
				if tt.names && out == daybook.In && (len(m.Sender.Names) != 1 || m.Sender.Names[0].Account != e.Actor) {
					t.Errorf("event %d: sender %v, want %q", e.N, m.Sender.Names, e.Actor)
				}
			}
			if found != 50 {
				t.Errorf("%d events, want 50", found)
			}
			t.Logf("%d of 50 events; %d messages in all", found, len(seen))
		})
	}
}

// everyPage reads a lane and its past, and checks that its newest end is found.
func everyPage(t *testing.T, source collectors.Source, lane daybook.Lane) (captures []daybook.Capture) {
	t.Helper()
	p, err := source.Fetch(t.Context(), lane, "")
	if err != nil {
		t.Fatal(err)
	}
	captures = p.Captures
	for back := p.Back; back != ""; {
		q, err := source.Fetch(t.Context(), lane, back)
		if err != nil {
			t.Fatal(err)
		}
		captures = append(captures, q.Captures...)
		if back = q.Next; !q.More {
			break
		}
	}
	return captures
}

// The documented shapes of long posts, edits, and errors beside data.
func TestReplay_DocumentedShapes(t *testing.T) {
	shapes := recorded(t, "documented-shapes.jsonl")
	source, driver := replayed(t, shapes)
	look := func(id string) collectors.Look {
		t.Helper()
		looks, err := source.Look(t.Context(), []collectors.Ref{{Key: twitter.PostKey(id), Native: id}})
		if err != nil || len(looks) != 1 {
			t.Fatalf("%s: %d looks, %v", id, len(looks), err)
		}
		return looks[0]
	}
	read := func(l collectors.Look) daybook.ReadMessage {
		t.Helper()
		r, err := driver.Parse(maraOnX(), l.Captures[0])
		if err != nil || len(r.Messages) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		return r.Messages[0]
	}
	long := read(look("2120245105259446273"))
	if len(long.Text) < 400 || long.Incomplete || strings.Contains(long.Text, "…") {
		t.Errorf("long post: %d bytes, incomplete %v", len(long.Text), long.Incomplete)
	}
	edited := read(look("2120250138424246274"))
	if edited.Key != twitter.PostKey("2120245105259446273") || edited.Edited.IsZero() || !edited.Sent.At.Before(edited.Edited) {
		t.Errorf("edited post: %s, edited %s, sent %s", string(edited.Key), edited.Edited, edited.Sent.At)
	}
	if l := look("2105944840213626882"); !l.Missing || l.Blocking {
		t.Errorf("protected author: %+v", l)
	}
	looks, err := source.Look(t.Context(), []collectors.Ref{
		{Key: twitter.PostKey("2120245105259446273"), Native: "2120245105259446273"},
		{Key: twitter.PostKey("2106020410733625347"), Native: "2106020410733625347"},
	})
	if err != nil || !looks[0].Missing || looks[1].Missing {
		t.Errorf("one of two: %+v, %v", looks, err)
	}
}

// The simulator leaves out what it does not have, without saying so.
func TestReplay_MissingWithoutAWord(t *testing.T) {
	source, _ := replayed(t, append(recorded(t, "tweets.jsonl"), recorded(t, "dm_events.jsonl")...))
	looks, err := source.Look(t.Context(), []collectors.Ref{
		{Key: twitter.PostKey("2106449462149775374"), Native: "2106449462149775374"},
		{Key: twitter.PostKey("2106376221771169805"), Native: "2106376221771169805"},
		{Key: twitter.MessageKey("2106035761299062788"), Native: "2106035761299062788"},
		{Key: twitter.MessageKey("1"), Native: "1"},
	})
	if err != nil || len(looks) != 4 {
		t.Fatalf("%d looks, %v", len(looks), err)
	}
	var missing []bool
	for _, l := range looks {
		missing = append(missing, l.Missing)
	}
	if !slices.Equal(missing, []bool{false, true, false, true}) {
		t.Errorf("missing: %v", missing)
	}
}

// Every answer that was recorded or is documented and is no page is an error that
// moves nothing.
func TestReplay_Errors(t *testing.T) {
	all := append(recorded(t, "errors.jsonl"), recorded(t, "documented-shapes.jsonl")...)
	all = append(all, append(recorded(t, "dm_events.jsonl"), recorded(t, "mentions.jsonl")...)...)
	tried := map[int]int{}
	for _, x := range all {
		if x.Status == http.StatusOK {
			continue
		}
		tried[x.Status]++
		w := newWorld(t, fakex.Options{})
		w.mentions(2, "before")
		for _, lane := range []daybook.Lane{twitter.LaneMessages, twitter.LaneMentions} {
			w.server.Fault("/2/", 1, func(rw http.ResponseWriter, r *http.Request, _ http.Handler) { x.ServeHTTP(rw, r) })
			p, err := w.source.Fetch(t.Context(), lane, "")
			w.server.Heal()
			var limit *collectors.RateLimitError
			ok := err != nil
			switch x.Status {
			case http.StatusUnauthorized:
				ok = errors.Is(err, collectors.ErrRefused)
			case http.StatusForbidden:
				ok = errors.Is(err, collectors.ErrRefused) || errors.Is(err, collectors.ErrNoLane)
			case http.StatusTooManyRequests, http.StatusPaymentRequired:
				ok = errors.As(err, &limit)
			}
			if !ok || p.Next != "" || len(p.Captures) != 0 {
				t.Errorf("%d (line %d), %s: got %+v, %v", x.Status, x.Seq, lane, p, err)
			}
		}
	}
	for _, status := range []int{400, 401, 402, 403, 404, 429} {
		if tried[status] == 0 {
			t.Errorf("no recorded answer with status %d", status)
		}
	}
}
