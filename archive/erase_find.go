package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"daybook"
)

// A Search says what Find looks for.
type Search struct {
	Messages []daybook.MessageKey
	// Captures are entries that are known to show these messages, as another
	// version of a parser read them; they need not be complete.
	Captures []uint64
	// Pictures are accounts whose pictures of themselves go as well.
	Pictures []daybook.Handle
	// Texts are those that the messages had: what quotes one of them is told.
	Texts []string
}

// Found is where a log holds what was looked for.
type Found struct {
	// Entries are those that hold nothing else, ascending: captures, what was
	// observed of the messages, their attachments, the pictures of accounts,
	// and answers that could not be read and name one of them.
	Entries []uint64
	// Kept are captures that show one of the messages beside others.
	Kept []uint64
	// Blobs are what Entries name, each once, but for the pieces of Files.
	Blobs []daybook.Digest
	// Files are those of Entries that hold a file as a whole in which one of
	// the messages may stand. What was read from them has entries of its own.
	Files []uint64
	// Quoted are the first captures of other messages that answer one of
	// them, name it or have its text in theirs.
	Quoted []uint64
	// Exports are the entries that tell of bundles.
	Exports []Entry
}

// Find reads a whole log and says where it holds messages. Entries whose content
// was destroyed are passed over.
func (l *Log) Find(ctx context.Context, c daybook.CaseID, s Search) (Found, error) {
	f := finder{
		messages: map[daybook.MessageKey]bool{}, captures: map[uint64]bool{}, blobs: map[daybook.Digest]bool{},
		natives: map[string]bool{}, quoting: map[daybook.MessageKey]bool{},
	}
	for _, m := range s.Messages {
		f.messages[m] = true
		f.names = append(f.names, namesOf(m)...)
	}
	for _, i := range s.Captures {
		f.captures[i] = true
	}
	f.pictures = s.Pictures
	for _, t := range s.Texts {
		if len(t) >= minQuote {
			f.texts = append(f.texts, t)
		}
	}
	if err := f.learn(ctx, l, c, s.Captures); err != nil {
		return Found{}, fmt.Errorf("look for what a log holds: %w", err)
	}
	for e, err := range l.Entries(ctx, c, 0) {
		if err != nil {
			return Found{}, fmt.Errorf("look for what a log holds: %w", err)
		}
		if e.Erased {
			continue
		}
		f.entry(&e)
	}
	f.files()
	return f.found, nil
}

type finder struct {
	messages map[daybook.MessageKey]bool
	captures map[uint64]bool
	pictures []daybook.Handle
	names    [][]byte // what the messages are called in bytes that cannot be read
	blobs    map[daybook.Digest]bool
	texts    []string
	natives  map[string]bool             // what an answer names them by: account and identifier
	quoting  map[daybook.MessageKey]bool // messages that are in found.Quoted
	shown    []daybook.Shown             // how the messages came
	imports  []begun                     // files that are kept as a whole
	found    Found
}

// minQuote is the length in bytes of the shortest text that is looked for in
// others: everybody writes "hello".
const minQuote = 20

// learn notes what the platform calls the messages, from captures of them.
func (f *finder) learn(ctx context.Context, l *Log, c daybook.CaseID, captures []uint64) error {
	for _, i := range captures {
		e, err := l.Entry(ctx, c, i)
		if errors.Is(err, ErrErased) || errors.Is(err, daybook.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		it, err := e.Item()
		if err != nil || it.Reading == nil {
			continue
		}
		for j := range it.Reading.Messages {
			m := &it.Reading.Messages[j]
			if native, _, _ := strings.Cut(m.Native, " "); f.messages[m.Key] && native != "" {
				f.natives[string(it.Capture.Account)+" "+native] = true
			}
		}
	}
	return nil
}

func (f *finder) entry(e *Entry) {
	switch e.Record.Kind {
	case daybook.RecordItem:
		f.item(e)
	case daybook.RecordObservation:
		var o daybook.Observation
		if e.Record.Decode(&o) == nil && f.messages[o.Message] {
			f.add(e)
		}
	case daybook.RecordMedia:
		var m daybook.MediaRecord
		if e.Record.Decode(&m) != nil {
			return
		}
		if m.Message != "" && f.messages[m.Message] || m.Message == "" && slices.ContainsFunc(f.pictures, m.Handle.Same) {
			f.add(e)
		}
	case daybook.RecordExport:
		f.found.Exports = append(f.found.Exports, *e)
	case daybook.RecordImport:
		var i daybook.Import
		if e.Record.Decode(&i) == nil && len(i.Parts) > 0 {
			f.imports = append(f.imports, begun{e.Index, i})
		}
	case daybook.RecordExchange:
		var body []byte
		if json.Unmarshal(e.Record.Value("body"), &body) == nil && f.named(body) {
			f.add(e)
		}
	}
}

// item takes a capture: one that shows a message and no other, or that nothing
// could be made of and that names one.
func (f *finder) item(e *Entry) {
	it, err := e.Item()
	if err != nil || it.Reading == nil || len(it.Reading.Messages) == 0 {
		if f.captures[e.Index] || f.named(e.Record.Value("raw")) {
			f.add(e)
		}
		return
	}
	shows, others := f.captures[e.Index], false
	for i := range it.Reading.Messages {
		key := it.Reading.Messages[i].Key
		shows = shows || f.messages[key]
		if f.messages[key] {
			f.shown = append(f.shown, daybook.ShownBy(&it.Capture, &it.Reading.Messages[i]))
		}
		if key != "" && !f.messages[key] {
			others = true
			f.quote(e.Index, string(it.Capture.Account), &it.Reading.Messages[i])
		}
	}
	switch {
	case shows && others:
		f.found.Kept = append(f.found.Kept, e.Index)
	case shows:
		f.add(e)
	}
}

// A begun is an entry with a file.
type begun struct {
	entry uint64
	daybook.Import
}

// files takes the entries that hold files in which one of the messages may stand.
func (f *finder) files() {
	for _, i := range f.imports {
		if slices.ContainsFunc(f.shown, i.MayHold) {
			f.found.Files = append(f.found.Files, i.entry)
			f.found.Entries = append(f.found.Entries, i.entry)
		}
	}
	slices.Sort(f.found.Entries)
	f.found.Entries = slices.Compact(f.found.Entries)
}

// quote notes another message if it answers one of those, names it or has its
// text.
func (f *finder) quote(entry uint64, account string, m *daybook.ReadMessage) {
	answers := m.ReplyTo != "" && (f.natives[account+" "+m.ReplyTo] || f.messages[daybook.MessageKey(m.ReplyTo)])
	has := func(t string) bool { return strings.Contains(m.Text, t) }
	if f.quoting[m.Key] || !answers && !slices.ContainsFunc(f.texts, has) && !f.named([]byte(m.Text)) {
		return
	}
	f.quoting[m.Key] = true
	f.found.Quoted = append(f.found.Quoted, entry)
}

func (f *finder) add(e *Entry) {
	f.found.Entries = append(f.found.Entries, e.Index)
	for _, d := range e.Record.Blobs {
		if !f.blobs[d] {
			f.blobs[d] = true
			f.found.Blobs = append(f.found.Blobs, d)
		}
	}
}

func (f *finder) named(raw []byte) bool {
	return slices.ContainsFunc(f.names, func(name []byte) bool { return holds(raw, name) })
}

// minName is the length of the shortest name that is looked for in bytes that
// cannot be read: a shorter one stands in too many.
const minName = 12

// namesOf returns what a message is called by its platform, as it stands in
// JSON: plain, or with its slashes escaped.
func namesOf(m daybook.MessageKey) [][]byte {
	_, native, _ := strings.Cut(string(m), ":")
	if len(native) < minName {
		return nil
	}
	return [][]byte{[]byte(native), []byte(strings.ReplaceAll(native, "/", `\/`))}
}

// holds reports whether raw holds a name that does not go on with a digit: …/4
// does not stand in …/42.
func holds(raw, name []byte) bool {
	for {
		at := bytes.Index(raw, name)
		if at < 0 {
			return false
		}
		if raw = raw[at+len(name):]; len(raw) == 0 || raw[0] < '0' || raw[0] > '9' {
			return true
		}
	}
}
