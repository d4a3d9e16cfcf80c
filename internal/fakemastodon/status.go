package fakemastodon

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

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
