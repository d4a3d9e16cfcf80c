package web

func (s *Server) caseloadRoutes() []route { return nil }
