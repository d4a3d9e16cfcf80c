package web

import (
	"crypto/aes"
	"errors"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

// An entryLine is a message as lists show it: everything about it that says what
// it is, and nothing of what it says.
type entryLine struct {
	They      bool
	Case      string // address of the case's pages
	Ref, Back string // Back: where a page that shows it leads back to
	Entry     uint64
	At        stamp
	Icon      string
	Out       bool // the person wrote it
	Who       *handleLabel
	To        []name // of what the person wrote; the first few
	ToMore    int
	Kind      kindName
	Platform  platformName
	Letter    string // of the sender's group
	Length    int    // characters
	Tags      []remark
	Flags     []string // keys, in the order of flags.All
	Note      string   // key of where it came from
	Seen      stamp    // when
	CanShow   bool
	Withheld  bool // what it says is not for the user: see cases.Sight
	Here      bool // the entry whose page this is
	First     bool // the first contact of its sender
	Pick      bool // it can be chosen for a bundle, with a form of the page
	Picked    bool // it is chosen

	day     time.Time // midnight where its day begins
	sent    time.Time
	sender  string // Handle.Ref
	kind    daybook.Kind
	contact bool
	special bool // something that a run of many does not hide
}

// A kindName is what a kind of message is called, or how the platform calls it.
type kindName struct{ Key, Raw string }

// A remark is a short remark beside an entry. Args are plain values.
type remark struct {
	Class, Icon, Key string
	Args             []any
}

// line makes the line of a message. first is whether it is the first contact of
// its sender.
func (r *request) line(t *terms, m *daybook.Message, first bool, back string) (*entryLine, error) {
	l := &entryLine{
		They: !r.owner(), Case: r.in(""), Back: back, Entry: m.Captures[0], At: r.sent(m.Sent), Icon: iconOf(m.Kind), Out: m.Direction == daybook.Out,
		Kind: r.s.kindName(m.Kind), Platform: r.s.platform(m.Platform), Length: utf8.RuneCountInString(m.Text), CanShow: r.can(cases.Content) && !m.Withheld, Withheld: m.Withheld,
		sender: m.Sender.Ref(), kind: m.Kind, contact: m.Direction != daybook.Out && m.Kind.Contact(), sent: m.Sent.At,
	}
	if l.sent.IsZero() {
		l.sent, l.At = m.FirstSeen, r.when(m.FirstSeen)
	}
	l.day = r.midnight(l.sent)
	if m.Sent.Precision == daybook.Exact || m.Sent.Precision == daybook.Minute {
		l.At = r.clock(l.sent)
	}
	var err error
	if l.Ref, err = r.messageRef(m); err != nil {
		return nil, err
	}
	switch {
	case l.Out:
		l.addressed(t, m.To)
	case !m.Sender.IsZero():
		n, err := r.handleLabel(t.known(m.Sender))
		if err != nil {
			return nil, err
		}
		n.Called = textOf(t.called[m.Sender.Ref()])
		l.Who, l.Letter = &n, t.letters[t.place(m.Sender)]
	}
	l.Seen = r.when(m.FirstSeen)
	switch m.Origin {
	case daybook.Imported:
		l.Note = "entry.line.imported"
	case daybook.Entered:
		l.Note = "entry.line.entered"
	default:
		l.Note = "entry.line.collected"
	}
	l.tag(r, m, t.standing(m), first)
	return l, nil
}

const shownTo = 3

func (l *entryLine) addressed(t *terms, to []daybook.Handle) {
	for i, h := range to {
		if i == shownTo {
			l.ToMore = len(to) - shownTo
			break
		}
		l.To = append(l.To, shortName(t.known(h)))
	}
}

// shortName is a handle by one name alone.
func shortName(h daybook.Handle) name {
	n, _ := mixed(h.Shown())
	return n
}

// tag adds what is special about a message.
func (l *entryLine) tag(r *request, m *daybook.Message, st detect.Standing, first bool) {
	add := func(class, icon, key string, args ...any) {
		l.Tags = append(l.Tags, remark{class, icon, key, args})
	}
	say := voice{They: l.They}.Say
	if l.contact {
		switch {
		case st.Allowed:
			add("", "", "entry.tag.allowed")
		case st.AfterStop:
			add("care", "flag", say("entry.tag.stop"))
		case st.AroundStop:
			add("", "flag", say("entry.tag.stop.around"))
		}
		if st.AfterBlock {
			add("care", "", say("entry.tag.block"))
		}
		if first {
			add("care", "flag", "entry.tag.first")
			l.First, l.special = true, true
		}
	}
	if n := len(m.Versions); n > 1 {
		add("", "", "entry.tag.edited", n)
		l.special = true
	}
	if m.State == daybook.Gone {
		add("care", "", "entry.tag.gone", r.when(m.GoneAt).Text, r.when(m.LastSeen).Text)
		l.special = true
	}
	if n := len(m.Media); n > 0 {
		add("", "", "entry.tag.media", n)
		l.special = true
	}
	switch m.Origin {
	case daybook.Imported:
		add("", "", "entry.tag.imported")
	case daybook.Entered:
		if late := m.FirstSeen.Sub(l.sent); late >= 24*time.Hour {
			add("care", "", "entry.tag.later", int(late/(24*time.Hour)))
		}
	}
}

// midnight is the beginning of the day of t where the user is.
func (r *request) midnight(t time.Time) time.Time {
	y, m, d := t.In(r.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, r.zone)
}

func (s *Server) kindName(k daybook.Kind) kindName {
	if key := "kind." + string(k); s.words.keys[key] {
		return kindName{Key: key}
	}
	return kindName{Raw: string(k)}
}

func iconOf(k daybook.Kind) string {
	switch k {
	case daybook.KindEmail:
		return "mail"
	case daybook.KindMention, daybook.KindReply, daybook.KindQuote, daybook.KindComment, daybook.KindPost:
		return "at"
	case daybook.KindCall, daybook.KindMissedCall:
		return "phone"
	case daybook.KindDiary:
		return "pen"
	case daybook.KindFollow, daybook.KindRequest:
		return "person"
	case daybook.KindFavourite, daybook.KindBoost, daybook.KindReaction, daybook.KindPoll:
		return "star"
	}
	return "message"
}

// messageRef names a message in addresses: the keyed hash that its row is found
// by, sealed as ref seals the number of an entry, of which it looks no different.
// An entry can show several messages, so its number would not do.
func (r *request) messageRef(m *daybook.Message) (string, error) {
	key, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return "", err
	}
	mac, k := key.MessageMAC(m.Key), key.MAC("page", "ref")
	c, err := aes.NewCipher(k[:])
	if err != nil {
		return "", err
	}
	b := mac[:aes.BlockSize]
	c.Encrypt(b, b)
	return lower.EncodeToString(b), nil
}

// message returns the message that a part of the path names, by the ref of an
// entry that shows it or by its own; daybook.ErrNotFound if it names none.
func (r *request) message(part string) (daybook.Message, error) {
	return r.messageOf(r.PathValue(part))
}

// messageOf is message for a ref that a form names.
func (r *request) messageOf(ref string) (daybook.Message, error) {
	entry, err := r.entryOf(ref)
	if err == nil {
		return r.s.Store.Message(r.Context(), r.caseID, entry)
	}
	if !errors.Is(err, daybook.ErrNotFound) {
		return daybook.Message{}, err
	}
	b, err := lower.DecodeString(ref)
	if err != nil || len(b) != aes.BlockSize {
		return daybook.Message{}, daybook.ErrNotFound
	}
	key, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return daybook.Message{}, err
	}
	k := key.MAC("page", "ref")
	c, err := aes.NewCipher(k[:])
	if err != nil {
		return daybook.Message{}, err
	}
	var mac [32]byte
	c.Decrypt(mac[:aes.BlockSize], b)
	return r.s.Store.MessageByMAC(r.Context(), r.caseID, mac)
}

// firsts tells of each message whether it is the first contact of its sender.
func (r *request) firsts(messages []daybook.Message) ([]bool, error) {
	var senders []daybook.Handle
	seen := map[string]bool{}
	for i := range messages {
		m := &messages[i]
		if ref := m.Sender.Ref(); m.Direction != daybook.Out && !m.Sender.IsZero() && !seen[ref] {
			seen[ref] = true
			senders = append(senders, m.Sender)
		}
	}
	first, err := r.s.Store.FirstContacts(r.Context(), r.caseID, senders)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(messages))
	for i := range messages {
		m := &messages[i]
		f, ok := first[m.Sender.Ref()]
		out[i] = ok && m.Direction != daybook.Out && m.Captures[0] == f.Entry && m.Kind == f.Kind
	}
	return out, nil
}

// lines makes lines of messages.
func (r *request) lines(t *terms, messages []daybook.Message, back string) ([]*entryLine, error) {
	first, err := r.firsts(messages)
	if err != nil {
		return nil, err
	}
	found, err := r.flagsOf(messages)
	if err != nil {
		return nil, err
	}
	out := make([]*entryLine, len(messages))
	for i := range messages {
		if out[i], err = r.line(t, &messages[i], first[i], back); err != nil {
			return nil, err
		}
		out[i].tagFlags(found[i])
	}
	if r.can(cases.Export) && r.s.Bundles != nil {
		r.markChosen(out)
	}
	return out, nil
}

// markChosen says of lines whether they are chosen for a bundle.
func (r *request) markChosen(lines []*entryLine) {
	b := r.basket()
	for _, l := range lines {
		if l.Picked = b.has(l.Entry); l.Picked {
			l.Tags = append(l.Tags, remark{Key: "evidence.chosen.tag"})
		}
	}
}
