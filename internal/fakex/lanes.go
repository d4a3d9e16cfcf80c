package fakex

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// keptFor is how long messages can be had.
const keptFor = 30 * 24 * time.Hour

func (c *call) self() *failure {
	c.data = c.user(c.me)
	c.charge(BillUsers, c.me.ID, true)
	return nil
}

func (c *call) manyUsers() *failure {
	var data []object
	for id := range strings.SplitSeq(c.params.Get("ids"), ",") {
		if p := c.present(id, missing{param: "ids"}); p != nil {
			data = append(data, c.user(p))
			c.charge(BillUsers, p.ID, false)
		}
	}
	if data != nil {
		c.data = data
	}
	return nil
}

func (c *call) oneUser() *failure {
	if p := c.present(c.r.PathValue("id"), missing{param: "id"}); p != nil {
		c.data = c.user(p)
		c.charge(BillUsers, p.ID, false)
	}
	return nil
}

func (c *call) blockedBy() *failure {
	return c.related(BillBlocks, func(p *Person) []relation { return p.blocks })
}

func (c *call) mutedBy() *failure {
	return c.related(BillUsers, func(p *Person) []relation { return p.mutes })
}

func (c *call) related(kind string, of func(*Person) []relation) *failure {
	me, f := c.own()
	if me == nil {
		return f
	}
	list := slices.Clone(of(me))
	slices.Reverse(list)
	page, f := cut(c, list, func(r relation) string { return r.id })
	if f != nil {
		return f
	}
	var data []object
	for _, r := range page {
		if r.to.suspended {
			continue // left out without a word
		}
		data = append(data, c.user(r.to))
		c.charge(kind, r.to.ID, true)
	}
	if data != nil {
		c.data = data
	}
	return nil
}

func (c *call) allMessages() *failure {
	return c.messages(func(*Message) bool { return true })
}

func (c *call) conversationMessages() *failure {
	id := c.r.PathValue("id")
	return c.messages(func(m *Message) bool { return m.conversation == id })
}

func (c *call) messagesWith() *failure {
	p := c.present(c.r.PathValue("id"), missing{param: "participant_id"})
	if p == nil {
		return nil
	}
	return c.messages(func(m *Message) bool { return m.conversation == Between(c.me, p) })
}

// held reports whether the interface still has a message.
func (c *call) held(m *Message) bool {
	return c.me.has(m) && c.s.time().Sub(m.at) <= keptFor
}

func (c *call) messages(which func(*Message) bool) *failure {
	var list []*Message
	types := c.lists["event_types"]
	for _, m := range slices.Backward(c.s.messages) {
		if c.held(m) && which(m) && (len(types) == 0 || slices.Contains(types, m.kind)) {
			list = append(list, m)
		}
	}
	page, f := cut(c, list, func(m *Message) string { return m.ID })
	if f != nil {
		return f
	}
	var data []object
	for _, m := range page {
		data = append(data, c.showMessage(m))
		c.charge(BillMessages, m.ID, false)
	}
	if data != nil {
		c.data = data
	}
	return nil
}

func (c *call) oneMessage() *failure {
	id := c.r.PathValue("id")
	m := c.s.messageByID(id)
	if m == nil || !c.held(m) {
		c.notFound(missing{kind: "dm_event", id: id, param: "event_id"})
		return nil
	}
	c.data = c.showMessage(m)
	c.charge(BillMessages, m.ID, false)
	return nil
}

// messageFile answers with a file of a message: to OAuth 2.0 alone.
func (s *Server) messageFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t, f := s.signedIn(r, false)
	if f == nil && (t.kind == tokenOld || !slices.Contains(t.scopes, "dm.read")) {
		f = plain(http.StatusForbidden)
	}
	var x *Media
	if f == nil {
		m := s.messageByID(r.PathValue("dm"))
		x = s.media["/dm/"+r.PathValue("dm")+"/"+r.PathValue("media")+"/"+r.PathValue("resource")]
		if x == nil || m == nil || !t.person.has(m) || x.removed {
			f = plain(http.StatusNotFound)
		}
	}
	s.mu.Unlock()
	if f == nil {
		x.write(w)
		return
	}
	b, err := encode(f.body)
	if err != nil {
		panic("fakex: " + err.Error()) // it is made of constants
	}
	writeJSON(w, f.status, b)
}
