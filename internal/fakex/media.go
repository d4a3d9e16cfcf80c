package fakex

import (
	"net/http"
	"strconv"
	"strings"
)

// A Media is a file that was uploaded.
type Media struct {
	id, name, ext  string
	kind           string // "photo", "video" or "animated_gif"
	mediaType, alt string
	bytes          []byte
	path           string // of the file in a post
	width, height  int
	removed        bool
}

// File uploads a file. mediaType is as in RFC 6838.
func (s *Server) File(b []byte, mediaType, alt string) *Media {
	s.mu.Lock()
	defer s.mu.Unlock()
	top, ext, _ := strings.Cut(mediaType, "/")
	if ext == "jpeg" {
		ext = "jpg"
	}
	kind := "photo"
	switch {
	case top == "video":
		kind = "video"
	case ext == "gif":
		kind, ext = "animated_gif", "mp4"
	}
	id := s.id(s.time())
	return &Media{id: id, name: "m" + id[len(id)-9:], ext: ext, kind: kind, mediaType: mediaType, alt: alt, bytes: b, width: 640, height: 480}
}

// Named gives a file the identifier and the name of a fixture: "q1.jpg".
func (m *Media) Named(id, file string) *Media {
	name, ext, _ := strings.Cut(file, ".")
	m.id, m.name, m.ext = id, name, ext
	return m
}

// Key returns what posts and messages name the file by.
func (m *Media) Key() string {
	switch m.kind {
	case "video":
		return "7_" + m.id
	case "animated_gif":
		return "16_" + m.id
	}
	return "3_" + m.id
}

// Remove takes a file from the platform.
func (s *Server) Remove(m *Media) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.removed = true
}

// publish puts a file where those of posts lie. mu is held.
func (s *Server) publish(m *Media) {
	m.path = "/media/" + m.name + "." + m.ext
	if m.kind != "photo" {
		m.path = "/ext_tw_video/" + m.id + "/pu/vid/640x480/" + m.name + "." + m.ext
		s.media["/ext_tw_video_thumb/"+m.id+"/pu/img/"+m.name+".jpg"] = m
	}
	s.media[m.path] = m
}

// attach puts a file where those of a message lie. mu is held.
func (s *Server) attach(m *Media, to *Message) {
	s.media[m.inMessage(to)] = m
}

func (m *Media) inMessage(to *Message) string {
	return "/dm/" + to.ID + "/" + m.id + "/" + m.name + "." + m.ext
}

// address is where a post's file is fetched.
func (m *Media) address() string {
	if m.kind == "photo" {
		return "https://pbs.twimg.com" + m.path
	}
	return "https://video.twimg.com" + m.path
}

func (m *Media) thumb() string {
	return "https://pbs.twimg.com/ext_tw_video_thumb/" + m.id + "/pu/img/" + m.name + ".jpg"
}

// file answers with a file of a post or of a profile.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	m := s.media[r.URL.Path]
	gone := m == nil || m.removed
	s.mu.Unlock()
	if gone {
		http.NotFound(w, r)
		return
	}
	m.write(w)
}

func (m *Media) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", m.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.bytes)))
	_, _ = w.Write(m.bytes) // whoever asked has gone
}

// messageOldFile answers with a file of a message from the host that keeps them:
// to OAuth 1.0a alone. A call that is not signed is one too many.
func (s *Server) messageOldFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t := s.signed(r)
	var x *Media
	if t != nil {
		if m := s.messageByID(r.PathValue("dm")); m != nil && t.person.has(m) {
			x = s.media["/dm/"+r.PathValue("dm")+"/"+r.PathValue("media")+"/"+r.PathValue("resource")]
		}
	}
	s.mu.Unlock()
	switch {
	case t == nil:
		s.refuse(w, r)
	case x == nil || x.removed:
		http.NotFound(w, r)
	default:
		x.write(w)
	}
}
