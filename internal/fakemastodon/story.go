package fakemastodon

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Person is an account. Its methods are what people do.
type Person struct {
	s        *Server
	ID       string
	Username string
	Domain   string
	created  time.Time

	display, note string
	avatar        string // URL; "" for the server's default
	gone          bool

	rows          []*row // of notifications, oldest first
	conversations []*conversation
	blocks, mutes []relation
	followers     []*Person
	asked         []*Person // follow requests
	heldBack      []*heldBack
}

type relation struct {
	id string
	to *Person
}

// A row is one notification as the server stores it.
type row struct {
	id       string
	kind     string
	at       time.Time
	from     *Person
	status   *Status
	filtered bool
}

type conversation struct {
	id     string
	root   *Status
	with   []*Person
	last   []*Status // oldest first
	unread bool
}

type heldBack struct {
	id        string
	from      *Person
	at, later time.Time
	count     int
	last      *Status
}

// Handle returns the full account name: "kestrel_74@birds.example".
func (p *Person) Handle() string { return p.Username + "@" + p.Domain }

// URI returns the actor's URI.
func (p *Person) URI() string { return "https://" + p.Domain + "/users/" + p.Username }

// Person adds an account: "tilda_w" lives on this server,
// "kestrel_74@birds.example" on another.
func (s *Server) Person(handle, display string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, domain, ok := strings.Cut(handle, "@")
	if !ok {
		domain = s.opts.Domain
	}
	p := &Person{s: s, ID: s.id(s.now), Username: name, Domain: domain, created: s.now, display: display}
	s.people = append(s.people, p)
	return p
}

// Profile changes what a person shows of themselves.
func (p *Person) Profile(display, note string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.display, p.note = display, note
}

// Avatar gives a person a picture that this server has a copy of.
func (p *Person) Avatar(m *Media) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.avatar = m.path
}

// A Status is a post, an answer or a direct message.
type Status struct {
	s          *Server
	ID         string
	Author     *Person
	visibility string
	spoiler    string
	lang       string
	versions   []version // oldest first; the last is the text now
	created    time.Time
	inReplyTo  *Status
	root       *Status
	mentions   []*Person
	media      []*Media
	poll       []string
	quoted     *Status
	favs       int
	boosts     int
	replies    int
	gone       bool
}

type version struct {
	text, spoiler string
	at            time.Time
}

// URI returns what identifies the status on all servers.
func (st *Status) URI() string { return st.Author.URI() + "/statuses/" + st.ID }

// Text returns what it says now.
func (st *Status) Text() string {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.versions[len(st.versions)-1].text
}

// A PostOption changes how something is posted.
type PostOption func(*Status)

// Unlisted, Private: who can see it, beside those whom it names.
func Unlisted(st *Status) { st.visibility = "unlisted" }
func Private(st *Status)  { st.visibility = "private" }

// Warning puts a line in front that has to be pressed to see the rest.
func Warning(text string) PostOption { return func(st *Status) { st.spoiler = text } }

// Lang sets the language; "en" if not given.
func Lang(tag string) PostOption { return func(st *Status) { st.lang = tag } }

// With attaches files.
func With(m ...*Media) PostOption { return func(st *Status) { st.media = m } }

// Poll adds a question.
func Poll(options ...string) PostOption { return func(st *Status) { st.poll = options } }

// Late lets it arrive now although it was sent at t: its identifier, and that
// of its notification, are old.
func Late(t time.Time) PostOption { return func(st *Status) { st.created = t.UTC() } }

// Post says something in public. "@name" or "@name@domain" in the text names
// people; each of them is notified.
func (p *Person) Post(text string, opts ...PostOption) *Status {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.post(&Status{Author: p, visibility: "public"}, text, opts)
}

// Direct sends a direct message. The text is completed with the receiver's name.
func (p *Person) Direct(to *Person, text string, opts ...PostOption) *Status {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.post(&Status{Author: p, visibility: "direct"}, "@"+to.nameFor(p.s)+" "+text, opts)
}

// Reply answers a status, with its visibility. The text is completed with the
// author's name; when it is their own, with the names that it began with.
func (p *Person) Reply(to *Status, text string, opts ...PostOption) *Status {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	names := []*Person{to.Author}
	if to.Author == p {
		names = to.mentions
	}
	for _, q := range names {
		text = "@" + q.nameFor(p.s) + " " + text
	}
	return p.s.post(&Status{Author: p, visibility: to.visibility, inReplyTo: to}, text, opts)
}

// Quote repeats a status with words of one's own.
func (p *Person) Quote(of *Status, text string, opts ...PostOption) *Status {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	st := p.s.post(&Status{Author: p, visibility: "public", quoted: of}, text, opts)
	p.s.notify(of.Author, p, "quote", st, st.created)
	return st
}

// nameFor is how the server's own people write a name.
func (p *Person) nameFor(s *Server) string {
	if p.Domain == s.opts.Domain {
		return p.Username
	}
	return p.Handle()
}

var mention = regexp.MustCompile(`@([A-Za-z0-9_]+)(@[A-Za-z0-9.-]+[A-Za-z0-9])?`)

func (s *Server) post(st *Status, text string, opts []PostOption) *Status {
	st.s, st.lang, st.created = s, "en", s.now
	for _, o := range opts {
		o(st)
	}
	st.ID = s.id(st.created)
	st.versions = []version{{text, st.spoiler, st.created}}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if q := s.named(m[1], strings.TrimPrefix(m[2], "@")); q != nil && !slices.Contains(st.mentions, q) {
			st.mentions = append(st.mentions, q)
		}
	}
	st.root = st
	if st.inReplyTo != nil {
		st.root = st.inReplyTo.root
		st.inReplyTo.replies++
	}
	s.statuses[st.ID] = st
	for _, q := range st.mentions {
		if q != st.Author {
			s.notify(q, st.Author, "mention", st, st.created)
		}
	}
	if st.visibility == "direct" {
		s.converse(st)
	}
	return st
}

func (s *Server) named(name, domain string) *Person {
	if domain == "" {
		domain = s.opts.Domain
	}
	for _, p := range s.people {
		if p.Username == name && p.Domain == domain && !p.gone {
			return p
		}
	}
	return nil
}

// converse files a direct message in the conversations of all who take part.
func (s *Server) converse(st *Status) {
	all := append([]*Person{st.Author}, st.mentions...)
	for _, p := range all {
		if p.blocked(st.Author) || p.holdsBack(st.Author) {
			continue
		}
		i := slices.IndexFunc(p.conversations, func(c *conversation) bool { return c.root == st.root })
		if i < 0 {
			p.conversations = append(p.conversations, &conversation{id: s.id(st.created), root: st.root})
			i = len(p.conversations) - 1
		}
		c := p.conversations[i]
		for _, q := range all {
			if q != p && !slices.Contains(c.with, q) {
				c.with = append(c.with, q)
			}
		}
		c.last, c.unread = append(c.last, st), st.Author != p
	}
}

func (s *Server) notify(to, from *Person, kind string, st *Status, at time.Time) {
	if to.Domain != s.opts.Domain {
		return // another server's business
	}
	r := &row{id: s.id(at), kind: kind, at: at.Truncate(time.Second), from: from, status: st}
	if h := to.held(from); h != nil {
		r.filtered = true
		if kind == "mention" || kind == "quote" {
			h.count++
			h.last, h.later = st, at
		}
	}
	i, _ := slices.BinarySearchFunc(to.rows, r, func(a, b *row) int {
		if older(a.id, b.id) {
			return -1
		}
		return 1
	})
	to.rows = slices.Insert(to.rows, i, r)
}

// Notify notifies somebody of anything: types that a reader does not know.
// st may be nil.
func (p *Person) Notify(to *Person, kind string, st *Status) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.notify(to, p, kind, st, p.s.now)
}

// Edit changes what a status says. Nobody is notified.
func (st *Status) Edit(text string) {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	// A server keeps the name that a direct message begins with.
	if first, _, ok := strings.Cut(st.versions[0].text, " "); ok && strings.HasPrefix(first, "@") && !strings.HasPrefix(text, "@") {
		text = first + " " + text
	}
	st.versions = append(st.versions, version{text, st.spoiler, st.s.now})
}

// Delete takes a status back: it leaves notifications and conversations too.
func (st *Status) Delete() {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	st.delete()
}

func (st *Status) delete() {
	st.gone = true
	for _, p := range st.s.people {
		p.rows = slices.DeleteFunc(p.rows, func(r *row) bool { return r.status == st })
		for _, c := range p.conversations {
			c.last = slices.DeleteFunc(c.last, func(x *Status) bool { return x == st })
		}
		p.conversations = slices.DeleteFunc(p.conversations, func(c *conversation) bool { return len(c.last) == 0 })
	}
}

// Follow follows somebody who lets everybody in.
func (p *Person) Follow(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	q.followers = append(q.followers, p)
	p.s.notify(q, p, "follow", nil, p.s.now)
}

// AskToFollow asks somebody who lets nobody in unasked.
func (p *Person) AskToFollow(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	q.asked = append(q.asked, p)
	p.s.notify(q, p, "follow_request", nil, p.s.now)
}

// Favourite marks a status.
func (p *Person) Favourite(st *Status) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	st.favs++
	p.s.notify(st.Author, p, "favourite", st, p.s.now)
}

// Boost repeats a status.
func (p *Person) Boost(st *Status) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	st.boosts++
	p.s.notify(st.Author, p, "reblog", st, p.s.now)
}

// Block hides all that q sent and will send from p. It comes back when the
// block ends.
func (p *Person) Block(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if !p.blocked(q) {
		p.blocks = append(p.blocks, relation{p.s.id(p.s.now), q})
	}
}

// Unblock ends a block.
func (p *Person) Unblock(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.blocks = slices.DeleteFunc(p.blocks, func(r relation) bool { return r.to == q })
}

// Mute hides q's public posts from p; what names p still arrives.
func (p *Person) Mute(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mutes = append(p.mutes, relation{p.s.id(p.s.now), q})
}

// HoldBack lets what q sends from now on arrive as filtered notifications and
// as a request.
func (p *Person) HoldBack(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.held(q) == nil {
		p.heldBack = append(p.heldBack, &heldBack{id: p.s.id(p.s.now), from: q, at: p.s.now, later: p.s.now})
	}
}

// LetIn accepts the request of q: rows with old identifiers appear.
func (p *Person) LetIn(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.heldBack = slices.DeleteFunc(p.heldBack, func(h *heldBack) bool { return h.from == q })
	for _, r := range p.rows {
		if r.from == q {
			r.filtered = false
		}
	}
}

// Leave deletes an account: all that it sent vanishes, and it leaves the lists
// of blocks as if the block had ended.
func (p *Person) Leave() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.gone = true
	for _, st := range p.s.statuses {
		if st.Author == p {
			st.delete()
		}
	}
	for _, q := range p.s.people {
		q.rows = slices.DeleteFunc(q.rows, func(r *row) bool { return r.from == p })
		q.blocks = slices.DeleteFunc(q.blocks, func(r relation) bool { return r.to == p })
		q.conversations = slices.DeleteFunc(q.conversations, func(c *conversation) bool { return slices.Contains(c.with, p) })
	}
}

func (p *Person) blocked(q *Person) bool {
	return slices.ContainsFunc(p.blocks, func(r relation) bool { return r.to == q })
}

func (p *Person) held(q *Person) *heldBack {
	for _, h := range p.heldBack {
		if h.from == q && !p.s.opts.GoToSocial {
			return h
		}
	}
	return nil
}

func (p *Person) holdsBack(q *Person) bool { return p.held(q) != nil }

// sees reports whether p can be shown a status.
func (p *Person) sees(st *Status) bool {
	switch {
	case st == nil || st.gone || p.blocked(st.Author):
		return false
	case st.visibility == "public", st.visibility == "unlisted", st.Author == p:
		return true
	}
	return slices.Contains(st.mentions, p)
}

// content is a text in the HTML that servers make of it.
func (s *Server) content(text string) string {
	var b strings.Builder
	for i, para := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString("</p><p>")
		}
		b.WriteString(strings.ReplaceAll(s.linked(para), "\n", "<br>"))
	}
	return "<p>" + b.String() + "</p>"
}

func (s *Server) linked(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		at := mention.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		m := mention.FindStringSubmatch(text)
		b.WriteString(html.EscapeString(text[:at[0]]))
		if p := s.named(m[1], strings.TrimPrefix(m[2], "@")); p != nil {
			b.WriteString(`<span class="h-card"><a href="` + s.profileURL(p) + `" class="u-url mention" rel="nofollow noreferrer noopener" target="_blank">@<span>` + p.Username + `</span></a></span>`)
		} else {
			b.WriteString(html.EscapeString(m[0]))
		}
		text = text[at[1]:]
	}
	b.WriteString(html.EscapeString(text))
	return b.String()
}
