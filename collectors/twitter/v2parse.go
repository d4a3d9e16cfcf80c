package twitter

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/unicode/norm"

	"daybook"
)

// errorID begins the NativeID of a capture that is one of the "errors" which X
// puts beside what it hands out: what was not there, or not to be seen.
const errorID = "error/"

// most bounds what is taken of lists in one item.
const most = 64

// Parse reads one capture. The lane says what it is. It is pure; hostile bytes
// give an error or text, never a panic.
//
// What X says it could not hand out is kept, and is no message: its reading holds
// none.
func Parse(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	p := v2Parser{me: self.Handle.Native, lane: c.Lane}
	var err error
	switch {
	case c.Lane == LaneArchive:
		return ParseArchive(self, c)
	case strings.HasPrefix(c.NativeID, errorID):
		var problem struct{}
		err = openV2(c.Raw, &problem)
	case c.Lane == LaneActivity:
		p.messages, err = parseActivity(self, c.Raw)
	case isV11(c.Raw):
		return parseV11(self, c)
	case c.Lane == LaneMessages, c.Lane == LaneMentions, c.Lane == LaneQuotes, c.Lane == LanePosts:
		err = p.envelope(c.Raw)
	default:
		err = errors.New("the lane is not known")
	}
	if err != nil {
		return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, err)
	}
	return daybook.Reading{Parser: Version, Messages: p.messages}, nil
}

// openV2 reads an object. The error says where, and never what stood there.
func openV2(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v, lenient()); err != nil {
		var s *json.SemanticError
		if errors.As(err, &s) {
			return fmt.Errorf("not of the expected form at byte %d", s.ByteOffset)
		}
		return errors.New("not JSON")
	}
	return nil
}

// The types of this file hold the members that a reading needs.

type v2Envelope struct {
	Data     *v2Item    `json:"data"`
	Includes v2Includes `json:"includes"`
}

type v2Includes struct {
	Users  []v2User  `json:"users"`
	Media  []v2Media `json:"media"`
	Tweets []v2Item  `json:"tweets"`
	Posts  []v2Item  `json:"posts"`
}

// A v2Item is a post or an event of direct messages: what it is shows in what it
// has.
type v2Item struct {
	refers
	ID           number     `json:"id"`
	Text         string     `json:"text"`
	CreatedAt    string     `json:"created_at"`
	Conversation number     `json:"conversation_id"`
	InReplyTo    number     `json:"in_reply_to_user_id"`
	Lang         string     `json:"lang"`
	NoteTweet    *v2Note    `json:"note_tweet"`
	NotePost     *v2Note    `json:"note_post"`
	Entities     v2Entities `json:"entities"`
	EventType    string     `json:"event_type"`
	Thread       string     `json:"dm_conversation_id"`
}

type v2Note struct {
	Text     string     `json:"text"`
	Entities v2Entities `json:"entities"`
}

type v2Entities struct {
	URLs     []v2URL `json:"urls"`
	Mentions []struct {
		ID       number `json:"id"`
		Username string `json:"username"`
	} `json:"mentions"`
}

type v2URL struct {
	URL      string `json:"url"`
	Expanded string `json:"expanded_url"`
}

type v2Media struct {
	Key      string      `json:"media_key"`
	Type     string      `json:"type"`
	URL      string      `json:"url"`
	Alt      string      `json:"alt_text"`
	Millis   int64       `json:"duration_ms"`
	Variants []v2Variant `json:"variants"`
}

type v2Variant struct {
	Type string `json:"content_type"`
	Rate int64  `json:"bit_rate"`
	URL  string `json:"url"`
}

// A v2Parser makes the messages of one capture.
type v2Parser struct {
	me       string
	lane     daybook.Lane
	includes v2Includes
	messages []daybook.ReadMessage
}

func (p *v2Parser) envelope(raw []byte) error {
	var e v2Envelope
	if err := openV2(raw, &e); err != nil {
		return err
	}
	if e.Data == nil || e.Data.ID == "" {
		return errors.New("it has no id")
	}
	p.includes = e.Includes
	if e.Data.EventType != "" || e.Data.Thread != "" {
		return p.event(e.Data)
	}
	if p.lane == LaneMessages {
		return errors.New("it is no event of direct messages")
	}
	if e.Data.Author == "" {
		return errors.New("it names no author")
	}
	p.messages = append(p.messages, p.post(e.Data))
	for _, own := range slices.Concat(e.Includes.Tweets, e.Includes.Posts) {
		if string(own.Author) == p.me && own.ID != "" {
			p.messages = append(p.messages, p.post(&own))
		}
	}
	return nil
}

// event reads an event of direct messages. What happens to a group is said by
// the platform; an event of a type that is not known keeps that type's name.
func (p *v2Parser) event(e *v2Item) error {
	m := daybook.ReadMessage{
		Key:       MessageKey(string(e.ID)),
		Kind:      daybook.Kind(shorten(e.EventType, most)),
		Direction: p.direction(e.Sender),
		Sent:      claimed(e.CreatedAt),
		Text:      plain(e.Text, e.Entities),
		Thread:    e.Thread,
		Media:     p.media(e),
	}
	if e.Sender != "" {
		m.Sender = p.user(e.Sender)
	}
	switch e.EventType {
	case "MessageCreate", "":
		if e.Sender == "" {
			return errors.New("it names no sender")
		}
		m.Kind, m.Native = daybook.KindDirectMessage, string(e.ID)
		if other := p.otherOf(e.Thread); other != "" && m.Direction == daybook.Out {
			m.To = []daybook.Handle{p.user(number(other))}
		}
	case "ParticipantsJoin":
		m.Kind, m.Text = daybook.KindSystem, "added to the conversation"
		m.To = p.others(e, m.Sender)
	case "ParticipantsLeave":
		m.Kind, m.Text = daybook.KindSystem, "left the conversation"
		if m.Sender.IsZero() && len(e.Participants) == 1 {
			m.Sender, m.Direction = p.user(e.Participants[0]), p.direction(e.Participants[0])
		}
		m.To = p.others(e, m.Sender)
	}
	p.messages = append(p.messages, m)
	return nil
}

// others are those whom an event of a group names beside its sender and the
// person.
func (p *v2Parser) others(e *v2Item, sender daybook.Handle) (out []daybook.Handle) {
	for _, id := range e.Participants[:min(len(e.Participants), most)] {
		if id != "" && string(id) != sender.Native && string(id) != p.me {
			out = append(out, p.user(id))
		}
	}
	return out
}

// otherOf returns who else is in a conversation of two, whose name is both their
// numbers; "" of any other.
func (p *v2Parser) otherOf(conversation string) string {
	a, b, ok := strings.Cut(conversation, "-")
	switch {
	case ok && a == p.me:
		return b
	case ok && b == p.me:
		return a
	}
	return ""
}

func (p *v2Parser) direction(sender number) daybook.Direction {
	if sender != "" && string(sender) == p.me {
		return daybook.Out
	}
	return daybook.In
}

// post reads one version of a post.
func (p *v2Parser) post(t *v2Item) daybook.ReadMessage {
	first := t.first()
	m := daybook.ReadMessage{
		Key:        PostKey(first),
		Native:     string(t.ID),
		Direction:  p.direction(t.Author),
		Sender:     p.user(t.Author),
		To:         p.named(t),
		Sent:       claimed(t.CreatedAt),
		Text:       plain(t.Text, t.Entities),
		Lang:       archiveLang(shorten(t.Lang, most)),
		Thread:     string(t.Conversation),
		URL:        "https://x.com/i/status/" + url.PathEscape(string(t.ID)),
		Media:      p.media(t),
		Incomplete: cutShort(t.Text),
	}
	note := t.NoteTweet
	if t.NotePost != nil {
		note = t.NotePost
	}
	if note != nil && note.Text != "" {
		note.Entities.URLs = append(note.Entities.URLs, t.Entities.URLs...)
		m.Text, m.Incomplete = plain(note.Text, note.Entities), false
	}
	if first != string(t.ID) {
		m.Edited = m.Sent.At
		m.Sent = daybook.When{At: Made(first)}
		if m.Edited.Equal(m.Edited.Truncate(time.Second)) {
			// The first version's time is given in seconds then, too.
			m.Sent.At = m.Sent.At.Truncate(time.Second)
		}
	}
	m.Kind = p.kind(t, m.To)
	for _, ref := range t.references() {
		if ref.Type == "replied_to" || ref.Type == "quoted" && m.ReplyTo == "" {
			m.ReplyTo = string(ref.ID)
		}
	}
	return m
}

// first is the number of the post's first version.
func (t *v2Item) first() string {
	first := string(t.ID)
	for _, id := range t.versions() {
		if !Made(string(id)).IsZero() && Newer(string(id), first) < 0 {
			first = string(id)
		}
	}
	return first
}

// kind says how a post reaches the person or, of their own, whom it reaches.
func (p *v2Parser) kind(t *v2Item, named []daybook.Handle) daybook.Kind {
	if string(t.Author) == p.me {
		switch {
		case t.InReplyTo != "" && string(t.InReplyTo) != p.me:
			return daybook.KindReply
		case len(named) > 0:
			return daybook.KindMention
		}
		return daybook.KindPost
	}
	if string(t.InReplyTo) == p.me {
		return daybook.KindReply
	}
	for _, ref := range t.references() {
		switch {
		case ref.Type == "retweeted" && p.own(ref.ID):
			return daybook.KindBoost
		case ref.Type == "quoted" && (p.lane == LaneQuotes || p.own(ref.ID)):
			return daybook.KindQuote
		}
	}
	return daybook.KindMention
}

// own reports whether the capture shows that a post is the person's.
func (p *v2Parser) own(id number) bool {
	return slices.ContainsFunc(slices.Concat(p.includes.Tweets, p.includes.Posts), func(t v2Item) bool {
		return t.ID == id && string(t.Author) == p.me
	})
}

// named are those whom a post names or answers beside the person and its author.
func (p *v2Parser) named(t *v2Item) (out []daybook.Handle) {
	add := func(id number, username string) {
		if id == "" || string(id) == p.me || id == t.Author || len(out) == most {
			return
		}
		h := p.user(id)
		if len(h.Names) == 0 {
			h = User(string(id), shorten(username, maxName), "")
		}
		if !slices.ContainsFunc(out, h.Same) {
			out = append(out, h)
		}
	}
	for _, m := range t.Entities.Mentions {
		add(m.ID, m.Username)
	}
	add(t.InReplyTo, "")
	return out
}

// user is the handle with a number, with the names that the capture shows.
func (p *v2Parser) user(id number) daybook.Handle {
	for i := range p.includes.Users {
		if u := &p.includes.Users[i]; u.ID == id {
			return User(string(id), shorten(u.Username, maxName), shorten(norm.NFC.String(u.Name), maxName))
		}
	}
	return User(string(id), "", "")
}

// media are the attachments of an item. An address stands in a reading only if it
// lies where attachments are fetched from.
func (p *v2Parser) media(t *v2Item) (out []daybook.Media) {
	for _, key := range t.Attachments.Keys[:min(len(t.Attachments.Keys), most)] {
		_, native, ok := strings.Cut(key, "_")
		if !ok {
			native = key
		}
		m := daybook.Media{Native: native}
		i := slices.IndexFunc(p.includes.Media, func(m v2Media) bool { return m.Key == key })
		if i < 0 {
			m.State = daybook.MediaMissing // X names it and says no more
			out = append(out, m)
			continue
		}
		from := &p.includes.Media[i]
		m.Type, m.Description = shorten(from.Type, most), norm.NFC.String(from.Alt)
		address := from.address()
		if m.URL = fetchable(address); m.URL == "" {
			m.State = daybook.MediaRefused
		}
		out = append(out, m)
	}
	return out
}

// mostVideo is how large a film may be that is chosen among several, in bytes:
// what the transport takes, and a little less.
const mostVideo = 30 << 20

// address is where an attachment lies. Of films the best is chosen that is not too
// large to be kept.
func (m *v2Media) address() string {
	best, bestRate := "", int64(-1)
	for _, v := range m.Variants {
		if v.Type != "video/mp4" || v.URL == "" {
			continue
		}
		fits := m.Millis <= 0 || v.Rate <= mostVideo*8*1000/m.Millis
		if best == "" || fits && v.Rate > bestRate {
			best, bestRate = v.URL, v.Rate
		}
	}
	if best != "" {
		return best
	}
	return m.URL
}

// fetchable returns where an attachment is fetched from, "" if it is not. Those of
// direct messages lie at a place that asks for more than the token; the interface
// hands them out under the same three names.
func fetchable(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" {
		return ""
	}
	switch strings.ToLower(u.Host) {
	case imageHost, videoHost:
		return address
	case "ton.twitter.com", "ton.x.com":
		// …/1.1/ton/data/dm/<message>/<attachment>/<file>
		at := strings.Split(strings.Trim(path.Clean(u.EscapedPath()), "/"), "/")
		if len(at) >= 4 && at[len(at)-4] == "dm" {
			return "https://" + apiHost + "/2/dm_conversations/media/" + strings.Join(at[len(at)-3:], "/")
		}
	case apiHost:
		if strings.HasPrefix(u.EscapedPath(), "/2/dm_conversations/media/") && u.RawQuery == "" {
			return address
		}
	}
	return ""
}

// plain is the text that its sender wrote.
func plain(text string, e v2Entities) string {
	return norm.NFC.String(Text(text, links(e)))
}

func links(e v2Entities) []Link {
	out := make([]Link, len(e.URLs))
	for i, u := range e.URLs {
		out[i] = Link{Short: u.URL, Long: u.Expanded}
	}
	return out
}

// cutShort reports whether X left the end of a text out: it ends so, and is about
// as long as X lets it be. Wide characters count twice there.
func cutShort(text string) bool {
	text, _, _ = strings.Cut(text, " https://t.co/")
	width := 0
	for _, r := range text {
		width++
		if r > 0x10ff {
			width++
		}
	}
	return strings.HasSuffix(text, "…") && width >= 260
}

// claimed reads the platform's time; a time that cannot be read, or whose year
// cannot be written, is left out.
func claimed(s string) daybook.When {
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return daybook.When{}
	}
	return daybook.When{At: t}
}

// shorten cuts s to at most n bytes, at a whole character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// userNumber reports whether s can be a user's or a post's number.
func userNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil && len(s) <= 19
}
