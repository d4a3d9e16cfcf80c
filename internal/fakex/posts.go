package fakex

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A piece is what posts and messages have in common.
type piece struct {
	ID      string
	at      time.Time
	text    string
	lang    string
	media   []*Media
	shorts  map[string]string // short addresses by what they stand for
	noShort bool
	linked  bool // messages: a short address stands for each file, as in posts
	kind    string
}

// An Option changes how something is posted or sent.
type Option func(*piece)

// With attaches files.
func With(m ...*Media) Option { return func(x *piece) { x.media = m } }

// Lang sets the language; "en" if not given.
func Lang(tag string) Option { return func(x *piece) { x.lang = tag } }

// Exact gives a post or a message the identifier and the time of a fixture: it
// arrives now all the same.
func Exact(id string, at time.Time) Option {
	return func(x *piece) { x.ID, x.at = id, at.UTC() }
}

// Late lets it arrive now although it was sent at t.
func Late(t time.Time) Option { return func(x *piece) { x.at = t.UTC() } }

// Short says which short address stands for an address in the text.
func Short(short, long string) Option {
	return func(x *piece) {
		if x.shorts == nil {
			x.shorts = map[string]string{}
		}
		x.shorts[long] = short
	}
}

// Shown takes a text as X shows it apart: the text as it was typed, and the
// options that let the server show it in the same way. links has the address for
// each short one. For stories that are told from an account archive.
func Shown(text string, links map[string]string) (typed string, opts []Option) {
	typed = html.UnescapeString(text)
	for short, long := range links {
		typed = strings.ReplaceAll(typed, short, long)
		opts = append(opts, Short(short, long))
	}
	return typed, opts
}

// AsTyped leaves addresses in the text as they are.
func AsTyped(x *piece) { x.noShort = true }

// MediaLinks lets a short address stand in a message's text for each file, as it
// always does in posts.
func MediaLinks(x *piece) { x.linked = true }

// OfType sends a message as an event of a type that a reader does not know.
func OfType(kind string) Option { return func(x *piece) { x.kind = kind } }

// A Post is one version of a post: an edit makes another, with an identifier of
// its own.
type Post struct {
	piece
	s         *Server
	Author    *Person
	chain     *[]*Post // all versions, oldest first
	inReplyTo *Post
	root      *Post
	quoted    *Post
	mentions  []*Person
	lead      string // the names that it begins with by itself: an edit keeps them
	gone      bool
	counts    struct{ likes, reposts, replies, quotes int }
}

// Post says something in public. "@name" in the text names people.
func (p *Person) Post(text string, opts ...Option) *Post {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.post(&Post{Author: p}, text, opts)
}

// Mention posts something that begins with a name.
func (p *Person) Mention(q *Person, text string, opts ...Option) *Post {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	lead := "@" + q.username + " "
	return p.s.post(&Post{Author: p, lead: lead}, lead+text, opts)
}

// Reply answers a post. The text is completed with the names that an answer
// begins with.
func (p *Person) Reply(to *Post, text string, opts ...Option) *Post {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	names := []*Person{to.Author}
	for _, q := range to.mentions {
		if q != p && q != to.Author {
			names = append(names, q)
		}
	}
	lead := ""
	for _, q := range names {
		if q != p || len(names) == 1 {
			lead += "@" + q.username + " "
		}
	}
	to.counts.replies++
	return p.s.post(&Post{Author: p, inReplyTo: to, lead: lead}, lead+text, opts)
}

// Quote repeats a post with words of one's own. It names its author only if the
// words do.
func (p *Person) Quote(of *Post, text string, opts ...Option) *Post {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	of.counts.quotes++
	return p.s.post(&Post{Author: p, quoted: of}, text, opts)
}

// Like marks a post.
func (p *Person) Like(x *Post) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	x.counts.likes++
}

// Edit makes a new version with an identifier of its own. Lists show the newest
// alone; each stays to be had by its own identifier. What Mention and Reply put in
// front stays; what Post was given is replaced, names and all.
func (x *Post) Edit(text string, opts ...Option) *Post {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	return x.s.post(&Post{
		Author: x.Author, inReplyTo: x.inReplyTo, root: x.root, quoted: x.quoted, chain: x.chain, lead: x.lead, piece: piece{media: x.media, lang: x.lang},
	}, x.lead+text, opts)
}

// Delete takes a post back: every version of it.
func (x *Post) Delete() {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	for _, v := range *x.chain {
		v.gone = true
	}
	x.s.notePostDelete(x)
}

// Text returns the whole text as it was written.
func (x *Post) Text() string { return x.text }

// At returns when it was posted.
func (x *Post) At() time.Time { return x.at }

// First returns the identifier of the first version: what names the post.
func (x *Post) First() string {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	return (*x.chain)[0].ID
}

func (x *Post) newest() bool { return (*x.chain)[len(*x.chain)-1] == x }

var mention = regexp.MustCompile(`@([A-Za-z0-9_]{1,15})`)

// start fills in what the options leave out. mu is held.
func (s *Server) start(x *piece, text string, opts []Option) {
	x.text, x.at = text, s.time()
	if x.lang == "" {
		x.lang = "en"
	}
	for _, o := range opts {
		o(x)
	}
	if x.ID == "" {
		x.ID = s.id(x.at)
	}
}

func (s *Server) post(x *Post, text string, opts []Option) *Post {
	x.s = s
	s.start(&x.piece, text, opts)
	if x.chain == nil {
		x.chain = new([]*Post)
	}
	*x.chain = append(*x.chain, x)
	if x.root == nil {
		x.root = x
		if x.inReplyTo != nil {
			x.root = x.inReplyTo.root
		}
	}
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if q := s.byName(m[1]); q != nil && !slices.Contains(x.mentions, q) {
			x.mentions = append(x.mentions, q)
		}
	}
	for _, m := range x.media {
		s.publish(m)
	}
	i, _ := slices.BinarySearchFunc(s.posts, x, func(a, b *Post) int { return older(a.ID, b.ID) })
	s.posts = slices.Insert(s.posts, i, x)
	s.notePost(x)
	return x
}

// sees reports whether a person, or an app without a person, is shown a post.
func (p *Person) sees(x *Post) bool {
	a := x.Author
	return !x.gone && !a.suspended && !a.blocked(p) && (!a.protected || p == a || p != nil && slices.Contains(p.follows, a))
}

func (s *Server) postByID(id string) *Post {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(s.posts, id, func(a *Post, id string) int { return older(a.ID, id) })
	if !ok {
		return nil
	}
	return s.posts[i]
}
