package twitter

import "net/url"

// fieldNames is how fields are called in what is asked. What is not asked for is
// not in the answer: without the note a long post is cut off, without the history
// nobody sees that a post was edited.
type fieldNames struct {
	post, fields      string // the parameter, and its value
	expansions        string // of posts
	messageFields     string
	messageExpansions string
	userFields, media string
}

func namesOf(names string) fieldNames {
	f := fieldNames{
		messageFields: "attachments,created_at,dm_conversation_id,entities,event_type,id,text",
		userFields: "created_at,description,entities,id,location,name,profile_banner_url,profile_image_url," +
			"protected,public_metrics,url,username,verified_type",
		media: "alt_text,duration_ms,height,media_key,preview_image_url,type,url,variants,width",
	}
	const (
		fields            = "attachments,conversation_id,created_at,edit_controls,entities,id,lang,possibly_sensitive,public_metrics,reply_settings,text,withheld"
		expansions        = "author_id,in_reply_to_user_id,attachments.media_keys,"
		messageExpansions = "sender_id,participant_ids,attachments.media_keys,"
	)
	if names == NamesPost {
		f.post = "post.fields"
		f.fields = fields + ",note_post"
		f.expansions = expansions + "edit_history_post_ids,referenced_posts"
		f.messageExpansions = messageExpansions + "referenced_posts"
		return f
	}
	f.post = "tweet.fields"
	f.fields = fields + ",author_id,edit_history_tweet_ids,in_reply_to_user_id,note_tweet,referenced_tweets"
	f.expansions = expansions + "edit_history_tweet_ids,referenced_tweets.id"
	f.messageExpansions = messageExpansions + "referenced_tweets.id"
	return f
}

// posts are the parameters of a call that answers posts.
func (f fieldNames) posts() url.Values {
	return url.Values{f.post: {f.fields}, "expansions": {f.expansions}, "user.fields": {f.userFields}, "media.fields": {f.media}}
}

// messages are those of a call that answers direct messages.
func (f fieldNames) messages() url.Values {
	return url.Values{
		"dm_event.fields": {f.messageFields}, "expansions": {f.messageExpansions},
		"user.fields": {f.userFields}, "media.fields": {f.media},
	}
}
