package web

func (s *Server) doorRoutes() []route { return nil }
