package web

func (s *Server) setUpRoutes() []route { return nil }
