package mastodon

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"daybook"
	"daybook/collectors"
)

// A place is where a lane is read on: a direction, and path and query of the
// next request, never a host. It is what cursors are made of:
//
//	forward /api/v1/notifications?limit=80&min_id=…
//	back /api/v1/notifications?limit=80&max_id=…
type place struct {
	back   bool
	target string
}

func (p place) String() string {
	switch {
	case p.target == "":
		return ""
	case p.back:
		return "back " + p.target
	}
	return "forward " + p.target
}

// readPlace reads a cursor. The path has to be the lane's, so that a cursor
// cannot lead anywhere else.
func readPlace(cursor, path string) (place, error) {
	direction, target, _ := strings.Cut(cursor, " ")
	u, err := url.Parse(target)
	if err != nil || u.Path != path || u.Host != "" || u.Scheme != "" || direction != "forward" && direction != "back" {
		return place{}, fmt.Errorf("%w: not a cursor of this lane", daybook.ErrInvalid)
	}
	return place{back: direction == "back", target: target}, nil
}

// links are the neighbours of a page as its Link headers (RFC 8288) name them;
// the zero place where there is none.
type links struct{ newer, older place }

func readLinks(headers []string, path string) links {
	var l links
	for _, h := range headers {
		for h != "" {
			_, rest, ok := strings.Cut(h, "<")
			if !ok {
				break
			}
			target, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			params, next, _ := strings.Cut(rest, "<")
			h = ""
			if next != "" {
				h = "<" + next
			}
			switch p := linkTarget(target, path); rel(params) {
			case "prev":
				l.newer = place{target: p}
			case "next":
				l.older = place{back: true, target: p}
			}
		}
	}
	return l
}

func rel(params string) string {
	for _, p := range strings.FieldsFunc(params, func(r rune) bool { return r == ';' || r == ',' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "rel") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// linkTarget keeps path and query of a link, "" if it leads out of the lane.
// The query is put in order, so that equal links are equal texts.
//
// Older GoToSocial servers link to newer pages with since_id, which answers the
// newest page and leaves a gap when there is more than one; min_id answers the
// page right after.
func linkTarget(target, path string) string {
	u, err := url.Parse(target)
	if err != nil || u.Path != path {
		return ""
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return ""
	}
	if q.Has("since_id") && !q.Has("min_id") {
		q.Set("min_id", q.Get("since_id"))
		q.Del("since_id")
	}
	q.Del("include_filtered") // Fetch adds it, whatever the server's link says
	for name := range q {
		if !slices.Contains([]string{"limit", "max_id", "min_id"}, name) {
			q.Del(name)
		}
	}
	return path + "?" + q.Encode()
}

// A contextCursor walks the conversations and, after each page of them, what
// was said before in each: Queue are the statuses whose contexts are still to be
// asked for, List is where the list is read on after that.
type contextCursor struct {
	List  string   `json:"list,omitempty"` // a place
	Queue []string `json:"queue,omitempty"`
	Done  bool     `json:"done,omitempty"` // the list, which goes back, is at its end
}

func (c contextCursor) cursor() collectors.Cursor {
	if c.List == "" && len(c.Queue) == 0 {
		return ""
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic("mastodon: cursor: " + err.Error()) // strings and a bool
	}
	return collectors.Cursor(b)
}

func readContextCursor(s collectors.Cursor) (contextCursor, error) {
	var c contextCursor
	if s == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		return c, fmt.Errorf("%w: not a cursor of this lane", daybook.ErrInvalid)
	}
	return c, nil
}
