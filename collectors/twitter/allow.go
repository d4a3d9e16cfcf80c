package twitter

import "daybook/collectors"

// ReadCalls is every call that a source of v2 may make. None of them marks
// anything as read: X documents no receipt for them.
//
// The last part of the place of an attachment is a file's name, so the rule for
// it cannot be as narrow as the others.
func ReadCalls() []collectors.Rule {
	const (
		posts = "tweet.fields&post.fields&expansions&user.fields&media.fields"
		page  = "max_results&pagination_token&"
	)
	return allow(apiHost,
		"GET /2/users/me?user.fields&expansions",
		"GET /2/users?ids&user.fields",
		"GET /2/users/{id}/mentions?since_id&until_id&"+page+posts,
		"GET /2/users/{id}/blocking?"+page+"user.fields",
		"GET /2/dm_events?dm_event.fields&"+page+posts,
		"GET /2/dm_events/{id}?dm_event.fields&"+posts,
		"GET /2/dm_conversations/media/**",
		"GET /2/tweets?ids&"+posts,
		"GET /2/tweets/{id}/quote_tweets?"+page+posts,
	)
}

// mediaCalls are the places where X keeps what is attached to posts, and pictures
// of accounts. They are asked without the token.
func mediaCalls() []collectors.Rule {
	return append(allow(imageHost, "GET /**?*"), allow(videoHost, "GET /**?*")...)
}

func allow(host string, calls ...string) []collectors.Rule {
	rules := make([]collectors.Rule, len(calls))
	for i, call := range calls {
		rules[i] = collectors.Allow(host, call)
	}
	return rules
}
