package xarchive

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"

	"daybook"
	"daybook/collectors/upload"
)

// ids reads the numbers of messages out of a file that has only those.
func (c *counter) ids(ctx context.Context, e entry) error {
	s, err := openStream(ctx, e.member, c.progress.of(e.member))
	if err != nil {
		return err
	}
	if err = c.headersOf(s); err == nil {
		err = s.end()
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	c.done(e.member, s.digest())
	return s.Close()
}

// headersOf takes every "id" in the file that stands in a "messageCreate".
func (c *counter) headersOf(s *stream) error {
	if err := s.begin('['); err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t.Kind() {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '"':
			if depth == 6 && t.String() == "id" && strings.HasSuffix(string(s.d.StackPointer()), "/messageCreate/id") {
				v, err := s.token()
				if err != nil {
					return err
				}
				if len(c.headers) >= maxMessages {
					return refuse("there are too many messages in it", askX)
				}
				if v.Kind() == '"' || v.Kind() == '0' {
					c.headers = append(c.headers, number(v.String()))
				}
			}
		}
	}
	return nil
}

// other counts the elements of a file that no items are made of.
func (c *counter) other(ctx context.Context, e entry) error {
	n, err := c.elements(ctx, e.member)
	if err != nil {
		return err
	}
	switch {
	case n < 0:
		c.count(c.notRead, e.member.Name, "cannot be read", "", 1)
	case n == 0 || e.role == roleAccount:
	case known(e.kind):
		c.count(c.notTaken, e.member.Name, e.kind, "", n)
	default:
		c.count(c.notRead, e.member.Name, upload.Shown(e.kind), "/0", n)
	}
	return nil
}

// elements returns how many elements stand in a file, -1 if it is not an array.
func (c *counter) elements(ctx context.Context, m *upload.Member) (int, error) {
	n := -1
	s, err := openStream(ctx, m, nil)
	if err == nil {
		if n, err = countElements(s); err == nil {
			err = s.end()
		}
		err = errors.Join(err, s.Close())
	}
	if err != nil && !errors.As(err, new(*upload.RefusedError)) {
		return 0, err
	}
	if err != nil {
		n = -1
	}
	// Whether its bytes are whole is seen by reading them all.
	return n, c.drain(ctx, m)
}

func countElements(s *stream) (n int, err error) {
	if err := s.begin('['); err != nil {
		return 0, err
	}
	for {
		more, err := s.more()
		if err != nil || !more {
			return n, err
		}
		if err := s.skip(); err != nil {
			return n, err
		}
		n++
	}
}

// drain reads a member for its digest.
func (c *counter) drain(ctx context.Context, m *upload.Member) error {
	r, err := m.Open(ctx)
	if err != nil {
		return err
	}
	g := &gate{r: r, until: 1<<63 - 1, progress: c.progress.of(m)}
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, g, c.buffer); err != nil {
		return errors.Join(err, r.Close())
	}
	c.done(m, daybook.Digest(sum.Sum(nil)))
	return r.Close()
}

func (c *counter) done(m *upload.Member, d daybook.Digest) {
	c.members[m.Name].Digest = d
	c.progress.finish(m)
}

// progress tells how far the first reading is, by packed bytes.
type progress struct {
	tell        func(done, total int64)
	done, total int64
	told        int64
}

func (p *progress) of(m *upload.Member) func(int) {
	var n int64
	return func(more int) {
		n += int64(more)
		p.say(p.done + int64(float64(n)/float64(max(m.Size, 1))*float64(m.Packed)))
	}
}

func (p *progress) finish(m *upload.Member) {
	p.done += m.Packed
	p.say(p.done)
}

// say tells of it at most once in a mebibyte, and at the end.
func (p *progress) say(done int64) {
	if done = min(done, p.total); p.tell != nil && (done >= p.told+1<<20 || done == p.total && done > p.told) {
		p.told = done
		p.tell(done, p.total)
	}
}
