package twitter_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

// Whatever v1.1 answers, a page holds what stands in it and goes on from where it
// was, or not at all.
func FuzzV11Page(f *testing.F) {
	for _, body := range []string{
		`[]`, `{"events":[]}`, `[{"id":5,"id_str":"5"},{"id":4}]`, `{"events":[{"id":"5","type":"message_create"}],"next_cursor":"AB"}`,
		`{"events":{}}`, `[{"id":1e3}]`, `[1,null,"x"]`, `{"next_cursor":7}`, "[\n {\"id\":\"9\"} ]",
	} {
		f.Add([]byte(body))
	}
	now := func() time.Time { return time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC) }
	f.Fuzz(func(t *testing.T, body []byte) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fakex.Answer(http.StatusOK, "application/json", string(body))(w, r, nil)
		})
		c := twitter.Config{Now: now, API: twitter.V11, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.twitter.com": h}}}
		account := daybook.Account{ID: "account", Platform: twitter.Platform, Handle: twitter.User(mara, "", "")}
		s, err := twitter.Driver(c).Open(t.Context(), account, v11Secret(fakex.OldToken{ConsumerKey: "a", ConsumerSecret: "b", Token: "c", TokenSecret: "d"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, lane := range []daybook.Lane{twitter.LaneMessages, twitter.LaneMentions} {
			for _, at := range []collectors.Cursor{"", `{"known":"7","seen":1}`, `{"back":true,"token":"6","oldest":"7"}`} {
				p, err := s.Fetch(t.Context(), lane, at)
				if err != nil {
					continue
				}
				if p.Whole != nil && (!bytes.Equal(p.Whole, body) || p.Next != at || p.More || p.Captures != nil) {
					t.Errorf("%s: an answer that could not be split moves the cursor to %q", lane, p.Next)
				}
				if p.More && p.Next == at {
					t.Errorf("%s: the page leads to itself", lane)
				}
				for _, c := range p.Captures {
					if !bytes.HasPrefix(body[c.Offset:], c.Raw) || c.NativeID == "" {
						t.Errorf("%s: capture %s does not stand at %d", lane, c.Member, c.Offset)
					}
				}
			}
		}
	})
}
