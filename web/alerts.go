package web

func (s *Server) alertsRoutes() []route { return nil }
