package fakex

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// activity is what the stream of events holds.
type activity struct {
	subscribed map[*Person][]string // the types of events; none: all
	lines      []line
	changed    chan struct{} // closed when there is something new
	hangUps    int
	beats      int
	brief      bool // a connection ends when it has said all that there is
	open       int
}

// A line is one event as the stream says it.
type line struct {
	at   time.Time
	text []byte
	bill string
	id   string
}

// Subscribe lets the stream tell of a person: of the types that are named, or of
// all. Whoever runs the app does that; a reader never does.
func (s *Server) Subscribe(p *Person, types ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.activity.subscribed == nil {
		s.activity.subscribed = map[*Person][]string{}
	}
	s.activity.subscribed[p] = types
}

// HangUp ends the connections to the stream.
func (s *Server) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.hangUps++
	s.stir()
}

// Brief lets connections to the stream end when they have said all that there is.
func (s *Server) Brief(brief bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.brief = brief
	s.stir()
}

// Beat sends the empty line that keeps connections alive.
func (s *Server) Beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.beats++
	s.stir()
}

// Streams returns how many connections to the stream are open.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.activity.open
}

// Tell lets the stream tell of anything: of events that a reader does not know.
// The payload is JSON.
func (s *Server) Tell(about *Person, kind, payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(about, kind, rawJSON(payload), nil, "", "")
}

// Say puts a line on the stream as it is, for whoever is connected: "{" or what
// else a stream should not say.
func (s *Server) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.lines = append(s.activity.lines, line{at: s.time(), text: []byte(text)})
	s.stir()
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// stir wakes the connections. mu is held.
func (s *Server) stir() {
	if s.activity.changed != nil {
		close(s.activity.changed)
		s.activity.changed = nil
	}
}

// tell puts an event on the stream if somebody subscribed to it. mu is held.
func (s *Server) tell(about *Person, kind string, payload any, includes object, bill, id string) {
	types, ok := s.activity.subscribed[about]
	if !ok || len(types) > 0 && !slices.Contains(types, kind) {
		return
	}
	uuid := s.id(s.time())
	data := object{{"filter", object{{"user_id", about.ID}}}, {"event_type", kind}, {"event_uuid", uuid}, {"tag", "daybook"}, {"payload", payload}}
	if includes != nil {
		data = append(data, member{"includes", includes})
	}
	b, err := encode(object{{"data", data}})
	if err != nil {
		panic("fakex: " + err.Error()) // the script's mistake: a payload that is no JSON
	}
	s.activity.lines = append(s.activity.lines, line{s.time(), b, bill, id})
	s.stir()
}

// notePost tells those whom a post names, answers or quotes. mu is held.
func (s *Server) notePost(x *Post) {
	if x.Author.protected {
		return // posts of protected accounts are never delivered
	}
	tell := func(about *Person, kind string) {
		if about == x.Author || about.blocked(x.Author) {
			return
		}
		c := &call{
			s: s, free: true, known: map[string]bool{}, e: endpoint{kind: "posts"},
			ask: ask{names: NamesTweet, lists: map[string][]string{
				"tweet.fields": fields("tweet.fields"), "user.fields": {"created_at", "description", "profile_image_url", "protected"},
				"media.fields": fields("media.fields"), "expansions": {"author_id", "attachments.media_keys"},
			}},
		}
		payload := c.showPost(x)
		includes := object{{"users", c.users}}
		if c.files != nil {
			includes = append(includes, member{"media", c.files})
		}
		s.tell(about, kind, payload, includes, BillPosts, x.ID)
	}
	for _, q := range x.mentions {
		if !x.implied(q) {
			tell(q, "post.mention.create")
		}
	}
	if x.inReplyTo != nil {
		tell(x.inReplyTo.Author, "post.reply.create")
	}
	if x.quoted != nil {
		tell(x.quoted.Author, "post.quote.create")
	}
}

// implied reports whether a post names a person only because it answers them.
func (x *Post) implied(q *Person) bool {
	return x.inReplyTo != nil && (q == x.inReplyTo.Author || slices.Contains(x.inReplyTo.mentions, q))
}

func (s *Server) notePostDelete(x *Post) {
	s.tell(x.Author, "post.delete", object{{"id", x.ID}, {"author_id", x.Author.ID}}, nil, BillPosts, x.ID)
}

// noteMessage tells of a message between two, in the form of v1.1. mu is held.
func (s *Server) noteMessage(m *Message) {
	if m.group != nil || m.kind != created || m.gone {
		return
	}
	users := object{}
	for _, p := range m.readers {
		users = append(users, member{p.ID, object{
			{"id", p.ID}, {"created_timestamp", strconv.FormatInt(p.created.UnixMilli(), 10)}, {"name", escape(p.name)}, {"screen_name", p.username},
			{"description", escape(p.bio)}, {"protected", p.protected}, {"verified", false}, {"profile_image_url_https", p.avatar},
		}})
	}
	payload := object{{"direct_message_events", []object{s.oldMessage(m)}}, {"users", users}}
	s.tell(m.to, "dm.received", payload, nil, BillMessages, m.ID)
	s.tell(m.Sender, "dm.sent", payload, nil, BillMessages, m.ID)
}

// Chat sends a message of the encrypted chat: nobody but the two devices can read
// it, and it is in no list of messages. It returns its identifier.
func (p *Person) Chat(to *Person, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := p.s.id(p.s.time())
	sealed := make([]byte, 0, len(text))
	for i := range len(text) {
		sealed = append(sealed, text[i]^byte(0x5a+i)) // not to be read at a glance: no more is wanted here
	}
	payload := object{
		{"id", id}, {"conversation_id", Between(p, to)}, {"sender_id", p.ID}, {"created_at", stamp(p.s.time())},
		{"encoded_event", base64.StdEncoding.EncodeToString(sealed)}, {"conversation_token", p.s.secret("conversation")},
		{"message_event_signature", object{
			{"signature", base64.StdEncoding.EncodeToString([]byte("signed " + id))}, {"public_key_version", "1"}, {"signature_version", "2"},
		}}, {"is_trusted", true},
	}
	p.s.tell(to, "chat.received", payload, nil, BillMessages, id)
	p.s.tell(p, "chat.sent", payload, nil, BillMessages, id)
	return id
}

// Typing tells that somebody is typing; Reads that they have read what there is.
func (p *Person) Typing(to *Person) { p.hint(to, "dm.indicate_typing") }
func (p *Person) Reads(to *Person)  { p.hint(to, "dm.read") }

func (p *Person) hint(to *Person, kind string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	now := strconv.FormatInt(p.s.time().UnixMilli(), 10)
	p.s.tell(to, kind, object{{"created_timestamp", now}, {"sender_id", p.ID}, {"target", object{{"recipient_id", to.ID}}}}, nil, "", "")
}

func (s *Server) activityRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /2/activity/stream", s.stream)
}

// stream says what happens, from now on or from some minutes ago.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status, body, from := s.connect(w, r)
	if status != http.StatusOK {
		s.mu.Unlock()
		b, err := encode(body)
		if err != nil {
			panic("fakex: " + err.Error()) // it is made of constants
		}
		writeJSON(w, status, b)
		return
	}
	hangUps, beats := s.activity.hangUps, s.activity.beats
	s.activity.open++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.activity.open--
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	_ = flush() // a writer that cannot flush writes at once
	for {
		s.mu.Lock()
		var out []byte
		for _, l := range s.activity.lines[from:] {
			out = append(append(out, l.text...), "\r\n"...)
			if l.bill != "" {
				s.chargeFor(l.bill, l.bill, l.id)
			}
		}
		from = len(s.activity.lines)
		if s.activity.beats > beats {
			out, beats = append(out, "\r\n"...), s.activity.beats
		}
		end := s.activity.hangUps > hangUps || s.activity.brief
		if s.activity.changed == nil {
			s.activity.changed = make(chan struct{})
		}
		changed := s.activity.changed
		s.mu.Unlock()
		if len(out) > 0 {
			if _, err := w.Write(out); err != nil {
				return // whoever listened has gone
			}
			_ = flush() // as above
		}
		if end {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// connect checks a call for the stream and finds the line to begin with. mu is
// held.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) (status int, body any, from int) {
	t, f := s.signedIn(r, true)
	if f == nil && t.person != nil {
		f = &failure{http.StatusForbidden, object{
			{"title", "Unsupported Authentication"}, {"detail", "Supported authentication types are [OAuth 2.0 Application-Only]."},
			{"type", "https://api.twitter.com/2/problems/unsupported-authentication"}, {"status", 403},
		}}
	}
	if f == nil {
		f = s.count(w, "/2/activity/stream", t, 450)
	}
	a := ask{names: NamesTweet}
	minutes := 0
	for name, values := range r.URL.Query() {
		if f != nil {
			break
		}
		n, err := strconv.Atoi(values[0])
		if name != "backfill_minutes" || err != nil || n < 0 || n > 5 {
			f = a.invalid(name, values[0], "The query parameter ["+name+"] is not valid")
		}
		minutes = n
	}
	if f != nil {
		return f.status, f.body, 0
	}
	from = len(s.activity.lines)
	since := s.time().Add(-time.Duration(minutes) * time.Minute)
	for minutes > 0 && from > 0 && !s.activity.lines[from-1].at.Before(since) {
		from--
	}
	return http.StatusOK, nil, from
}
