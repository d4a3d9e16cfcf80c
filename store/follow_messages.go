package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"daybook"
	"daybook/archive"
)

// A Parser reads the captures of one platform again.
type Parser struct {
	Version string // as it stands in Reading.Parser: "mastodon/1"
	Parse   func(self daybook.Account, c daybook.Capture) (daybook.Reading, error)
	// Profiles reads what the accounts in a capture show of themselves; nil
	// if the platform's captures show nothing of it.
	Profiles func(self daybook.Account, c daybook.Capture) []daybook.Profile
}

// A MessageFollower derives messages, handles, decisions, blocks and gaps from
// the log. It implements archive.Follower.
type MessageFollower struct {
	db      *DB
	parsers map[daybook.Platform]Parser
}

// Messages returns the follower that keeps the derived tables. A reading that
// was recorded by another version than that of its platform's parser is made
// again from the raw bytes; if that fails, or there is no parser, the recorded
// one counts.
func (db *DB) Messages(parsers map[daybook.Platform]Parser) *MessageFollower {
	return &MessageFollower{db: db, parsers: parsers}
}

// Name implements archive.Follower.
func (f *MessageFollower) Name() string { return messagesName }

// messagesName carries the version of the derived tables: with a new one they
// are made again.
const messagesName = "messages/1"

// Position implements archive.Follower.
func (f *MessageFollower) Position(ctx context.Context, c daybook.CaseID) (uint64, error) {
	return f.db.FollowerPosition(ctx, c, f.Name())
}

// Handle implements archive.Follower. Entries that were handled before are
// passed over.
func (f *MessageFollower) Handle(ctx context.Context, c daybook.CaseID, batch []archive.Entry) error {
	if len(batch) == 0 {
		return nil
	}
	key, err := f.db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	if err := f.db.prepare(ctx, upsertMessage, upsertContent, insertCapture, upsertHandle); err != nil {
		return err
	}
	return f.db.Update(ctx, func(ctx context.Context) error {
		done, err := f.db.lockPosition(ctx, c, f.Name())
		if err != nil {
			return err
		}
		if first := batch[0].Index; first > done {
			return fmt.Errorf("derive messages: %w: %w: entry %d came when %d was next", daybook.ErrInvalid, archive.ErrBehind, first, done)
		}
		if last := batch[len(batch)-1].Index; last < done {
			return nil
		}
		b := &messageBatch{
			f: f, caseID: c, key: key, mentions: make([]mention, 0, len(batch)), messages: map[keyMAC]*messageRow{},
			handles: map[string]*handleRow{}, accounts: map[daybook.AccountID]daybook.Account{},
		}
		if b.tombs, err = f.db.Tombs(ctx, c); err != nil {
			return fmt.Errorf("derive messages: %w", err)
		}
		for i := range batch {
			if batch[i].Index < done || batch[i].Erased {
				continue
			}
			if err := b.read(ctx, &batch[i]); err != nil {
				return fmt.Errorf("derive messages from entry %d: %w", batch[i].Index, err)
			}
		}
		if err := b.commit(ctx); err != nil {
			return fmt.Errorf("derive messages: %w", err)
		}
		return f.db.SetFollowerPosition(ctx, c, f.Name(), batch[len(batch)-1].Index+1)
	})
}

// A messageBatch collects what the entries of one batch tell, looks up what is
// known already, and writes each row once.
type messageBatch struct {
	f           *MessageFollower
	caseID      daybook.CaseID
	key         *archive.CaseKey
	mentions    []mention
	messages    map[keyMAC]*messageRow
	order       []*messageRow         // as first mentioned
	handles     map[string]*handleRow // by Handle.Ref
	handleOrder []*handleRow          // as first mentioned
	accounts    map[daybook.AccountID]daybook.Account
	events      []event
	tombs       archive.Tombs // messages that are not derived
	erased      [][]byte      // keyed hashes of those that this batch says were erased
}

// A mention is one thing that an entry tells about one message: a capture that
// shows it, or else what tell does.
type mention struct {
	row      *messageRow
	entry    int64
	place    int64 // in the reading
	logged   time.Time
	view     view
	lane     daybook.Lane
	platform daybook.Platform
	name     daybook.SeenName
	tell     func(c *content)
}

// An event is a row of its own, written when the handles have their numbers.
type event func(ctx context.Context) error

// read takes in one entry. A record that this version cannot read is counted.
func (b *messageBatch) read(ctx context.Context, e *archive.Entry) error {
	if b.tombs.All && e.Record.Kind != daybook.RecordConsent {
		return nil // the whole case is hidden
	}
	switch e.Record.Kind {
	case daybook.RecordItem:
		return b.readItem(ctx, e)
	case daybook.RecordObservation:
		b.readObservation(e)
	case daybook.RecordMedia:
		b.readMedia(e)
	case daybook.RecordDecision:
		b.readDecision(e)
	case daybook.RecordGap:
		b.readGap(e)
	case daybook.RecordConsent:
		b.readConsent(e)
	case daybook.RecordErased:
		return b.readErased(ctx, e)
	}
	return nil
}

// unread counts an entry that this version cannot read.
func (b *messageBatch) unread(e *archive.Entry) {
	entry, kind := int64(e.Index), string(e.Record.Kind)
	b.events = append(b.events, func(ctx context.Context) error {
		return b.exec(ctx, `INSERT INTO unread (case_id, entry, kind) VALUES ($1, $2, $3)
			ON CONFLICT (case_id, entry) DO NOTHING`, string(b.caseID), entry, kind)
	})
}

func (b *messageBatch) exec(ctx context.Context, query string, args ...any) error {
	_, err := b.f.db.to(ctx).ExecContext(ctx, query, args...)
	return err
}

// mention notes that an entry tells something about a message. Of one that was
// erased nothing is noted.
func (b *messageBatch) mention(key daybook.MessageKey, m mention) {
	if b.tombs.Has(b.key, key) {
		return
	}
	mac := newKeyMAC(b.key.MessageMAC(key))
	row := b.messages[mac]
	if row == nil {
		row = &messageRow{mac: mac, id: messageID(m.entry, m.place), firstEntry: -1, lastEntry: -1, content: content{Key: key}}
		b.messages[mac] = row
		b.order = append(b.order, row)
	}
	m.row = row
	b.mentions = append(b.mentions, m)
}

func (b *messageBatch) readItem(ctx context.Context, e *archive.Entry) error {
	it, err := e.Item()
	if err != nil {
		b.unread(e)
		return nil
	}
	read, err := b.reading(ctx, &it)
	if err != nil {
		return err
	}
	if read == nil {
		b.unread(e)
		return nil
	}
	c := &it.Capture
	seen := seenAt(c, e.Record.Logged)
	for place := range read.Messages {
		m := &read.Messages[place]
		if m.Key == "" || place > maxPlace {
			b.unread(e)
			continue
		}
		if b.tombs.Has(b.key, m.Key) {
			continue
		}
		m.Sender.Platform = c.Platform
		named := nameSeen(m, c.Origin, seen)
		name := dated(m.Sender, named)
		b.mention(m.Key, mention{
			entry: int64(e.Index), place: int64(place), logged: e.Record.Logged,
			view: newView(m, c, read.Parser, seen, e.Index), lane: c.Lane, platform: c.Platform, name: name,
		})
		if !m.Sender.IsZero() {
			sender := b.handle(m.Sender, name)
			sender.own = sender.own || m.Direction == daybook.Out
		}
		if m.Direction == daybook.Out {
			for _, to := range m.To {
				b.handle(to, dated(to, named))
			}
		}
	}
	return nil
}

// reading returns what to take a capture for: the recorded reading, or a new
// one if that is of another version. nil if nothing could be made of it.
func (b *messageBatch) reading(ctx context.Context, it *daybook.Item) (*daybook.Reading, error) {
	p, ok := b.f.parsers[it.Capture.Platform]
	if !ok || p.Parse == nil || it.Reading != nil && it.Reading.Parser == p.Version {
		return it.Reading, nil
	}
	self, err := b.account(ctx, it.Capture.Account)
	if err != nil {
		return nil, err
	}
	self.Platform = it.Capture.Platform
	again, err := p.Parse(self, it.Capture)
	if err != nil {
		return it.Reading, nil // what was recorded counts
	}
	return &again, nil
}

// account returns the account that a capture was made for, as the last consent
// record tells; an account without more than its id if there is none.
func (b *messageBatch) account(ctx context.Context, id daybook.AccountID) (daybook.Account, error) {
	if a, known := b.accounts[id]; known {
		return a, nil
	}
	self, err := b.f.db.consented(ctx, b.caseID, b.key, id)
	if err != nil {
		return self, err
	}
	b.accounts[id] = self
	return self, nil
}

// consented returns an account as the last consent record tells of it; one
// without more than its id if there is none.
func (db *DB) consented(ctx context.Context, c daybook.CaseID, key *archive.CaseKey, id daybook.AccountID) (daybook.Account, error) {
	self := daybook.Account{ID: id, Case: c}
	var (
		entry  int64
		sealed []byte
	)
	err := db.from(ctx).QueryRowContext(ctx, `SELECT entry, sealed FROM consent_event
		WHERE case_id = $1 AND account = $2 ORDER BY entry DESC LIMIT 1`, string(c), string(id)).Scan(&entry, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return self, nil
	}
	if err != nil {
		return self, fmt.Errorf("read the account of a capture: %w", err)
	}
	if err := open(key, "consent", entry, sealed, &self); err != nil {
		return self, fmt.Errorf("read the account of a capture: %w", err)
	}
	return self, nil
}

func (b *messageBatch) readMedia(e *archive.Entry) {
	var m daybook.MediaRecord
	if err := e.Record.Decode(&m); err != nil || m.Message == "" && m.Handle.IsZero() {
		b.unread(e)
		return
	}
	if m.Message == "" {
		b.readPicture(e, m)
		return
	}
	b.mention(m.Message, mention{entry: int64(e.Index), tell: func(c *content) { c.tellMedia(m.Media, m.Exchange != nil) }})
}

func (b *messageBatch) readObservation(e *archive.Entry) {
	var o daybook.Observation
	if err := e.Record.Decode(&o); err != nil {
		b.unread(e)
		return
	}
	at := micros(o.At)
	switch o.What {
	case daybook.SeenGone:
		b.mention(o.Message, mention{entry: int64(e.Index), tell: func(c *content) { c.Gone = addTime(c.Gone, at) }})
	case daybook.SeenAgain:
		b.mention(o.Message, mention{entry: int64(e.Index), tell: func(c *content) { c.Back = addTime(c.Back, at) }})
	case daybook.SeenBlocked, daybook.SeenUnblocked:
		whom := b.handle(o.Handle, dated(o.Handle, at))
		b.events = append(b.events, func(ctx context.Context) error {
			return b.exec(ctx, `INSERT INTO block_seen (case_id, entry, account, handle, what, seen, last_seen)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, entry) DO NOTHING`,
				string(b.caseID), int64(e.Index), string(o.Account), whom.id, string(o.What), at, micros(o.LastSeen))
		})
	}
}

func (b *messageBatch) readDecision(e *archive.Entry) {
	var d daybook.Decision
	if err := e.Record.Decode(&d); err != nil {
		b.unread(e)
		return
	}
	whom, other := new(handleRow), new(handleRow)
	if !d.Handle.IsZero() {
		whom = b.handle(d.Handle, daybook.SeenName{})
	}
	if !d.Other.IsZero() {
		other = b.handle(d.Other, daybook.SeenName{})
	}
	b.events = append(b.events, func(ctx context.Context) error {
		sealed, err := seal(b.key, "decision", int64(e.Index), d)
		if err != nil {
			return err
		}
		return b.exec(ctx, `INSERT INTO decision (case_id, entry, what, handle, other, decided, sealed)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, entry) DO NOTHING`,
			string(b.caseID), int64(e.Index), string(d.What), whom.id, other.id, micros(d.At), sealed)
	})
}

func (b *messageBatch) readGap(e *archive.Entry) {
	var g daybook.Gap
	if err := e.Record.Decode(&g); err != nil {
		b.unread(e)
		return
	}
	b.events = append(b.events, func(ctx context.Context) error {
		sealed, err := seal(b.key, "gap", int64(e.Index), g)
		if err != nil {
			return err
		}
		return b.exec(ctx, `INSERT INTO gap (case_id, entry, account, class, begins, ends, sealed)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, entry) DO NOTHING`,
			string(b.caseID), int64(e.Index), string(g.Account), string(g.Class), micros(g.From), micros(g.To), sealed)
	})
}

func (b *messageBatch) readConsent(e *archive.Entry) {
	var r daybook.ConsentRecord
	if err := e.Record.Decode(&r); err != nil {
		b.unread(e)
		return
	}
	b.accounts[r.Account.ID] = r.Account
	if h := r.Account.Handle; !h.IsZero() {
		b.handle(h, dated(h, micros(r.At))).own = true
	}
	b.events = append(b.events, func(ctx context.Context) error {
		sealed, err := seal(b.key, "consent", int64(e.Index), r.Account)
		if err != nil {
			return err
		}
		return b.exec(ctx, `INSERT INTO consent_event (case_id, entry, account, event, happened, sealed)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (case_id, entry) DO NOTHING`,
			string(b.caseID), int64(e.Index), string(r.Account.ID), string(r.Event), micros(r.At), sealed)
	})
}

// seenAt is when a capture was made: when the last byte of the answer arrived,
// or when an import was read.
func seenAt(c *daybook.Capture, logged time.Time) int64 {
	if c.Exchange != nil && !c.Exchange.End.IsZero() {
		return micros(c.Exchange.End)
	}
	return micros(logged)
}

// nameSeen is when the names in a message were seen. An export does not say since
// when a name was borne: there it is dated by its message.
func nameSeen(m *daybook.ReadMessage, o daybook.Origin, seen int64) int64 {
	if o != daybook.Collected && !m.Sent.At.IsZero() {
		return micros(m.Sent.At)
	}
	return seen
}

// dated returns the newest name of a handle as seen at a time.
func dated(h daybook.Handle, seen int64) daybook.SeenName {
	if len(h.Names) == 0 {
		return daybook.SeenName{}
	}
	n := h.Names[len(h.Names)-1]
	n.From, n.To = fromMicros(seen), fromMicros(seen)
	return n
}

// sealPlace names one row of one table, so that nothing sealed can be moved to
// another.
func sealPlace(table string, row int64) string { return table + "/" + strconv.FormatInt(row, 10) }

// seal seals v as JSON for one row of a table.
func seal(key *archive.CaseKey, table string, row int64, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal %s %d: %w", table, row, err)
	}
	return key.Seal(sealPlace(table, row), b), nil
}

// open opens what seal sealed for the same row.
func open(key *archive.CaseKey, table string, row int64, sealed []byte, v any) error {
	b, err := key.Open(sealPlace(table, row), sealed)
	if err != nil {
		return fmt.Errorf("open %s %d: %w", table, row, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("open %s %d: %w", table, row, err)
	}
	return nil
}
