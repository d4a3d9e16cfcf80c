package web

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
)

// mediaRoutes are the attachments of a message: the display copy of a picture,
// and the original, which is only ever saved.
func (s *Server) mediaRoutes() []route {
	const own = "the page writes the entry, with the numbers of the message, before it opens the attachment"
	return []route{
		{method: http.MethodPost, path: "/c/{case}/e/{ref}/m/{n}/show", who: inCase, action: cases.Content, why: own, handle: s.showMedia},
		{method: http.MethodPost, path: "/c/{case}/e/{ref}/m/{n}/original", who: inCase, action: cases.Content, why: own, handle: s.saveMedia},
		{method: http.MethodGet, path: "/c/{case}/p/{picture}", who: inCase, action: cases.Content,
			why: "the request to show it wrote the entry; it works for that session alone, for ten minutes", handle: s.picture},
	}
}

// An attachment is one media of a message as the pages list it, unopened.
type attachment struct {
	Case, Ref string
	N         int    // place in the message, from 0
	Number    int    // from 1
	Type      name   // as the platform says
	Size      string // "" if unknown
	State     string // key of what became of it
	Kept      bool   // its bytes are here
	Picture   bool   // showing it may work
	Text      name   // what the sender said of it: only where content is shown
}

// attachments lists the media of a message; with text, also what the sender said
// of them.
func (r *request) attachments(m *daybook.Message, ref string, text bool) []attachment {
	out := make([]attachment, len(m.Media))
	for i, md := range m.Media {
		a := attachment{Case: r.in(""), Ref: ref, N: i, Number: i + 1, Type: nameOf(md.Type), Kept: md.State == daybook.MediaKept && !md.Digest.IsZero()}
		if md.Bytes > 0 {
			a.Size = bytesText(md.Bytes)
		}
		switch {
		case a.Kept:
			a.State = "entry.media.kept"
			a.Picture = md.Type == "" || strings.HasPrefix(md.Type, "image") && !strings.Contains(md.Type, "svg") || md.Type == "gifv" || md.Type == "unknown"
		case md.State == daybook.MediaMissing:
			a.State = "entry.media.missing"
		case md.State == daybook.MediaRefused:
			a.State = "entry.media.refused"
		default:
			a.State = "entry.media.pending"
		}
		if text && md.Description != "" {
			a.Text = textOf(md.Description)
		}
		out[i] = a
	}
	return out
}

// bytesText is a size for people: "1.4 MB".
func bytesText(n int64) string {
	switch {
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	case n >= 1000:
		return strconv.FormatInt(n/1000, 10) + " kB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// openMedia writes the access entry and returns the bytes of the attachment that
// the path names.
func (r *request) openMedia(detail string) (m daybook.Message, n int, b []byte, err error) {
	if m, err = r.message("ref"); err != nil {
		return m, 0, nil, err
	}
	n, err = strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(m.Media) || m.Media[n].Digest.IsZero() {
		return m, 0, nil, daybook.ErrNotFound
	}
	if err := r.look(cases.Content, daybook.Access{Entries: m.Captures, Count: len(m.Captures), Detail: detail}); err != nil {
		return m, 0, nil, err
	}
	b, err = r.s.Log.Blob(r.Context(), r.caseID, m.Media[n].Digest)
	return m, n, b, err
}

// picturePage is the page picture.html.
type picturePage struct {
	Picture string // address; "" if it cannot be shown
	Item    attachment
	Ref     string
	Now     stamp
}

// showMedia answers with the display copy of a picture, grey and blurred until
// it is asked for in colour.
func (s *Server) showMedia(r *request) error {
	m, n, b, err := r.openMedia("showed an attachment")
	if err != nil {
		return err
	}
	ref, err := r.messageRef(&m)
	if err != nil {
		return err
	}
	page := picturePage{Ref: ref, Item: r.attachments(&m, ref, true)[n], Now: r.when(r.now())}
	small, mediaType, err := s.pictures.make(r, b)
	switch {
	case errors.Is(err, errNotShown):
	case err != nil:
		return err
	default:
		page.Picture = r.in("p/" + s.pictures.keep(r, small, mediaType))
	}
	return r.render(http.StatusOK, "picture", "title.entry", page)
}

// saveMedia answers with the original, for saving alone.
func (s *Server) saveMedia(r *request) error {
	m, n, b, err := r.openMedia("saved an attachment")
	if err != nil {
		return err
	}
	return r.download(b, "entry-"+strconv.FormatUint(m.Captures[0], 10)+"-"+strconv.Itoa(n+1)+".bin")
}

// download answers with bytes that somebody else made: a file to save, which no
// browser opens. Its name says nothing.
func (r *request) download(b []byte, file string) error {
	h := r.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	r.answered = true
	r.w.WriteHeader(http.StatusOK)
	_, err := r.w.Write(b)
	return err
}

// picture answers with a display copy that this session asked for.
func (s *Server) picture(r *request) error {
	p, ok := s.pictures.find(r, r.PathValue("picture"))
	if !ok {
		return daybook.ErrNotFound
	}
	h := r.w.Header()
	h.Set("Content-Type", p.mediaType)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.Itoa(len(p.bytes)))
	r.answered = true
	r.w.WriteHeader(http.StatusOK)
	_, err := r.w.Write(p.bytes)
	return err
}

// pictures keeps display copies for a while, in memory alone.
type pictures struct {
	clock func() time.Time
	turn  chan struct{} // one picture is decoded at a time: each can take some hundred megabytes

	mu    sync.Mutex
	all   map[string]shownPicture
	order []string // oldest first
	size  int      // bytes
}

type shownPicture struct {
	session   string
	caseID    daybook.CaseID
	at        time.Time
	mediaType string
	bytes     []byte
}

const (
	pictureLife    = 10 * time.Minute
	maxPictureSize = 48 << 20 // bytes of all that are kept
)

func newPictures(clock func() time.Time) *pictures {
	return &pictures{clock: clock, turn: make(chan struct{}, 1), all: map[string]shownPicture{}}
}

// make is displayCopy, one at a time.
func (p *pictures) make(r *request, b []byte) ([]byte, string, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-r.Context().Done():
		return nil, "", r.Context().Err()
	}
	return displayCopy(b)
}

// keep keeps a copy for the session that asked, and returns its name.
func (p *pictures) keep(r *request, b []byte, mediaType string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	for len(p.order) > 0 && (now.Sub(p.all[p.order[0]].at) >= pictureLife || p.size+len(b) > maxPictureSize) {
		p.size -= len(p.all[p.order[0]].bytes)
		delete(p.all, p.order[0])
		p.order = p.order[1:]
	}
	id := daybook.NewID()
	p.all[id] = shownPicture{session: r.session.ID, caseID: r.caseID, at: now, mediaType: mediaType, bytes: b}
	p.order = append(p.order, id)
	p.size += len(b)
	return id
}

func (p *pictures) find(r *request, id string) (shownPicture, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.all[id]
	if !ok || found.session != r.session.ID || found.caseID != r.caseID || p.clock().Sub(found.at) >= pictureLife {
		return shownPicture{}, false
	}
	return found, true
}
