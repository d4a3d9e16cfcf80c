package xarchive

import (
	"cmp"
	"context"
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
	// What is remembered of conversations is bounded, and so are messages: by
	// far more than a person can have.
	maxConversations = 100_000
	maxMessages      = 10_000_000
	maxWith          = 1_000   // handles in one thread
	maxHandles       = 500_000 // in all threads
	maxTitle         = 200     // characters
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
	handles  map[inThread]struct{}
	titled   map[*upload.Thread]time.Time // when it was given its title
	report   *daybook.ImportReport
	notRead  map[string]*daybook.NotRead
	notTaken map[string]*daybook.NotRead
	texts    []uint64 // of messages
	headers  []uint64 // of headers of messages
	used     map[string]bool
	absent   []string // files that the list names and that are not there
	lost     int      // of those, files of conversations and posts
	unclear  bool     // a record could not be read
	changes  []daybook.SeenName
	progress *progress
	buffer   []byte

	conversations int // in all files
}

// inThread is somebody who takes part in a thread.
type inThread struct {
	thread *upload.Thread
	native string
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
		handles: make(map[inThread]struct{}), titled: make(map[*upload.Thread]time.Time),
		notRead: make(map[string]*daybook.NotRead), notTaken: make(map[string]*daybook.NotRead),
		used: make(map[string]bool), progress: &progress{tell: tell}, buffer: make([]byte, 64<<10),
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
					if r := roleOf(kind); roleMessages <= r && r <= roleNotes {
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
	if c.yielded++; c.yielded > maxMessages {
		return refuse("there are too many messages in it", askX)
	}
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
		m := &it.Item.Reading.Messages[i]
		c.message(t, m)
		if m.Kind == daybook.KindSystem && strings.Contains(it.Item.Capture.NativeID, "/conversationNameUpdate/") {
			c.title(t, m)
		}
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
	key := inThread{t, h.Native}
	if _, known := c.handles[key]; known || h.IsZero() || h.Same(c.self.Handle) || len(t.With) >= maxWith || len(c.handles) >= maxHandles {
		return
	}
	c.handles[key] = struct{}{}
	t.With = append(t.With, h)
}

// title takes the newest name that a group was given.
func (c *counter) title(t *upload.Thread, m *daybook.ReadMessage) {
	if at, named := c.titled[t]; named && !m.Sent.At.After(at) {
		return
	}
	c.titled[t] = m.Sent.At
	title := []rune(m.Text)
	t.Title = string(title[:min(len(title), maxTitle)])
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
	if at, named := c.titled[t]; named && at.After(c.titled[o]) {
		o.Title, c.titled[o] = t.Title, at
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

// unread counts a record that no message could be made of.
func (c *counter) unread(f *file, what, pointer string) {
	c.unclear = true
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
