package web

func (s *Server) stopRoutes() []route { return nil }
