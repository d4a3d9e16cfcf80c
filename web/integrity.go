package web

func (s *Server) integrityRoutes() []route { return nil }
