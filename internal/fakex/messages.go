package fakex

import (
	"slices"
	"time"
)

// The types of events in conversations.
const (
	created = "MessageCreate"
	joined  = "ParticipantsJoin"
	left    = "ParticipantsLeave"
)

// A Message is an event in a conversation.
type Message struct {
	piece
	s            *Server
	Sender       *Person
	conversation string
	to           *Person   // the receiver of a message between two
	group        *Group    // nil between two
	readers      []*Person // who took part when it was sent
	participants []*Person // who came or went
	shared       *Post
	hidden       []*Person // who took their own copy away
	gone         bool
}

// Conversation returns the identifier of the conversation.
func (m *Message) Conversation() string { return m.conversation }

// Text returns the text as it was written.
func (m *Message) Text() string { return m.text }

// At returns when it was sent.
func (m *Message) At() time.Time { return m.at }

// Between is the identifier of a conversation of two: the smaller number first.
func Between(a, b *Person) string {
	if older(a.ID, b.ID) > 0 {
		a, b = b, a
	}
	return a.ID + "-" + b.ID
}

// Message sends a direct message. To somebody who blocks the sender nothing is
// delivered.
func (p *Person) Message(to *Person, text string, opts ...Option) *Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := &Message{Sender: p, conversation: Between(p, to), to: to, readers: []*Person{p, to}}
	if to.blocked(p) || p.blocked(to) {
		m.gone = true
	}
	return p.s.send(m, text, opts)
}

// Share sends somebody a post.
func (p *Person) Share(to *Person, x *Post, text string, opts ...Option) *Message {
	m := p.Message(to, text, opts...)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m.shared = x
	return m
}

// Unsend takes a message back from everybody.
func (m *Message) Unsend() {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.gone = true
}

// Delete takes one person's own copy away; the others keep theirs.
func (m *Message) Delete(p *Person) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.hidden = append(m.hidden, p)
}

// Restore gives a person back the copy that was taken away.
func (m *Message) Restore(p *Person) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.hidden = slices.DeleteFunc(m.hidden, func(q *Person) bool { return q == p })
}

// A Group is a conversation of several.
type Group struct {
	s       *Server
	ID      string
	members []*Person
}

// A GroupOption says what a group is like from the start.
type GroupOption func(*Group)

// GroupNumbered gives a group the identifier of a fixture.
func GroupNumbered(id string) GroupOption { return func(g *Group) { g.ID = id } }

// Group begins a conversation with others.
func (p *Person) Group(others []*Person, opts ...GroupOption) *Group {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	g := &Group{s: p.s, ID: p.s.id(p.s.time()), members: append([]*Person{p}, others...)}
	for _, o := range opts {
		o(g)
	}
	p.s.happen(g, joined, p, others, nil)
	return g
}

// Message sends something to all who take part.
func (g *Group) Message(from *Person, text string, opts ...Option) *Message {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.s.send(&Message{Sender: from, conversation: g.ID, group: g, readers: slices.Clone(g.members)}, text, opts)
}

// Join lets somebody add people.
func (g *Group) Join(by *Person, who []*Person, opts ...Option) *Message {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.members = append(g.members, who...)
	return g.s.happen(g, joined, by, who, opts)
}

// Leave lets people go. They keep what they have.
func (g *Group) Leave(who []*Person, opts ...Option) *Message {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	m := g.s.happen(g, left, who[0], who, opts)
	g.members = slices.DeleteFunc(g.members, func(p *Person) bool { return slices.Contains(who, p) })
	return m
}

func (s *Server) happen(g *Group, kind string, by *Person, who []*Person, opts []Option) *Message {
	return s.send(&Message{
		piece: piece{kind: kind}, Sender: by, conversation: g.ID, group: g, readers: slices.Clone(g.members), participants: who,
	}, "", opts)
}

func (s *Server) send(m *Message, text string, opts []Option) *Message {
	m.s = s
	if m.kind == "" {
		m.kind = created
	}
	s.start(&m.piece, text, opts)
	for _, x := range m.media {
		s.attach(x, m)
	}
	i, _ := slices.BinarySearchFunc(s.messages, m, func(a, b *Message) int { return older(a.ID, b.ID) })
	s.messages = slices.Insert(s.messages, i, m)
	s.noteMessage(m)
	return m
}

// has reports whether a person has a message.
func (p *Person) has(m *Message) bool {
	return !m.gone && slices.Contains(m.readers, p) && !slices.Contains(m.hidden, p)
}

func (s *Server) messageByID(id string) *Message {
	i, ok := slices.BinarySearchFunc(s.messages, id, func(a *Message, id string) int { return older(a.ID, id) })
	if !ok {
		return nil
	}
	return s.messages[i]
}
