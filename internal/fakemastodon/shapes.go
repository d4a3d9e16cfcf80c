package fakemastodon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// object is a JSON object whose members keep their order, as the recorded
// servers write them.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", m.name)
		v, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes JSON without the escapes that Go adds for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Server) profileURL(p *Person) string {
	if p.Domain == s.opts.Domain {
		return s.opts.URL + "/@" + p.Username
	}
	return "https://" + p.Domain + "/@" + p.Username
}

func (s *Server) statusURL(st *Status) string {
	if s.opts.GoToSocial {
		return s.profileURL(st.Author) + "/statuses/" + st.ID
	}
	return s.profileURL(st.Author) + "/" + st.ID
}

func (s *Server) picture(p *Person) string {
	switch {
	case p.avatar != "":
		return s.opts.URL + p.avatar
	case s.opts.GoToSocial:
		return s.opts.URL + "/assets/default_avatars/GoToSocial_icon1.webp"
	}
	return s.opts.URL + "/avatars/original/missing.png"
}

// account is what viewer is shown of p. Of an account that they block they are
// shown an empty one where bare is set.
func (s *Server) account(p, viewer *Person, bare bool) object {
	display, note, avatar, statuses := p.display, p.note, s.picture(p), 0
	for _, st := range s.statuses {
		if st.Author == p && !st.gone {
			statuses++
		}
	}
	if bare && viewer.blocked(p) || p.gone {
		empty := &Person{}
		display, note, avatar, statuses = "", "", s.picture(empty), 0
	}
	if note != "" {
		note = s.content(note)
	}
	acct := p.Username
	if p.Domain != s.opts.Domain {
		acct = p.Handle()
	}
	header := s.opts.URL + "/headers/original/missing.png"
	if s.opts.GoToSocial {
		header = s.opts.URL + "/assets/default_header.webp"
	}
	o := object{
		{"id", p.ID}, {"username", p.Username}, {"acct", acct}, {"display_name", display},
		{"locked", false}, {"discoverable", false}, {"bot", false}, {"created_at", stamp(p.created)},
		{"note", note}, {"url", s.profileURL(p)},
	}
	if !s.opts.GoToSocial {
		o = append(o, member{"uri", p.URI()})
	}
	o = append(o, object{
		{"avatar", avatar}, {"avatar_static", avatar}, {"header", header}, {"header_static", header},
		{"followers_count", len(p.followers)}, {"following_count", 0}, {"statuses_count", statuses},
		{"last_status_at", nil}, {"emojis", []any{}}, {"fields", []any{}}, {"group", false},
	}...)
	return o
}

// status is what viewer is shown of st. mu is held.
func (s *Server) status(st *Status, viewer *Person) object {
	last := st.versions[len(st.versions)-1]
	var edited, inReplyTo, inReplyToAccount, poll any
	if len(st.versions) > 1 {
		edited = stamp(last.at)
	}
	if st.inReplyTo != nil {
		inReplyTo, inReplyToAccount = st.inReplyTo.ID, st.inReplyTo.Author.ID
	}
	if len(st.poll) > 0 {
		poll = s.poll(st)
	}
	o := object{
		{"id", st.ID}, {"created_at", stamp(st.created)}, {"edited_at", edited},
		{"in_reply_to_id", inReplyTo}, {"in_reply_to_account_id", inReplyToAccount},
		{"sensitive", last.spoiler != ""}, {"spoiler_text", last.spoiler}, {"visibility", st.visibility},
		{"language", st.lang}, {"uri", st.URI()}, {"url", s.statusURL(st)},
		{"replies_count", st.replies}, {"reblogs_count", st.boosts}, {"favourites_count", st.favs},
		{"favourited", false}, {"reblogged", false}, {"muted", false}, {"bookmarked", false}, {"pinned", false},
		{"content", s.content(last.text)}, {"reblog", nil},
		{"account", s.account(st.Author, viewer, false)},
		{"media_attachments", s.attachments(st)}, {"mentions", s.mentioned(st)},
		{"tags", []any{}}, {"emojis", []any{}}, {"card", nil}, {"poll", poll},
	}
	if s.opts.GoToSocial {
		return append(o, object{{"text", last.text}, {"content_type", "text/plain"}}...)
	}
	var quote any
	if st.quoted != nil && viewer.sees(st.quoted) {
		quote = object{{"state", "accepted"}, {"quoted_status", s.status(st.quoted, viewer)}}
	}
	return append(o, object{{"quotes_count", 0}, {"filtered", []any{}}, {"quote", quote}}...)
}

func (s *Server) poll(st *Status) object {
	options := []object{}
	for _, title := range st.poll {
		options = append(options, object{{"title", title}, {"votes_count", 0}})
	}
	return object{
		{"id", st.ID}, {"expires_at", stamp(st.created.Add(24 * time.Hour))}, {"expired", false}, {"multiple", false},
		{"votes_count", 0}, {"voters_count", nil}, {"voted", false}, {"own_votes", []any{}},
		{"options", options}, {"emojis", []any{}},
	}
}

func (s *Server) attachments(st *Status) []object {
	list := []object{}
	for _, m := range st.media {
		var description, remote any
		if m.description != "" {
			description = m.description
		}
		if st.Author.Domain != s.opts.Domain {
			remote = "https://" + st.Author.Domain + "/files/" + m.id
		}
		u := s.opts.URL + m.path
		list = append(list, object{
			{"id", m.id}, {"type", m.kind}, {"url", u}, {"text_url", u}, {"preview_url", u},
			{"remote_url", remote}, {"preview_remote_url", nil}, {"meta", object{}},
			{"description", description}, {"blurhash", nil},
		})
	}
	return list
}

func (s *Server) mentioned(st *Status) []object {
	list := []object{}
	for _, p := range st.mentions {
		acct := p.Username
		if p.Domain != s.opts.Domain {
			acct = p.Handle()
		}
		list = append(list, object{{"id", p.ID}, {"username", p.Username}, {"url", s.profileURL(p)}, {"acct", acct}})
	}
	return list
}

func (s *Server) notification(r *row, viewer *Person) object {
	o := object{{"id", r.id}, {"type", r.kind}, {"created_at", stamp(r.at)}}
	if !s.opts.GoToSocial {
		o = append(o, member{"group_key", "ungrouped-" + r.id})
	}
	o = append(o, member{"account", s.account(r.from, viewer, false)})
	if r.status != nil {
		o = append(o, member{"status", s.status(r.status, viewer)})
	}
	if r.filtered {
		o = append(o, member{"filtered", true})
	}
	return o
}

func (s *Server) conversation(c *conversation, viewer *Person) object {
	accounts := []object{}
	for _, p := range c.with {
		accounts = append(accounts, s.account(p, viewer, true))
	}
	return object{
		{"id", c.id}, {"unread", c.unread}, {"accounts", accounts},
		{"last_status", s.status(c.last[len(c.last)-1], viewer)},
	}
}

func (s *Server) history(st *Status, viewer *Person) []object {
	list := []object{}
	for _, v := range st.versions {
		list = append(list, object{
			{"content", s.content(v.text)}, {"spoiler_text", v.spoiler}, {"sensitive", v.spoiler != ""},
			{"created_at", stamp(v.at)}, {"account", s.account(st.Author, viewer, false)},
			{"poll", nil}, {"media_attachments", s.attachments(st)}, {"emojis", []any{}},
		})
	}
	return list
}

func (s *Server) heldRequest(h *heldBack, viewer *Person) object {
	var last any
	if h.last != nil && !h.last.gone {
		last = s.status(h.last, viewer)
	}
	return object{
		{"id", h.id}, {"created_at", stamp(h.at)}, {"updated_at", stamp(h.later)},
		{"notifications_count", fmt.Sprint(h.count)},
		{"account", s.account(h.from, viewer, true)}, {"last_status", last},
	}
}

func (s *Server) relationship(p, viewer *Person) object {
	muting := false
	for _, m := range viewer.mutes {
		muting = muting || m.to == p
	}
	return object{
		{"id", p.ID}, {"following", false}, {"showing_reblogs", false}, {"notifying", false},
		{"followed_by", false}, {"blocking", viewer.blocked(p)}, {"blocked_by", false},
		{"muting", muting}, {"muting_notifications", muting}, {"requested", false}, {"requested_by", false},
		{"domain_blocking", false}, {"endorsed", false}, {"note", ""},
	}
}
