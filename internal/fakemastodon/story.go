package fakemastodon

import (
	"html"
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
