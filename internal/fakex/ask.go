package fakex

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An ask is what a call asks for.
type ask struct {
	names  string // NamesTweet or NamesPost
	lists  map[string][]string
	max    int
	params url.Values
}

// has reports whether a field of a family is asked for.
func (a ask) has(family, field string) bool { return slices.Contains(a.lists[family], field) }

// posts reports whether a field of posts is asked for; field is as tweets name it.
func (a ask) posts(field string) bool { return a.has(a.word("tweet.fields"), a.word(field)) }

// expands reports whether an expansion is asked for; it is as tweets name it.
func (a ask) expands(what string) bool { return a.has("expansions", a.word(what)) }

var toPosts = strings.NewReplacer("referenced_tweets.id", "referenced_posts", "tweet", "post")

// word writes a name in the way that the call uses.
func (a ask) word(tweet string) string {
	if a.names != NamesPost {
		return tweet
	}
	return toPosts.Replace(tweet)
}

// problem is the address of a kind of problem.
func (a ask) problem(kind string) string {
	if a.names == NamesPost {
		return "https://api.x.com/2/problems/" + kind
	}
	return "https://api.twitter.com/2/problems/" + kind
}

// A failure is an answer that is no page.
type failure struct {
	status int
	body   any
}

func plain(status int) *failure {
	text := http.StatusText(status)
	return &failure{status, object{{"title", text}, {"type", "about:blank"}, {"status", status}, {"detail", text}}}
}

func (a ask) invalid(param, value, message string) *failure {
	return &failure{http.StatusBadRequest, object{
		{"errors", []object{{{"parameters", object{{param, []string{value}}}}, {"message", message}}}},
		{"title", "Invalid Request"}, {"detail", "One or more parameters to your request was invalid."}, {"type", a.problem("invalid-request")},
	}}
}

// fields lists the values that each parameter takes. Names of posts' fields are
// those of tweets.
func fields(family string) []string {
	switch family {
	case "user.fields":
		return strings.Fields(`confirmed_email connection_status created_at description entities id is_identity_verified location name
			parody profile_banner_url profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription
			subscription_type url username verified verified_followers_count verified_type withheld pinned_tweet_id most_recent_tweet_id affiliation`)
	case "tweet.fields":
		return strings.Fields(`article attachments author_id card_uri community_id context_annotations conversation_id created_at
			display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang media_metadata
			non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics public_metrics referenced_tweets
			reply_settings scopes source text username withheld`)
	case "post.fields":
		return strings.Fields(`article article_title attachments card_uri community_id context_annotations conversation_id created_at
			display_text_range edit_controls entities geo id lang matched_media_notes media_metadata non_public_metrics note_post
			note_request_suggestions organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
			reply_settings scopes source suggested_source_links suggested_source_links_with_counts text withheld`)
	case "media.fields":
		return strings.Fields(`alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
			promoted_metrics public_metrics type url variants width`)
	case "dm_event.fields":
		return strings.Fields(`attachments created_at dm_conversation_id entities event_type id text`)
	case "poll.fields":
		return strings.Fields(`duration_minutes end_datetime id options voting_status`)
	case "place.fields":
		return strings.Fields(`contained_within country country_code full_name geo id name place_type`)
	case "event_types":
		return []string{created, joined, left}
	}
	return nil
}

// expansions lists what the calls of a kind can bring along.
func expansions(kind, names string) []string {
	switch kind {
	case "posts":
		if names == NamesPost {
			return strings.Fields(`article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
				attachments.poll_ids author_id edit_history_post_ids entities.mentions.username geo.place_id in_reply_to_user_id
				referenced_posts username`)
		}
		return strings.Fields(`article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
			attachments.poll_ids author_id author_screen_name edit_history_tweet_ids entities.mentions.username
			entities.note.mentions.username geo.place_id in_reply_to_user_id referenced_tweets.id referenced_tweets.id.author_id
			referenced_tweets.id.attachments.media_keys`)
	case "messages":
		if names == NamesPost {
			return strings.Fields(`attachments.media_keys participant_ids referenced_posts sender_id`)
		}
		return strings.Fields(`attachments.media_keys participant_ids referenced_tweets.id sender_id`)
	}
	if names == NamesPost {
		return strings.Fields(`affiliation most_recent_post_id pinned_post_id`)
	}
	return strings.Fields(`affiliation most_recent_tweet_id pinned_tweet_id`)
}

var number = regexp.MustCompile(`^[0-9]{1,19}$`)

// read checks the parameters of a call as X does: an unknown one is refused, and
// so is an unknown value.
func (s *Server) read(e endpoint, q url.Values) (ask, *failure) {
	a := ask{names: s.opts.Names, lists: map[string][]string{}, params: q, max: e.maxDefault}
	if a.names == "" {
		a.names = NamesTweet
		if asksForPosts(q) {
			a.names = NamesPost
		}
	}
	families := map[string][]string{
		"posts":    {a.word("tweet.fields"), "user.fields", "media.fields", "poll.fields", "place.fields", "expansions"},
		"messages": {"dm_event.fields", a.word("tweet.fields"), "user.fields", "media.fields", "event_types", "expansions"},
		"users":    {a.word("tweet.fields"), "user.fields", "expansions"},
	}[e.kind]
	for name, values := range q {
		value := values[0]
		switch {
		case len(values) > 1:
			return a, a.invalid(name, value, fmt.Sprintf("The query parameter [%s] was given more than once", name))
		case slices.Contains(families, name):
			known := fields(name)
			if name == "expansions" {
				known = expansions(e.kind, a.names)
			}
			for v := range strings.SplitSeq(value, ",") {
				// Older documents of messages list the sender as a field.
				if !slices.Contains(known, v) && (name != "dm_event.fields" || v != "sender_id" || a.names == NamesPost) {
					return a, a.invalid(name, value, fmt.Sprintf("The `%s` query parameter value [%s] is not one of [%s]", name, v, strings.Join(known, ",")))
				}
				a.lists[name] = append(a.lists[name], v)
			}
		case slices.Contains(e.params, name):
			if f := a.check(e, name, value); f != nil {
				return a, f
			}
		default:
			return a, a.invalid(name, value, fmt.Sprintf("The query parameter [%s] is not one of [%s]", name, strings.Join(append(families, e.params...), ",")))
		}
	}
	if slices.Contains(e.params, "ids") && q.Get("ids") == "" {
		return a, a.invalid("ids", "", "The `ids` query parameter can not be empty")
	}
	return a, nil
}

func asksForPosts(q url.Values) bool {
	return q.Has("post.fields") || strings.Contains(q.Get("expansions"), "_post") // edit_history_post_ids, referenced_posts
}

// check checks a parameter that is no list of fields.
func (a *ask) check(e endpoint, name, value string) *failure {
	bad := func() *failure {
		return a.invalid(name, value, fmt.Sprintf("The `%s` query parameter value [%s] is not valid", name, value))
	}
	switch name {
	case "max_results":
		n, err := strconv.Atoi(value)
		if err != nil || n < e.maxLeast || n > e.maxMost {
			return a.invalid(name, value, fmt.Sprintf("The `max_results` query parameter value [%s] is not between %d and %d", value, e.maxLeast, e.maxMost))
		}
		a.max = n
	case "since_id", "until_id":
		if !number.MatchString(value) {
			return bad()
		}
	case "start_time", "end_time":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return bad()
		}
	case "ids":
		ids := strings.Split(value, ",")
		for _, id := range ids {
			if !number.MatchString(id) {
				return bad()
			}
		}
		if len(ids) > 100 {
			return a.invalid(name, value, fmt.Sprintf("The number of values in the `ids` query parameter list [%d] is not between 1 and 100", len(ids)))
		}
	case "pagination_token":
		if value == "" {
			return bad()
		}
	}
	return nil
}
