package xspec_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"daybook/internal/fakex/xspec"
)

func request(t *testing.T, target string) *http.Request {
	t.Helper()
	return httptest.NewRequest(http.MethodGet, "https://api.x.com"+target, nil)
}

func TestRequests(t *testing.T) {
	d := xspec.Open(t)
	for _, tc := range []struct {
		name, target string
		wrong        string // what the error says; "" if the call is right
	}{
		{"nothing asked", "/2/users/me", ""},
		{"the document's names", "/2/users/1/mentions?post.fields=created_at,note_post&expansions=author_id,referenced_posts", ""},
		{"the older names", "/2/users/1/mentions?tweet.fields=created_at,note_tweet,author_id&expansions=author_id,referenced_tweets.id", ""},
		{"a field that is none", "/2/users/1/mentions?post.fields=created_at,mood", "mood"},
		{"a field that is none, older names", "/2/users/1/mentions?tweet.fields=created_at,mood", "mood"},
		{"an expansion that is none", "/2/dm_events?expansions=author_id", "author_id"},
		{"a parameter that is none", "/2/dm_events?since_id=1", "since_id"},
		{"too few", "/2/users/1/mentions?max_results=1", "max_results"},
		{"too many", "/2/dm_events?max_results=101", "max_results"},
		{"an identifier that is none", "/2/users/abc/mentions", "id"},
		{"no identifiers", "/2/tweets", "ids"},
		{"a list", "/2/tweets?ids=1,2,3", ""},
		{"a list with a wrong one", "/2/tweets?ids=1,b", "ids"},
		{"a time", "/2/users/1/mentions?start_time=yesterday", "start_time"},
		{"a short token", "/2/dm_events?pagination_token=abc", "pagination_token"},
		{"no such path", "/2/birds", "no path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := d.Request(request(t, tc.target))
			if (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("got %v, want %q", err, tc.wrong)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	d := xspec.Open(t)
	const missing = `"resource_type":"tweet","title":"Not Found Error","detail":"x"}]}`
	for _, tc := range []struct {
		name, target string
		status       int
		body         string
		wrong        string
	}{
		{"nothing new", "/2/users/1/mentions", 200, `{"meta":{"result_count":0}}`, ""},
		{"the document's names", "/2/tweets/1", 200, `{"data":{"id":"1","text":"x","edit_history_post_ids":["1"]}}`, ""},
		{"the older names", "/2/tweets/1", 200, `{"data":{"id":"1","text":"x","edit_history_tweet_ids":["1"]}}`, ""},
		{"a member that is none", "/2/tweets/1", 200, `{"data":{"id":"1","text":"x","mood":"low"}}`, "mood"},
		{"a number for an identifier", "/2/tweets/1", 200, `{"data":{"id":1,"text":"x"}}`, "id"},
		{"a list for one", "/2/tweets/1", 200, `{"data":[]}`, "data"},
		{"a time that is none", "/2/tweets/1", 200, `{"data":{"id":"1","created_at":"Mon Sep 14 08:00:00 +0000 2026"}}`, "created_at"},
		{"an error beside data", "/2/tweets/1", 200, `{"errors":[{"type":"https://api.x.com/2/problems/resource-not-found",` + missing, ""},
		{"an error with the older address", "/2/tweets/1", 200, `{"errors":[{"type":"https://api.twitter.com/2/problems/resource-not-found",` + missing, ""},
		{"an error of a kind that is none", "/2/tweets/1", 200, `{"errors":[{"type":"https://api.x.com/2/problems/lost",` + missing, "errors"},
		{"a problem about the call", "/2/tweets/1", 401, `{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}`, ""},
		{"a problem about a resource", "/2/tweets/1", 404, `{"type":"https://api.x.com/2/problems/resource-not-found"}`, "title"},
		{"no JSON", "/2/tweets/1", 200, `<html>`, "JSON"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
			if tc.status >= 400 {
				header.Set("Content-Type", "application/problem+json")
			}
			err := d.Answer(request(t, tc.target), tc.status, header, []byte(tc.body))
			if (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("got %v, want %q", err, tc.wrong)
			}
		})
	}
}

// A deviation that the document has come to allow is to be taken off the list.
func TestDeviationsAreStillOnes(t *testing.T) {
	d := xspec.Open(t)
	paths := map[string]string{
		"tweet.fields": "/2/users/{id}/mentions", "expansions": "/2/users/{id}/mentions", "dm_event.fields": "/2/dm_events",
	}
	if !d.Knows(paths["tweet.fields"], "tweet.fields", "note_tweet") {
		t.Fatal("the document does not know what it has to know")
	}
	for _, x := range xspec.Deviations() {
		family, value, _ := strings.Cut(x, " ")
		if d.Knows(paths[family], family, value) {
			t.Errorf("the document allows %s", x)
		}
	}
}
