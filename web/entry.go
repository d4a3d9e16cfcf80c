package web

func (s *Server) entryRoutes() []route { return nil }
