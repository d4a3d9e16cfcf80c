package export_test

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
	"daybook/export"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// A made case is a View and the records that it was made from.
type made struct {
	view    *export.View
	records []daybook.Record
	said    map[daybook.MessageKey][]string // words that stand in what shows that message, and in nothing else
}

type maker struct {
	*made
	now time.Time
}

// newMaker begins a case with an account that consent was given for.
func newMaker() *maker {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	m := &maker{made: &made{view: &export.View{Case: "made", Zone: zone, Hidden: map[daybook.MessageKey]bool{}, Flags: map[daybook.MessageKey][]flags.Found{}},
		said: map[daybook.MessageKey][]string{}}, now: start}
	m.view.Facts = detect.Facts{Zone: zone}
	account := daybook.Account{ID: "acct0", Platform: "mastodon", Server: "https://home.example", Handle: handle("wren", "Wren")}
	m.view.Accounts = []daybook.Account{account}
	m.add(daybook.NewRecord(daybook.RecordKey, map[string]string{"event": "case opened"}), export.EntryLine{Detail: "opened this case"})
	m.add(daybook.NewRecord(daybook.RecordConsent, daybook.ConsentRecord{Event: daybook.ConsentGiven, Account: account, At: m.now}),
		export.EntryLine{Account: account.ID, Detail: "agreed that an account is read"})
	m.view.Consents = []export.ConsentLine{{ConsentChange: daybook.ConsentChange{Event: daybook.ConsentGiven, At: m.now, Entry: 1}, Account: account.ID}}
	return m
}

func handle(name, display string) daybook.Handle {
	return daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/" + name,
		Names: []daybook.SeenName{{Account: name + "@birds.example", Display: display}}}
}

// add appends an entry.
func (m *maker) add(r daybook.Record, line export.EntryLine) uint64 {
	m.now = m.now.Add(time.Minute)
	n := uint64(len(m.records))
	if r.Actor.ID == "" {
		r.Actor = daybook.Actor{ID: "collector", Role: "collector", Via: "collector mastodon/1"}
	}
	r.Logged = m.now
	m.records = append(m.records, r)
	line.Index, line.Kind, line.Logged, line.Actor = n, r.Kind, r.Logged, r.Actor
	m.view.Entries = append(m.view.Entries, line)
	m.view.Size = n + 1
	m.view.Facts.Now = m.now
	return n
}

// A post is what one message of an item says.
type post struct {
	id, text, sender, display string
	to                        []string
	out                       bool
	media                     string // identifier of an attachment
}

// item appends an item that shows some messages.
func (m *maker) item(posts ...post) uint64 {
	read := daybook.Reading{Parser: "mastodon/1"}
	var raw []any
	line := export.EntryLine{Account: "acct0", Origin: daybook.Collected, Parser: "mastodon/1", Fetched: m.now}
	for _, p := range posts {
		r := daybook.ReadMessage{Key: key(p.id), Native: "native" + p.id, Kind: daybook.KindMention, Direction: daybook.In, Sender: handle(p.sender, p.display),
			Sent: daybook.When{At: m.now}, Text: p.text, URL: "https://birds.example/@" + p.sender + "/" + p.id}
		if p.out {
			r.Direction = daybook.Out
		}
		for _, t := range p.to {
			r.To = append(r.To, handle(t, ""))
		}
		if p.media != "" {
			r.Media = []daybook.Media{{Native: p.media, Type: "image/png", Description: "picture " + p.media, URL: "https://home.example/media/" + p.media}}
		}
		read.Messages = append(read.Messages, r)
		line.Messages = append(line.Messages, r.Key)
		line.Natives = append(line.Natives, r.Native)
		raw = append(raw, map[string]any{"id": r.Native, "uri": string(r.Key), "url": r.URL, "content": "<p>" + html.EscapeString(p.text) + "</p>",
			"account": map[string]string{"acct": r.Sender.Names[0].Account, "display_name": p.display, "uri": r.Sender.Native}, "to": p.to, "media": p.media})
	}
	b, err := json.Marshal(raw)
	if err != nil {
		panic(err)
	}
	c := daybook.Capture{Account: "acct0", Platform: "mastodon", Lane: "notifications", NativeID: line.Natives[0], MediaType: "application/json", Raw: b, Offset: -1,
		Origin: daybook.Collected, Exchange: &daybook.Exchange{Method: "GET", URL: "https://home.example/api/v1/notifications", Status: 200, End: m.now}}
	n := m.add(daybook.Item{Capture: c, Reading: &read}.Record(), line)
	for i := range read.Messages {
		m.message(&read.Messages[i], n)
	}
	return n
}

func key(id string) daybook.MessageKey {
	return daybook.MessageKey("mastodon:https://birds.example/posts/" + id)
}

// message takes a reading in as the followers of a log do, as far as is needed
// here.
func (m *maker) message(r *daybook.ReadMessage, n uint64) {
	v := m.view
	at := slices.IndexFunc(v.Messages, func(o daybook.Message) bool { return o.Key == r.Key })
	if at < 0 {
		at = len(v.Messages)
		v.Messages = append(v.Messages, daybook.Message{Key: r.Key, Case: v.Case, Account: "acct0", Platform: "mastodon", Kind: r.Kind, Direction: r.Direction,
			Sender: r.Sender, To: r.To, Sent: r.Sent, FirstSeen: m.now, State: daybook.Present, Origin: daybook.Collected, Parser: "mastodon/1", URL: r.URL, Media: r.Media})
		contact := detect.Contact{Entry: n, Handle: m.known(r.Sender), At: r.Sent.At, Kind: r.Kind, Direction: r.Direction, Account: "acct0", Platform: "mastodon", Origin: daybook.Collected}
		if r.Direction == daybook.Out {
			contact.Handle = -1
			for _, t := range r.To {
				contact.Handle = m.known(t)
			}
		}
		v.Facts.Contacts = append(v.Facts.Contacts, contact)
	}
	msg := &v.Messages[at]
	msg.Captures, msg.LastSeen = append(msg.Captures, n), m.now
	if msg.Text != r.Text {
		msg.Text = r.Text
		msg.Versions = append(msg.Versions, daybook.Version{At: m.now, FirstSeen: m.now, Entry: n, Text: r.Text})
	}
	if len(msg.Versions) > 1 {
		msg.State = daybook.Edited
	}
}

// known returns the place of a handle among the facts.
func (m *maker) known(h daybook.Handle) int {
	f := &m.view.Facts
	if i := slices.IndexFunc(f.Handles, h.Same); i >= 0 {
		return i
	}
	f.Handles = append(f.Handles, h)
	m.view.Handles = append(m.view.Handles, daybook.HandleSummary{Handle: h})
	return len(f.Handles) - 1
}

// media appends what came of an attachment.
func (m *maker) media(id string) uint64 {
	for i := range m.view.Messages {
		msg := &m.view.Messages[i]
		for k := range msg.Media {
			md := &msg.Media[k]
			if md.Native != id {
				continue
			}
			md.Digest, md.Bytes, md.State = daybook.DigestOf([]byte(id)), 17, daybook.MediaKept
			r := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: "acct0", Message: msg.Key, Media: *md,
				Exchange: &daybook.Exchange{Method: "GET", URL: md.URL, Status: 200, Body: md.Digest}})
			r.Blobs = []daybook.Digest{md.Digest}
			told := *md
			return m.add(r, export.EntryLine{Account: "acct0", Messages: []daybook.MessageKey{msg.Key}, Media: &told, Fetched: m.now})
		}
	}
	panic("no such attachment")
}

// fields are all fields of an entry, also those that every entry has.
func (m *made) fields(n uint64) []daybook.Field {
	r := m.records[n]
	actor, err := json.Marshal(r.Actor)
	if err != nil {
		panic(err)
	}
	out := append(slices.Clone(r.Fields), daybook.Field{Name: "actor", Value: actor}, daybook.Field{Name: "logged", Value: []byte(r.Logged.Format(time.RFC3339Nano))})
	for i, d := range r.Blobs {
		out = append(out, daybook.Field{Name: fmt.Sprintf("blob.%d", i), Value: []byte(d.String())})
	}
	return out
}

// disclosed is everything that a bundle with this Shown would hold, but for the
// report: the tables, the drafts, the fields that are not withheld, and what s
// itself holds.
func (m *made) disclosed(t rapid.TB, s *export.Shown) string {
	t.Helper()
	var b strings.Builder
	for _, f := range s.Files() {
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	for n := range m.records {
		if !s.Holds(uint64(n)) {
			continue
		}
		fields := m.fields(uint64(n))
		withheld := s.Withhold(uint64(n), m.records[n].Kind, fields)
		for _, f := range fields {
			if why, ok := withheld[f.Name]; !ok {
				fmt.Fprintf(&b, "\n%d %s %s", n, f.Name, f.Value)
			} else {
				fmt.Fprintf(&b, "\n%d %s withheld: %s", n, f.Name, why)
			}
		}
	}
	inside, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(inside)
	preview, err := json.Marshal(s.Preview())
	if err != nil {
		t.Fatal(err)
	}
	b.Write(preview)
	return b.String()
}

// someCase draws a case in which every word is told from every other.
func someCase(t *rapid.T) *made {
	m := newMaker()
	senders := rapid.IntRange(1, 4).Draw(t, "senders")
	n := rapid.IntRange(1, 12).Draw(t, "items")
	var posts []post
	for i := range n {
		if len(posts) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			again := posts[rapid.IntRange(0, len(posts)-1).Draw(t, "which")]
			if rapid.Bool().Draw(t, "edited") {
				again.text += fmt.Sprintf(" editedin%03d", i)
				m.said[key(again.id)] = append(m.said[key(again.id)], fmt.Sprintf("editedin%03d", i))
			}
			if rapid.Bool().Draw(t, "with another") {
				m.item(again, posts[rapid.IntRange(0, len(posts)-1).Draw(t, "other")])
			} else {
				m.item(again)
			}
			continue
		}
		who := rapid.IntRange(0, senders-1).Draw(t, "sender")
		p := post{id: fmt.Sprintf("10%03d", i), text: fmt.Sprintf("wordsof%03d are \"here\" & there", i), sender: fmt.Sprintf("sender%d", who), display: fmt.Sprintf("calledin%03d", i)}
		m.said[key(p.id)] = []string{fmt.Sprintf("wordsof%03d", i), "posts/" + p.id, "native" + p.id, p.display}
		if rapid.Bool().Draw(t, "names") {
			other := fmt.Sprintf("namedin%03d", i)
			p.to = []string{other}
			m.said[key(p.id)] = append(m.said[key(p.id)], other)
		}
		if rapid.Bool().Draw(t, "with a picture") {
			p.media = fmt.Sprintf("pic%03d", i)
			m.said[key(p.id)] = append(m.said[key(p.id)], p.media, daybook.DigestOf([]byte(p.media)).String())
		}
		p.out = rapid.IntRange(0, 5).Draw(t, "out") == 0
		posts = append(posts, p)
		m.item(p)
		if p.media != "" && rapid.Bool().Draw(t, "fetched") {
			m.media(p.media)
		}
		if rapid.IntRange(0, 4).Draw(t, "decided") == 0 {
			m.decide(daybook.Decision{What: daybook.MarkUnwanted, Handle: handle(p.sender, p.display), How: "decidedon" + p.sender, At: m.now})
		}
		if rapid.IntRange(0, 4).Draw(t, "looked") == 0 {
			m.look(daybook.Access{Action: "search", Words: "soughtwords"})
		}
	}
	m.findings()
	return m.made
}

func (m *maker) decide(d daybook.Decision) {
	n := m.add(daybook.NewRecord(daybook.RecordDecision, d), export.EntryLine{Detail: "marked contact as unwanted"})
	m.view.Decisions = append(m.view.Decisions, daybook.Decided{Decision: d, Index: n, Holds: true})
}

func (m *maker) look(a daybook.Access) {
	r := daybook.NewRecord(daybook.RecordAccess, a)
	r.Actor = daybook.Actor{ID: "local", Role: "operator", Via: "command line (OS user mara)"}
	m.add(r, export.EntryLine{Detail: "searched this case", Searched: a.Words != ""})
}

// findings gives each handle a finding whose reasons quote its messages, and each
// pair of handles one.
func (m *maker) findings() {
	v := m.view
	for i, h := range v.Facts.Handles {
		f := detect.Finding{Kind: "contact", Handles: []daybook.Handle{h}, Model: "contact/2", Figures: map[string]detect.Figure{}}
		for k := range v.Messages {
			if msg := &v.Messages[k]; msg.Sender.Same(h) {
				f.Reasons = append(f.Reasons, detect.Reason{Feature: "quoted", Text: "They wrote: " + msg.Text, Entries: msg.Captures[:1]})
				g := f.Figures["contacts"]
				g.Value, g.Unit = g.Value+1, "messages"
				g.Entries = append(g.Entries, msg.Captures[0])
				f.Figures["contacts"] = g
			}
		}
		v.Findings = append(v.Findings, f)
		for _, o := range v.Facts.Handles[:i] {
			v.Findings = append(v.Findings, detect.Finding{Kind: "link", Handles: []daybook.Handle{o, h}, Text: o.Shown() + " and " + h.Shown() + " may be linked.",
				Reasons: []detect.Reason{{Feature: "name", Text: "Names that are alike: " + o.Native + ", " + h.Native}}})
		}
	}
}
