package twitter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
	"daybook/internal/fakex/xspec"
)

// A world is a fake of X, the person's account there, and an open source.
type world struct {
	*testing.T
	server             *fakex.Server
	mara, ruben, tilda *fakex.Person
	config             twitter.Config
	driver             collectors.Driver
	account            daybook.Account
	source             collectors.Source
	bodies             map[daybook.Digest][]byte // what the server answered
}

func newWorld(t *testing.T, o fakex.Options) *world {
	t.Helper()
	w := &world{T: t, bodies: map[daybook.Digest][]byte{}}
	check := o.Check
	if check == nil {
		check = xspec.Hook(t)
	}
	o.Check = func(r *http.Request, status int, header http.Header, body []byte) {
		w.bodies[daybook.DigestOf(body)] = body
		if check != nil {
			check(r, status, header, body)
		}
	}
	s := fakex.New(o)
	w.server = s
	w.mara = s.Person("maralindqvist", "Mara Lindqvist")
	w.ruben = s.Person("ruben_kestrel74", "Ruben")
	w.tilda = s.Person("tildawren", "Tilda Wren")
	w.config = twitter.Config{Now: s.Now, Names: o.Names, Exception: &collectors.Exception{Hosts: s.Hosts()}}
	w.driver = twitter.Driver(w.config)
	w.account = daybook.Account{ID: "account", Case: "case", Platform: twitter.Platform, State: daybook.Active,
		Handle: twitter.User(w.mara.ID, "maralindqvist", "")}
	w.open(s.Token(w.mara))
	t.Cleanup(func() {
		if err := w.source.Close(); err != nil {
			t.Error(err)
		}
		if v := s.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	return w
}

func (w *world) open(token string) {
	w.Helper()
	var err error
	if w.source, err = w.driver.Open(w.Context(), w.account, []byte(token)); err != nil {
		w.Fatal(err)
	}
}

func (w *world) fetch(lane daybook.Lane, at collectors.Cursor) collectors.Page {
	w.Helper()
	p, err := w.source.Fetch(w.Context(), lane, at)
	if err != nil {
		w.Fatalf("fetch %s at %q: %v", lane, at, err)
	}
	w.check(p)
	return p
}

// check holds for every page: each capture is cut from the answer byte for byte,
// and says where.
func (w *world) check(p collectors.Page) {
	w.Helper()
	for _, c := range p.Captures {
		body := w.bodies[p.Exchange.Body]
		if c.Exchange == nil || c.Exchange.Body != p.Exchange.Body || c.NativeID == "" || c.Member == "" || body == nil {
			w.Fatalf("capture without its place: %q, %s", c.Member, c.NativeID)
		}
		for _, part := range parts(w.T, c.Raw) {
			if !bytes.Contains(body, part) {
				w.Errorf("capture %s: these bytes are not in the answer: %s", c.Member, part)
			}
		}
		if head := parts(w.T, c.Raw)[0]; !bytes.HasPrefix(body[c.Offset:], head) {
			w.Errorf("capture %s does not stand at %d", c.Member, c.Offset)
		}
	}
}

// parts are the pieces that a capture is made of, the item first.
func parts(t *testing.T, raw []byte) [][]byte {
	t.Helper()
	var e struct {
		Data     json.RawMessage
		Includes map[string][]json.RawMessage
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("a capture is not JSON: %v", err)
	}
	if e.Data == nil {
		return [][]byte{raw} // an error
	}
	out := [][]byte{e.Data}
	for _, list := range e.Includes {
		for _, p := range list {
			out = append(out, p)
		}
	}
	return out
}

// drain reads a lane as the Runner does, its past as well if at is empty, and
// returns all captures and the cursor to go on from.
func (w *world) drain(lane daybook.Lane, at collectors.Cursor) (captures []daybook.Capture, next collectors.Cursor, missed bool) {
	w.Helper()
	for n := 0; ; n++ {
		p := w.fetch(lane, at)
		captures, missed = append(captures, p.Captures...), missed || p.Missed
		for back := p.Back; back != ""; {
			q := w.fetch(lane, back)
			captures = append(captures, q.Captures...)
			if back = q.Next; !q.More {
				break
			}
		}
		if at = p.Next; !p.More {
			return captures, at, missed
		}
		if n > 100 {
			w.Fatal("the lane has no end")
		}
	}
}

func (w *world) read(captures []daybook.Capture) (out []daybook.ReadMessage) {
	w.Helper()
	for _, c := range captures {
		r, err := w.driver.Parse(w.account, c)
		if err != nil {
			w.Fatalf("read %s: %v", c.Member, err)
		}
		out = append(out, r.Messages...)
	}
	return out
}

// keys are the messages in captures, each once, in order.
func (w *world) keys(captures []daybook.Capture) (out []daybook.MessageKey) {
	w.Helper()
	for _, m := range w.read(captures) {
		if !slices.Contains(out, m.Key) {
			out = append(out, m.Key)
		}
	}
	return out
}

func (w *world) messages(n int, text string) (out []daybook.MessageKey) {
	for i := range n {
		w.server.Wait(time.Second)
		out = append(out, twitter.MessageKey(w.ruben.Message(w.mara, fmt.Sprint(text, " ", i)).ID))
	}
	return out
}

func (w *world) mentions(n int, text string) (out []daybook.MessageKey) {
	for i := range n {
		w.server.Wait(time.Second)
		out = append(out, twitter.PostKey(w.ruben.Mention(w.mara, fmt.Sprint(text, " ", i)).ID))
	}
	return out
}

// sameKeys compares without order.
func sameKeys(t *testing.T, what string, got, want []daybook.MessageKey) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %d messages, want %d: %q, want %q", what, len(got), len(want), got, want)
	}
}

// asked are the calls since the last Forget, as "path max_results token?".
func (w *world) asked() (out []string) {
	for _, r := range w.server.Requests() {
		line := r.Path
		if n := r.Query["max_results"]; n != nil {
			line += " " + n[0]
		}
		if r.Query["pagination_token"] != nil {
			line += " on"
		}
		out = append(out, line)
	}
	w.server.Forget()
	return out
}

func bothNames(t *testing.T, do func(t *testing.T, w *world)) {
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		t.Run(names, func(t *testing.T) { do(t, newWorld(t, fakex.Options{Names: names})) })
	}
}

// A look at messages when nothing is new is one call that asks for one message;
// when something is new, the number that is asked for grows.
func TestMessages_AskForLittle(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		old := w.messages(130, "before")
		got, at, _ := w.drain(twitter.LaneMessages, "")
		sameKeys(t, "first", w.keys(got), old)
		if calls := w.asked(); !slices.Equal(calls, []string{"/2/dm_events 100", "/2/dm_events 100 on"}) {
			t.Errorf("first: %q", calls)
		}
		for range 3 {
			var next collectors.Cursor
			got, next, _ = w.drain(twitter.LaneMessages, at)
			if len(got) != 1 || w.keys(got)[0] != old[129] {
				t.Errorf("nothing new: %d captures", len(got))
			}
			if calls := w.asked(); !slices.Equal(calls, []string{"/2/dm_events 1"}) {
				t.Errorf("nothing new: %q", calls)
			}
			at = next
		}
		fresh := w.messages(1, "one")
		got, at, _ = w.drain(twitter.LaneMessages, at)
		sameKeys(t, "one", newer(w.keys(got), old), fresh)
		if calls := w.asked(); !slices.Equal(calls, []string{"/2/dm_events 1", "/2/dm_events 10 on"}) {
			t.Errorf("one: %q", calls)
		}
		old = append(old, fresh...)
		fresh = w.messages(150, "burst")
		got, at, _ = w.drain(twitter.LaneMessages, at)
		sameKeys(t, "burst", newer(w.keys(got), old), fresh)
		if calls := w.asked(); !slices.Equal(calls, []string{"/2/dm_events 1", "/2/dm_events 10 on", "/2/dm_events 100 on", "/2/dm_events 100 on"}) {
			t.Errorf("burst: %q", calls)
		}
		if got, _, _ := w.drain(twitter.LaneMessages, at); len(got) != 1 {
			t.Errorf("after the burst: %d captures", len(got))
		}
	})
}

func newer(keys, old []daybook.MessageKey) []daybook.MessageKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k daybook.MessageKey) bool { return slices.Contains(old, k) })
}

// The known one moves only when the way to it has been gone to its end, whatever
// happens on the way.
func TestMessages_KnownOneMovesAtTheEnd(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	old := w.messages(5, "before")
	_, start, _ := w.drain(twitter.LaneMessages, "")
	fresh := w.messages(150, "burst")
	first := w.fetch(twitter.LaneMessages, start)
	second := w.fetch(twitter.LaneMessages, first.Next)
	if !first.More || !second.More {
		t.Fatal("a burst of 150 ended early")
	}
	later := w.messages(3, "while it was read")

	// A crash after the second page: the cursor that was kept goes on by its token.
	rest, at, _ := w.drain(twitter.LaneMessages, second.Next)
	got := append(slices.Clone(first.Captures), second.Captures...)
	sameKeys(t, "in two runs", newer(w.keys(append(got, rest...)), old), fresh)
	got, _, _ = w.drain(twitter.LaneMessages, at)
	sameKeys(t, "what came meanwhile", newer(w.keys(got), append(old, fresh...)), later)

	// The token is no longer taken: the way is gone again from its top.
	w.server.ExpirePages()
	got, at, missed := w.drain(twitter.LaneMessages, second.Next)
	sameKeys(t, "from the top", newer(w.keys(got), old), append(fresh, later...))
	if got, _, _ := w.drain(twitter.LaneMessages, at); len(got) != 1 || missed {
		t.Errorf("after that: %d captures, missed %v", len(got), missed)
	}
	// So is the past.
	page := w.fetch(twitter.LaneMessages, "")
	w.server.ExpirePages()
	back, _, _ := w.drain(twitter.LaneMessages, page.Back)
	if n := len(w.keys(append(back, page.Captures...))); n != 158 {
		t.Errorf("the past with a token that is too old: %d messages, want 158", n)
	}
}

// The known message may have been unsent: then one that is older ends the way.
func TestMessages_KnownOneUnsent(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	old := w.messages(12, "before")
	known := w.ruben.Message(w.mara, "I take it back")
	_, at, _ := w.drain(twitter.LaneMessages, "")
	known.Unsend()
	w.server.Forget()
	got, at, _ := w.drain(twitter.LaneMessages, at)
	if calls := w.asked(); len(calls) != 1 || len(newer(w.keys(got), old)) != 0 {
		t.Errorf("nothing new: %q", calls)
	}
	fresh := w.messages(20, "after")
	got, _, _ = w.drain(twitter.LaneMessages, at)
	sameKeys(t, "new ones", newer(w.keys(got), old), fresh)
}

// An empty inbox costs nothing, and what comes into it is found.
func TestMessages_EmptyInbox(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	got, at, _ := w.drain(twitter.LaneMessages, "")
	if len(got) != 0 || at != "" {
		t.Errorf("%d captures, cursor %q", len(got), at)
	}
	fresh := w.messages(120, "first")
	got, at, _ = w.drain(twitter.LaneMessages, at)
	sameKeys(t, "first ones", w.keys(got), fresh)
	if got, _, _ := w.drain(twitter.LaneMessages, at); len(got) != 1 {
		t.Errorf("then: %d captures", len(got))
	}
}

// Mentions are asked for "since" the known one: nothing new costs nothing.
func TestMentions_SinceTheKnownOne(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		old := w.mentions(130, "before")
		got, at, _ := w.drain(twitter.LaneMentions, "")
		sameKeys(t, "first", w.keys(got), old)
		bill := w.server.Bill()
		for range 3 {
			var next collectors.Cursor
			got, next, _ = w.drain(twitter.LaneMentions, at)
			if len(got) != 0 {
				t.Errorf("nothing new: %d captures", len(got))
			}
			at = next
		}
		if now := w.server.Bill(); now[fakex.BillPosts] != bill[fakex.BillPosts] {
			t.Errorf("nothing new cost %d posts", now[fakex.BillPosts]-bill[fakex.BillPosts])
		}
		fresh := w.mentions(230, "burst")
		first := w.fetch(twitter.LaneMentions, at)
		w.server.ExpirePages()
		rest, at, missed := w.drain(twitter.LaneMentions, first.Next)
		sameKeys(t, "burst", w.keys(append(first.Captures, rest...)), fresh)
		if got, _, _ := w.drain(twitter.LaneMentions, at); len(got) != 0 || missed {
			t.Errorf("after the burst: %d captures, missed %v", len(got), missed)
		}
		// The past with a token that is too old goes on below the oldest one.
		page := w.fetch(twitter.LaneMentions, "")
		w.server.ExpirePages()
		w.server.Forget()
		back, _, _ := w.drain(twitter.LaneMentions, page.Back)
		sameKeys(t, "the past", w.keys(append(page.Captures, back...)), append(old, fresh...))
		if calls := w.server.Requests(); calls[1].Query["until_id"] == nil {
			t.Error("the past began from the top again")
		}
	})
}

// An answer that is no page moves no cursor, whatever its body is.
func TestErrorsMoveNothing(t *testing.T) {
	limit := func(err error) bool {
		var l *collectors.RateLimitError
		return errors.As(err, &l) && l.Only && l.Cause == ""
	}
	credits := func(err error) bool {
		var l *collectors.RateLimitError
		return errors.As(err, &l) && !l.Only && l.Cause == "the credits at the platform are used up"
	}
	is := func(target error) func(error) bool {
		return func(err error) bool { return errors.Is(err, target) }
	}
	temporary := func(err error) bool {
		var l *collectors.RateLimitError
		return err != nil && !errors.As(err, &l) && !errors.Is(err, collectors.ErrRefused) && !errors.Is(err, collectors.ErrNoLane)
	}
	whole := `{"errors":[{"resource_type":"user","resource_id":"1","type":"https://api.twitter.com/2/problems/resource-not-found"}]}`
	tests := []struct {
		name               string
		fault              fakex.Fault
		messages, mentions func(error) bool // nil: a page that could not be split
	}{
		{"401", fakex.Problem(401), is(collectors.ErrRefused), is(collectors.ErrRefused)},
		{"401 empty", fakex.Empty(401), is(collectors.ErrRefused), is(collectors.ErrRefused)},
		{"402", fakex.NoCredits, credits, credits},
		{"402 empty", fakex.Empty(402), credits, credits},
		{"403", fakex.Problem(403), is(collectors.ErrNoLane), is(collectors.ErrRefused)},
		{"403 with code 453", fakex.NoAccess, is(collectors.ErrNoLane), is(collectors.ErrRefused)},
		{"404", fakex.Problem(404), temporary, temporary},
		{"404 empty", fakex.Empty(404), temporary, temporary},
		{"400", fakex.Problem(400), temporary, temporary},
		{"429", fakex.TooMany(time.Date(2026, 9, 14, 8, 10, 0, 0, time.UTC)), limit, limit},
		{"429 in the older form", fakex.TooManyOld(time.Date(2026, 9, 14, 8, 10, 0, 0, time.UTC)), limit, limit},
		{"429 empty", fakex.Empty(429), limit, limit},
		{"500", fakex.Problem(500), temporary, temporary},
		{"503 empty", fakex.Empty(503), temporary, temporary},
		{"200 empty", fakex.Empty(200), temporary, temporary},
		{"200, a page of somebody else's", fakex.Answer(200, "text/html", "<html>log in"), temporary, temporary},
		{"200, cut", fakex.Cut(20), nil, nil},
		{"200, errors alone", fakex.Answer(200, "application/json", whole), nil, nil},
		{"200, nothing", fakex.Answer(200, "application/json", "{}"), nil, nil},
		{"connection lost", fakex.Broken(20), temporary, temporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, fakex.Options{})
			w.messages(3, "before")
			w.mentions(3, "before")
			for lane, want := range map[daybook.Lane]func(error) bool{twitter.LaneMessages: tt.messages, twitter.LaneMentions: tt.mentions} {
				_, at, _ := w.drain(lane, "")
				w.server.Fault("/2/", 1, tt.fault)
				p, err := w.source.Fetch(t.Context(), lane, at)
				w.server.Heal()
				switch {
				case want == nil:
					if err != nil || p.Whole == nil || len(p.Captures) != 0 || p.Next != at || p.More {
						t.Errorf("%s: got %+v, %v; want the whole answer, and the same cursor", lane, p, err)
					}
				case !want(err):
					t.Errorf("%s: got %v", lane, err)
				case p.Next != "" || len(p.Captures) != 0:
					t.Errorf("%s: a page beside an error", lane)
				}
			}
		})
	}
}

// Limits are those of each call: when messages may not be asked for, mentions may.
func TestLimitsOfEachCall(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	w.messages(1, "before")
	w.mentions(1, "before")
	_, at, _ := w.drain(twitter.LaneMessages, "")
	var err error
	for n := 0; err == nil && n < 20; n++ {
		_, err = w.source.Fetch(t.Context(), twitter.LaneMessages, at)
	}
	var limit *collectors.RateLimitError
	if !errors.As(err, &limit) || !limit.Only || limit.Until.Sub(w.server.Now()) != 15*time.Minute {
		t.Fatalf("got %v, want the end of the quarter of an hour", err)
	}
	w.server.Forget()
	if _, err := w.source.Fetch(t.Context(), twitter.LaneMessages, at); err == nil || len(w.server.Requests()) != 0 {
		t.Errorf("asked again: %v", err)
	}
	w.fetch(twitter.LaneMentions, "")
}

// Nothing but what is on the list is called, and all of it reads. What would
// tell the other side that somebody reads, or change something, is not on it.
func TestCallsOnlyRead_A8(t *testing.T) {
	rules := twitter.ReadCalls()
	if len(rules) == 0 || !collectors.Reads(rules) {
		t.Fatal("a call that is no GET is on the list")
	}
	tr := collectors.NewTransport(collectors.TransportOptions{Allow: rules, Now: time.Now}, nil)
	for _, call := range []string{
		"POST /2/chat/conversations/1-2/read", "POST /2/chat/conversations/1-2/typing", "GET /2/chat/conversations", "GET /2/chat/conversations/1-2/events",
		"POST /2/dm_conversations", "POST /2/dm_conversations/with/1/messages", "POST /2/dm_conversations/1-2/messages", "DELETE /2/dm_events/1",
		"POST /2/users/1/likes", "DELETE /2/users/1/likes/2", "POST /2/users/1/blocking", "DELETE /2/users/1/blocking/2",
		"POST /2/users/1/dm/block", "POST /2/users/1/following", "POST /2/tweets", "DELETE /2/tweets/1", "POST /2/users/1/bookmarks",
		"GET /2/tweets/search/recent?query=x", "GET /2/users/1/tweets", "GET /2/users/1/followers", "GET /2/users/by/username/x", "GET /1.1/statuses/mentions_timeline.json",
	} {
		method, target, _ := strings.Cut(call, " ")
		if tr.Check(method, "https://api.x.com"+target) == nil {
			t.Errorf("%s is let through", call)
		}
	}
	for _, address := range []string{"https://t.co/abc", "https://x.com/i/status/1", "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg", "http://api.x.com/2/users/me"} {
		if tr.Check("GET", address) == nil {
			t.Errorf("%s is let through", address)
		}
	}
}

// What a page says that it could not hand out is kept beside the items.
func TestErrorsBesideDataAreKept(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	hers := w.mara.Post("opens at four")
	his := w.ruben.Post("I was there")
	first := w.tilda.Reply(his, "@maralindqvist look at this")
	second := w.ruben.Reply(hers, "nice")
	his.Delete()
	p := w.fetch(twitter.LaneMentions, "")
	var problems []daybook.Capture
	for _, c := range p.Captures {
		if strings.HasPrefix(c.NativeID, "error/") {
			problems = append(problems, c)
		}
	}
	if len(problems) != 1 || problems[0].NativeID != "error/tweet/"+his.ID+"/resource-not-found" || problems[0].Member != "/errors/0" {
		t.Fatalf("got %+v", problems)
	}
	if m := w.read(problems); len(m) != 0 {
		t.Errorf("an error is a message: %+v", m)
	}
	// Of what is referred to, the person's own posts come along, others' do not.
	sameKeys(t, "messages", w.keys(p.Captures), w.keysOf(hers, first, second))
	for _, m := range w.read(p.Captures) {
		if m.Key == twitter.PostKey(hers.ID) && (m.Direction != daybook.Out || m.Kind != daybook.KindPost) {
			t.Errorf("the person's post: %s, %s", m.Direction, m.Kind)
		}
	}
}

func (w *world) keysOf(posts ...*fakex.Post) (out []daybook.MessageKey) {
	for _, p := range posts {
		out = append(out, twitter.PostKey(p.First()))
	}
	return out
}

// A capture holds nothing of people who only stand beside: what somebody wrote to
// somebody else, and what they show of themselves.
func TestOthersStayOut_D5(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		w.ruben.Profile("Ruben", "birds and boats")
		w.tilda.Profile("Tilda", "cakes")
		his := w.ruben.Post("between the two of us")
		w.tilda.Reply(his, "@maralindqvist look at this")
		p := w.fetch(twitter.LaneMentions, "")
		if body := w.bodies[p.Exchange.Body]; !bytes.Contains(body, []byte("birds and boats")) || !bytes.Contains(body, []byte("between the two")) {
			t.Fatal("the answer does not hold what the test is about")
		}
		for _, c := range p.Captures {
			if bytes.Contains(c.Raw, []byte("birds and boats")) || bytes.Contains(c.Raw, []byte("between the two")) || !bytes.Contains(c.Raw, []byte("cakes")) {
				t.Errorf("capture: %s", c.Raw)
			}
		}
	})
}

// The list of blocks is read to its end and says its pages were seen.
func TestBlocks(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	if p := w.fetch(twitter.LaneBlocks, ""); p.Observed == nil || len(p.Observed) != 0 || p.More {
		t.Errorf("nobody blocked: %+v", p)
	}
	var want []string
	for i := range 1100 {
		q := w.server.Person("c"+strconv.Itoa(i), "C")
		w.mara.Block(q)
		want = append(want, q.ID)
	}
	var got []string
	at := collectors.Cursor("")
	for {
		p := w.fetch(twitter.LaneBlocks, at)
		for _, h := range p.Observed {
			got = append(got, h.Native)
		}
		if at = p.Next; !p.More {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d blocked, want %d", len(got), len(want))
	}
	if bill := w.server.Bill(); bill[fakex.BillBlocks] != 1100 {
		t.Errorf("bill %v", bill)
	}
	// A token without the scope has no such lane; the others go on.
	w.open(w.server.Token(w.mara, "tweet.read", "users.read"))
	if _, err := w.source.Fetch(t.Context(), twitter.LaneBlocks, ""); !errors.Is(err, collectors.ErrNoLane) {
		t.Errorf("without the scope: %v", err)
	}
	if _, err := w.source.Fetch(t.Context(), twitter.LaneMessages, ""); !errors.Is(err, collectors.ErrNoLane) {
		t.Errorf("without the scope: %v", err)
	}
	w.fetch(twitter.LaneMentions, "")
}

// The token goes to the interface alone, and stands in no exchange.
func TestTokenGoesToTheInterfaceAlone(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	photo := w.server.File([]byte("bowls"), "image/jpeg", "")
	w.ruben.Mention(w.mara, "look", fakex.With(photo))
	p := w.fetch(twitter.LaneMentions, "")
	m := w.read(p.Captures)[0]
	if _, _, err := w.source.Media(t.Context(), m.Media[0]); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.server.Requests() {
		if sent := r.Header.Get("Authorization") != ""; sent != (r.Host == "api.x.com") {
			t.Errorf("%s: token sent %v", r.Host, sent)
		}
		if agent := r.Header.Get("User-Agent"); strings.Contains(strings.ToLower(agent), "daybook") {
			t.Errorf("user agent %q", agent)
		}
	}
	b, err := json.Marshal(p)
	if err != nil || bytes.Contains(b, []byte("Bearer")) {
		t.Errorf("the page holds the token: %v", err)
	}
}

// A cursor that another lane or hand made is refused.
func TestCursorsAreChecked(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	for _, at := range []collectors.Cursor{"x", `{"known":"../../x"}`, `{"known":"-1"}`, `{}`, `{"token":"a"}`} {
		if _, err := w.source.Fetch(t.Context(), twitter.LaneMentions, at); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%s: got %v", at, err)
		}
	}
	if n := len(w.server.Requests()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// A meter is asked before each call, and told of all that was handed out.
func TestMeterIsAskedAndTold(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	w.messages(3, "before")
	w.mentions(4, "before")
	w.mara.Block(w.tilda)
	m := &meter{read: map[twitter.Resource][]string{}}
	w.config.Meter = m
	w.driver = twitter.Driver(w.config)
	w.open(w.server.Token(w.mara))
	for _, lane := range w.source.(interface{ Lanes() []daybook.Lane }).Lanes() {
		w.drain(lane, "")
	}
	for what, want := range map[twitter.Resource]int{twitter.ReadMessage: 3, twitter.ReadMention: 4, twitter.ReadBlock: 1} {
		if len(m.read[what]) != want {
			t.Errorf("%s: %q, want %d", what, m.read[what], want)
		}
	}
	if m.asked != len(w.server.Requests()) {
		t.Errorf("asked %d times for %d calls", m.asked, len(w.server.Requests()))
	}
	m.no = &collectors.RateLimitError{Cause: twitter.CauseCap}
	w.server.Forget()
	var limit *collectors.RateLimitError
	if _, err := w.source.Fetch(t.Context(), twitter.LaneMentions, ""); !errors.As(err, &limit) || limit.Cause != twitter.CauseCap || len(w.server.Requests()) != 0 {
		t.Errorf("got %v after %d calls, want none", err, len(w.server.Requests()))
	}
}

type meter struct {
	asked int
	no    error
	read  map[twitter.Resource][]string
}

func (m *meter) Allow(context.Context, daybook.Account, time.Time) error {
	m.asked++
	return m.no
}

func (m *meter) Read(_ context.Context, _ daybook.Account, _ time.Time, what twitter.Resource, ids ...string) error {
	m.read[what] = append(m.read[what], ids...)
	return nil
}
