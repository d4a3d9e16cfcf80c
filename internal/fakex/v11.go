package fakex

import "net/http"

func (s *Server) oldRoutes(*http.ServeMux) {}

// signed finds whose OAuth 1.0a token a call bears. mu is held.
func (s *Server) signed(*http.Request) *token { return nil }
