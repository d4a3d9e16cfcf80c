package web

func (s *Server) timelineRoutes() []route { return nil }
