package fakex_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook/internal/fakex"
	"daybook/internal/fakex/xspec"
)

// listen connects to the stream of a server on a port. Lines are read with next,
// which waits for one.
func listen(t *testing.T, s *fakex.Server, query string) (next func() (string, error), end func()) {
	t.Helper()
	web := httptest.NewServer(s)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", web.URL+"/2/activity/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Bearer())
	resp, err := web.Client().Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", resp, err)
	}
	lines := bufio.NewReader(resp.Body)
	return func() (string, error) {
			line, err := lines.ReadString('\n')
			return strings.TrimRight(line, "\r\n"), err
		}, func() {
			cancel()
			_ = resp.Body.Close() // it was ended
			web.Close()
		}
}

type event struct {
	Data struct {
		Type    string `json:"event_type"`
		Filter  map[string]string
		Payload json.RawMessage
	}
}

func eventOf(t *testing.T, line string, err error) (e event) {
	t.Helper()
	if err == nil {
		err = json.Unmarshal([]byte(line), &e)
	}
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return e
}

func TestStreamTellsWhatHappens(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	ruben.Message(mara, "before anybody asked for it")
	s.Subscribe(mara)
	post := mara.Post("bowls")
	ruben.Message(mara, "before anybody listened")
	next, end := listen(t, s, "")
	defer end()
	m := ruben.Message(mara, "five minutes only")
	m.Unsend()
	reply := ruben.Reply(post, "nice")
	ruben.Mention(mara, "look").Delete()
	ruben.Quote(post, "well")
	mara.Message(ruben, "stop")
	ruben.Chat(mara, "secret words")
	ruben.Typing(mara)
	ruben.Reads(mara)
	s.Tell(mara, "poke.create", `{"id":"1"}`)
	tilda := s.Person("tildawren", "Tilda")
	tilda.Protect()
	tilda.Mention(mara, "friends alone")
	ruben.Message(tilda, "she did not subscribe")
	s.HangUp()
	var got []string
	for {
		line, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		e := eventOf(t, line, err)
		got = append(got, e.Data.Type)
		if e.Data.Filter["user_id"] != mara.ID {
			t.Errorf("%s is about %v", e.Data.Type, e.Data.Filter)
		}
		switch e.Data.Type {
		case "dm.received":
			if !strings.Contains(line, m.ID) || !strings.Contains(line, "five minutes only") || !strings.Contains(line, `"screen_name":"ruben_kestrel74"`) {
				t.Errorf("got %s", line)
			}
		case "post.reply.create":
			if !strings.Contains(line, reply.ID) || !strings.Contains(line, `"edit_history_tweet_ids"`) {
				t.Errorf("got %s", line)
			}
		case "chat.received":
			if strings.Contains(line, "secret words") || !strings.Contains(line, "encoded_event") {
				t.Errorf("got %s", line)
			}
		}
	}
	want := []string{
		"post.reply.create", "post.mention.create", "post.quote.create", "dm.sent", "chat.received", "dm.indicate_typing", "dm.read", "poke.create",
	}
	if diff := cmp.Diff(append([]string{"dm.received"}, want...), got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if b := s.Bill(); b["messages"] != 3 || b["posts"] != 3 {
		t.Errorf("bill: got %v", b)
	}
}

func TestStreamStaysOpen(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	s.Subscribe(mara, "dm.received")
	ruben.Message(mara, "six minutes ago")
	s.Wait(3 * time.Minute)
	late := ruben.Message(mara, "three minutes ago")
	s.Wait(3 * time.Minute)
	next, end := listen(t, s, "?backfill_minutes=5")
	defer end()
	if line, err := next(); err != nil || !strings.Contains(line, late.ID) {
		t.Errorf("from a while ago: got %q, %v", line, err)
	}
	s.Beat()
	if line, err := next(); err != nil || line != "" {
		t.Errorf("keep alive: got %q, %v", line, err)
	}
	ruben.Mention(mara, "not subscribed")
	s.Say("{")
	if line, err := next(); err != nil || line != "{" {
		t.Errorf("broken: got %q, %v", line, err)
	}
	if n := s.Streams(); n != 1 {
		t.Errorf("%d streams are open", n)
	}
	s.HangUp()
	if line, err := next(); !errors.Is(err, io.EOF) {
		t.Errorf("hung up: got %q, %v", line, err)
	}
}

// With Brief, a stream is an answer like any other.
func TestBriefStream(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	s.Subscribe(mara)
	s.Brief(true)
	for range 2 {
		ruben.Message(mara, "x")
	}
	if w := call(t, s, "GET", "/2/activity/stream?backfill_minutes=1", s.Bearer(), nil); strings.Count(w.Body.String(), "dm.received") != 2 {
		t.Errorf("got %s", w.Body)
	}
	for _, query := range []string{"backfill_minutes=6", "mood=low"} {
		if w := call(t, s, "GET", "/2/activity/stream?"+query, s.Bearer(), nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", query, w.Code)
		}
	}
}

func TestPostsOfTheStreamAreThoseOfTheDocument(t *testing.T) {
	document := xspec.Open(t)
	s, mara, ruben := world(fakex.Options{})
	s.Subscribe(mara)
	s.Brief(true)
	post := mara.Post("bowls")
	ruben.Reply(post, "nice @maralindqvist https://clips.example", fakex.With(s.File(nil, "image/png", "x")))
	ruben.Mention(mara, strings.Repeat("the lake ", 40))
	n := 0
	for line := range strings.Lines(call(t, s, "GET", "/2/activity/stream?backfill_minutes=1", s.Bearer(), nil).Body.String()) {
		if err := document.Value("Post", eventOf(t, line, nil).Data.Payload); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d posts", n)
	}
}
