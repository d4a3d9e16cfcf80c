package fakemastodon

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ServeHTTP implements http.Handler.
func (r *Recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, Request{
		Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Header: req.Header.Clone(), At: r.view.at,
	})
	p := req.URL.Path
	switch {
	case req.Method == http.MethodPost && p == "/oauth/revoke":
		r.write(w, http.StatusOK, []byte("{}"))
		return
	case req.Method != http.MethodGet:
		r.violations = append(r.violations, req.Method+" "+p)
		r.write(w, http.StatusForbidden, []byte(`{"error":"Forbidden: token has insufficient scope permission"}`))
		return
	case !strings.HasPrefix(p, "/fileserver/") && req.Header.Get("Authorization") == "":
		r.write(w, http.StatusUnauthorized, []byte(`{"error":"Unauthorized: token not supplied"}`))
		return
	}
	if x, ok := r.exact[req.URL.RequestURI()]; ok && !(p == "/api/v1/notifications" && len(r.blocked) > 0) {
		r.exactly(w, x)
		return
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(p, "/api/v1/statuses/"), "/")
	switch {
	case p == "/api/v1/notifications":
		r.page(w, req, r.notifications)
	case p == "/api/v1/conversations":
		r.page(w, req, r.conversations)
	case p == "/api/v1/blocks":
		for u, x := range r.exact {
			if path(u) == p && !strings.Contains(u, "_id=") {
				r.exactly(w, x)
				return
			}
		}
		r.write(w, http.StatusOK, []byte("[]"))
	case p == "/api/v1/accounts/relationships":
		r.list(w, req.URL.Query()["id[]"])
	case strings.HasPrefix(p, "/api/v1/statuses/"):
		r.oneStatus(w, id, rest)
	default:
		r.write(w, http.StatusNotFound, []byte(`{"error":"Not Found"}`))
	}
}

func (r *Recording) exactly(w http.ResponseWriter, x exchange) {
	for _, h := range x.Headers {
		switch h[0] {
		case "Transfer-Encoding", "Content-Length", "Set-Cookie":
		default:
			w.Header().Add(h[0], h[1])
		}
	}
	body := []byte(x.Body)
	if x.Base64 != "" {
		b, err := base64.StdEncoding.DecodeString(x.Base64)
		if err != nil {
			http.Error(w, "the recording is broken", http.StatusInternalServerError)
			return
		}
		body = b
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write(body) // whoever asked has gone
}

func (r *Recording) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", r.view.at.UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked has gone
}

func (r *Recording) page(w http.ResponseWriter, req *http.Request, rows []recorded) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.id
	}
	from, to := window(ids, req.URL.Query(), 80)
	if from < to {
		limit := req.URL.Query().Get("limit")
		if limit == "" {
			limit = "40"
		}
		base := "<https://" + req.Host + req.URL.Path + "?limit=" + limit
		w.Header().Set("Link", base+"&max_id="+ids[to-1]+`>; rel="next", `+base+"&min_id="+ids[from]+`>; rel="prev"`)
	}
	var items []json.RawMessage
	for _, row := range rows[from:to] {
		if !row.hidden {
			items = append(items, row.raw)
		}
	}
	r.write(w, http.StatusOK, array(items))
}

// window finds the rows that a query asks for, newest first.
func window(ids []string, q url.Values, most int) (from, to int) {
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 40
	}
	limit = min(limit, most)
	to = len(ids)
	if v := q.Get("max_id"); v != "" {
		for from < len(ids) && !older(ids[from], v) {
			from++
		}
	}
	for _, v := range []string{q.Get("since_id"), q.Get("min_id")} {
		for v != "" && to > from && !older(v, ids[to-1]) {
			to--
		}
	}
	switch {
	case to-from <= limit:
	case q.Get("min_id") != "":
		from = to - limit // the page right after
	default:
		to = from + limit
	}
	return from, to
}

func array(items []json.RawMessage) []byte {
	b := []byte{'['}
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, it...)
	}
	return append(b, ']')
}

func (r *Recording) list(w http.ResponseWriter, ids []string) {
	var items []json.RawMessage
	for _, id := range ids {
		if raw, ok := r.relations[id]; ok {
			items = append(items, raw)
		}
	}
	r.write(w, http.StatusOK, array(items))
}

func (r *Recording) oneStatus(w http.ResponseWriter, id, rest string) {
	st, ok := r.statuses[id]
	if !ok || r.blocked[st.account] {
		r.write(w, http.StatusNotFound, []byte(`{"error":"Not Found: target status not found"}`))
		return
	}
	switch rest {
	case "":
		r.write(w, http.StatusOK, st.raw)
	case "context":
		up, down := r.around(st)
		r.write(w, http.StatusOK, slices.Concat([]byte(`{"ancestors":`), array(up), []byte(`,"descendants":`), array(down), []byte("}")))
	default:
		r.write(w, http.StatusNotFound, []byte(`{"error":"Not Found: target status not found"}`))
	}
}

// around puts a context together from the statuses that the snapshot shows
// anywhere: the chain of what st answers, oldest first, and what answers it,
// each followed by its own answers. Those of blocked accounts are left out.
func (v *view) around(st recorded) (up, down []json.RawMessage) {
	seen := map[string]bool{st.id: true}
	for a, ok := v.statuses[st.reply]; ok && !seen[a.id]; a, ok = v.statuses[a.reply] {
		seen[a.id] = true
		if !v.blocked[a.account] {
			up = slices.Insert(up, 0, a.raw)
		}
	}
	answers := map[string][]recorded{}
	for _, s := range v.statuses {
		if s.reply != "" {
			answers[s.reply] = append(answers[s.reply], s)
		}
	}
	var walk func(id string)
	walk = func(id string) {
		list := answers[id]
		slices.SortFunc(list, func(a, b recorded) int { return strings.Compare(a.id, b.id) })
		for _, s := range list {
			if seen[s.id] {
				continue
			}
			seen[s.id] = true
			if !v.blocked[s.account] {
				down = append(down, s.raw)
			}
			walk(s.id)
		}
	}
	walk(st.id)
	return up, down
}
