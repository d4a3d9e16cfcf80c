package twitter_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

// TestContractV11 runs what every driver has to hold against v1.1 of the fake.
func TestContractV11(t *testing.T) {
	collectorstest.Run(t, collectorstest.Harness{
		Pages:   5,
		Crashes: 8,
		New: func(t *testing.T, clock *collectorstest.Clock) collectorstest.Platform {
			s := &contractV11{newContractServer(t, fakex.NamesTweet, clock)}
			s.driver = twitter.Driver(twitter.Config{
				Now: clock.Now, API: twitter.V11, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.twitter.com": s.contractServer}},
			})
			s.secret = v11Secret(s.OldToken(s.mara))
			return s
		},
	})
}

func v11Secret(t fakex.OldToken) []byte {
	return fmt.Appendf(nil, `{"v1.1":{"consumer_key":%q,"consumer_secret":%q,"token":%q,"token_secret":%q}}`,
		t.ConsumerKey, t.ConsumerSecret, t.Token, t.TokenSecret)
}

type contractV11 struct{ *contractServer }

func (s *contractV11) Play(p collectorstest.Part) bool {
	switch p {
	case collectorstest.Repeated:
		s.messages(3, "on two pages")
		s.Fault("/1.1/direct_messages/events/list.json", 1, s.DuplicatePage)
	case collectorstest.Hidden:
		// Of mentions an empty page is the end: there is no way beyond it.
		s.messages(120, "before the empty page")
		s.Fault("/1.1/direct_messages/events/list.json", 1, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			token := base64.RawURLEncoding.EncodeToString([]byte("9223372036854775807 0"))
			fakex.Answer(http.StatusOK, "application/json", `{"events":[],"next_cursor":"`+token+`"}`)(w, r, next)
		})
	default:
		return s.contractServer.Play(p)
	}
	return true
}

// An old is an account that is read by v1.1.
type old struct {
	*testing.T
	*fakex.Server
	mara, ruben *fakex.Person
	config      twitter.Config
	account     daybook.Account
	secret      []byte
	source      collectors.Source
}

func newOld(t *testing.T) *old {
	t.Helper()
	s := &old{T: t, Server: fakex.New(fakex.Options{NoLimits: true})}
	s.mara, s.ruben = s.Person("maralindqvist", "Mara Lindqvist"), s.Person("ruben_kestrel74", "Ruben")
	s.config = twitter.Config{Now: s.Now, API: twitter.V11, Exception: &collectors.Exception{Hosts: s.Hosts()}}
	s.account = daybook.Account{ID: "account", Case: "case", Platform: twitter.Platform, Handle: twitter.User(s.mara.ID, "maralindqvist", "")}
	s.secret = v11Secret(s.Server.OldToken(s.mara))
	var err error
	if s.source, err = twitter.Driver(s.config).Open(t.Context(), s.account, s.secret); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.source.Close(); err != nil {
			t.Error(err)
		}
		if v := s.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	})
	return s
}

func (s *old) fetch(lane daybook.Lane, at collectors.Cursor) collectors.Page {
	s.Helper()
	p, err := s.source.Fetch(s.Context(), lane, at)
	if err != nil {
		s.Fatalf("fetch %s at %q: %v", lane, at, err)
	}
	return p
}

func (s *old) read(c daybook.Capture) daybook.ReadMessage {
	s.Helper()
	r, err := twitter.Parse(s.account, c)
	if err != nil || len(r.Messages) != 1 {
		s.Fatalf("%d messages, %v", len(r.Messages), err)
	}
	return r.Messages[0]
}

// drain reads a lane forward from a cursor and returns what was new, by number.
func (s *old) drain(lane daybook.Lane, at collectors.Cursor) (ids []string, next collectors.Cursor, pages int, missed bool) {
	s.Helper()
	for pages = 1; ; pages++ {
		p := s.fetch(lane, at)
		for _, c := range p.Captures {
			ids = append(ids, c.NativeID)
		}
		missed = missed || p.Missed
		if at = p.Next; !p.More {
			return ids, at, pages, missed
		}
	}
}

const (
	oldMessages = "/1.1/direct_messages/events/list.json"
	oldMentions = "/1.1/statuses/mentions_timeline.json"
)

// A capture is one item, byte for byte, and says where it stood.
func TestV11_ExactBytes_A1(t *testing.T) {
	s := newOld(t)
	var body []byte
	keep := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		k := &keeping{ResponseWriter: w}
		next.ServeHTTP(k, r)
		body = k.body.Bytes()
	}
	for n := range 3 {
		s.ruben.Mention(s.mara, fmt.Sprint("a <b> & c \u202e ", n))
		s.ruben.Message(s.mara, fmt.Sprint("d <e> & f ", n))
		s.Wait(time.Minute)
	}
	for _, tc := range []struct {
		lane daybook.Lane
		path string
		text string
	}{{twitter.LaneMentions, oldMentions, "@maralindqvist a <b> & c \u202e 2"}, {twitter.LaneMessages, oldMessages, "d <e> & f 2"}} {
		s.Fault(tc.path, 1, keep)
		p := s.fetch(tc.lane, "")
		if len(p.Captures) != 3 || p.Exchange.Body != daybook.DigestOf(body) {
			t.Fatalf("%s: %d captures", tc.lane, len(p.Captures))
		}
		for _, c := range p.Captures {
			if !bytes.HasPrefix(body[c.Offset:], c.Raw) || c.Exchange == nil || !json.Valid(c.Raw) || c.Member == "" {
				t.Errorf("%s: capture %s does not stand at %d", tc.lane, c.Member, c.Offset)
			}
		}
		if got := s.read(p.Captures[0]).Text; got != tc.text {
			t.Errorf("%s: text %q, want %q", tc.lane, got, tc.text)
		}
	}
}

type keeping struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (k *keeping) Write(b []byte) (int, error) {
	k.body.Write(b)
	return k.ResponseWriter.Write(b)
}

// More than a page came between two looks: it is read down to what is known, and
// nothing new is one call.
func TestV11_Drain(t *testing.T) {
	for _, lane := range []daybook.Lane{twitter.LaneMessages, twitter.LaneMentions} {
		t.Run(string(lane), func(t *testing.T) {
			s := newOld(t)
			send := func(n int) {
				for i := range n {
					s.Wait(time.Second)
					if lane == twitter.LaneMessages {
						s.ruben.Message(s.mara, fmt.Sprint(i))
					} else {
						s.ruben.Mention(s.mara, fmt.Sprint(i))
					}
				}
			}
			send(5)
			first := s.fetch(lane, "")
			at := first.Next
			ids, at, pages, _ := s.drain(lane, at)
			if pages != 1 {
				t.Errorf("nothing new took %d calls, %d items", pages, len(ids))
			}
			send(450)
			ids, at, _, missed := s.drain(lane, at)
			slices.Sort(ids)
			if n := len(slices.Compact(ids)); n < 450 || missed {
				t.Errorf("%d of 450 were read, missed %t", n, missed)
			}
			if _, _, pages, _ = s.drain(lane, at); pages != 1 {
				t.Errorf("nothing new took %d calls", pages)
			}
		})
	}
}

// What the platform no longer has is said to be lost: mentions beyond the 800
// newest, messages after 30 days.
func TestLossV11_Window(t *testing.T) {
	s := newOld(t)
	s.ruben.Mention(s.mara, "first")
	s.ruben.Message(s.mara, "first")
	mentions, messages := s.fetch(twitter.LaneMentions, "").Next, s.fetch(twitter.LaneMessages, "").Next
	for n := range 820 {
		s.Wait(time.Second)
		s.ruben.Mention(s.mara, fmt.Sprint(n))
	}
	ids, _, _, missed := s.drain(twitter.LaneMentions, mentions)
	if len(ids) < 800 || !missed {
		t.Errorf("%d mentions were read, missed %t", len(ids), missed)
	}
	s.Wait(40 * 24 * time.Hour)
	s.ruben.Message(s.mara, "last")
	if ids, _, _, missed = s.drain(twitter.LaneMessages, messages); len(ids) != 1 || !missed {
		t.Errorf("messages %q, missed %t", ids, missed)
	}
}

// Whatever is not status 200 with JSON never becomes a page: of these answers
// go-twitter makes no items and no error.
func TestLossV11_SilentErrors(t *testing.T) {
	problem := `{"title":"Forbidden","detail":"Forbidden","type":"about:blank","status":403}`
	for _, tc := range []struct {
		name        string
		status      int
		contentType string
		body        string
		want        error  // nil: a temporary one
		limit       string // why, if it is a limit; "-" if it is one of the platform
		whole       bool   // it is kept as it is, and asked for again
	}{
		{"no credits", 402, "application/problem+json", `{"title":"CreditsDepleted","status":402}`, nil, "the credits at the platform are used up", false},
		{"no credits, empty", 402, "application/json", "", nil, "the credits at the platform are used up", false},
		{"refused", 401, "application/json", `{"errors":[{"code":89,"message":"Invalid or expired token."}]}`, collectors.ErrRefused, "", false},
		{"refused, empty", 401, "application/json", "", collectors.ErrRefused, "", false},
		{"this machine's clock is wrong", 401, "application/json", `{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}`, nil, "", false},
		{"problem", 403, "application/problem+json", problem, nil, "", false},
		{"forbidden, empty", 403, "application/json", "", nil, "", false},
		{"no access to v1.1", 403, "application/json", `{"errors":[{"code":453,"message":"You currently have access to a subset of X API V2 endpoints"}]}`, collectors.ErrNoLane, "", false},
		{"no direct messages", 403, "application/json", `{"errors":[{"code":93,"message":"no"}]}`, collectors.ErrNoLane, "", false},
		{"account suspended", 403, "application/json", `{"errors":[{"code":64,"message":"no"}]}`, collectors.ErrRefused, "", false},
		{"account locked", 403, "application/json", `{"errors":[{"code":326,"message":"no"}]}`, collectors.ErrRefused, "", false},
		{"not found", 404, "application/json", `{"errors":[{"code":34,"message":"no"}]}`, nil, "", false},
		{"not found, empty", 404, "application/json", "", nil, "", false},
		{"too many", 429, "application/json", `{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`, nil, "-", false},
		{"too many, empty", 429, "text/html", "", nil, "-", false},
		{"server error, empty", 503, "text/html", "", nil, "", false},
		{"server error", 500, "application/json", `[]`, nil, "", false},
		{"no content", 204, "application/json", "", nil, "", false},
		{"empty", 200, "application/json", "", nil, "", false},
		{"a page of a proxy", 200, "text/html", "<html>[]</html>", nil, "", false},
		{"errors with status 200", 200, "application/json", `{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`, nil, "", true},
		{"v2 with status 200", 200, "application/json", `{"meta":{"result_count":0}}`, nil, "", true},
		{"null", 200, "application/json", `null`, nil, "", true},
		{"cut", 200, "application/json", `[{"id_str":"1"}`, nil, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for lane, path := range map[daybook.Lane]string{twitter.LaneMessages: oldMessages, twitter.LaneMentions: oldMentions} {
				s := newOld(t)
				s.ruben.Mention(s.mara, "one")
				s.ruben.Message(s.mara, "one")
				at := s.fetch(lane, "").Next
				s.Wait(time.Minute)
				s.ruben.Mention(s.mara, "two")
				s.ruben.Message(s.mara, "two")
				s.Fault(path, 1, fakex.Answer(tc.status, tc.contentType, tc.body))
				p, err := s.source.Fetch(t.Context(), lane, at)
				var limit *collectors.RateLimitError
				switch {
				case tc.whole:
					if err != nil || string(p.Whole) != tc.body || p.Next != at || p.More {
						t.Errorf("%s: %v, whole %q, next %q", lane, err, p.Whole, p.Next)
					}
				case err == nil:
					t.Fatalf("%s: a page of %d captures, next %q", lane, len(p.Captures), p.Next)
				case tc.want != nil && !errors.Is(err, tc.want):
					t.Errorf("%s: got %v, want %v", lane, err, tc.want)
				case tc.want == nil && (errors.Is(err, collectors.ErrRefused) || errors.Is(err, collectors.ErrNoLane)):
					t.Errorf("%s: got %v, want a temporary error", lane, err)
				case errors.As(err, &limit) != (tc.limit != ""), tc.limit != "" && tc.limit != "-" && limit.Cause != tc.limit:
					t.Errorf("%s: got %v, want a limit %q", lane, err, tc.limit)
				}
				if strings.Contains(fmt.Sprint(err), "api.twitter.com") {
					t.Errorf("%s: the error holds an address: %v", lane, err)
				}
				s.Wait(2 * time.Hour)
				if ids, _, _, _ := s.drain(lane, at); tc.status != 402 && len(ids) == 0 {
					t.Errorf("%s: what came meanwhile was not found afterwards", lane)
				}
			}
		})
	}
}

// A token that is too old for the platform begins the same way again.
func TestV11_CursorThatIsNotTaken(t *testing.T) {
	s := newOld(t)
	s.ruben.Message(s.mara, "known")
	at := s.fetch(twitter.LaneMessages, "").Next
	for n := range 120 {
		s.Wait(time.Second)
		s.ruben.Message(s.mara, fmt.Sprint(n))
	}
	page := s.fetch(twitter.LaneMessages, at)
	if !page.More {
		t.Fatal("one page was enough: the test tests nothing")
	}
	s.ExpirePages()
	ids, next, _, missed := s.drain(twitter.LaneMessages, page.Next)
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n < 120 || missed {
		t.Errorf("%d of 120 were read, missed %t", n, missed)
	}
	if ids, _, _, _ := s.drain(twitter.LaneMessages, next); len(ids) == 0 {
		t.Error("the lane cannot be read on")
	}
}

// Second looks: a post that is there, one that is not, a message that was unsent,
// and a place that is not found, which says nothing.
func TestV11_Look(t *testing.T) {
	s := newOld(t)
	there, gone := s.ruben.Mention(s.mara, "one"), s.ruben.Mention(s.mara, "two")
	kept, unsent := s.ruben.Message(s.mara, "three"), s.ruben.Message(s.mara, "four")
	first := append(s.fetch(twitter.LaneMentions, "").Captures, s.fetch(twitter.LaneMessages, "").Captures...)
	gone.Delete()
	unsent.Unsend()
	ref := func(key daybook.MessageKey, id string) collectors.Ref {
		return collectors.Ref{Key: key, Native: id, Sender: twitter.User(s.ruben.ID, "", "")}
	}
	refs := []collectors.Ref{
		ref(twitter.PostKey(there.ID), there.ID), ref(twitter.PostKey(gone.ID), gone.ID),
		ref(twitter.MessageKey(kept.ID), kept.ID), ref(twitter.MessageKey(unsent.ID), unsent.ID), ref("x:post/-", ""),
	}
	looks, err := s.source.Look(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ missing, found bool }{{false, true}, {true, false}, {false, true}, {true, false}, {false, false}} {
		l := looks[i]
		if l.Ref.Key != refs[i].Key || l.Missing != want.missing || (len(l.Captures) == 1) != want.found {
			t.Errorf("look %d: missing %t, %d captures", i, l.Missing, len(l.Captures))
		}
		for _, c := range l.Captures {
			// Equal to what is archived: a message comes back as the capture
			// that its own lane has.
			was := first[slices.IndexFunc(first, func(f daybook.Capture) bool { return f.NativeID == c.NativeID })]
			if diff := cmp.Diff(s.read(was), s.read(c)); diff != "" || c.NativeID == kept.ID && c.Lane != twitter.LaneMessages {
				t.Errorf("look %d: the capture is another one", i)
			}
		}
	}
	for _, f := range []fakex.Fault{fakex.Empty(404), fakex.Empty(503), fakex.Answer(404, "application/json", `{"errors":[{"code":50}]}`),
		fakex.Answer(200, "application/json", `{"event":{"id":"1"}}`), fakex.Answer(200, "application/json", `{}`)} {
		s.Fault("/1.1/direct_messages/events/show.json", 1, f)
		looks, err := s.source.Look(t.Context(), refs[:3])
		if err == nil || len(looks) != 2 {
			t.Errorf("%d looks, %v: want the posts alone, and an error", len(looks), err)
		}
	}
	s.Fault("/1.1/statuses/lookup.json", 1, fakex.Answer(200, "application/json", `{"errors":[{"code":88}]}`))
	if looks, err := s.source.Look(t.Context(), refs[:2]); err == nil || len(looks) != 0 {
		t.Errorf("%d looks, %v: want an error, and nobody missing", len(looks), err)
	}
}

// Attachments are fetched from X's own hosts, those of messages with a signature,
// and nothing else is.
func TestV11_Media_E5(t *testing.T) {
	s := newOld(t)
	picture := []byte("\x89PNG a lake")
	s.ruben.Mention(s.mara, "look", fakex.With(s.File(picture, "image/png", "")))
	s.ruben.Message(s.mara, "look here", fakex.With(s.File(picture, "image/png", "")))
	for _, lane := range []daybook.Lane{twitter.LaneMentions, twitter.LaneMessages} {
		m := s.read(s.fetch(lane, "").Captures[0])
		if len(m.Media) != 1 || m.Media[0].URL == "" {
			t.Fatalf("%s: attachments %+v", lane, m.Media)
		}
		s.Forget()
		b, x, err := s.source.Media(t.Context(), m.Media[0])
		if err != nil || !bytes.Equal(b, picture) || x.Status != 200 {
			t.Errorf("%s: %d bytes, %v", lane, len(b), err)
		}
		for _, r := range s.Requests() {
			if signed := r.Header.Get("Authorization") != ""; signed != (r.Host == "ton.twitter.com") {
				t.Errorf("%s: signed %t", r.Host, signed)
			}
		}
	}
	for _, address := range []string{"", "https://t.co/abc", "https://nest.example/a.png", "http://pbs.twimg.com/media/a.jpg", "https://pbs.twimg.com.nest.example/a.jpg",
		"https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg", "https://api.x.com/2/dm_conversations/media/../../users/me"} {
		if _, _, err := s.source.Media(t.Context(), daybook.Media{URL: address}); !errors.Is(err, collectors.ErrNotFetched) {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

// Nothing that is kept holds the keys or a signature.
func TestV11_Secrets_E1(t *testing.T) {
	s := newOld(t)
	s.ruben.Mention(s.mara, "one")
	p := s.fetch(twitter.LaneMentions, "")
	kept, err := json.Marshal(p.Exchange)
	if err != nil {
		t.Fatal(err)
	}
	var secret struct {
		V11 map[string]string `json:"v1.1"`
	}
	if err := json.Unmarshal(s.secret, &secret); err != nil {
		t.Fatal(err)
	}
	for name, v := range secret.V11 {
		if v == "" || bytes.Contains(kept, []byte(v)) {
			t.Errorf("%s stands in the exchange", name)
		}
	}
	if bytes.Contains(bytes.ToLower(kept), []byte("oauth")) {
		t.Errorf("exchange %s", kept)
	}
	if !strings.Contains(p.Exchange.URL, "tweet_mode=extended") {
		t.Errorf("asked %s", p.Exchange.URL)
	}
	for _, b := range []string{"", "kestrel-7", "{}", `{"v1.1":{"consumer_key":"a","consumer_secret":"b","token":"c"}}`, `{"access":"x"}`} {
		if _, err := twitter.Driver(s.config).Open(t.Context(), s.account, []byte(b)); !errors.Is(err, daybook.ErrInvalid) || b != "" && strings.Contains(fmt.Sprint(err), b) {
			t.Errorf("secret %q: %v", b, err)
		}
	}
}

// Nothing but what is on the lists is called, and all of it reads: go-twitter has
// calls that write, and the stream has subscriptions.
func TestOlderCallsOnlyRead_A8(t *testing.T) {
	for _, tc := range []struct {
		name, host string
		rules      []collectors.Rule
		not        []string
	}{
		{"v1.1", "api.twitter.com", twitter.ReadCallsV11(), []string{
			"POST /1.1/direct_messages/events/new.json", "DELETE /1.1/direct_messages/events/destroy.json?id=1", "POST /1.1/direct_messages/mark_read.json",
			"POST /1.1/direct_messages/indicate_typing.json", "POST /1.1/blocks/create.json", "POST /1.1/statuses/update.json", "POST /1.1/favorites/create.json",
			"GET /1.1/statuses/user_timeline.json?user_id=1", "GET /1.1/search/tweets.json?q=x", "GET /1.1/followers/ids.json", "GET /1.1/users/search.json?q=x",
		}},
		{"stream", "api.x.com", twitter.StreamCalls(), []string{
			"POST /2/activity/subscriptions", "DELETE /2/activity/subscriptions/1", "PUT /2/activity/subscriptions/1", "GET /2/activity/subscriptions",
			"GET /2/tweets/search/stream", "GET /2/activity/stream?start_time=x",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if len(tc.rules) == 0 || !collectors.Reads(tc.rules) {
				t.Fatal("a call that is no GET is on the list")
			}
			tr := collectors.NewTransport(collectors.TransportOptions{Allow: tc.rules, Now: time.Now}, nil)
			for _, call := range tc.not {
				method, target, _ := strings.Cut(call, " ")
				if tr.Check(method, "https://"+tc.host+target) == nil {
					t.Errorf("%s is let through", call)
				}
			}
		})
	}
}

// go-twitter knows no context; the call ends with the caller's all the same.
func TestV11_EndsWithItsContext(t *testing.T) {
	s := newOld(t)
	ctx, stop := context.WithCancel(t.Context())
	s.Fault(oldMentions, 1, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		stop()
		<-r.Context().Done()
	})
	if _, err := s.source.Fetch(ctx, twitter.LaneMentions, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a context that has ended", err)
	}
}
