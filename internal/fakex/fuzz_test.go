package fakex_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"daybook/internal/fakex"
)

// Whatever is asked, there is an answer.
func FuzzServer(f *testing.F) {
	for _, x := range [][3]string{
		{"/2/users/me", "user.fields=created_at", "Bearer x"},
		{"/2/dm_events", "pagination_token=bm8gd2F5&max_results=0", ""},
		{"/2/tweets", "ids=,1,99999999999999999999&expansions=author_id", ""},
		{"/1.1/direct_messages/events/list.json", "cursor=bm8&count=-1", `OAuth oauth_token="x", oauth_signature="%zz", =`},
		{"/2/activity/stream", "backfill_minutes=9", ""},
		{"/i/oauth2/authorize", "client_id=x", ""},
	} {
		f.Add(x[0], x[1], x[2])
	}
	f.Fuzz(func(t *testing.T, path, query, authorization string) {
		s, mara, ruben := world(fakex.Options{})
		s.Brief(true)
		ruben.Mention(mara, query)
		ruben.Message(mara, path)
		if authorization == "" {
			authorization = "Bearer " + s.Token(mara)
		}
		r := httptest.NewRequest(http.MethodGet, "https://api.x.com/", nil)
		r.URL = &url.URL{Scheme: "https", Host: "api.x.com", Path: path, RawQuery: query}
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("got %d", w.Code)
		}
	})
}
