package links

import (
	"slices"
	"strings"
	"time"
)

// A Sender is what is kept of what a handle wrote and showed: counts, and
// bounded samples of what can be compared. It does not matter in which order
// messages and profiles come, nor whether one comes twice. It holds words that
// were written, so it is as private as they are. A Sender must not be used by
// two goroutines at once, Detect included.
type Sender struct {
	writing  writing
	keys     map[uint64]struct{} // messages that were added
	traces   [kinds][]trace
	settled  [kinds]int // length when it was last put in order; anything longer has news
	hours    [24]int64  // of messages, in UTC
	langs    map[string]int64
	known    int64     // messages in words whose use is known
	created  time.Time // the earliest that was claimed
	createdE uint64
}

// mostLangs is how many languages are told apart.
const mostLangs = 32

// Message adds a message that came in. Adding the same Key again changes
// nothing.
func (s *Sender) Message(m Message) {
	if _, known := s.keys[m.Key]; known {
		return
	}
	s.keys[m.Key] = struct{}{}
	s.writing.add(withoutAddress(m.Text))
	w := readWords(m.Text)
	s.phrases(&w, m.Entry)
	if w.len() >= 6 && len(w.text) >= 30 {
		s.add(ofMessage, trace{entry: m.Entry, what: w.text})
	}
	for _, p := range points(m.Text) {
		s.add(ofContact, trace{entry: m.Entry, what: p})
	}
	for _, ref := range m.Others {
		s.add(ofParty, trace{entry: m.Entry, what: cut(ref, 512)})
	}
	for _, d := range m.Media {
		s.add(ofMedia, trace{entry: m.Entry, what: string(d[:])})
	}
	if !m.At.IsZero() {
		s.hours[m.At.UTC().Hour()]++
	}
	if lang := baseLang(m.Lang); lang != "" {
		if _, known := s.langs[lang]; known || len(s.langs) < mostLangs {
			s.langs[lang]++
		}
	}
}

// phrases keeps the uncommon runs of words of a message, and its misspellings.
// What is common is known of English alone: of a message with more than a third
// of words that nobody knows, nothing is kept.
func (s *Sender) phrases(w *words, entry uint64) {
	known := 0
	for i := range w.len() {
		if usedBy(w.run(i, 1)) > 0 {
			known++
		}
	}
	if known == 0 || 3*known < 2*w.len() {
		return
	}
	s.known++
	for i := range w.len() {
		if word := w.run(i, 1); misspelt(word) != "" {
			s.add(ofSpelling, trace{entry: entry, what: word})
		}
		if !w.unbroken(i, 3) {
			continue
		}
		run := w.run(i, 3)
		if key := hash(run); !isCommonRun(key) {
			s.put(ofRun, trace{key: key, entry: entry, pos: uint32(i), what: run})
		}
	}
}

// Profile adds what an account showed of itself at one time. All versions
// count: a name that was given up is still a name that was borne.
func (s *Sender) Profile(p Profile) {
	name := func(k kind, text string) {
		if text = strings.TrimSpace(cut(text, 256)); text != "" {
			s.add(k, trace{entry: p.Entry, what: text})
		}
	}
	name(ofAccount, p.Account)
	name(ofDisplay, p.Display)
	name(ofServer, strings.ToLower(p.Server))
	for _, text := range append([]string{p.Note}, slices.Concat(p.Fields, p.Links)...) {
		for _, point := range points(text) {
			s.add(ofContact, trace{entry: p.Entry, what: point})
		}
	}
	for _, link := range p.Links {
		if host := hostOnly(link); host != "" {
			s.add(ofContact, trace{entry: p.Entry, what: "host:" + host})
		}
	}
	for _, ref := range append([]string{p.Moved}, p.Aliases[:min(len(p.Aliases), 64)]...) {
		name(ofMove, ref)
	}
	if pictured(p.Avatar) {
		s.put(ofPicture, trace{key: p.Avatar, entry: p.Entry})
	}
	if !p.Created.IsZero() && (s.created.IsZero() || p.Created.Before(s.created) || p.Created.Equal(s.created) && p.Entry < s.createdE) {
		s.created, s.createdE = p.Created, p.Entry
	}
}

// Messages is how many messages were added.
func (s *Sender) Messages() int { return len(s.keys) }

func (s *Sender) add(k kind, t trace) {
	t.key = hash(t.what)
	s.put(k, t)
}

// put keeps a trace, and now and then drops what is too much.
func (s *Sender) put(k kind, t trace) {
	s.traces[k] = append(s.traces[k], t)
	if len(s.traces[k]) > 4*most(k) && len(s.traces[k]) > 2*s.settled[k] {
		s.of(k)
	}
}

// of returns the traces of a kind, settled.
func (s *Sender) of(k kind) []trace {
	if s == nil {
		return nil
	}
	if len(s.traces[k]) != s.settled[k] {
		s.traces[k] = settled(s.traces[k], most(k))
		s.settled[k] = len(s.traces[k])
	}
	return s.traces[k]
}

// hostOnly returns the host of an address that has no path.
func hostOnly(link string) string {
	link = strings.ToLower(cut(strings.TrimSpace(link), 400))
	for _, scheme := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(link, scheme); ok {
			return hostName(strings.TrimRight(rest, "/"))
		}
	}
	return ""
}

// baseLang returns the language of a BCP 47 tag without region and script, ""
// for anything that is none.
func baseLang(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if len(base) < 2 || len(base) > 3 {
		return ""
	}
	base = strings.ToLower(base)
	for i := range len(base) {
		if base[i] < 'a' || base[i] > 'z' {
			return ""
		}
	}
	return base
}
