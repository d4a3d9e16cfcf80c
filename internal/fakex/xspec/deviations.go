package xspec

import "net/http"

// words are the names in the older way, and those of the document.
var words = map[string]string{
	"tweet.fields":           "post.fields",
	"edit_history_tweet_ids": "edit_history_post_ids",
	"referenced_tweets":      "referenced_posts",
	"referenced_tweets.id":   "referenced_posts",
	"note_tweet":             "note_post",
	"tweets":                 "posts",
	"tweet_count":            "post_count",
	"retweet_count":          "repost_count",
	"pinned_tweet_id":        "pinned_post_id",
	"most_recent_tweet_id":   "most_recent_post_id",
}

// notInDocument lists values that the document does not know, with the reason why
// they may be asked for.
var notInDocument = map[string]string{
	"tweet.fields author_id":                    "a field in prose and samples; in the document it comes by the expansion",
	"tweet.fields in_reply_to_user_id":          "as author_id",
	"tweet.fields referenced_tweets":            "as author_id",
	"tweet.fields edit_history_tweet_ids":       "always there; in the document an expansion",
	"dm_event.fields sender_id":                 "a field in older documents, now an expansion",
	"expansions referenced_tweets.id.author_id": "in the document, authors of posts that are brought along cannot be asked for",
}

// undocumented reports whether an answer has a form that the document does not
// describe. Problems about the call itself, not about a resource, have the type
// "about:blank" (RFC 9457 §4.2.1) or one that the document does not list; both
// were recorded. Nor does the document have the list "errors" inside an
// invalid-request problem, which was recorded as well and is left out by
// translated.
func undocumented(status int, body any) bool {
	if status == http.StatusOK {
		return false
	}
	o, ok := body.(map[string]any)
	if !ok {
		return false
	}
	switch o["type"] {
	case "about:blank", "https://api.twitter.com/2/problems/unsupported-authentication", "https://api.twitter.com/2/problems/credits":
		return true
	}
	return false
}
