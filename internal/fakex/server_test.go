package fakex_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

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
