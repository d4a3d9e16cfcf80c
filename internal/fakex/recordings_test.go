package fakex_test

import (
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook/internal/fakex"
	"daybook/internal/need"
)

// told is the story of the recordings.
type told struct {
	People map[string]struct {
		ID, Username, Name string
		Created            string `json:"created_at"`
	}
	Events []struct {
		Time     time.Time
		Actor    string
		Kind, ID string
		Text     string
		To       string
		Answers  string `json:"in_reply_to"`
	}
}

// retold plays the story of the recordings again.
func retold(t *testing.T, dir string) (*fakex.Server, *fakex.Person) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var story told
	if err := json.Unmarshal(b, &story); err != nil {
		t.Fatal(err)
	}
	s := fakex.New(fakex.Options{Start: time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)})
	people := map[string]*fakex.Person{}
	for _, p := range story.People {
		at, err := time.Parse(time.DateOnly, p.Created)
		if err != nil {
			t.Fatal(err)
		}
		people[p.Username] = s.Person(p.Username, p.Name, fakex.Numbered(p.ID), fakex.Since(at))
	}
	posts := map[string]*fakex.Post{}
	for _, e := range story.Events {
		who, exact := people[e.Actor], fakex.Exact(e.ID, e.Time)
		switch {
		case e.Kind == "dm":
			who.Message(people[e.To], e.Text, exact)
		case e.Answers != "":
			_, text, _ := strings.Cut(e.Text, " ") // the name that an answer begins with
			posts[e.ID] = who.Reply(posts[e.Answers], text, exact)
		case e.Kind == "post", e.Kind == "mention":
			posts[e.ID] = who.Post(e.Text, exact)
		}
	}
	return s, people["maralindqvist"]
}

// What was recorded is answered in the same way when the same has happened.
func TestAnswersAreThoseOfTheRecordings(t *testing.T) {
	dir := filepath.Join(need.TestData(t), "recordings", "x")
	s, mara := retold(t, dir)
	token := s.Token(mara)
	for _, file := range []string{"me", "users", "tweets", "mentions", "dm_events"} {
		b, err := os.ReadFile(filepath.Join(dir, file+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for line := range strings.Lines(string(b)) {
			var x struct {
				URL, Body string
				Status    int
			}
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(x.URL)
			if err != nil {
				t.Fatal(err)
			}
			if u.Query().Has("pagination_token") || x.Status != 200 {
				continue // another server's; and what it refused, it refused by one of the two ways of names
			}
			var want page
			if err := json.Unmarshal([]byte(x.Body), &want); err != nil {
				t.Fatal(err)
			}
			got := get(t, s, u.RequestURI(), token)
			w, g := byID(t, want.Data), byID(t, got.Data)
			if file == "dm_events" && got.Meta.Next != "" { // it did not order them: a part of them is another part
				maps.DeleteFunc(w, func(id string, _ map[string]any) bool { return g[id] == nil })
			}
			compared += compare(t, x.URL, w, g)
			if len(want.Errors) > 0 && len(got.Errors) != len(want.Errors) {
				t.Errorf("%s: got errors %v, want %v", x.URL, got.Errors, want.Errors)
			}
		}
		if compared == 0 {
			t.Errorf("%s: nothing was compared", file)
		}
	}
}

// byID lists items by their identifiers.
func byID(t *testing.T, data json.RawMessage) map[string]map[string]any {
	t.Helper()
	items := map[string]map[string]any{}
	if data == nil {
		return items
	}
	if data[0] != '[' {
		data = json.RawMessage("[" + string(data) + "]")
	}
	var list []map[string]any
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		for _, chance := range []string{"description", "profile_image_url", "public_metrics", "participant_ids"} {
			delete(x, chance)
		}
		if at, ok := x["created_at"].(string); ok { // of messages, the recorded server kept seconds alone
			x["created_at"] = strings.TrimSuffix(at[:min(19, len(at))], "Z")
		}
		if text, ok := x["text"].(string); ok { // nor did it write them as HTML does
			x["text"] = html.UnescapeString(text)
		}
		items[x["id"].(string)] = x
	}
	return items
}

func compare(t *testing.T, url string, want, got map[string]map[string]any) int {
	t.Helper()
	for id, w := range want {
		if diff := cmp.Diff(w, got[id]); diff != "" {
			t.Errorf("%s: %s (-recorded +ours):\n%s", url, id, diff)
		}
	}
	return len(want)
}

// paths lists where the members of a JSON value stand.
func paths(v any, at string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			into[at+"."+name] = true
			paths(x, at+"."+name, into)
		}
	case []any:
		for _, x := range v {
			paths(x, at, into)
		}
	}
}

// What is documented and was not recorded, such as long posts, edits and errors
// beside data, has no member that the server does not give.
func TestAnswersHaveWhatIsDocumented(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(need.TestData(t), "recordings", "x", "documented-shapes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		s, token, targets := everything(fakex.Options{Names: names})
		for _, target := range targets {
			var v any
			if err := json.Unmarshal(call(t, s, "GET", target, token, nil).Body.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			paths(v, "", given)
		}
		next := get(t, s, "/2/dm_events?max_results=1", token).Meta.Next
		var second any
		if err := json.Unmarshal(call(t, s, "GET", "/2/dm_events?max_results=1&pagination_token="+next, token, nil).Body.Bytes(), &second); err != nil {
			t.Fatal(err)
		}
		paths(second, "", given)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var x struct {
			URL, Body string
			Status    int
		}
		var v any
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if x.Status != 200 {
			continue // TestFaults
		}
		if err := json.Unmarshal([]byte(x.Body), &v); err != nil {
			t.Fatal(err)
		}
		documented := map[string]bool{}
		paths(v, "", documented)
		for p := range documented {
			// X's document has no such field of posts: what they answer is among
			// the references.
			if !given[p] && p != ".data.in_reply_to_tweet_id" {
				t.Errorf("%s: we do not give %s", x.URL, p)
			}
		}
		n++
	}
	if n == 0 {
		t.Error("nothing was compared")
	}
}
