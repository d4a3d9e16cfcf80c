package index

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/mapping"
	api "github.com/blevesearch/bleve_index_api"

	"daybook"
	"daybook/archive"
)

// The fields of a document. There is none of numbers or dates: one such field
// costs as much as the whole text. Nothing is stored but the document's id.
const (
	fieldText    = "text"      // the words as they are, with their places
	fieldFolded  = "folded"    // the same without accents and the like; only where that differs
	fieldPairs   = "pairs"     // neighbours in scripts without spaces; only where there are any
	fieldSender  = "sender"    // keyed hash of the handle, in hexadecimal digits
	fieldAccount = "account"   //
	fieldKind    = "kind"      //
	fieldOrigin  = "origin"    //
	fieldWay     = "direction" //
	fieldAt      = "at"        // stated time to the microsecond, for order: sortable
	fieldDay     = "day"       // its day in UTC, for ranges: a year is 365 terms, not one per message
)

// mappingVersion changes with anything that changes what is in an index: the
// fields, tokenize, the form of a sealed piece. An index of another version is
// built again.
const mappingVersion = 1

const (
	wordField    = api.IndexField | api.IncludeTermVectors
	keywordField = api.IndexField | api.SkipFreqNorm
	sortedField  = keywordField | api.DocValues
)

// newMapping returns a mapping that maps nothing: documents are made here, field
// by field. Whatever else came to bleve would not be indexed.
func newMapping() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	m.DefaultMapping = bleve.NewDocumentDisabledMapping()
	m.IndexDynamic, m.StoreDynamic, m.DocValuesDynamic = false, false, false
	m.DefaultField = fieldText
	return m
}

// A content is what is indexed of one message.
type content struct {
	id      [32]byte // keyed hash of the message key: the document's id
	sender  [32]byte
	account daybook.AccountID
	kind    daybook.Kind
	origin  daybook.Origin
	way     daybook.Direction
	sent    time.Time
	texts   []string // every version, and what describes its attachments
}

func contentOf(key *archive.CaseKey, it *daybook.Item, m *daybook.ReadMessage, versions []string) content {
	c := content{
		id:      key.MessageMAC(m.Key),
		account: it.Capture.Account, kind: m.Kind, origin: it.Capture.Origin, way: m.Direction, sent: m.Sent.At,
		texts: versions,
	}
	if !m.Sender.IsZero() {
		c.sender = key.MAC("handle", m.Sender.Ref())
	}
	if len(versions) == 0 && m.Text != "" {
		c.texts = []string{m.Text}
	}
	for i := range m.Media {
		if d := m.Media[i].Description; d != "" {
			c.texts = append(c.texts[:len(c.texts):len(c.texts)], d)
		}
	}
	return c
}

// digest tells two contents of one message apart.
func (c *content) digest() [sha256.Size]byte {
	b := make([]byte, 0, 512)
	part := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, c.sender[:]...)
	part(string(c.account))
	part(string(c.kind))
	part(string(c.origin))
	part(string(c.way))
	b = binary.BigEndian.AppendUint64(b, uint64(c.sent.UnixMicro()))
	for _, text := range c.texts {
		part(text)
	}
	return sha256.Sum256(b)
}

func (c *content) document() *document.Document {
	doc := document.NewDocument(string(c.id[:]))
	for i, text := range c.texts {
		var place []uint64 // a phrase never runs from one text into the next
		if len(c.texts) > 1 {
			place = []uint64{uint64(i)}
		}
		c.addWords(doc, place, tokenize(text))
	}
	keyword := func(name, value string, options api.FieldIndexingOptions) {
		if value != "" {
			doc.AddField(document.NewTextFieldCustom(name, nil, []byte(value), options, nil))
		}
	}
	if c.sender != [32]byte{} {
		keyword(fieldSender, hex.EncodeToString(c.sender[:]), sortedField)
	}
	keyword(fieldAccount, string(c.account), keywordField)
	keyword(fieldKind, string(c.kind), sortedField)
	keyword(fieldOrigin, string(c.origin), keywordField)
	keyword(fieldWay, string(c.way), keywordField)
	if !c.sent.IsZero() {
		keyword(fieldAt, atTerm(c.sent), sortedField)
		keyword(fieldDay, dayTerm(c.sent), keywordField)
	}
	return doc
}

func (c *content) addWords(doc *document.Document, place []uint64, tokens []token) {
	if len(tokens) == 0 {
		return
	}
	text := newStream(len(tokens))
	folded := false
	for i := range tokens {
		text.add(tokens[i].text, i+1)
		folded = folded || tokens[i].fold != tokens[i].text
	}
	doc.AddField(document.NewTextFieldCustom(fieldText, place, nil, wordField, text))
	if folded {
		s := newStream(len(tokens))
		for i := range tokens {
			s.add(tokens[i].fold, i+1)
		}
		doc.AddField(document.NewTextFieldCustom(fieldFolded, place, nil, wordField, s))
	}
	if pairs, places := bigrams(tokens); len(pairs) > 0 {
		s := newStream(len(pairs))
		for i := range pairs {
			s.add(pairs[i], places[i])
		}
		doc.AddField(document.NewTextFieldCustom(fieldPairs, place, nil, wordField, s))
	}
}

// A stream is an analyzer whose work is done: bleve asks it for the tokens. They
// carry no offsets in bytes; fragments are made from the text itself.
type stream struct {
	tokens []analysis.Token
	stream analysis.TokenStream
}

func newStream(n int) *stream {
	return &stream{tokens: make([]analysis.Token, 0, n), stream: make(analysis.TokenStream, 0, n)}
}

func (s *stream) add(term string, position int) {
	s.tokens = append(s.tokens, analysis.Token{Term: []byte(term), Position: position})
	s.stream = append(s.stream, &s.tokens[len(s.tokens)-1])
}

func (s *stream) Analyze([]byte) analysis.TokenStream { return s.stream }

// atTerm is a time as 16 hexadecimal digits in the order of time, before 1970
// too.
func atTerm(t time.Time) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(t.UnixMicro())^1<<63)
	return hex.EncodeToString(b[:])
}

// dayTerm is the day of a time in UTC, as digits.
func dayTerm(t time.Time) string { return t.UTC().Format("20060102") }
