package xarchive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

const (
	// maxConversations and maxWith bound what is remembered of conversations.
	maxConversations = 100_000
	maxWith          = 1_000
	// maxNotRead bounds how many kinds of records that were not read are named.
	maxNotRead = 200
)

// A counter reads an archive for the first time.
type counter struct {
	*export
	manifest *manifest
	root     string
	all      []entry // the data files that the list of contents names
	members  map[string]*daybook.ImportMember
	threads  map[string]*upload.Thread
	report   *daybook.ImportReport
	notRead  map[string]*daybook.NotRead
	notTaken map[string]*daybook.NotRead
	texts    []uint64 // of messages
	headers  []uint64 // of headers of messages
	used     map[string]bool
	absent   []string // files that the list names and that are not there
	lost     int      // of those, files of conversations
	changes  []daybook.SeenName
	progress *progress
}

// An entry is one data file.
type entry struct {
	member *upload.Member
	kind   string // as the list names the data type
	role   role
}

func newCounter(a *upload.Archive, m *manifest, root string, tell func(done, total int64)) *counter {
	c := &counter{
		export: &export{a: a, media: newMediaFiles(a, m, root), notes: make(notes)}, manifest: m, root: root,
		members: make(map[string]*daybook.ImportMember), threads: make(map[string]*upload.Thread),
		notRead: make(map[string]*daybook.NotRead), notTaken: make(map[string]*daybook.NotRead),
		used: make(map[string]bool), progress: &progress{tell: tell},
	}
	c.summary = upload.Summary{Kind: Kind, Parser: twitter.Version, Made: m.made()}
	c.report = &c.summary.Report
	c.report.ByKind = make(map[daybook.Kind]int)
	c.summary.Members = make([]daybook.ImportMember, len(a.Members()))
	for i, member := range a.Members() {
		c.summary.Members[i] = daybook.ImportMember{Name: member.Name, Bytes: member.Size}
		c.members[member.Name] = &c.summary.Members[i]
		c.progress.total += member.Packed
	}
	return c
}

// read reads every member to its end.
func (c *counter) read(ctx context.Context) error {
	c.entries()
	if err := c.owner(ctx); err != nil {
		return err
	}
	slices.SortStableFunc(c.all, func(a, b entry) int { return cmp.Compare(a.role, b.role) })
	// Files keep their place in memory: makers point to them.
	c.files = make([]file, 0, len(c.all))
	for _, e := range c.all {
		var err error
		switch {
		case e.role.makesItems():
			err = c.items(ctx, e)
		case e.role == roleHeaders:
			err = c.ids(ctx, e)
		default:
			err = c.other(ctx, e)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range c.a.Members() {
		if c.members[m.Name].Digest.IsZero() {
			if err := c.drain(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries finds the data files that the list of contents names, each once.
func (c *counter) entries() {
	seen := make(map[string]bool)
	for _, kind := range c.manifest.types() {
		for _, f := range c.manifest.DataTypes[kind].Files {
			m := c.a.Member(c.root + f.FileName)
			switch {
			case m == nil && !seen[f.FileName]:
				if f.Count != "0" {
					c.absent = append(c.absent, f.FileName)
					if r := roleOf(kind); r == roleMessages || r == roleGroups {
						c.lost++
					}
				}
			case m != nil && !seen[m.Name]:
				c.all = append(c.all, entry{m, kind, roleOf(kind)})
				seen[m.Name] = true
			}
			seen[f.FileName] = true
		}
	}
	for _, m := range c.a.Members() {
		rest, ok := strings.CutPrefix(m.Name, c.root+"data/")
		if ok && strings.HasSuffix(rest, ".js") && rest != "manifest.js" && !strings.Contains(rest, "/") && !seen[m.Name] {
			c.count(c.notRead, m.Name, "not in the list of contents", "", 1)
		}
	}
}

// items counts the items of one file.
func (c *counter) items(ctx context.Context, e entry) error {
	c.files = append(c.files, file{member: e.member, role: e.role})
	f := &c.files[len(c.files)-1]
	s, err := openStream(ctx, e.member, c.progress.of(e.member))
	if err != nil {
		return err
	}
	m := maker{export: c.export, ctx: ctx, file: f, first: c}
	if err = m.walk(s, c.add); err == nil {
		err = s.end()
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	f.digest = s.digest()
	c.done(e.member, f.digest)
	return s.Close()
}

// add counts one item.
func (c *counter) add(it upload.Item) error {
	c.yielded++
	t := c.thread(it.Thread)
	if it.Observed != nil {
		t.Messages++
		c.with(t, it.Observed.Handle)
		t.From, t.To = c.summary.Made, c.summary.Made
		return nil
	}
	if it.Item.Reading == nil {
		return nil
	}
	for i := range it.Item.Reading.Messages {
		c.message(t, &it.Item.Reading.Messages[i])
	}
	for _, a := range it.Media {
		if a.Member == "" {
			c.report.Media.Missing++
			continue
		}
		c.report.Media.Present++
		c.used[a.Member] = true
	}
	return nil
}

func (c *counter) message(t *upload.Thread, m *daybook.ReadMessage) {
	t.Messages++
	c.report.ByKind[m.Kind]++
	if m.Kind.Contact() {
		if m.Direction == daybook.Out {
			t.Out++
		} else {
			t.In++
		}
	}
	t.From, t.To = span(t.From, t.To, m.Sent.At)
	if m.Kind != daybook.KindLogin {
		c.report.From, c.report.To = span(c.report.From, c.report.To, m.Sent.At)
	}
	if m.Kind == daybook.KindDirectMessage {
		c.texts = append(c.texts, number(m.Native))
	}
	c.with(t, m.Sender)
	for _, h := range m.To {
		c.with(t, h)
	}
}

func span(from, to, at time.Time) (time.Time, time.Time) {
	if from.IsZero() || at.Before(from) {
		from = at
	}
	if at.After(to) {
		to = at
	}
	return from, to
}

// with notes who takes part in a thread.
func (c *counter) with(t *upload.Thread, h daybook.Handle) {
	if h.IsZero() || h.Same(c.self.Handle) || len(t.With) >= maxWith {
		return
	}
	if at := slices.IndexFunc(t.With, h.Same); at < 0 {
		t.With = append(t.With, h)
	}
}

func (c *counter) thread(id string) *upload.Thread {
	t := c.threads[id]
	if t == nil {
		t = &upload.Thread{ID: id, Usual: true}
		switch id {
		case ThreadPosts:
			t.Kind = upload.ThreadPosts
		case ThreadLogins:
			t.Kind, t.Usual = upload.ThreadLogins, false
		case ThreadBlocked:
			t.Kind = upload.ThreadBlocked
		default:
			t.Kind = upload.ThreadDirect
			if c.files[len(c.files)-1].role == roleGroups {
				t.Kind = upload.ThreadGroup
			}
		}
		c.threads[id] = t
	}
	return t
}

// rename gives a conversation its number, where that stood after its messages or
// goes on from another file.
func (c *counter) rename(from, to string) {
	t := c.threads[from]
	if t == nil || from == to {
		return
	}
	delete(c.threads, from)
	t.ID = to
	o := c.threads[to]
	if o == nil {
		c.threads[to] = t
		return
	}
	o.Messages, o.In, o.Out = o.Messages+t.Messages, o.In+t.In, o.Out+t.Out
	for _, at := range []time.Time{t.From, t.To} {
		if !at.IsZero() {
			o.From, o.To = span(o.From, o.To, at)
		}
	}
	for _, h := range t.With {
		c.with(o, h)
	}
}

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
	if _, err := io.Copy(sum, g); err != nil {
		return errors.Join(err, r.Close())
	}
	c.done(m, daybook.Digest(sum.Sum(nil)))
	return r.Close()
}

func (c *counter) done(m *upload.Member, d daybook.Digest) {
	c.members[m.Name].Digest = d
	c.progress.finish(m)
}

// unread counts a record that no message could be made of.
func (c *counter) unread(f *file, what, pointer string) {
	c.count(c.notRead, f.member.Name, cmp.Or(upload.Shown(what), "not known"), pointer, 1)
}

// untaken counts a record that is no contact.
func (c *counter) untaken(f *file, what string) { c.count(c.notTaken, f.member.Name, what, "", 1) }

func (c *counter) count(in map[string]*daybook.NotRead, member, what, where string, n int) {
	key := member + "\x00" + what
	if len(in) >= maxNotRead && in[key] == nil {
		member, what, where = "", "others", ""
		key = "\x00others"
	}
	if in[key] == nil {
		in[key] = &daybook.NotRead{Member: member, What: what, Where: where}
	}
	in[key].Count += n
}

// number is an identifier in eight bytes.
func number(id string) uint64 {
	if n, err := strconv.ParseUint(id, 10, 63); err == nil {
		return n
	}
	h := fnv.New64a()
	io.WriteString(h, id) //nolint:errcheck // a hash takes everything
	return h.Sum64() | 1<<63
}

func second(s string) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.Unix(), err == nil
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
