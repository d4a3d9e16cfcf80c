package web

func (s *Server) overviewRoutes() []route { return nil }
