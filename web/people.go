package web

func (s *Server) peopleRoutes() []route { return nil }
