package fakex_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"daybook/internal/fakex"
)

// A page is what a call of v2 is answered with, as far as tests look at it.
type page struct {
	Data     json.RawMessage
	Errors   []map[string]any
	Includes map[string][]map[string]any
	Meta     struct {
		Count int    `json:"result_count"`
		Next  string `json:"next_token"`
	}
}

func (p page) list(t *testing.T) (list []map[string]any) {
	t.Helper()
	if p.Data == nil {
		return nil
	}
	if err := json.Unmarshal(p.Data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (p page) ids(t *testing.T) (ids []string) {
	t.Helper()
	for _, x := range p.list(t) {
		ids = append(ids, x["id"].(string))
	}
	return ids
}

func call(t *testing.T, h http.Handler, method, target, token string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	if strings.HasPrefix(target, "/") {
		target = "https://api.x.com" + target
	}
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(t *testing.T, h http.Handler, target, token string) page {
	t.Helper()
	w := call(t, h, "GET", target, token, nil)
	var p page
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	return p
}

// world is a server with two people.
func world(o fakex.Options) (s *fakex.Server, mara, ruben *fakex.Person) {
	s = fakex.New(o)
	return s, s.Person("maralindqvist", "Mara Lindqvist"), s.Person("ruben_kestrel74", "Ruben")
}

func TestMentionsArePagedAndResumed(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	var ids []string
	for range 12 {
		s.Wait(time.Minute)
		ids = append(ids, ruben.Mention(mara, "you owe me").ID)
	}
	slices.Reverse(ids)
	base := "/2/users/" + mara.ID + "/mentions?max_results=5"
	var got []string
	next := ""
	for range 4 {
		p := get(t, s, base+next, token)
		got = append(got, p.ids(t)...)
		if p.Meta.Next == "" {
			break
		}
		next = "&pagination_token=" + p.Meta.Next
	}
	if !slices.Equal(got, ids) {
		t.Errorf("all pages: got %v, want %v", got, ids)
	}
	if got := get(t, s, base+"&since_id="+ids[3], token).ids(t); !slices.Equal(got, ids[:3]) {
		t.Errorf("since: got %v, want %v", got, ids[:3])
	}
	w := call(t, s, "GET", base+"&since_id="+ids[0], token, nil)
	if got, want := w.Body.String(), `{"meta":{"result_count":0}}`; got != want {
		t.Errorf("nothing new: got %s, want %s", got, want)
	}
}

func TestMessages(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	first := ruben.Message(mara, `<b> & look https://clips.example/r?a=1&b=2`)
	second := mara.Message(ruben, "please stop")
	g := ruben.Group([]*fakex.Person{mara})
	p := get(t, s, "/2/dm_events?dm_event.fields=created_at,dm_conversation_id,entities&expansions=sender_id,participant_ids", token)
	list := p.list(t)
	if len(list) != 3 || list[1]["id"] != second.ID || list[2]["id"] != first.ID || list[0]["dm_conversation_id"] != g.ID {
		t.Fatalf("got %v", list)
	}
	text := list[2]["text"].(string)
	if !strings.HasPrefix(text, "&lt;b&gt; &amp; look https://t.co/") || strings.Contains(text, "clips") {
		t.Errorf("text: got %q", text)
	}
	if len(p.Includes["users"]) != 2 {
		t.Errorf("includes: got %v", p.Includes)
	}
	first.Unsend()
	second.Delete(mara)
	if got := get(t, s, "/2/dm_events?event_types=MessageCreate", token).ids(t); got != nil {
		t.Errorf("taken back: got %v", got)
	}
	mara.Block(ruben)
	ruben.Message(mara, "answer")
	if got := get(t, s, "/2/dm_events?event_types=MessageCreate", token).ids(t); got != nil {
		t.Errorf("blocked: got %v", got)
	}
	s.Wait(31 * 24 * time.Hour)
	if got := call(t, s, "GET", "/2/dm_events", token, nil).Body.String(); got != `{"meta":{"result_count":0}}` {
		t.Errorf("after 31 days: got %v", got)
	}
}

func TestWritesAreViolations_A8(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	calls := []string{
		"POST /2/tweets", "POST /2/dm_conversations/with/1/messages", "POST /2/chat/conversations/1/read", "POST /2/chat/conversations/1/typing",
		"DELETE /2/dm_events/1", "POST /2/users/1/likes", "POST /2/users/1/dm/block", "POST /2/activity/subscriptions",
		"GET /2/users/1/timelines/reverse_chronological", "GET /2/tweets/search/recent", "GET /2/chat/conversations",
		"POST /1.1/direct_messages/mark_read.json", "POST /1.1/direct_messages/events/new.json", "GET /1.1/ton/data/dm/1/1/x.jpg",
		"GET /2/users/" + ruben.ID + "/mentions", "GET /2/users/" + ruben.ID + "/blocking",
	}
	for _, c := range calls {
		method, path, _ := strings.Cut(c, " ")
		if w := call(t, s, method, path, token, nil); w.Code < 400 {
			t.Errorf("%s: got %d", c, w.Code)
		}
	}
	for _, u := range []string{"https://t.co/abc", "https://clips.example/r"} {
		calls = append(calls, "GET "+strings.TrimPrefix(u, "https://"))
		call(t, s, "GET", u, "", nil)
	}
	if diff := cmp.Diff(calls, s.Violations()); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestLimitsAreThoseOfEachCall(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	token := s.Token(mara)
	for i := range 15 {
		w := call(t, s, "GET", "/2/dm_events", token, nil)
		if got, want := w.Header().Get("X-Rate-Limit-Remaining"), strconv.Itoa(14-i); got != want || w.Code != 200 {
			t.Fatalf("call %d: got %d with %q left, want %q", i, w.Code, got, want)
		}
	}
	w := call(t, s, "GET", "/2/dm_events", token, nil)
	reset, err := strconv.ParseInt(w.Header().Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || w.Code != 429 || w.Header().Get("Retry-After") != "" {
		t.Fatalf("got %d %v, %v", w.Code, w.Header(), err)
	}
	get(t, s, "/2/users/"+mara.ID+"/mentions", token) // has a limit of its own
	s.At(time.Unix(reset, 0))
	get(t, s, "/2/dm_events", token)
}

// What is handed out is paid for, each resource once in each day of UTC.
func TestBill(t *testing.T) {
	for _, owned := range []bool{false, true} {
		s, mara, ruben := world(fakex.Options{Owned: owned, NoLimits: true, Start: time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)})
		token := s.Token(mara)
		for range 3 {
			ruben.Mention(mara, "x")
			ruben.Message(mara, "y")
		}
		mara.Block(ruben)
		for range 5 {
			get(t, s, "/2/users/"+mara.ID+"/mentions?expansions=author_id", token)
			get(t, s, "/2/dm_events?max_results=2&expansions=sender_id", token)
			get(t, s, "/2/users/"+mara.ID+"/blocking", token)
		}
		mara.Unblock(ruben) // a block hides mentions
		get(t, s, "/2/users/"+mara.ID+"/mentions?expansions=author_id", token)
		fakex.Body(s, mara, "/2/users/me") // looking behind the scenes is free
		want, dollars := fakex.Bill{"posts": 3, "messages": 2, "blocks": 1}, int64(3*5_000+2*10_000+1_000)
		if owned {
			want, dollars = fakex.Bill{"messages": 2, "owned": 4}, 2*10_000+4*1_000
		}
		if diff := cmp.Diff(want, s.Bill()); diff != "" || s.Bill().MicroDollars() != dollars {
			t.Errorf("owned %v: %d (-want +got):\n%s", owned, s.Bill().MicroDollars(), diff)
		}
		s.At(time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC))
		get(t, s, "/2/dm_events?max_results=2", token)
		if got := s.Bill()["messages"]; got != 4 {
			t.Errorf("the next day: got %d messages, want 4", got)
		}
	}
}

func TestParametersThatAreNotTaken(t *testing.T) {
	for _, tc := range []struct {
		names, query string
		want         int
	}{
		{"", "tweet.fields=created_at", 200},
		{"", "post.fields=created_at", 200},
		{"", "post.fields=created_at&tweet.fields=created_at", 400},
		{fakex.NamesPost, "tweet.fields=created_at", 400},
		{fakex.NamesTweet, "post.fields=created_at", 400},
		{fakex.NamesPost, "post.fields=note_tweet", 400},
		{fakex.NamesTweet, "tweet.fields=note_tweet", 200},
		{"", "mood=low", 400},
		{"", "max_results=4", 400},
		{"", "max_results=101", 400},
		{"", "since_id=abc", 400},
		{"", "start_time=today", 400},
		{"", "pagination_token=abc", 400},
		{"", "expansions=sender_id", 400},
		{"", "max_results=5&max_results=6", 400},
	} {
		s, mara, _ := world(fakex.Options{Names: tc.names})
		if w := call(t, s, "GET", "/2/users/"+mara.ID+"/mentions?"+tc.query, s.Token(mara), nil); w.Code != tc.want {
			t.Errorf("%s %s: got %d %s", tc.names, tc.query, w.Code, w.Body)
		}
	}
}

func TestWhatIsNotShown(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	first := ruben.Mention(mara, "good morning")
	ruben.Message(mara, "hello")
	ids := func(target string) []string { return get(t, s, target, token).ids(t) }
	problem := func(target string) string {
		p := get(t, s, target, token)
		if p.Data != nil || len(p.Errors) != 1 {
			t.Fatalf("%s: got %s and %v", target, p.Data, p.Errors)
		}
		return p.Errors[0]["type"].(string)
	}
	mentions, look := "/2/users/"+mara.ID+"/mentions", "/2/tweets?ids="
	const lost, forbidden = "https://api.twitter.com/2/problems/resource-not-found", "https://api.twitter.com/2/problems/not-authorized-for-resource"

	second := first.Edit("good evening")
	if got := ids(mentions); len(got) != 1 || got[0] != second.ID {
		t.Errorf("edited: got %v, want the newest version alone", got)
	}
	if got := ids(look + first.ID + "," + second.ID); len(got) != 2 {
		t.Errorf("edited: got %v, want each version by its identifier", got)
	}
	if second.First() != first.ID {
		t.Errorf("first: got %s", second.First())
	}
	ruben.Block(mara)
	if got := problem(look + first.ID); got != forbidden {
		t.Errorf("the author blocks her: got %s", got)
	}
	ruben.Unblock(mara)
	ruben.Protect()
	if got := problem(look + first.ID); got != forbidden {
		t.Errorf("the author shows posts to friends alone: got %s", got)
	}
	mara.Follow(ruben)
	mara.Block(ruben)
	if got := ids(mentions); got != nil {
		t.Errorf("she blocks the author: got %v", got)
	}
	mara.Unblock(ruben)
	ruben.Suspend()
	if got := ids(mentions); got != nil {
		t.Errorf("suspended: got %v", got)
	}
	if got := problem("/2/users?ids=" + ruben.ID); got != lost {
		t.Errorf("suspended: got %s", got)
	}
	if p := get(t, s, "/2/dm_events?expansions=sender_id", token); len(p.ids(t)) != 1 || len(p.Errors) != 1 || p.Includes != nil {
		t.Errorf("suspended: got %v beside %s", p.Errors, p.Data)
	}
	ruben.Unsuspend()
	if got := ids(mentions); len(got) != 1 {
		t.Errorf("back: got %v", got)
	}
	second.Delete()
	if got := problem(look + first.ID); got != lost {
		t.Errorf("deleted: got %s", got)
	}
}

func TestOnlyTheLast800MentionsAreHad(t *testing.T) {
	s, mara, ruben := world(fakex.Options{NoLimits: true})
	token := s.Token(mara)
	for range 810 {
		ruben.Mention(mara, "x")
	}
	n, next := 0, ""
	for range 10 {
		p := get(t, s, "/2/users/"+mara.ID+"/mentions?max_results=100"+next, token)
		n += p.Meta.Count
		if p.Meta.Next == "" {
			break
		}
		next = "&pagination_token=" + p.Meta.Next
	}
	if n != 800 {
		t.Errorf("got %d", n)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	token := s.Token(mara)
	text := "@maralindqvist " + strings.Repeat("é & ", 100)
	x := ruben.Post(text)
	short := get(t, s, "/2/tweets?ids="+x.ID, token).list(t)[0]
	if got := html.UnescapeString(short["text"].(string)); utf8.RuneCountInString(got) != 280 || !strings.HasSuffix(got, "…") || short["note_tweet"] != nil {
		t.Errorf("got %v", short)
	}
	long := get(t, s, "/2/tweets?tweet.fields=note_tweet&ids="+x.ID, token).list(t)[0]
	if got := html.UnescapeString(long["note_tweet"].(map[string]any)["text"].(string)); got != text {
		t.Errorf("got %q", got)
	}
	newer := get(t, s, "/2/tweets?post.fields=note_post&ids="+x.ID, token).list(t)[0]
	if newer["note_post"] == nil || newer["edit_history_post_ids"] == nil || newer["edit_history_tweet_ids"] != nil {
		t.Errorf("the other names: got %v", newer)
	}
}

func TestFilesOfMessages(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	photo := s.File([]byte("bytes"), "image/jpeg", "")
	m := ruben.Message(mara, "look", fakex.With(photo))
	p := get(t, s, "/2/dm_events?expansions=attachments.media_keys&media.fields=url", s.Token(mara))
	address, err := url.Parse(p.Includes["media"][0]["url"].(string))
	if err != nil || address.Host != "ton.twitter.com" {
		t.Fatalf("got %v, %v", p.Includes, err)
	}
	parts := strings.Split(address.Path, "/")
	path := "/2/dm_conversations/media/" + strings.Join(parts[len(parts)-3:], "/")
	for _, tc := range []struct {
		name, token string
		want        int
	}{
		{"her own", s.Token(mara), 200}, {"another's", s.Token(s.Person("tildawren", "Tilda")), 404}, {"nobody's", "", 401},
		{"without the right", s.Token(mara, "users.read", "tweet.read"), 403},
	} {
		if w := call(t, s, "GET", path, tc.token, nil); w.Code != tc.want || tc.want == 200 && w.Body.String() != "bytes" {
			t.Errorf("%s: got %d %s", tc.name, w.Code, w.Body)
		}
	}
	m.Unsend()
	if w := call(t, s, "GET", path, s.Token(mara), nil); w.Code != 404 {
		t.Errorf("taken back: got %d", w.Code)
	}
}

// What an archive holds is shown by the interface as it stands in the archive.
func TestTextsOfAnArchive(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	const text = "&lt;b&gt; &amp; look https://t.co/AbC123xyz"
	at := time.Date(2026, 9, 8, 9, 25, 57, 606_000_000, time.UTC)
	typed, opts := fakex.Shown(text, map[string]string{"https://t.co/AbC123xyz": "https://clips.example/r?a=1&b=2"})
	m := ruben.Message(mara, typed, append(opts, fakex.Exact("2097255108361322500", at))...)
	if m.Text() != "<b> & look https://clips.example/r?a=1&b=2" {
		t.Errorf("typed: got %q", m.Text())
	}
	got := get(t, s, "/2/dm_events?dm_event.fields=created_at,entities", s.Token(mara)).list(t)[0]
	urls := got["entities"].(map[string]any)["urls"].([]any)
	if got["text"] != text || got["id"] != "2097255108361322500" || got["created_at"] != "2026-09-08T09:25:57.606Z" ||
		urls[0].(map[string]any)["expanded_url"] != "https://clips.example/r?a=1&b=2" {
		t.Errorf("got %v", got)
	}
}
