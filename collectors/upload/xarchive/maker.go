package xarchive

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

// A file is a member that items are made of.
type file struct {
	member *upload.Member
	role   role
	digest daybook.Digest
	// ids are those of the conversations in it, in order: an id could stand
	// after the messages.
	ids []string
}

// A maker makes items of the elements of one file, in the first reading and in
// each later one.
type maker struct {
	*export
	ctx   context.Context // of the one reading that the maker is made for
	file  *file
	first *counter // nil but in the first reading
}

type emitter func(upload.Item) error

// walk reads the file's array and makes items of what is in it.
func (m *maker) walk(s *stream, emit emitter) error {
	if err := s.begin('['); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if more, err := s.more(); err != nil || !more {
			return err
		}
		var err error
		if m.file.role == roleMessages || m.file.role == roleGroups {
			err = m.conversation(s, n, emit)
		} else {
			err = m.element(s, n, emit)
		}
		if err != nil {
			return err
		}
	}
}

// conversation reads {"dmConversation": {"conversationId": …, "messages": […]}}.
func (m *maker) conversation(s *stream, n int, emit emitter) error {
	if err := s.begin('{'); err != nil {
		return err
	}
	for {
		more, err := s.more()
		if err != nil || !more {
			return err
		}
		t, err := s.token()
		if err != nil {
			return err
		}
		if t.String() != "dmConversation" {
			if err := m.unknown(s, fmt.Sprintf("/%d", n)); err != nil {
				return err
			}
			continue
		}
		if err := m.talk(s, n, emit); err != nil {
			return err
		}
	}
}

func (m *maker) talk(s *stream, n int, emit emitter) error {
	if err := s.begin('{'); err != nil {
		return err
	}
	id, named := m.id(n), false
	for {
		more, err := s.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t.String() {
		case "conversationId":
			v, _, err := s.value()
			if err != nil {
				return err
			}
			var given scalar
			if err := json.Unmarshal(v, &given, loose); err != nil {
				return s.shape()
			}
			if m.first != nil && safeID(string(given)) {
				named = true
				m.first.rename(id, string(given))
				id = string(given)
			}
		case "messages":
			if err := m.messages(s, n, id, emit); err != nil {
				return err
			}
		default:
			if err := s.skip(); err != nil {
				return err
			}
		}
	}
	if m.first != nil {
		if !named {
			m.first.unread(m.file, "a conversation without a number", fmt.Sprintf("/%d", n))
		}
		if m.first.conversations++; m.first.conversations > maxConversations {
			return refuse("there are too many conversations in it", askX)
		}
		m.file.ids = append(m.file.ids, id)
	}
	return nil
}

// id is what a conversation is called: in the first reading of a file, before its
// number was read, by its place.
func (m *maker) id(n int) string {
	if m.first == nil && n < len(m.file.ids) {
		return m.file.ids[n]
	}
	return "unnamed-" + m.file.role.String() + "-" + strconv.Itoa(m.export.number(m.file)) + "-" + strconv.Itoa(n)
}

func (m *maker) messages(s *stream, n int, id string, emit emitter) error {
	if err := s.begin('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if more, err := s.more(); err != nil || !more {
			return err
		}
		raw, offset, err := s.value()
		if err != nil {
			return err
		}
		pointer := "/" + strconv.Itoa(n) + "/dmConversation/messages/" + strconv.Itoa(i)
		if err := m.message(id, pointer, raw, offset, emit); err != nil {
			return err
		}
	}
}

// inMessage is what has to be known of a message beside its reading.
type inMessage struct {
	ID          scalar         `json:"id"`
	MediaURLs   []string       `json:"mediaUrls"`
	Reactions   jsontext.Value `json:"reactions"`
	EditHistory jsontext.Value `json:"editHistory"`
}

func (m *maker) message(id, pointer string, raw []byte, offset int64, emit emitter) error {
	var (
		in     inMessage
		native string
	)
	kind, inner, at, err := twitter.OpenElement(raw)
	if err == nil {
		switch {
		case kind == "messageCreate" && json.Unmarshal(inner, &in, loose) == nil && safeID(string(in.ID)):
			native = id + "/" + string(in.ID)
		case twitter.GroupEvent(kind):
			native = id + "/" + twitter.EventID(kind, inner)
		}
	}
	it := m.item(id, native, pointer, raw, offset)
	if it.Item.Reading == nil && m.first != nil {
		m.first.unread(m.file, kind, pointer)
	}
	if r := it.Item.Reading; r != nil && len(r.Messages) == 1 {
		it.Media = m.attach(m.ctx, string(in.ID), r.Messages[0].Media, in.MediaURLs)
	}
	if m.first != nil && len(bytes.Trim(in.EditHistory, "[] \t\r\n")) > 0 && in.EditHistory.Kind() == '[' {
		m.first.count(m.first.notRead, m.file.member.Name, "earlier texts of edited messages", pointer+"/messageCreate/editHistory", 1)
	}
	if err := emit(it); err != nil {
		return err
	}
	if native == "" || len(bytes.Trim(in.Reactions, "[] \t\r\n")) == 0 || in.Reactions.Kind() != '[' {
		return nil
	}
	return m.reactions(id, native, pointer+"/"+kind, inner, offset+int64(at), emit)
}

// reactions makes an item of each reaction to a message. value is that of the
// element, which begins at offset.
func (m *maker) reactions(id, message, pointer string, value []byte, offset int64, emit emitter) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(value), loose)
	for name := ""; name != "reactions"; {
		t, err := d.ReadToken()
		if err != nil {
			return nil // it was read before: there are none
		}
		if name = ""; t.Kind() == '"' && d.StackDepth() == 1 {
			name = t.String()
		}
		if name != "" && name != "reactions" && d.SkipValue() != nil {
			return nil
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	for i := 0; d.PeekKind() != ']'; i++ {
		raw, err := d.ReadValue()
		if err != nil {
			return nil
		}
		var in struct {
			EventID  scalar `json:"eventId"`
			SenderID scalar `json:"senderId"`
		}
		event := ""
		if json.Unmarshal(raw, &in, loose) == nil {
			event = string(in.EventID)
		}
		if !safeID(event) {
			_, number, _ := strings.Cut(message, "/")
			event = number + "-" + daybook.DigestOf(raw).String()[:16]
		}
		place := pointer + "/reactions/" + strconv.Itoa(i)
		it := m.item(id, message+"/reaction/"+event, place, raw, offset+d.InputOffset()-int64(len(raw)))
		if it.Item.Reading == nil && m.first != nil {
			m.first.unread(m.file, "reaction", place)
		}
		if err := emit(it); err != nil {
			return err
		}
	}
	return nil
}

// item makes an item of an element. An empty native means that the element does
// not say what it is: it is kept under its digest.
func (m *maker) item(thread, native, pointer string, raw []byte, offset int64) upload.Item {
	c := daybook.Capture{
		Platform: twitter.Platform, Lane: twitter.LaneArchive, NativeID: native,
		MediaType: "application/json", Raw: raw,
		Member: daybook.Place(m.file.member.Name, pointer), Offset: offset, Origin: daybook.Imported,
	}
	if m.first == nil {
		c.Raw = bytes.Clone(raw)
	}
	if native == "" {
		c.NativeID = thread + "/sha256:" + daybook.DigestOf(raw).String()
	}
	it := upload.Item{Item: daybook.Item{Capture: c}, Thread: thread}
	r, err := twitter.ParseArchive(m.self, c)
	if err != nil {
		it.Item.Failed = err.Error()
		return it
	}
	it.Item.Reading = &r
	return it
}

// unknown counts an element that is not known, and goes past it.
func (m *maker) unknown(s *stream, pointer string) error {
	if m.first != nil {
		m.first.unread(m.file, "", pointer)
	}
	return s.skip()
}

// safeID reports whether an identifier can be part of a longer one.
func safeID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	return strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_:") == ""
}
