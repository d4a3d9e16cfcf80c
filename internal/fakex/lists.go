package fakex

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A missing says why something is not shown.
type missing struct {
	kind, id, param, section string
}

func (c *call) notFound(m missing) {
	word := c.word(m.kind)
	c.errs = append(c.errs, object{
		{"value", m.id}, {"detail", "Could not find " + word + " with " + m.param + ": [" + m.id + "]."}, {"title", "Not Found Error"},
		{"resource_type", word}, {"parameter", m.param}, {"resource_id", m.id}, {"type", c.problem("resource-not-found")},
	})
}

func (c *call) suspended(m missing) {
	c.errs = append(c.errs, object{
		{"value", m.id}, {"detail", "User has been suspended: [" + m.id + "]."}, {"title", "Forbidden"},
		{"resource_type", "user"}, {"parameter", m.param}, {"resource_id", m.id}, {"type", c.problem("resource-not-found")},
	})
}

func (c *call) notAuthorized(m missing) {
	word := "Tweet"
	if c.names == NamesPost {
		word = "Post"
	}
	c.errs = append(c.errs, object{
		{"value", m.id}, {"detail", "Sorry, you are not authorized to see the " + word + " with " + m.param + ": [" + m.id + "]."},
		{"title", "Authorization Error"}, {"section", m.section}, {"resource_type", c.word("tweet")}, {"parameter", m.param},
		{"resource_id", m.id}, {"type", c.problem("not-authorized-for-resource")},
	})
}

// visible finds a post, or says among the errors why it is not shown.
func (c *call) visible(id string, m missing) *Post {
	x := c.s.postByID(id)
	m.kind, m.id = "tweet", id
	switch {
	case x == nil || x.gone || x.Author.suspended:
		c.notFound(m)
	case !c.me.sees(x):
		c.notAuthorized(m)
	default:
		return x
	}
	return nil
}

// present finds a user, or says among the errors why they are not shown.
func (c *call) present(id string, m missing) *Person {
	p := c.s.byID(id)
	m.kind, m.id = "user", id
	switch {
	case p == nil:
		c.notFound(m)
	case p.suspended:
		c.suspended(m)
	default:
		return p
	}
	return nil
}

// once reports whether something is not among the includes yet.
func (c *call) once(kind, id string) bool {
	if c.known[kind+id] {
		return false
	}
	c.known[kind+id] = true
	return true
}

func (c *call) includeUser(id, param string) {
	if !c.once("user", id) {
		return
	}
	if p := c.present(id, missing{param: param, section: "includes"}); p != nil {
		c.users = append(c.users, c.user(p))
		if c.s.opts.BillIncludes {
			c.charge(BillUsers, p.ID, false)
		}
	}
}

func (c *call) includePost(id, param string) *Post {
	if !c.once("post", id) {
		return nil
	}
	x := c.visible(id, missing{param: c.word(param), section: "includes"})
	if x == nil {
		return nil
	}
	c.posts = append(c.posts, c.post(x))
	if c.s.opts.BillIncludes {
		c.charge(BillPosts, x.ID, false)
	}
	return x
}

func (c *call) includeFile(m *Media, address string) {
	if c.once("media", m.Key()) {
		c.files = append(c.files, c.file(m, address))
	}
}

// showPost shows a post and brings along what the call asks for.
func (c *call) showPost(x *Post) object {
	o := c.post(x)
	c.known["post"+x.ID] = true
	if c.expands("author_id") {
		c.includeUser(x.Author.ID, "author_id")
	}
	if x.inReplyTo != nil && c.expands("in_reply_to_user_id") {
		c.includeUser(x.inReplyTo.Author.ID, "in_reply_to_user_id")
	}
	if c.expands("entities.mentions.username") {
		for _, p := range x.mentions {
			c.includeUser(p.ID, "entities.mentions.username")
		}
	}
	if c.expands("attachments.media_keys") {
		for _, m := range x.media {
			c.includeFile(m, m.address())
		}
	}
	for _, ref := range []*Post{x.quoted, x.inReplyTo} {
		if ref == nil || !c.expands("referenced_tweets.id") && !c.expands("referenced_tweets.id.author_id") {
			continue
		}
		if c.includePost(ref.ID, "referenced_tweets.id") != nil && c.expands("referenced_tweets.id.author_id") {
			c.includeUser(ref.Author.ID, "referenced_tweets.id.author_id")
		}
	}
	if c.expands("edit_history_tweet_ids") {
		for _, v := range *x.chain {
			if v != x {
				c.includePost(v.ID, "edit_history_tweet_ids")
			}
		}
	}
	return o
}

// showMessage shows an event of a conversation.
func (c *call) showMessage(m *Message) object {
	o := c.message(m)
	if c.expands("sender_id") {
		c.includeUser(m.Sender.ID, "sender_id")
	}
	if c.expands("participant_ids") {
		for _, p := range m.participants {
			c.includeUser(p.ID, "participant_ids")
		}
	}
	if c.expands("attachments.media_keys") {
		for _, x := range m.media {
			c.includeFile(x, m.address(x))
		}
	}
	if m.shared != nil && c.expands("referenced_tweets.id") {
		c.includePost(m.shared.ID, "referenced_tweets.id")
	}
	return o
}

// ExpirePages lets no pagination token that was given before be taken.
func (s *Server) ExpirePages() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageEpoch++
}

func (c *call) token(way, id string) string {
	who := "app"
	if c.me != nil {
		who = c.me.ID
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{way, id, who, c.r.URL.Path, strconv.Itoa(c.s.pageEpoch)}, " ")))
}

// cut cuts a page out of a list, newest first, and says in meta where it goes
// on. A token holds the last identifier of its page: what is deleted between two
// pages moves nothing.
func cut[T any](c *call, list []T, id func(T) string) ([]T, *failure) {
	token := c.params.Get("pagination_token")
	from, end := 0, len(list)
	if token != "" {
		b, err := base64.RawURLEncoding.DecodeString(token)
		parts := strings.Split(string(b), " ")
		if err != nil || len(parts) != 5 || token != c.token(parts[0], parts[1]) {
			return nil, c.invalid("pagination_token", token, "The `pagination_token` query parameter value ["+token+"] is not valid")
		}
		from = len(list)
		for i, x := range list {
			if older(id(x), parts[1]) < 0 {
				from = i
				break
			}
		}
		if parts[0] == "p" { // the page before
			for i, x := range list {
				if older(id(x), parts[1]) <= 0 {
					end = i
					break
				}
			}
			from = max(0, end-c.max)
		}
	}
	to := min(end, from+c.max)
	page := list[from:to]
	c.meta = object{{"result_count", len(page)}}
	if to < len(list) && len(page) > 0 {
		c.meta = append(c.meta, member{"next_token", c.token("n", id(page[len(page)-1]))})
	}
	if token != "" && len(page) > 0 {
		c.meta = append(c.meta, member{"previous_token", c.token("p", id(page[0]))})
	}
	return page, nil
}

// own finds the person in the path: the person themselves. Others are none of a
// reader's business.
func (c *call) own() (*Person, *failure) {
	id := c.r.PathValue("id")
	p := c.present(id, missing{param: "id"})
	if p != nil && p != c.me {
		c.s.violations = append(c.s.violations, c.r.Method+" "+c.r.URL.Path)
		return nil, plain(http.StatusForbidden)
	}
	return p, nil
}

// shownMost is how many mentions can be had.
const shownMost = 800

func (c *call) mentionsOf() *failure {
	me, f := c.own()
	if me == nil {
		return f
	}
	var list []*Post
	n := 0
	for _, x := range slices.Backward(c.s.posts) {
		if x.Author == me || !slices.Contains(x.mentions, me) || !x.newest() || !me.sees(x) || me.blocked(x.Author) {
			continue
		}
		if n++; n > shownMost {
			break
		}
		if c.inRange(x) {
			list = append(list, x)
		}
	}
	return c.postPage(list, true)
}

func (c *call) inRange(x *Post) bool {
	for name, keep := range map[string]func(v string) bool{
		"since_id":   func(v string) bool { return older(x.ID, v) > 0 },
		"until_id":   func(v string) bool { return older(x.ID, v) < 0 },
		"start_time": func(v string) bool { return !x.at.Before(parsed(v)) },
		"end_time":   func(v string) bool { return x.at.Before(parsed(v)) },
	} {
		if v := c.params.Get(name); v != "" && !keep(v) {
			return false
		}
	}
	return true
}

func parsed(v string) time.Time {
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		panic("fakex: " + err.Error()) // it was checked before
	}
	return t
}

func (c *call) postPage(list []*Post, own bool) *failure {
	page, f := cut(c, list, func(x *Post) string { return x.ID })
	if f != nil {
		return f
	}
	var data []object
	for _, x := range page {
		data = append(data, c.showPost(x))
		c.charge(BillPosts, x.ID, own)
	}
	if data == nil {
		return nil
	}
	c.data = data
	if own {
		c.meta = append(c.meta, member{"newest_id", page[0].ID}, member{"oldest_id", page[len(page)-1].ID})
	} else { // quotes say less of where the page lies
		c.meta = slices.DeleteFunc(c.meta, func(m member) bool { return m.name == "previous_token" })
	}
	return nil
}

func (c *call) quotesOf() *failure {
	of := c.visible(c.r.PathValue("id"), missing{param: "id", section: "data"})
	if of == nil {
		return nil
	}
	var list []*Post
	for _, x := range slices.Backward(c.s.posts) {
		if x.quoted != nil && x.quoted.chain == of.chain && x.newest() && c.me.sees(x) && !c.me.blocked(x.Author) {
			list = append(list, x)
		}
	}
	return c.postPage(list, false)
}

func (c *call) manyPosts() *failure {
	var data []object
	for id := range strings.SplitSeq(c.params.Get("ids"), ",") {
		if x := c.visible(id, missing{param: "ids", section: "data"}); x != nil {
			data = append(data, c.showPost(x))
			c.charge(BillPosts, x.ID, false)
		}
	}
	if data != nil {
		c.data, c.meta = data, object{{"result_count", len(data)}}
	}
	return nil
}

func (c *call) onePost() *failure {
	if x := c.visible(c.r.PathValue("id"), missing{param: "id", section: "data"}); x != nil {
		c.data = c.showPost(x)
		c.charge(BillPosts, x.ID, false)
	}
	return nil
}
