package xarchive

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"daybook"
	"daybook/collectors/twitter"
)

// element reads one element of a file that is no conversation.
func (m *maker) element(s *stream, n int, emit emitter) error {
	raw, offset, err := s.value()
	if err != nil {
		return err
	}
	pointer := "/" + strconv.Itoa(n)
	kind, inner, _, err := twitter.OpenElement(raw)
	if err != nil {
		kind = ""
	}
	switch {
	case kind == "tweet" && m.file.role == rolePosts:
		return m.post(pointer, raw, inner, offset, emit)
	case kind == "noteTweet" && m.file.role == roleNotes:
		return m.note(pointer, raw, inner, offset, emit)
	case kind == "ipAudit" && m.file.role == roleLogins:
		return m.login(pointer, raw, inner, offset, emit)
	case kind == "blocking" && m.file.role == roleBlocked:
		return m.observe(daybook.SeenBlocked, pointer, raw, inner, offset, emit)
	case kind == "muting" && m.file.role == roleMuted:
		return m.observe(daybook.SeenMuted, pointer, raw, inner, offset, emit)
	}
	if m.first != nil {
		m.first.unread(m.file, kind, pointer)
	}
	return nil
}

// post makes an item of one of the person's own posts if it answers or names
// somebody.
func (m *maker) post(pointer string, raw, inner []byte, offset int64, emit emitter) error {
	p, err := twitter.ReadArchivePost(m.self.Handle.Native, inner)
	if err != nil || !safeID(p.ID) {
		if m.first != nil {
			m.first.unread(m.file, "tweet", pointer)
		}
		return nil
	}
	if m.first != nil && p.Cut {
		m.notes.expect(p)
	}
	if p.Kind == "" {
		if m.first != nil {
			what := "posts of the person's own that name nobody"
			if p.Passed {
				what = "posts of others that the person passed on"
			}
			m.first.untaken(m.file, what)
		}
		return nil
	}
	it := m.item(ThreadPosts, "posts/"+p.ID, pointer, raw, offset)
	if r := it.Item.Reading; r != nil && len(r.Messages) == 1 {
		it.Media = m.attach(m.ctx, p.ID, r.Messages[0].Media, p.Media)
	}
	return emit(it)
}

// note makes an item of the long text of a post.
func (m *maker) note(pointer string, raw, inner []byte, offset int64, emit emitter) error {
	var in noteText
	if json.Unmarshal(inner, &in, loose) != nil {
		if m.first != nil {
			m.first.unread(m.file, "noteTweet", pointer)
		}
		return nil
	}
	p, found := m.notes.find(in)
	if !found || p.kind == "" {
		if m.first != nil {
			what := "long texts of posts that name nobody"
			if !found {
				what = "long texts whose post is not known"
			}
			m.first.untaken(m.file, what)
		}
		return nil
	}
	return emit(m.item(ThreadPosts, "posts/"+p.first+"/"+string(p.kind), pointer, raw, offset))
}

func (m *maker) login(pointer string, raw, inner []byte, offset int64, emit emitter) error {
	var in struct {
		CreatedAt string `json:"createdAt"`
		LoginIP   string `json:"loginIp"`
	}
	native := ""
	if json.Unmarshal(inner, &in, loose) == nil && in.CreatedAt != "" && in.LoginIP != "" && !strings.ContainsAny(in.CreatedAt+in.LoginIP, "/") {
		native = ThreadLogins + "/" + in.CreatedAt + "/" + in.LoginIP
	}
	it := m.item(ThreadLogins, native, pointer, raw, offset)
	if it.Item.Reading == nil && m.first != nil {
		m.first.unread(m.file, "ipAudit", pointer)
	}
	return emit(it)
}

// observe tells that the person blocked or muted somebody when the archive was
// made.
func (m *maker) observe(what daybook.ObservationKind, pointer string, raw, inner []byte, offset int64, emit emitter) error {
	var in struct {
		AccountID scalar `json:"accountId"`
	}
	if json.Unmarshal(inner, &in, loose) != nil || !safeID(string(in.AccountID)) {
		if m.first != nil {
			m.first.unread(m.file, string(what), pointer)
		}
		return nil
	}
	id := string(in.AccountID)
	it := m.item(ThreadBlocked, string(what)+"/"+id, pointer, raw, offset)
	it.Item.Reading = nil
	it.Observed = &daybook.Observation{
		What: what, Handle: twitter.User(id, "", ""), At: m.summary.Made,
		Detail: "in an account archive; since when is not said",
	}
	return emit(it)
}

// notes find the post that a long text belongs to: they name one another nowhere,
// but were made in the same second and begin alike.
type notes map[int64][]cutPost

type cutPost struct {
	first string
	kind  daybook.Kind
	text  string // its beginning
}

type noteText struct {
	CreatedAt string `json:"createdAt"`
	Core      struct {
		Text string `json:"text"`
	} `json:"core"`
}

const noteBeginning = 120 // bytes of a text that are kept to compare

// maxNotes bounds what is remembered of posts that were cut.
const maxNotes = 100_000

func (n notes) expect(p twitter.ArchivePost) {
	if len(n) < maxNotes && len(n[p.At]) < 16 {
		n[p.At] = append(n[p.At], cutPost{p.First, p.Kind, beginning(p.Text)})
	}
}

func (n notes) find(in noteText) (cutPost, bool) {
	at, ok := second(in.CreatedAt)
	if !ok {
		return cutPost{}, false
	}
	text := beginning(in.Core.Text)
	for _, p := range n[at] {
		if k := min(len(p.text), len(text)); k > 0 && p.text[:k] == text[:k] {
			return p, true
		}
	}
	return cutPost{}, false
}

// beginning is what two forms of one text have in common: without the names that
// an answer begins with, and up to the first address or the cut.
func beginning(text string) string {
	text = twitter.Text(text, nil)
	for strings.HasPrefix(text, "@") {
		_, rest, ok := strings.Cut(text, " ")
		if !ok {
			break
		}
		text = rest
	}
	for _, end := range []string{"…", "https://", "http://"} {
		text, _, _ = strings.Cut(text, end)
	}
	text = strings.TrimSpace(text)
	return strings.Clone(text[:min(len(text), noteBeginning)])
}
