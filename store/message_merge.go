package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"daybook"
)

// This file makes one message of all that was seen of it. What is kept is a set
// of views, and the message is a function of that set: so the same captures
// give the same message in whatever order they came. Nothing is overwritten; a
// poorer view loses against a fuller one each time the message is asked for.

// A view is one way in which captures showed a message. Captures that differ
// only in names, lanes or addresses of attachments showed the same.
type view struct {
	Account    daybook.AccountID `json:"a,omitzero"`
	Origin     daybook.Origin    `json:"o,omitzero"`
	Parser     string            `json:"p,omitzero"`
	Kind       daybook.Kind      `json:"k,omitzero"`
	Direction  daybook.Direction `json:"d,omitzero"`
	Sender     string            `json:"s,omitzero"`
	To         []daybook.Handle  `json:"to,omitempty"` // in order of Ref
	Sent       daybook.When      `json:"w,omitzero"`
	Edited     int64             `json:"e,omitzero"` // Unix microseconds
	Text       string            `json:"t,omitzero"`
	Lang       string            `json:"l,omitzero"`
	Thread     string            `json:"th,omitzero"`
	ReplyTo    string            `json:"re,omitzero"`
	URL        string            `json:"u,omitzero"`
	Media      []daybook.Media   `json:"m,omitempty"`
	Incomplete bool              `json:"i,omitzero"`

	First int64  `json:"f"` // Unix microseconds: first and last time that it was seen so
	Last  int64  `json:"z"`
	Entry uint64 `json:"n"`          // of First
	Made  int64  `json:"x,omitzero"` // of what was read from a file: when the first of those files was made
}

// content is all that is known about one message, as it is sealed.
type content struct {
	Key      daybook.MessageKey `json:"key"`
	Platform daybook.Platform   `json:"pf,omitzero"`
	Logged   int64              `json:"lg,omitzero"` // when its first capture was appended, Unix microseconds
	Views    []view             `json:"v,omitempty"`
	Lanes    []daybook.Lane     `json:"ln,omitempty"` // ascending
	Names    []daybook.SeenName `json:"nm,omitempty"` // that the sender bore in its captures
	Media    []daybook.Media    `json:"md,omitempty"` // what media records tell
	Added    []daybook.Media    `json:"ad,omitempty"` // of these, what came in a file that a person added
	Gone     []int64            `json:"g,omitempty"`  // when looks did not find it, Unix microseconds, ascending
	Back     []int64            `json:"b,omitempty"`  // when looks found it again
}

// newView is what one capture shows.
func newView(m *daybook.ReadMessage, c *daybook.Capture, parser string, seen int64, entry uint64) view {
	v := view{
		Account: c.Account, Origin: c.Origin, Parser: parser,
		Kind: m.Kind, Direction: m.Direction, Sender: m.Sender.Native, To: m.To,
		Sent: m.Sent, Edited: micros(m.Edited), Text: m.Text, Lang: m.Lang,
		Thread: m.Thread, ReplyTo: m.ReplyTo, URL: m.URL, Media: m.Media, Incomplete: m.Incomplete,
		First: seen, Last: seen, Entry: entry, Made: micros(c.Made),
	}
	if len(v.To) > 1 {
		v.To = slices.Clone(v.To)
		slices.SortStableFunc(v.To, func(a, b daybook.Handle) int { return cmp.Compare(a.Ref(), b.Ref()) })
	}
	return v
}

// add takes in what one capture shows.
func (c *content) add(v view, lane daybook.Lane, name daybook.SeenName) {
	if at, known := slices.BinarySearch(c.Lanes, lane); !known && lane != "" {
		c.Lanes = slices.Insert(c.Lanes, at, lane)
	}
	c.Names = addName(c.Names, name)
	for i := range c.Views {
		if c.Views[i].shows(&v) {
			c.Views[i].join(v)
			return
		}
	}
	c.Views = append(c.Views, v)
}

// shows reports whether v and o showed the message in the same way.
func (v *view) shows(o *view) bool { return v.compare(o) == 0 }

// compare orders views by what they show.
func (v *view) compare(o *view) int {
	return cmp.Or(
		cmp.Compare(v.Edited, o.Edited),
		v.Sent.At.Compare(o.Sent.At),
		cmp.Compare(v.Text, o.Text),
		cmp.Compare(v.Kind, o.Kind),
		cmp.Compare(v.Account, o.Account),
		cmp.Compare(v.Origin, o.Origin),
		cmp.Compare(v.Parser, o.Parser),
		cmp.Compare(v.Direction, o.Direction),
		cmp.Compare(v.Sender, o.Sender),
		cmp.Compare(v.Lang, o.Lang),
		cmp.Compare(v.Thread, o.Thread),
		cmp.Compare(v.ReplyTo, o.ReplyTo),
		cmp.Compare(v.URL, o.URL),
		cmp.Compare(bit(v.Incomplete), bit(o.Incomplete)),
		v.Sent.Until.Compare(o.Sent.Until),
		cmp.Compare(v.Sent.Precision, o.Sent.Precision),
		cmp.Compare(v.Sent.Zone, o.Sent.Zone),
		cmp.Compare(v.Sent.Assumed, o.Sent.Assumed),
		slices.CompareFunc(v.To, o.To, func(a, b daybook.Handle) int { return cmp.Compare(a.Ref(), b.Ref()) }),
		slices.CompareFunc(v.Media, o.Media, compareMedia),
	)
}

// compareMedia leaves out the address, which expires, and what a later fetch
// made of it.
func compareMedia(a, b daybook.Media) int {
	return cmp.Or(
		cmp.Compare(a.Native, b.Native),
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.Description, b.Description),
		slices.Compare(a.Digest[:], b.Digest[:]),
	)
}

// sameMedia reports whether a and b are one attachment: by its identifier, else
// by its bytes or address, else by what is said about it.
func sameMedia(a, b daybook.Media) bool {
	switch {
	case a.Native != "" || b.Native != "":
		return a.Native == b.Native
	case !a.Digest.IsZero() && !b.Digest.IsZero():
		return a.Digest == b.Digest
	case a.URL != "" && b.URL != "":
		return a.URL == b.URL
	}
	return a.Type == b.Type && a.Description == b.Description
}

// join takes in another sight of the same. The newest addresses and the newest
// names of those addressed stay.
func (v *view) join(o view) {
	if o.Last > v.Last || o.Last == v.Last && slices.CompareFunc(o.Media, v.Media, byURL) > 0 {
		v.Media = o.Media
	}
	if o.Last > v.Last || o.Last == v.Last && slices.CompareFunc(o.To, v.To, byShown) > 0 {
		v.To = o.To
	}
	if o.First < v.First || o.First == v.First && o.Entry < v.Entry {
		v.First, v.Entry = o.First, o.Entry
	}
	v.Last = max(v.Last, o.Last)
	if v.Made == 0 || o.Made != 0 && o.Made < v.Made {
		v.Made = o.Made
	}
}

// shownAt is when the message was first as the view shows it: what stands in a
// file was so when the file was made, however late it is read in.
func (v *view) shownAt() int64 { return cmp.Or(v.Made, v.First) }

func byURL(a, b daybook.Media) int    { return cmp.Compare(a.URL, b.URL) }
func byShown(a, b daybook.Handle) int { return cmp.Compare(a.Shown(), b.Shown()) }

// at is the time of the version that the view shows: of the edit or, if the
// platform names none, of sending.
func (v *view) at() int64 {
	if v.Edited != 0 {
		return v.Edited
	}
	return micros(v.Sent.At)
}

// strength says how much a view tells: one that lacks fields or text gives way
// to one that does not.
func (v *view) strength() int { return 2*bit(v.Text != "") + bit(!v.Incomplete) }

// coveredBy reports whether o shows, more fully, the version that was current
// when v was seen: then v says nothing of its own. A profile or a text that was
// emptied after a block is covered by what was seen before.
func (v *view) coveredBy(o *view) bool {
	return o.strength() > v.strength() && v.at() <= o.at() && o.at() <= max(v.shownAt(), v.at())
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// message is what the views say together. Case and Captures are left to the
// caller.
func (c *content) message() daybook.Message {
	m := daybook.Message{Key: c.Key, Platform: c.Platform, Lanes: c.Lanes, State: daybook.Present}
	if len(c.Views) == 0 {
		m.Media = c.media(nil)
		return m
	}
	views := c.best()
	first, last := views[0].First, views[0].Last
	var sighted int64 // at the platform: an export that is read later is no sighting
	var made int64    // of the files that it stands in
	kind, sent, earliest := views[0], views[0], views[0]
	for _, v := range views {
		first, last = min(first, v.First), max(last, v.Last)
		if v.Origin == daybook.Collected {
			sighted = max(sighted, v.Last)
		}
		made = max(made, v.Made)
		if v.Incomplete == kind.Incomplete && kindRank(v.Kind) > kindRank(kind.Kind) {
			kind = v
		}
		if v.First < earliest.First {
			earliest = v
		}
		if v.betterSent(sent) {
			sent = v
		}
		m.Direction = cmp.Or(m.Direction, v.Direction)
		m.Sender.Native = cmp.Or(m.Sender.Native, v.Sender)
		m.Lang = cmp.Or(m.Lang, v.Lang)
		m.Thread = cmp.Or(m.Thread, v.Thread)
		m.ReplyTo = cmp.Or(m.ReplyTo, v.ReplyTo)
		m.URL = cmp.Or(m.URL, v.URL)
		m.Kind = cmp.Or(m.Kind, v.Kind)
		if m.To == nil && len(v.To) > 0 {
			m.To = v.To
		}
	}
	m.Kind = cmp.Or(kind.Kind, m.Kind)
	m.Account, m.Origin, m.Sent = earliest.Account, views[0].Origin, sent.Sent
	if m.Sender.Native != "" {
		m.Sender.Platform = c.Platform
		m.Sender.Names = shownNames(c.Names)
	}
	last = cmp.Or(sighted, made, last)
	m.FirstSeen, m.LastSeen = fromMicros(first), fromMicros(last)
	m.Media = c.media(views)
	var newest *view
	m.Versions, newest = versions(views)
	m.Text, m.Parser, m.Lang = newest.Text, newest.Parser, cmp.Or(newest.Lang, m.Lang)
	if len(m.Versions) > 1 {
		m.State = daybook.Edited
	}
	if n := len(c.Back); n > 0 {
		sighted = max(sighted, c.Back[n-1])
	}
	// A look that finds nothing at the very time of a sighting came after it.
	if i, _ := slices.BinarySearch(c.Gone, sighted); i < len(c.Gone) {
		m.State, m.GoneAt = daybook.Gone, fromMicros(c.Gone[i])
	}
	return m
}

// best returns the views, the one that is to be trusted most first: whole ones
// before partial ones, what was collected before what was imported, the newest
// version first.
func (c *content) best() []*view {
	views := make([]*view, len(c.Views))
	for i := range c.Views {
		views[i] = &c.Views[i]
	}
	if len(views) > 1 {
		slices.SortFunc(views, func(a, b *view) int {
			return cmp.Or(
				cmp.Compare(bit(a.Incomplete), bit(b.Incomplete)),
				cmp.Compare(originRank(a.Origin), originRank(b.Origin)),
				cmp.Compare(b.at(), a.at()),
				cmp.Compare(a.shownAt(), b.shownAt()),
				a.compare(b),
			)
		})
	}
	return views
}

func originRank(o daybook.Origin) int {
	return slices.Index([]daybook.Origin{daybook.Collected, daybook.Imported, daybook.Entered}, o)
}

// kindRank says how much a kind tells: a conversation knows that a mention was
// a direct message, and a notification that a post was an answer.
func kindRank(k daybook.Kind) int {
	switch k {
	case "", daybook.KindPost, "status":
		return 0
	case daybook.KindMention:
		return 1
	case daybook.KindDirectMessage:
		return 3
	}
	return 2
}

// betterSent reports whether v states the time of sending better than o.
func (v *view) betterSent(o *view) bool {
	if v.Sent.At.IsZero() || o.Sent.At.IsZero() {
		return o.Sent.At.IsZero() && !v.Sent.At.IsZero()
	}
	rank := func(w *view) int { return 2*exactnessRank(w.Sent.Precision) + bit(w.Incomplete) }
	if a, b := rank(v), rank(o); a != b {
		return a < b
	}
	return v.Sent.At.Before(o.Sent.At)
}

func exactnessRank(p daybook.Precision) int {
	return slices.Index([]daybook.Precision{daybook.Exact, daybook.Minute, daybook.Span, daybook.Day, daybook.About}, p)
}

// versions returns the texts that the message had, by the platform's time of the
// edit, and the view that shows the newest.
func versions(views []*view) ([]daybook.Version, *view) {
	var own []*view
	for _, v := range views {
		if !slices.ContainsFunc(views, v.coveredBy) {
			own = append(own, v)
		}
	}
	slices.SortStableFunc(own, func(a, b *view) int {
		return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.shownAt(), b.shownAt()), cmp.Compare(a.Text, b.Text))
	})
	var (
		out    = make([]daybook.Version, 0, len(own))
		newest *view
	)
	for _, v := range own {
		at := fromMicros(v.at())
		same := slices.IndexFunc(out, func(o daybook.Version) bool { return o.At.Equal(at) && o.Text == v.Text })
		if last := len(out) - 1; same < 0 && last >= 0 && out[last].Text == v.Text {
			same = last // edited, but not in its text
		}
		if same < 0 {
			out = append(out, daybook.Version{At: at, FirstSeen: fromMicros(v.First), Entry: v.Entry, Text: v.Text})
			newest = v
			continue
		}
		if o := &out[same]; v.First < micros(o.FirstSeen) {
			o.FirstSeen, o.Entry = fromMicros(v.First), v.Entry
		}
	}
	return out, newest
}

// media returns the attachments that any view shows, with what became of them.
func (c *content) media(views []*view) []daybook.Media {
	var out []daybook.Media
	for _, v := range views {
		taken := make([]bool, len(out)) // of out, by another attachment of the same view
		for _, m := range v.Media {
			i := 0
			for i < len(out) && (i < len(taken) && taken[i] || i >= len(taken) || !sameMedia(out[i], m)) {
				i++
			}
			if i == len(out) {
				out = append(out, m)
				continue
			}
			taken[i] = true
		}
	}
	for _, told := range c.Media {
		i := slices.IndexFunc(out, func(o daybook.Media) bool { return sameMedia(o, told) })
		if i < 0 {
			out = append(out, told)
			continue
		}
		o := &out[i]
		o.State, o.Digest = told.State, told.Digest
		o.Bytes = cmp.Or(told.Bytes, o.Bytes)
		o.Type = cmp.Or(told.Type, o.Type)
	}
	return out
}

// tellMedia takes in what a media record tells: bytes that are kept stay kept.
// What was not asked for at the platform came in a file.
func (c *content) tellMedia(m daybook.Media, asked bool) {
	c.Media = withMedia(c.Media, m)
	if !asked && m.State == daybook.MediaKept {
		c.Added = withMedia(c.Added, m)
	}
}

func withMedia(all []daybook.Media, m daybook.Media) []daybook.Media {
	i := slices.IndexFunc(all, func(o daybook.Media) bool { return toldKey(o) == toldKey(m) })
	if i < 0 {
		all = append(all, m)
		slices.SortFunc(all, func(a, b daybook.Media) int { return cmp.Compare(toldKey(a), toldKey(b)) })
		return all
	}
	order := []daybook.MediaState{"", daybook.MediaPending, daybook.MediaRefused, daybook.MediaMissing, daybook.MediaKept}
	o := all[i]
	better := cmp.Or(
		cmp.Compare(slices.Index(order, m.State), slices.Index(order, o.State)),
		slices.Compare(m.Digest[:], o.Digest[:]),
		cmp.Compare(m.Bytes, o.Bytes),
		cmp.Compare(m.Type, o.Type),
		cmp.Compare(m.URL, o.URL),
		cmp.Compare(m.Description, o.Description),
	)
	if better > 0 {
		all[i] = m
	}
	return all
}

// toldKey is what records about one attachment have in common.
func toldKey(m daybook.Media) string {
	return m.Native + "\x00" + cmp.Or(m.Native, m.URL, m.Digest.String())
}

// addTime adds t to times, ascending and each once.
func addTime(times []int64, t int64) []int64 {
	at, known := slices.BinarySearch(times, t)
	if known {
		return times
	}
	return slices.Insert(times, at, t)
}

// addName adds a name, or widens the time in which it was seen. Names are kept
// in the order of their text.
func addName(names []daybook.SeenName, n daybook.SeenName) []daybook.SeenName {
	if n.Account == "" && n.Display == "" {
		return names
	}
	at, known := slices.BinarySearchFunc(names, n, func(a, b daybook.SeenName) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Display, b.Display))
	})
	if !known {
		return slices.Insert(names, at, n)
	}
	o := &names[at]
	o.From, o.To = earlier(o.From, n.From), later(o.To, n.To)
	return names
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// shownNames returns names as people read them, the newest last. A name whose
// display name was emptied is left out where a fuller one is known.
func shownNames(names []daybook.SeenName) []daybook.SeenName {
	var out []daybook.SeenName
	for _, n := range names {
		fuller := func(o daybook.SeenName) bool { return n.Display == "" && o.Account == n.Account && o.Display != "" }
		if !slices.ContainsFunc(names, fuller) {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b daybook.SeenName) int { return cmp.Or(a.To.Compare(b.To), a.From.Compare(b.From)) })
	return out
}
