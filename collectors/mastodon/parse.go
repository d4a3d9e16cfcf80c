package mastodon

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/unicode/norm"

	"daybook"
)

// The types of this file hold the members that a reading needs. Decoding into
// go-mastodon's types, which have them all, takes about twice as long, and one
// time that cannot be read would cost the whole item.

type jsonAccount struct {
	ID          nativeID `json:"id"`
	URI         string   `json:"uri"`
	Acct        string   `json:"acct"`
	DisplayName string   `json:"display_name"`
}

type jsonMention struct {
	ID   nativeID `json:"id"`
	Acct string   `json:"acct"`
}

type jsonMedia struct {
	ID          nativeID `json:"id"`
	Type        string   `json:"type"`
	URL         string   `json:"url"`
	Description string   `json:"description"`
}

type jsonStatus struct {
	ID                 nativeID      `json:"id"`
	CreatedAt          string        `json:"created_at"`
	EditedAt           string        `json:"edited_at"`
	InReplyToID        nativeID      `json:"in_reply_to_id"`
	InReplyToAccountID nativeID      `json:"in_reply_to_account_id"`
	SpoilerText        string        `json:"spoiler_text"`
	Visibility         string        `json:"visibility"`
	Language           string        `json:"language"`
	URI                string        `json:"uri"`
	URL                string        `json:"url"`
	Content            string        `json:"content"`
	Account            jsonAccount   `json:"account"`
	Media              []jsonMedia   `json:"media_attachments"`
	Mentions           []jsonMention `json:"mentions"`
}

type jsonNotification struct {
	ID        nativeID    `json:"id"`
	Type      string      `json:"type"`
	CreatedAt string      `json:"created_at"`
	Account   jsonAccount `json:"account"`
	Status    *jsonStatus `json:"status"`
	// Fallback is what Mastodon says of a type that a client may not know.
	Fallback *struct {
		Title   string `json:"title"`
		Summary string `json:"summary"`
	} `json:"fallback"`
}

type jsonConversation struct {
	ID         nativeID      `json:"id"`
	Accounts   []jsonAccount `json:"accounts"`
	LastStatus *jsonStatus   `json:"last_status"`
}

type jsonRequest struct {
	ID         nativeID    `json:"id"`
	CreatedAt  string      `json:"created_at"`
	Account    jsonAccount `json:"account"`
	LastStatus *jsonStatus `json:"last_status"`
}

// Parse reads one capture. The lane says what it is. It is pure; hostile bytes
// give an error or text, never a panic.
//
// A status is keyed by its URI, so that it is one message in whatever lane it
// comes. A follow, a favourite, a boost and types that are not known have no
// status of the sender; they are keyed by server and notification. If such a
// notification comes with a post, that is a message of its own.
func Parse(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	p := parser{self: self, domain: accountDomain(self)}
	var err error
	switch c.Lane {
	case LaneNotifications:
		var n jsonNotification
		if err = unmarshal(c.Raw, &n, &n.ID); err == nil {
			p.notification(&n)
		}
	case LaneConversations:
		var conv jsonConversation
		if err = unmarshal(c.Raw, &conv, &conv.ID); err == nil && conv.LastStatus != nil {
			p.known = conv.Accounts
			m := p.status(conv.LastStatus)
			m.Thread = string(conv.ID)
			p.add(m)
		}
	case LaneRequests:
		var r jsonRequest
		if err = unmarshal(c.Raw, &r, &r.ID); err == nil {
			p.request(&r)
		}
	case LaneContexts, LaneStatuses:
		var s jsonStatus
		if id, version, ok := strings.Cut(c.NativeID, "/history/"); ok {
			if err = json.Unmarshal(c.Raw, &s, lenient); err == nil {
				err = p.version(&s, id, version)
			}
		} else if err = unmarshal(c.Raw, &s, &s.ID); err == nil {
			p.add(p.status(&s))
		}
	default:
		err = errors.New("the lane is not known")
	}
	if err != nil {
		return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, err)
	}
	return daybook.Reading{Parser: Version, Messages: p.messages}, nil
}

// unmarshal reads an object that has to have an id. The error says where, and
// never what stood there.
func unmarshal(raw []byte, v any, id *nativeID) error {
	if err := json.Unmarshal(raw, v, lenient); err != nil {
		var s *json.SemanticError
		if errors.As(err, &s) {
			return fmt.Errorf("not of the expected form at byte %d", s.ByteOffset)
		}
		return errors.New("not JSON")
	}
	if *id == "" {
		return errors.New("it has no id")
	}
	return nil
}

// A parser makes the messages of one capture.
type parser struct {
	self     daybook.Account
	domain   string
	known    []jsonAccount // other accounts that the capture shows in full
	messages []daybook.ReadMessage
}

func (p *parser) add(m daybook.ReadMessage) { p.messages = append(p.messages, m) }

// kinds are the words for the platform's types. Others stay as they are.
var kinds = map[string]daybook.Kind{
	"mention":        daybook.KindMention,
	"follow":         daybook.KindFollow,
	"follow_request": daybook.KindRequest,
	"favourite":      daybook.KindFavourite,
	"reblog":         daybook.KindBoost,
	"quote":          daybook.KindQuote,
	"poll":           daybook.KindPoll,
}

func (p *parser) notification(n *jsonNotification) {
	kind, ok := kinds[n.Type]
	if !ok {
		kind = daybook.Kind(n.Type)
	}
	s := n.Status
	if s != nil && s.Account.same(n.Account) && kind != daybook.KindPoll && !p.isSelf(s.Account) {
		m := p.status(s)
		// A mention is told apart by whom it addresses; a quote stays one;
		// of other types the status says whether it reaches out.
		if kind == daybook.KindQuote || m.Kind == kindOther {
			m.Kind = kind
		}
		p.add(m)
		return
	}
	m := daybook.ReadMessage{
		Key:       p.eventKey("notifications", n.ID),
		Kind:      kind,
		Direction: daybook.In,
		Sender:    n.Account.handle(p.domain),
		Sent:      when(n.CreatedAt),
	}
	if n.Fallback != nil {
		m.Text = norm.NFC.String(strings.TrimSpace(n.Fallback.Title + "\n" + n.Fallback.Summary))
	}
	if s != nil {
		m.ReplyTo = string(s.ID)
	}
	p.add(m)
	if s != nil {
		p.add(p.status(s))
	}
}

// request reads the row of a sender whose notifications are held back.
func (p *parser) request(r *jsonRequest) {
	if r.LastStatus != nil {
		p.add(p.status(r.LastStatus))
		return
	}
	p.add(daybook.ReadMessage{
		Key:       p.eventKey("notifications/requests", r.ID),
		Kind:      daybook.KindRequest,
		Direction: daybook.In,
		Sender:    r.Account.handle(p.domain),
		Sent:      when(r.CreatedAt),
	})
}

func (p *parser) eventKey(path string, id nativeID) daybook.MessageKey {
	return daybook.MessageKey(string(Platform) + ":" + p.serverHost() + "/" + path + "/" + string(id))
}

func (p *parser) serverHost() string {
	_, host, _ := strings.Cut(p.self.Server, "://")
	return host
}

// kindOther is a status that does not address the person: somebody else's part
// of a conversation that they were in.
const kindOther daybook.Kind = "status"

func (p *parser) status(s *jsonStatus) daybook.ReadMessage {
	m := daybook.ReadMessage{
		Key:       daybook.MessageKey(string(Platform) + ":" + s.URI),
		Native:    string(s.ID) + " " + string(s.Account.ID),
		Direction: daybook.In,
		Sender:    s.Account.handle(p.domain),
		Sent:      when(s.CreatedAt),
		Edited:    when(s.EditedAt).At,
		Text:      statusText(s.SpoilerText, s.Content),
		Lang:      s.Language,
		ReplyTo:   string(s.InReplyToID),
		URL:       s.URL,
		Media:     p.media(s.Media),
	}
	if s.URI == "" {
		m.Key = p.eventKey("statuses", s.ID)
	}
	if m.URL == "" {
		m.URL = s.URI
	}
	addressed, ownID := false, nativeID("")
	for i := range s.Mentions {
		if strings.EqualFold(complete(s.Mentions[i].Acct, p.domain), p.selfName()) {
			addressed, ownID = true, s.Mentions[i].ID
			continue
		}
		m.To = append(m.To, p.mentioned(s, s.Mentions[i]))
	}
	switch {
	case p.isSelf(s.Account) && s.Visibility == "direct":
		m.Kind, m.Direction = daybook.KindDirectMessage, daybook.Out
	case p.isSelf(s.Account):
		m.Kind, m.Direction = daybook.KindPost, daybook.Out
	case s.Visibility == "direct":
		m.Kind = daybook.KindDirectMessage
	case addressed && ownID != "" && s.InReplyToAccountID == ownID:
		m.Kind = daybook.KindReply
	case addressed:
		m.Kind = daybook.KindMention
	default:
		m.Kind = kindOther
	}
	return m
}

// version reads one version out of a status's history: all that it says is
// who, when and what. version is "<n> <uri>".
func (p *parser) version(s *jsonStatus, id, version string) error {
	number, uri, _ := strings.Cut(version, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return errors.New("the version has no number")
	}
	if s.Account.ID == "" && s.Account.Acct == "" {
		return errors.New("the version has no author")
	}
	s.ID, s.URI = nativeID(id), uri
	m := p.status(s)
	m.Incomplete = true
	m.URL = ""
	if n > 0 {
		m.Edited, m.Sent = m.Sent.At, daybook.When{}
	}
	if m.Kind == kindOther {
		m.Kind = daybook.KindMention // it does not say whom it addressed; a fuller capture does
	}
	p.add(m)
	return nil
}

// media keeps a URL only if it lies where attachments are fetched from.
func (p *parser) media(list []jsonMedia) []daybook.Media {
	var out []daybook.Media
	for _, a := range list {
		m := daybook.Media{
			Native:      string(a.ID),
			Type:        a.Type,
			URL:         a.URL,
			Description: norm.NFC.String(a.Description),
		}
		if !p.ownHost(a.URL) {
			m.URL, m.State = "", daybook.MediaRefused
		}
		out = append(out, m)
	}
	return out
}

func (p *parser) ownHost(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, p.serverHost()) {
		return true
	}
	for _, h := range p.self.Media {
		if strings.EqualFold(u.Host, h) {
			return true
		}
	}
	return false
}

// when reads the platform's time; a time that cannot be read, or whose year in
// UTC cannot be written, is left out.
func when(s string) daybook.When {
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return daybook.When{}
	}
	return daybook.When{At: t}
}
