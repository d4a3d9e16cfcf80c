package fakex

import (
	"slices"
	"time"
)

// A Person is an account. Its methods are what people do.
type Person struct {
	s        *Server
	ID       string // the number: it never changes
	username string
	name     string
	created  time.Time

	bio, location, url string
	avatar             string // URL
	followers          int
	following          int
	protected          bool
	suspended          bool
	blocks             []relation
	mutes              []relation
	follows            []*Person
}

type relation struct {
	id string
	to *Person
}

// A PersonOption says what an account is like from the start.
type PersonOption func(*Person)

// Numbered gives an account the number of a fixture.
func Numbered(id string) PersonOption { return func(p *Person) { p.ID = id } }

// Since says when an account was made.
func Since(t time.Time) PersonOption { return func(p *Person) { p.created = t.UTC() } }

// Person adds an account.
func (s *Server) Person(username, name string, opts ...PersonOption) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Person{s: s, username: username, name: name, created: s.time(), followers: 12, following: 34}
	for _, o := range opts {
		o(p)
	}
	if p.ID == "" {
		p.ID = s.id(p.created)
	}
	p.avatar = "https://pbs.twimg.com/profile_images/" + p.ID + "/x_normal.jpg"
	s.people = append(s.people, p)
	return p
}

// Username returns the name that stands after "@": it can change.
func (p *Person) Username() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.username
}

// Name returns the name that is shown.
func (p *Person) Name() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.name
}

// Profile changes what a person shows of themselves.
func (p *Person) Profile(name, bio string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.name, p.bio = name, bio
}

// Lives changes the place and the address that a person shows.
func (p *Person) Lives(place, url string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.location, p.url = place, url
}

// Rename changes the name after "@". The number stays.
func (p *Person) Rename(username string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.username = username
}

// Avatar gives a person a picture.
func (p *Person) Avatar(m *Media) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	path := "/profile_images/" + m.id + "/" + m.name + "_normal." + m.ext
	p.s.media[path] = m
	p.avatar = "https://pbs.twimg.com" + path
}

// Protect lets only followers see what a person posts.
func (p *Person) Protect() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.protected = true
}

// Follow follows somebody.
func (p *Person) Follow(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.follows = append(p.follows, q)
	q.followers++
}

// Suspend lets the platform suspend an account: posts and profile are not shown,
// messages stay.
func (p *Person) Suspend() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.suspended = true
}

// Unsuspend ends it: all comes back.
func (p *Person) Unsuspend() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.suspended = false
}

// Block hides what q posts from p's mentions and p's posts from q, and lets no
// message of q's through. What came before stays.
func (p *Person) Block(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if !p.blocked(q) {
		p.blocks = append(p.blocks, relation{p.s.id(p.s.time()), q})
	}
}

// Unblock ends a block.
func (p *Person) Unblock(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.blocks = slices.DeleteFunc(p.blocks, func(r relation) bool { return r.to == q })
}

// Mute hides q from p's time line; what names p still arrives.
func (p *Person) Mute(q *Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mutes = append(p.mutes, relation{p.s.id(p.s.time()), q})
}

func (p *Person) blocked(q *Person) bool {
	return p != nil && slices.ContainsFunc(p.blocks, func(r relation) bool { return r.to == q })
}

func (s *Server) byID(id string) *Person {
	for _, p := range s.people {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (s *Server) byName(username string) *Person {
	for _, p := range s.people {
		if p.username == username {
			return p
		}
	}
	return nil
}
