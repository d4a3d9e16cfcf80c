package fakex

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// v1.1 is what some older apps still have: OAuth 1.0a, other names, numbers beside
// texts, no groups.

// oldEndpoints lists the calls of v1.1 that a reader may make, with how many of
// them in 15 minutes.
func (s *Server) oldRoutes(mux *http.ServeMux) {
	for path, e := range map[string]struct {
		limit  int
		answer func(*oldCall) (any, *failure)
	}{
		"statuses/mentions_timeline":  {75, (*oldCall).mentions},
		"statuses/lookup":             {900, (*oldCall).lookup},
		"direct_messages/events/list": {15, (*oldCall).messages},
		"direct_messages/events/show": {15, (*oldCall).message},
		"users/show":                  {900, (*oldCall).user},
		"users/lookup":                {900, (*oldCall).users},
		"account/verify_credentials":  {75, (*oldCall).self},
	} {
		path = "/1.1/" + path + ".json"
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.serveOld(w, r, path, e.limit, e.answer) })
	}
	mux.HandleFunc("POST /1.1/oauth/invalidate_token.json", s.invalidate)
}

// invalidate ends the token that a call bears.
func (s *Server) invalidate(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t := s.signed(r)
	status, body := http.StatusUnauthorized, object{{"errors", []object{{{"code", 89}, {"message", "Invalid or expired token."}}}}}
	if t != nil {
		status, body = http.StatusOK, object{{"access_token", t.old.Token}}
		delete(s.tokens, t.old.Token)
	}
	s.mu.Unlock()
	s.say(w, status, body)
}

// An oldCall is a call of v1.1 that is being answered. What it does not know among
// the parameters it does not see.
type oldCall struct {
	s  *Server
	q  url.Values
	me *Person
}

func oldFailure(status, code int, message string) *failure {
	return &failure{status, object{{"errors", []object{{{"code", code}, {"message", message}}}}}}
}

func (s *Server) serveOld(w http.ResponseWriter, r *http.Request, path string, limit int, answer func(*oldCall) (any, *failure)) {
	s.mu.Lock()
	t := s.signed(r)
	var body any
	var f *failure
	switch {
	case t == nil:
		f = oldFailure(http.StatusUnauthorized, 32, "Could not authenticate you.")
	case t.person.suspended:
		f = oldFailure(http.StatusForbidden, 64, "Your account is suspended and is not permitted to access this feature.")
	case s.count(w, path, t, limit) != nil:
		f = oldFailure(http.StatusTooManyRequests, 88, "Rate limit exceeded")
	default:
		body, f = answer(&oldCall{s, r.URL.Query(), t.person})
	}
	status := http.StatusOK
	if f != nil {
		status, body = f.status, f.body
	}
	b, err := encode(body)
	if err != nil {
		panic("fakex: " + err.Error()) // it is made of texts and numbers
	}
	if f == nil {
		s.lastAnswer[r.URL.Path] = b
	}
	w.Header().Set("Date", s.time().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	s.mu.Unlock()
	writeJSON(w, status, b)
}

// number is an identifier as a number; 0 if it is none.
func (c *oldCall) number(name string, otherwise int) int {
	n, err := strconv.Atoi(c.q.Get(name))
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}

func (c *oldCall) mentions() (any, *failure) {
	list := []object{}
	most, n := min(c.number("count", 20), 200), 0
	since, upTo := c.q.Get("since_id"), c.q.Get("max_id")
	for _, x := range slices.Backward(c.s.posts) {
		if x.Author == c.me || !slices.Contains(x.mentions, c.me) || !x.newest() || !c.me.sees(x) || c.me.blocked(x.Author) {
			continue
		}
		if n++; n > shownMost || len(list) == most {
			break
		}
		if (since == "" || older(x.ID, since) > 0) && (upTo == "" || older(x.ID, upTo) <= 0) {
			list = append(list, c.post(x))
		}
	}
	return list, nil
}

func (c *oldCall) lookup() (any, *failure) {
	list := []object{}
	for id := range strings.SplitSeq(c.q.Get("id"), ",") {
		if x := c.s.postByID(id); x != nil && c.me.sees(x) {
			list = append(list, c.post(x))
		}
	}
	return list, nil
}

func (c *oldCall) messages() (any, *failure) {
	count := min(c.number("count", 20), 50)
	before := ""
	if cursor := c.q.Get("cursor"); cursor != "" && cursor != "-1" {
		b, err := base64.RawURLEncoding.DecodeString(cursor)
		id, epoch, _ := strings.Cut(string(b), " ")
		if err != nil || epoch != strconv.Itoa(c.s.pageEpoch) {
			return nil, oldFailure(http.StatusBadRequest, 44, "Invalid cursor")
		}
		before = id
	}
	list := []object{}
	next := ""
	for _, m := range slices.Backward(c.s.messages) {
		if m.group != nil || !c.me.has(m) || c.s.time().Sub(m.at) > keptFor || before != "" && older(m.ID, before) >= 0 {
			continue
		}
		if len(list) == count {
			next = base64.RawURLEncoding.EncodeToString([]byte(list[count-1].text("id") + " " + strconv.Itoa(c.s.pageEpoch)))
			break
		}
		list = append(list, c.s.oldMessage(m))
	}
	o := object{{"events", list}}
	if next != "" {
		o = append(o, member{"next_cursor", next})
	}
	return o, nil
}

func (o object) text(name string) string {
	for _, m := range o {
		if s, ok := m.value.(string); ok && m.name == name {
			return s
		}
	}
	return ""
}

func (c *oldCall) message() (any, *failure) {
	m := c.s.messageByID(c.q.Get("id"))
	if m == nil || m.group != nil || !c.me.has(m) || c.s.time().Sub(m.at) > keptFor {
		return nil, oldFailure(http.StatusNotFound, 34, "Sorry, that page does not exist.")
	}
	return object{{"event", c.s.oldMessage(m)}}, nil
}

func (c *oldCall) self() (any, *failure) { return c.shows(c.me), nil }

func (c *oldCall) user() (any, *failure) {
	p := c.s.byID(c.q.Get("user_id"))
	if name := c.q.Get("screen_name"); name != "" {
		p = c.s.byName(name)
	}
	switch {
	case p == nil:
		return nil, oldFailure(http.StatusNotFound, 50, "User not found.")
	case p.suspended:
		return nil, oldFailure(http.StatusForbidden, 63, "User has been suspended.")
	}
	return c.shows(p), nil
}

func (c *oldCall) users() (any, *failure) {
	var list []object
	for id := range strings.SplitSeq(c.q.Get("user_id"), ",") {
		if p := c.s.byID(id); p != nil && !p.suspended {
			list = append(list, c.shows(p))
		}
	}
	if list == nil {
		return nil, oldFailure(http.StatusNotFound, 17, "No user matches for specified terms.")
	}
	return list, nil
}

// numeral is an identifier as a number in JSON.
func numeral(id string) rawJSON { return rawJSON(id) }

func oldTime(t time.Time) string { return t.UTC().Format(time.RubyDate) }

func (c *oldCall) shows(p *Person) object {
	var short any
	entities := object{{"description", object{{"urls", []any{}}}}}
	if p.url != "" {
		s := (&piece{}).shortFor(p.url)
		short = s
		entities = append(object{{"url", object{{"urls", []object{{
			{"url", s}, {"expanded_url", p.url}, {"display_url", display(p.url)}, {"indices", []int{0, len(s)}},
		}}}}}}, entities...)
	}
	return object{
		{"id", numeral(p.ID)}, {"id_str", p.ID}, {"name", escape(p.name)}, {"screen_name", p.username}, {"location", p.location},
		{"description", escape(p.bio)}, {"url", short}, {"entities", entities}, {"protected", p.protected}, {"followers_count", p.followers},
		{"friends_count", p.following}, {"listed_count", 0}, {"created_at", oldTime(p.created)}, {"favourites_count", 0}, {"verified", false},
		{"statuses_count", c.s.postCount(p)}, {"lang", nil}, {"profile_image_url_https", p.avatar}, {"default_profile", true},
		{"default_profile_image", false}, {"following", slices.Contains(c.me.follows, p)}, {"follow_request_sent", false},
	}
}

// compatMost is how long a text can be in the older mode before it is cut.
const compatMost = 140

// post is a post as v1.1 shows it: whole up to 280 characters if the call asks for
// that, else cut with an address that leads to it.
func (c *oldCall) post(x *Post) object {
	whole, _ := x.shows(x.fileLink()).cut()
	text, truncated := whole, false
	if c.q.Get("tweet_mode") != "extended" && utf8.RuneCountInString(whole.text) > compatMost {
		truncated = true
		link := "https://x.com/i/web/status/" + x.ID
		short := x.shortFor(link)
		kept := compatMost - utf8.RuneCountInString(short) - 2
		text = shown{text: string([]rune(whole.text)[:kept]) + "… " + short}
		for _, l := range whole.links {
			if l.end < kept {
				text.links = append(text.links, l)
			}
		}
		text.links = append(text.links, newLink(kept+2, short, link))
	}
	o := object{{"created_at", oldTime(x.at)}, {"id", numeral(x.ID)}, {"id_str", x.ID}}
	if c.q.Get("tweet_mode") == "extended" {
		o = append(o, member{"full_text", text.text}, member{"truncated", false}, member{"display_text_range", []int{0, utf8.RuneCountInString(text.text)}})
	} else {
		o = append(o, member{"text", text.text}, member{"truncated", truncated})
	}
	o = append(o, member{"entities", c.s.oldEntities(text)})
	if len(x.media) > 0 && !truncated {
		var list []object
		for _, m := range x.media {
			list = append(list, oldFile(m, m.address(), text))
		}
		o = append(o, member{"extended_entities", object{{"media", list}}})
	}
	o = append(o, member{"source", `<a href="https://mobile.x.com" rel="nofollow">X Web App</a>`})
	reply := object{
		{"in_reply_to_status_id", nil}, {"in_reply_to_status_id_str", nil}, {"in_reply_to_user_id", nil}, {"in_reply_to_user_id_str", nil}, {"in_reply_to_screen_name", nil},
	}
	if to := x.inReplyTo; to != nil {
		reply = object{
			{"in_reply_to_status_id", numeral(to.ID)}, {"in_reply_to_status_id_str", to.ID}, {"in_reply_to_user_id", numeral(to.Author.ID)},
			{"in_reply_to_user_id_str", to.Author.ID}, {"in_reply_to_screen_name", to.Author.username},
		}
	}
	o = append(o, reply...)
	o = append(o, member{"user", c.shows(x.Author)}, member{"is_quote_status", x.quoted != nil})
	if x.quoted != nil {
		o = append(o, member{"quoted_status_id", numeral(x.quoted.ID)}, member{"quoted_status_id_str", x.quoted.ID})
		if c.me.sees(x.quoted) && x.quoted.quoted == nil {
			o = append(o, member{"quoted_status", c.post(x.quoted)})
		}
	}
	return append(o, object{
		{"retweet_count", x.counts.reposts}, {"favorite_count", x.counts.likes}, {"favorited", false}, {"retweeted", false},
		{"possibly_sensitive", false}, {"lang", x.lang},
	}...)
}

func newLink(start int, short, long string) link {
	return link{start: start, end: start + utf8.RuneCountInString(short), short: short, long: long, display: display(long)}
}

// oldEntities are the entities of a text as v1.1 writes them: lists that are
// empty are there too, files apart from addresses.
func (s *Server) oldEntities(t shown) object {
	tagList, mentions, urls, files := []object{}, []object{}, []object{}, []object{}
	for _, x := range tags(t.text) {
		tagList = append(tagList, object{{"text", x[2].value}, {"indices", []any{x[0].value, x[1].value}}})
	}
	for _, x := range s.names(t.text) {
		if p := s.byName(x.text("username")); p != nil {
			mentions = append(mentions, object{
				{"screen_name", p.username}, {"name", escape(p.name)}, {"id", numeral(p.ID)}, {"id_str", p.ID}, {"indices", []any{x[0].value, x[1].value}},
			})
		}
	}
	for _, l := range t.links {
		if l.media != nil {
			files = append(files, oldFile(l.media, l.media.address(), t))
			continue
		}
		urls = append(urls, object{{"url", l.short}, {"expanded_url", l.long}, {"display_url", l.display}, {"indices", []int{l.start, l.end}}})
	}
	o := object{{"hashtags", tagList}, {"symbols", []any{}}, {"user_mentions", mentions}, {"urls", urls}}
	if len(files) > 0 {
		o = append(o, member{"media", files})
	}
	return o
}

func oldFile(m *Media, address string, in shown) object {
	o := object{{"id", numeral(m.id)}, {"id_str", m.id}}
	for _, l := range in.links {
		if l.media != nil {
			o = append(o, object{{"indices", []int{l.start, l.end}}, {"url", l.short}, {"display_url", l.display}, {"expanded_url", l.long}}...)
		}
	}
	shown := address
	if m.kind != "photo" {
		shown = m.thumb()
	}
	o = append(o, object{
		{"media_url", strings.Replace(shown, "https:", "http:", 1)}, {"media_url_https", shown}, {"type", m.kind},
		{"sizes", object{{"large", object{{"w", m.width}, {"h", m.height}, {"resize", "fit"}}}}},
	}...)
	if m.kind != "photo" {
		o = append(o, member{"video_info", object{
			{"aspect_ratio", []int{4, 3}}, {"duration_millis", 4000},
			{"variants", []object{{{"bitrate", 950000}, {"content_type", "video/mp4"}, {"url", address}}}},
		}})
	}
	return o
}

// oldMessage is a message between two as v1.1 shows it, and as the stream tells
// of it. An event of another type has nothing that a reader knows.
func (s *Server) oldMessage(m *Message) object {
	o := object{{"type", "message_create"}, {"id", m.ID}, {"created_timestamp", strconv.FormatInt(m.at.UnixMilli(), 10)}}
	if m.kind != created {
		o[0].value = strings.ToLower(m.kind)
		return append(o, member{strings.ToLower(m.kind), object{{"sender_id", m.Sender.ID}}})
	}
	text := m.shown()
	data := object{{"text", text.text}, {"entities", s.oldEntities(text.withoutKeys())}}
	if len(m.media) > 0 {
		file := oldFile(m.media[0], m.address(m.media[0]), text)
		data = append(data, member{"attachment", object{{"type", "media"}, {"media", file}}})
	}
	return append(o, member{"message_create", object{
		{"target", object{{"recipient_id", m.to.ID}}}, {"sender_id", m.Sender.ID}, {"source_app_id", "268278"}, {"message_data", data},
	}})
}
