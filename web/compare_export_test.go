package web

import "time"

// WaitForLinks sets how long a page waits for a comparison.
func (s *Server) WaitForLinks(d time.Duration) { s.comparisons.wait = d }
