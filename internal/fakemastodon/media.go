package fakemastodon

import (
	"net/http"
	"strconv"
	"strings"
)

// A Media is a file on the server.
type Media struct {
	id, path, kind, mediaType, description string
	bytes                                  []byte
}

// File puts a file on the server. mediaType is as in RFC 6838.
func (s *Server) File(b []byte, mediaType, description string) *Media {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, ext, _ := strings.Cut(mediaType, "/")
	if kind == "application" {
		kind = "unknown"
	}
	id := s.id(s.now)
	path := "/system/media_attachments/files/" + id + "/original/" + id + "." + ext
	if s.opts.GoToSocial {
		path = "/fileserver/" + id + "/attachment/original/" + id + "." + ext
	}
	m := &Media{id: id, path: path, kind: kind, mediaType: mediaType, description: description, bytes: b}
	s.media[path] = m
	return m
}

// URL returns where the server keeps the file.
func (m *Media) URL(s *Server) string { return s.URL() + m.path }

// Remove takes a file from the server.
func (s *Server) Remove(m *Media) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.media, m.path)
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	m := s.media[r.URL.Path]
	s.mu.Unlock()
	if m == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", m.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.bytes)))
	_, _ = w.Write(m.bytes) // whoever asked has gone
}
