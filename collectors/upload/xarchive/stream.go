package xarchive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook"
	"daybook/collectors/upload"
)

// maxElement is the largest element that is read, in bytes: a message has a
// thousand of them, with its reactions ten thousand.
const maxElement = 8 << 20

// assignment is what stands before the JSON of a file.
var assignment = regexp.MustCompile(`^(?:\x{FEFF})?\s*window\.[A-Za-z0-9_.]{1,200}\s*=`)

// A stream is the JSON in a member. It is read once, from its beginning.
type stream struct {
	name string
	d    *jsontext.Decoder
	rest *bufio.Reader // what d reads from
	lead int64         // bytes before the JSON
	gate *gate
	body io.ReadCloser
	sum  hash.Hash
}

// A gate hands bytes on until too many were taken for one element.
type gate struct {
	r         io.Reader
	taken     int64
	until     int64
	progress  func(n int)
	exhausted bool
}

var errLong = errors.New("an element is too long")

func (g *gate) Read(b []byte) (int, error) {
	if g.taken >= g.until {
		g.exhausted = true
		return 0, errLong
	}
	n, err := g.r.Read(b)
	g.taken += int64(n)
	if g.progress != nil {
		g.progress(n)
	}
	return n, err
}

// openStream opens a member that holds an assignment. progress, which may be nil,
// is told of the bytes that were read.
func openStream(ctx context.Context, m *upload.Member, progress func(n int)) (*stream, error) {
	body, err := m.Open(ctx)
	if err != nil {
		return nil, err
	}
	s := &stream{name: m.Name, body: body, sum: sha256.New()}
	s.gate = &gate{r: io.TeeReader(body, s.sum), until: 64 << 10, progress: progress}
	b := bufio.NewReaderSize(s.gate, 64<<10)
	if err := s.open(b); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return s, nil
}

func (s *stream) open(b *bufio.Reader) error {
	head, err := b.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return s.fail(err)
	}
	lead := assignment.Find(head)
	if lead == nil {
		what := "“" + upload.Shown(s.name) + "” is not what X puts there"
		if strings.HasPrefix(strings.TrimSpace(string(head)), "<") {
			what += ": it is a page to look at, not data"
		}
		return refuse(what, askX)
	}
	if _, err := b.Discard(len(lead)); err != nil {
		return s.fail(err)
	}
	s.lead = int64(len(lead))
	s.d, s.rest = jsontext.NewDecoder(b, loose), b
	s.allow()
	return nil
}

// allow lets one more element pass.
func (s *stream) allow() { s.gate.until = s.lead + s.d.InputOffset() + maxElement }

func (s *stream) token() (jsontext.Token, error) {
	s.allow()
	t, err := s.d.ReadToken()
	if err != nil {
		return t, s.fail(err)
	}
	return t, nil
}

// value returns the bytes of the next value, which are good until the next call,
// and where they begin in the member.
func (s *stream) value() (jsontext.Value, int64, error) {
	s.allow()
	v, err := s.d.ReadValue()
	if err != nil {
		return nil, 0, s.fail(err)
	}
	return v, s.lead + s.d.InputOffset() - int64(len(v)), nil
}

func (s *stream) skip() error {
	s.allow()
	if err := s.d.SkipValue(); err != nil {
		return s.fail(err)
	}
	return nil
}

// begin reads the token that has to come next.
func (s *stream) begin(kind jsontext.Kind) error {
	t, err := s.token()
	if err == nil && t.Kind() != kind {
		err = s.shape()
	}
	return err
}

// more reports whether the array or object goes on.
func (s *stream) more() (bool, error) {
	s.allow()
	switch s.d.PeekKind() {
	case ']', '}':
		_, err := s.token()
		return false, err
	}
	return true, nil
}

// end checks that nothing follows, and reads the member to its end.
func (s *stream) end() error {
	rest := io.MultiReader(bytes.NewReader(bytes.Clone(s.d.UnreadBuffer())), s.rest)
	buf := make([]byte, 4096)
	ended := false
	for {
		n, err := rest.Read(buf)
		s.gate.until = s.gate.taken + maxElement
		for _, c := range buf[:n] {
			switch c {
			case ' ', '\t', '\r', '\n':
			case ';':
				if ended {
					return s.shape()
				}
				ended = true
			default:
				return s.shape()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.fail(err)
		}
	}
}

// digest is that of the member, once it was read to its end.
func (s *stream) digest() daybook.Digest { return daybook.Digest(s.sum.Sum(nil)) }

// Close lets go of the member.
func (s *stream) Close() error { return s.body.Close() }

// shape is the error for JSON that is not built as it should be.
func (s *stream) shape() error {
	return refuse(fmt.Sprintf("“%s” is not built as X builds it, at byte %d", upload.Shown(s.name), s.at()), askX)
}

func (s *stream) at() int64 {
	if s.d == nil {
		return 0
	}
	return s.lead + s.d.InputOffset()
}

// fail says in words what kept a member from being read.
func (s *stream) fail(err error) error {
	var refused *upload.RefusedError
	switch name := upload.Shown(s.name); {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case s.gate.exhausted:
		return refuse(fmt.Sprintf("“%s” has an element that is too long, at byte %d", name, s.at()), askX)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return refuse(fmt.Sprintf("“%s” ends too early", name), askX)
	case errors.As(err, new(*jsontext.SyntacticError)), errors.As(err, new(*json.SemanticError)):
		return refuse(fmt.Sprintf("“%s” is damaged, at byte %d", name, s.at()), askX)
	default:
		return fmt.Errorf("read a member of the archive: %w", err)
	}
}
