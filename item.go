package daybook

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Item is the content of an entry of kind item: a capture and what the
// parser of that day made of it. Reading is nil if it could make nothing.
type Item struct {
	Capture Capture
	Reading *Reading
	Failed  string // why there is no reading, without content
}

// Record returns the item's fields. The names are documented in
// docs/evidence-format.md; a value that is not there has no field.
func (it Item) Record() Record { return new(ItemCodec).Record(it) }

// ParseItem reads the fields of an item back.
func ParseItem(r Record) (Item, error) { return new(ItemCodec).Parse(r) }

// An ItemCodec makes records of items and items of records. It remembers the
// last exchange, because the items of a page share it: that of an item that it
// reads may be shared with others, and is not to be changed. It is used by one
// goroutine.
type ItemCodec struct {
	written *Exchange
	source  []byte // written as JSON
	read    *Exchange
	text    []byte // what read was read from
}

// Record is Item.Record.
func (codec *ItemCodec) Record(it Item) Record {
	c := it.Capture
	w := fieldWriter{fields: make([]Field, 0, 20+16*it.messages())}
	// In the order in which the log keeps them, so that it need not sort.
	w.text("account", string(c.Account))
	w.text("failed", it.Failed)
	if !c.File.IsZero() {
		w.text("file", c.File.String())
	}
	w.text("lane", string(c.Lane))
	if it.Reading != nil {
		for i := range it.Reading.Messages {
			w.message("m"+strconv.Itoa(i)+".", &it.Reading.Messages[i])
		}
	}
	if !c.Made.IsZero() {
		w.text("made", c.Made.UTC().Format(time.RFC3339Nano))
	}
	w.text("media_type", c.MediaType)
	w.text("member", c.Member)
	w.text("native_id", c.NativeID)
	if c.Offset >= 0 {
		w.text("offset", strconv.FormatInt(c.Offset, 10))
	}
	w.text("origin", string(c.Origin))
	if it.Reading != nil {
		w.text("parser", it.Reading.Parser)
	}
	w.text("platform", string(c.Platform))
	w.bytes("raw", c.Raw)
	if c.Exchange != nil {
		if c.Exchange != codec.written {
			codec.written, codec.source = c.Exchange, marshal(c.Exchange)
		}
		w.bytes("source", codec.source)
	}
	return Record{Kind: RecordItem, Fields: w.fields}
}

func (it Item) messages() int {
	if it.Reading == nil {
		return 0
	}
	return len(it.Reading.Messages)
}

type fieldWriter struct{ fields []Field }

func (w *fieldWriter) bytes(name string, b []byte) { w.fields = append(w.fields, Field{name, b}) }

// text writes s; bytes that are not UTF-8 are written as "hex:" and digits, so
// that every value but raw can be shown in JSON.
func (w *fieldWriter) text(name, s string) {
	if s == "" {
		return
	}
	if !utf8.ValidString(s) {
		s = "hex:" + hex.EncodeToString([]byte(s))
	}
	w.bytes(name, []byte(s))
}

func (w *fieldWriter) time(name string, t time.Time) {
	if t = writable(t); !t.IsZero() {
		w.bytes(name, t.AppendFormat(nil, time.RFC3339Nano))
	}
}

// writable returns t in UTC, or no time if RFC 3339 cannot write it: a platform
// may claim any year. The claim itself stays in raw.
func writable(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

func (w *fieldWriter) json(name string, v any) { w.bytes(name, marshal(v)) }

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("daybook: item: " + err.Error()) // only types of this package come here
	}
	return b
}

func (w *fieldWriter) message(p string, m *ReadMessage) {
	w.text(p+"direction", string(m.Direction))
	w.time(p+"edited", m.Edited)
	if m.Incomplete {
		w.text(p+"incomplete", "true")
	}
	w.text(p+"key", string(m.Key))
	w.text(p+"kind", string(m.Kind))
	w.text(p+"lang", m.Lang)
	if len(m.Media) > 0 {
		w.json(p+"media", m.Media)
	}
	w.text(p+"native", m.Native)
	w.text(p+"reply_to", m.ReplyTo)
	w.text(p+"sender", m.Sender.Native)
	if len(m.Sender.Names) > 0 {
		w.text(p+"sender.account", m.Sender.Names[0].Account)
		w.text(p+"sender.display", m.Sender.Names[0].Display)
	}
	w.time(p+"sent", m.Sent.At)
	if m.Sent.Precision != Exact || m.Sent.Zone != "" || m.Sent.Assumed != "" || !m.Sent.Until.IsZero() {
		note := m.Sent
		note.At, note.Until = writable(note.At), writable(note.Until)
		w.json(p+"sent.note", note)
	}
	w.text(p+"text", m.Text)
	w.text(p+"thread", m.Thread)
	if len(m.To) > 0 {
		w.json(p+"to", m.To)
	}
	w.text(p+"url", m.URL)
}

// Parse is ParseItem.
func (codec *ItemCodec) Parse(r Record) (Item, error) {
	if r.Kind != RecordItem {
		return Item{}, fmt.Errorf("%w: a record of kind %s is not an item", ErrInvalid, r.Kind)
	}
	var (
		it   = Item{Capture: Capture{Offset: -1}}
		c    = &it.Capture
		read Reading
		err  error
	)
	for _, f := range r.Fields {
		switch f.Name {
		case "raw":
			c.Raw = f.Value
			continue
		case "source":
			if c.Exchange, err = codec.readExchange(f.Value); err != nil {
				return Item{}, fmt.Errorf("read item: source: %w", err)
			}
			continue
		}
		s := unhex(f.Value)
		switch f.Name {
		case "account":
			c.Account = AccountID(s)
		case "platform":
			c.Platform = Platform(s)
		case "lane":
			c.Lane = Lane(s)
		case "native_id":
			c.NativeID = s
		case "media_type":
			c.MediaType = s
		case "member":
			c.Member = s
		case "origin":
			c.Origin = Origin(s)
		case "offset":
			c.Offset, err = strconv.ParseInt(s, 10, 64)
		case "failed":
			it.Failed = s
		case "file":
			err = c.File.UnmarshalText([]byte(s))
		case "made":
			c.Made, err = time.Parse(time.RFC3339Nano, s)
		case "parser":
			read.Parser = s
		default:
			err = read.set(f.Name, s)
		}
		if err != nil {
			return Item{}, fmt.Errorf("read item: %s: %w", f.Name, err)
		}
	}
	if read.Parser != "" {
		it.Reading = &read
		for i := range read.Messages {
			m := &read.Messages[i]
			if m.Sender.Native != "" {
				m.Sender.Platform = c.Platform
			}
		}
	}
	return it, nil
}

func (codec *ItemCodec) readExchange(b []byte) (*Exchange, error) {
	if codec.read == nil || !bytes.Equal(b, codec.text) {
		x := new(Exchange)
		if err := json.Unmarshal(b, x); err != nil {
			return nil, err
		}
		codec.read, codec.text = x, bytes.Clone(b)
	}
	return codec.read, nil
}

func unhex(b []byte) string {
	s := string(b)
	if digits, ok := strings.CutPrefix(s, "hex:"); ok {
		if raw, err := hex.DecodeString(digits); err == nil && !utf8.Valid(raw) {
			return string(raw)
		}
	}
	return s
}

// set reads a field "m<i>.<name>". A field that this version does not know is
// left alone.
func (r *Reading) set(name, s string) (err error) {
	head, rest, ok := strings.Cut(name, ".")
	if !ok || len(head) < 2 || head[0] != 'm' {
		return nil
	}
	i, err := strconv.Atoi(head[1:])
	if err != nil || i < 0 || i > 1000 {
		return nil
	}
	for len(r.Messages) <= i {
		r.Messages = append(r.Messages, ReadMessage{})
	}
	m := &r.Messages[i]
	switch rest {
	case "key":
		m.Key = MessageKey(s)
	case "native":
		m.Native = s
	case "kind":
		m.Kind = Kind(s)
	case "direction":
		m.Direction = Direction(s)
	case "sender":
		m.Sender.Native = s
	case "sender.account":
		m.Sender.name().Account = s
	case "sender.display":
		m.Sender.name().Display = s
	case "to":
		err = json.Unmarshal([]byte(s), &m.To)
	case "sent":
		m.Sent.At, err = time.Parse(time.RFC3339Nano, s)
	case "sent.note":
		err = json.Unmarshal([]byte(s), &m.Sent)
	case "edited":
		m.Edited, err = time.Parse(time.RFC3339Nano, s)
	case "text":
		m.Text = s
	case "lang":
		m.Lang = s
	case "thread":
		m.Thread = s
	case "reply_to":
		m.ReplyTo = s
	case "url":
		m.URL = s
	case "media":
		err = json.Unmarshal([]byte(s), &m.Media)
	case "incomplete":
		m.Incomplete = s == "true"
	}
	return err
}

func (h *Handle) name() *SeenName {
	if len(h.Names) == 0 {
		h.Names = make([]SeenName, 1)
	}
	return &h.Names[0]
}

// CaptureKey returns what makes two captures of one item equal: account, lane,
// native id and the digest of the reading, which leaves out counters, profile
// fields and expiring URLs. An item without a reading is keyed by its bytes.
// Equal captures are archived once; only "last seen" moves.
func (it Item) CaptureKey() string {
	b := make([]byte, 0, 512)
	for _, s := range []string{string(it.Capture.Account), string(it.Capture.Lane), it.Capture.NativeID} {
		b = appendPart(b, s)
	}
	if it.Reading == nil {
		d := DigestOf(it.Capture.Raw)
		return string(append(b, d[:]...))
	}
	return string(it.Reading.appendStable(b))
}

// Stable returns the parts of a reading that change only when the message
// itself does: who, what, when, text and attachments. Names, counters, avatars
// and media URLs are not part of it: a third of all repeated answers differ in
// them and in nothing else.
func (r *Reading) Stable() string { return string(r.appendStable(nil)) }

func (r *Reading) appendStable(b []byte) []byte {
	for i := range r.Messages {
		m := &r.Messages[i]
		b = appendPart(b, string(m.Key))
		b = appendPart(b, string(m.Kind))
		b = appendPart(b, m.Sender.Native)
		b = appendPart(b, m.Sent.At.UTC().Format(time.RFC3339Nano))
		b = appendPart(b, m.Edited.UTC().Format(time.RFC3339Nano))
		b = appendPart(b, m.Text)
		for _, md := range m.Media {
			b = appendPart(b, md.Native)
			b = appendPart(b, md.Type)
			b = appendPart(b, md.Description)
		}
	}
	return b
}

// appendPart appends s with its length in front, so that parts cannot run into
// one another.
func appendPart(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}
