package fakex

import "net/http"

// activity is what the stream of events holds.
type activity struct{}

func (s *Server) activityRoutes(*http.ServeMux) {}
func (s *Server) notePost(*Post)                {}
func (s *Server) notePostDelete(*Post)          {}
func (s *Server) noteMessage(*Message)          {}
