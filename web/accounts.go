package web

func (s *Server) accountsRoutes() []route { return nil }
