package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"daybook"
)

// This file is the record format. docs/evidence-format.md says the same in
// prose; the two are changed together, and only with a new version in the tags.
const (
	leafTag    = "daybook-leaf/v1 "
	commitTag  = "daybook/commit/v1\n"
	fieldTag   = "daybook/field/v1\n"
	saltLength = 32
)

// maxPayload is the largest opened payload, in bytes: two captures and a margin.
const maxPayload = 2*daybook.MaxCapture + 1<<20

// Leaf returns the public line of an entry: what the tree hashes, kept for ever.
func Leaf(index uint64, kind daybook.RecordKind, commitment daybook.Digest) []byte {
	b := make([]byte, 0, len(leafTag)+20+1+len(kind)+8+64)
	b = append(b, leafTag...)
	b = strconv.AppendUint(b, index, 10)
	b = append(b, ' ')
	b = append(b, kind...)
	b = append(b, " sha256:"...)
	return hex.AppendEncode(b, commitment[:])
}

// FieldDigest returns what a record commits to for one field.
func FieldDigest(salt []byte, name string, value []byte) daybook.Digest {
	h := sha256.New()
	h.Write([]byte(fieldTag))
	h.Write(salt)
	h.Write([]byte(name))
	h.Write([]byte{'\n'})
	h.Write(value)
	return daybook.Digest(h.Sum(nil))
}

// CanonicalRecord returns the JSON object (RFC 8785) of field name → digest.
// names are in ascending order; they are ASCII without characters that JSON
// escapes, so their order is the one of RFC 8785 §3.2.3.
func CanonicalRecord(names []string, digests []daybook.Digest) []byte {
	return appendCanonical(make([]byte, 0, 2+len(names)*(64+7+24)), names, digests)
}

func appendCanonical(b []byte, names []string, digests []daybook.Digest) []byte {
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":"sha256:`...)
		b = hex.AppendEncode(b, digests[i][:])
		b = append(b, '"')
	}
	return append(b, '}')
}

// Commitment returns what a leaf carries for a canonical record.
func Commitment(salt, record []byte) daybook.Digest {
	h := sha256.New()
	h.Write([]byte(commitTag))
	h.Write(salt)
	h.Write(record)
	return daybook.Digest(h.Sum(nil))
}

// An opened payload: the seed of the salts and the fields in canonical order.
type payload struct {
	seed   [32]byte
	fields []daybook.Field
}

// A recordHead makes the fields that every record has. It remembers the last
// actor, because the records of a batch have one.
type recordHead struct {
	actor daybook.Actor
	text  []byte
}

// fieldsOf returns all fields of a record in canonical order: its own, and those
// that every record has.
func (h *recordHead) fieldsOf(r daybook.Record) ([]daybook.Field, error) {
	if h.text == nil || r.Actor != h.actor {
		text, err := json.Marshal(r.Actor)
		if err != nil {
			return nil, fmt.Errorf("encode the actor: %w", err)
		}
		h.actor, h.text = r.Actor, text
	}
	fields := make([]daybook.Field, 0, len(r.Fields)+2+len(r.Blobs))
	fields = append(fields, r.Fields...)
	if !slices.IsSortedFunc(fields, byName) {
		slices.SortFunc(fields, byName)
	}
	add := func(name string, value []byte) {
		f := daybook.Field{Name: name, Value: value}
		at, _ := slices.BinarySearchFunc(fields, f, byName)
		fields = slices.Insert(fields, at, f)
	}
	add("actor", h.text)
	add("logged", r.Logged.UTC().AppendFormat(nil, time.RFC3339Nano))
	for i, d := range r.Blobs {
		add("blob."+strconv.Itoa(i), []byte(d.String()))
	}
	for i, f := range fields {
		if !validName(f.Name) {
			return nil, fmt.Errorf("%w: field name %q", daybook.ErrInvalid, f.Name)
		}
		if i > 0 && fields[i-1].Name == f.Name {
			return nil, fmt.Errorf("%w: field %q twice in one record", daybook.ErrInvalid, f.Name)
		}
	}
	return fields, nil
}

func byName(a, b daybook.Field) int { return strings.Compare(a.Name, b.Name) }

func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' {
			return false
		}
	}
	return s != ""
}

// record turns opened fields back into a record.
func (p payload) record(kind daybook.RecordKind) (daybook.Record, error) {
	r := daybook.Record{Kind: kind, Fields: make([]daybook.Field, 0, len(p.fields))}
	for _, f := range p.fields {
		var err error
		switch {
		case f.Name == "actor":
			err = json.Unmarshal(f.Value, &r.Actor)
		case f.Name == "logged":
			r.Logged, err = time.Parse(time.RFC3339Nano, string(f.Value))
		case strings.HasPrefix(f.Name, "blob."):
			var d daybook.Digest
			err = d.UnmarshalText(f.Value)
			r.Blobs = append(r.Blobs, d)
		default:
			r.Fields = append(r.Fields, f)
		}
		if err != nil {
			return r, fmt.Errorf("read field %s: %w", f.Name, err)
		}
	}
	return r, nil
}

// salts returns the salts of a payload: the key stream of AES-256-CTR under the
// seed from a zero counter, 32 bytes each; first the salt of the leaf, then one
// for each field in canonical order. A salt that is shown tells nothing about
// the others.
func (p *payload) salts(buf []byte) []byte {
	n := saltLength * (1 + len(p.fields))
	buf = slices.Grow(buf[:0], n)[:n]
	clear(buf)
	block, err := aes.NewCipher(p.seed[:])
	if err != nil {
		panic("archive: aes: " + err.Error()) // only for keys of another length
	}
	var zero [aes.BlockSize]byte
	cipher.NewCTR(block, zero[:]).XORKeyStream(buf, buf)
	return buf
}

// A committer computes commitments. It keeps buffers; it is used by one
// goroutine.
type committer struct {
	salts, work []byte
	digests     []daybook.Digest
	names       []string
}

func (c *committer) commit(p *payload) daybook.Digest {
	c.salts = p.salts(c.salts)
	c.digests, c.names = c.digests[:0], c.names[:0]
	for i, f := range p.fields {
		b := append(c.work[:0], fieldTag...)
		b = append(b, c.salts[saltLength*(i+1):saltLength*(i+2)]...)
		b = append(b, f.Name...)
		b = append(b, '\n')
		b = append(b, f.Value...)
		c.work = b
		c.digests = append(c.digests, sha256.Sum256(b))
		c.names = append(c.names, f.Name)
	}
	b := append(c.work[:0], commitTag...)
	b = append(b, c.salts[:saltLength]...)
	b = appendCanonical(b, c.names, c.digests)
	c.work = b
	return sha256.Sum256(b)
}

// A sealer turns payloads into sealed bytes and back. It keeps buffers; it is
// used by one goroutine.
type sealer struct {
	dict  *s2.Dict
	work  []byte
	pack  []byte
	names map[string]string // of fields: few, and the same in all records

	// passing says that what is opened is not used any more when the next is.
	passing bool
	plain   []byte
	body    []byte
	fields  []daybook.Field
}

// name returns b as a string without making it anew each time.
func (s *sealer) name(b []byte) string {
	if name, ok := s.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if s.names == nil {
		s.names = map[string]string{}
	}
	if len(s.names) < 1000 {
		s.names[name] = name
	}
	return name
}

// Formats of the part of a payload that follows the seed.
const (
	formatPlain byte = 0
	formatS2    byte = 1 // an S2 block with dictionary 1
)

func (s *sealer) encode(p *payload) []byte {
	b := s.work[:0]
	b = binary.AppendUvarint(b, uint64(len(p.fields)))
	for _, f := range p.fields {
		b = binary.AppendUvarint(b, uint64(len(f.Name)))
		b = append(b, f.Name...)
		b = binary.AppendUvarint(b, uint64(len(f.Value)))
		b = append(b, f.Value...)
	}
	s.work = b
	if n := s2.MaxEncodedLen(len(b)); n > 0 {
		s.pack = slices.Grow(s.pack[:0], n)[:n]
		if packed := s.dict.Encode(s.pack, b); len(packed) < len(b) {
			return append(append(append(make([]byte, 0, 33+len(packed)), p.seed[:]...), formatS2), packed...)
		}
	}
	return append(append(append(make([]byte, 0, 33+len(b)), p.seed[:]...), formatPlain), b...)
}

var errPayload = errors.New("the opened payload has another form")

func (s *sealer) decode(b []byte) (p payload, err error) {
	if len(b) < 34 {
		return p, errPayload
	}
	copy(p.seed[:], b)
	body := b[33:]
	switch b[32] {
	case formatPlain:
	case formatS2:
		if n, err := s2.DecodedLen(body); err != nil || n > maxPayload {
			return p, errPayload
		}
		if body, err = s.dict.Decode(s.body, body); err != nil {
			return p, fmt.Errorf("%w: %w", errPayload, err)
		}
		if s.passing {
			s.body = body[:cap(body)]
		}
	default:
		return p, fmt.Errorf("%w: format %d is not known to this version", errPayload, b[32])
	}
	next := func() []byte {
		n, k := binary.Uvarint(body)
		if k <= 0 || n > uint64(len(body)-k) {
			err = errPayload
			return nil
		}
		out := body[k : k+int(n) : k+int(n)]
		body = body[k+int(n):]
		return out
	}
	n, k := binary.Uvarint(body)
	if k <= 0 || n > uint64(len(body)) {
		return p, errPayload
	}
	body = body[k:]
	p.fields = slices.Grow(s.fields, int(n))
	for range n {
		name := next()
		value := next()
		if err != nil {
			return p, err
		}
		p.fields = append(p.fields, daybook.Field{Name: s.name(name), Value: value})
	}
	if s.passing {
		s.fields = p.fields[:0]
	}
	if len(body) != 0 {
		return p, errPayload
	}
	return p, nil
}

// seal makes the stored form of an entry: its key under the case key, and the
// payload under its own key. Both are bound to the case and the index.
func (s *sealer) seal(k *CaseKey, index uint64, p *payload) (wrapped, sealed []byte) {
	var secret [32]byte
	rand.Read(secret[:])
	where := "entry/" + strconv.FormatUint(index, 10)
	wrapped = k.Seal("key/"+where, secret[:])
	plain := s.encode(p)
	var nonce [12]byte // each key seals once
	sealed = newGCM(secret[:]).Seal(plain[:0:0], nonce[:], plain, []byte(string(k.id)+"/"+where))
	return wrapped, sealed
}

func (s *sealer) open(k *CaseKey, row *Row) (p payload, err error) {
	where := "entry/" + strconv.FormatUint(row.Index, 10)
	secret, err := k.Open("key/"+where, row.WrappedKey)
	if err != nil {
		return p, fmt.Errorf("open the key of entry %d: %w: %w", row.Index, ErrBroken, err)
	}
	var nonce [12]byte
	plain, err := newGCM(secret).Open(s.plain, nonce[:], row.Sealed, []byte(string(k.id)+"/"+where))
	if err != nil {
		return p, fmt.Errorf("open entry %d: %w: %w", row.Index, ErrBroken, errSealed)
	}
	if s.passing {
		s.plain = plain[:0]
	}
	p, err = s.decode(plain)
	if err != nil {
		return p, fmt.Errorf("open entry %d: %w: %w", row.Index, ErrBroken, err)
	}
	return p, nil
}
