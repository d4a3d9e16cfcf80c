package fakex

import (
	"slices"
	"time"
)

// user is an account as an answer shows it.
func (c *call) user(p *Person) object {
	o := object{{"id", p.ID}, {"name", escape(p.name)}, {"username", p.username}}
	add := func(field string, value any) {
		if c.has("user.fields", field) {
			o = append(o, member{field, value})
		}
	}
	add("created_at", p.created.Truncate(time.Second).Format("2006-01-02T15:04:05.000Z"))
	add("description", escape(p.bio))
	if p.location != "" {
		add("location", p.location)
	}
	if p.url != "" {
		short := (&piece{}).shortFor(p.url)
		add("url", short)
		add("entities", object{{"url", object{{"urls", []object{{
			{"start", 0}, {"end", len(short)}, {"url", short}, {"expanded_url", p.url}, {"display_url", display(p.url)},
		}}}}}})
	}
	add("profile_image_url", p.avatar)
	add("protected", p.protected)
	add("public_metrics", object{
		{"followers_count", p.followers}, {"following_count", p.following}, {c.word("tweet_count"), c.s.postCount(p)},
		{"listed_count", 0}, {"like_count", 0}, {"media_count", 0},
	})
	add("verified", false)
	add("verified_type", "none")
	if c.me != nil && c.me != p {
		add("connection_status", c.connections(p))
		add("receives_your_dm", !p.blocked(c.me))
	}
	return o
}

func (s *Server) postCount(p *Person) int {
	n := 0
	for _, x := range s.posts {
		if x.Author == p && x.newest() && !x.gone {
			n++
		}
	}
	return n
}

func (c *call) connections(p *Person) []string {
	list := []string{}
	if c.me.blocked(p) {
		list = append(list, "blocking")
	}
	if slices.Contains(p.follows, c.me) {
		list = append(list, "followed_by")
	}
	if slices.Contains(c.me.follows, p) {
		list = append(list, "following")
	}
	if slices.ContainsFunc(c.me.mutes, func(r relation) bool { return r.to == p }) {
		list = append(list, "muting")
	}
	return list
}

// fileLink is where a post's files are shown: what the short address in its text
// stands for.
func (x *Post) fileLink() string {
	kind := "photo"
	if len(x.media) > 0 && x.media[0].kind != "photo" {
		kind = "video"
	}
	return "https://x.com/" + x.Author.username + "/status/" + x.ID + "/" + kind + "/1"
}

// post is a version of a post as an answer shows it.
func (c *call) post(x *Post) object {
	whole := x.shows(x.fileLink())
	text, long := whole.cut()
	o := object{{"id", x.ID}, {"text", text.text}}
	var ids []string
	for _, v := range *x.chain {
		ids = append(ids, v.ID)
	}
	o = append(o, member{c.word("edit_history_tweet_ids"), ids})
	add := func(field string, value any) {
		if c.ask.posts(field) || c.expands(field) {
			o = append(o, member{c.word(field), value})
		}
	}
	add("author_id", x.Author.ID)
	add("created_at", stamp(x.at))
	add("conversation_id", x.root.ID)
	if x.inReplyTo != nil {
		add("in_reply_to_user_id", x.inReplyTo.Author.ID)
	}
	if refs := c.references(x); refs != nil && (c.ask.posts("referenced_tweets") || c.expands("referenced_tweets.id")) {
		o = append(o, member{c.word("referenced_tweets"), refs})
	}
	if len(x.media) > 0 && (c.ask.posts("attachments") || c.expands("attachments.media_keys")) {
		o = append(o, member{"attachments", object{{"media_keys", keys(x.media)}}})
	}
	if e := c.s.entities(text); e != nil {
		add("entities", e)
	}
	if long {
		note := object{{"text", whole.text}}
		if e := c.s.entities(whole.withoutKeys()); e != nil {
			note = append(note, member{"entities", e})
		}
		add("note_tweet", note)
	}
	add("edit_controls", object{
		{"edits_remaining", max(0, 6-len(*x.chain))}, {"is_edit_eligible", x.inReplyTo == nil},
		{"editable_until", stamp((*x.chain)[0].at.Add(time.Hour))},
	})
	add("public_metrics", object{
		{c.word("retweet_count"), x.counts.reposts}, {"reply_count", x.counts.replies}, {"like_count", x.counts.likes},
		{"quote_count", x.counts.quotes}, {"bookmark_count", 0}, {"impression_count", 1},
	})
	add("lang", x.lang)
	add("possibly_sensitive", false)
	add("reply_settings", "everyone")
	add("source", "X Web App")
	return o
}

func (c *call) references(x *Post) []object {
	var refs []object
	if x.quoted != nil {
		refs = append(refs, object{{"type", "quoted"}, {"id", x.quoted.ID}})
	}
	if x.inReplyTo != nil {
		refs = append(refs, object{{"type", "replied_to"}, {"id", x.inReplyTo.ID}})
	}
	return refs
}

func keys(media []*Media) []string {
	var list []string
	for _, m := range media {
		list = append(list, m.Key())
	}
	return list
}

// file is a file as an answer shows it; address is where it is fetched.
func (c *call) file(m *Media, address string) object {
	o := object{{"media_key", m.Key()}, {"type", m.kind}}
	add := func(field string, value any) {
		if c.has("media.fields", field) {
			o = append(o, member{field, value})
		}
	}
	if m.kind == "photo" {
		add("url", address)
	} else {
		add("preview_image_url", m.thumb())
		add("duration_ms", 4000)
		add("variants", []object{{{"bit_rate", 950000}, {"content_type", "video/mp4"}, {"url", address}}})
	}
	if m.alt != "" {
		add("alt_text", m.alt)
	}
	add("width", m.width)
	add("height", m.height)
	return o
}

// message is an event of a conversation as an answer shows it.
func (c *call) message(m *Message) object {
	text := m.shown()
	o := object{{"id", m.ID}, {"event_type", m.kind}}
	if m.kind != joined && m.kind != left {
		o = append(o, member{"text", text.text})
	}
	add := func(field string, value any) {
		if c.has("dm_event.fields", field) {
			o = append(o, member{field, value})
		}
	}
	add("created_at", stamp(m.at))
	add("dm_conversation_id", m.conversation)
	if c.has("dm_event.fields", "sender_id") || c.expands("sender_id") {
		o = append(o, member{"sender_id", m.Sender.ID})
	}
	if len(m.participants) > 0 && c.expands("participant_ids") {
		var ids []string
		for _, p := range m.participants {
			ids = append(ids, p.ID)
		}
		o = append(o, member{"participant_ids", ids})
	}
	if len(m.media) > 0 && (c.has("dm_event.fields", "attachments") || c.expands("attachments.media_keys")) {
		o = append(o, member{"attachments", object{{"media_keys", keys(m.media)}}})
	}
	if m.shared != nil && c.expands("referenced_tweets.id") {
		o = append(o, member{c.word("referenced_tweets"), []object{{{"id", m.shared.ID}}}})
	}
	if e := c.s.entities(text.withoutKeys()); e != nil {
		add("entities", e)
	}
	return o
}

// shown is the text of a message; a file stands in it only if the story wants it.
func (m *Message) shown() shown {
	if !m.linked || len(m.media) == 0 {
		return m.shows("")
	}
	return m.shows("https://x.com/messages/media/" + m.ID)
}

// address is where a file of a message lies.
func (m *Message) address(x *Media) string {
	return "https://ton.twitter.com/1.1/ton/data" + x.inMessage(m)
}
