package web

import "daybook/cases"

// A RouteSeen is a route as tests see it.
type RouteSeen struct {
	Method, Path    string
	Who             string // "anyone", "setting up", "signed in", "in case"
	Action          cases.Action
	Entry, Why      string
	Strong, Settled bool
}

// Routes lists every address of the app but static files.
func (s *Server) Routes() (out []RouteSeen) {
	who := map[entrance]string{anyone: "anyone", settingUp: "setting up", signedIn: "signed in", inCase: "in case"}
	for _, r := range s.routes() {
		out = append(out, RouteSeen{r.method, r.path, who[r.who], r.action, r.entry, r.why, r.strong, r.settled})
	}
	return out
}
