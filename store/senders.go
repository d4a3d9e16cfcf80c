package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/detect/links"
	"daybook/detect/style"
)

const maxSenderText = 16_000 // bytes of one message that are compared

// A senderCase is what is kept of the senders of one case. It holds words that
// were written, so it is in memory alone.
type senderCase struct {
	model    *style.Model
	position uint64 // entries of the log that it has taken in
	erasures uint64 // of the log, when it began
	refs     map[int64]string
	own      map[int64]bool
	top      int64                 // the highest handle in refs
	senderOf map[int64]int64       // of each message, by its number
	awaited  map[int64]bool        // messages with attachments that may still be fetched
	senders  map[int64]*senderKept // and thePerson
	usual    map[daybook.Platform]*usual
}

// thePerson stands among senders for all accounts of the person: no handle has
// this number.
const thePerson = 0

// A senderKept is what is kept of one handle that wrote.
type senderKept struct {
	sender   *links.Sender
	untold   []links.Message   // that sender is still to be told of
	told     map[uint64]uint64 // what sender was told of each message, by key, as a hash
	stale    bool              // something that sender was told is no longer so
	shown    map[int64]showing // by day: the first capture that shows the account
	profiles map[uint64]*daybook.Profile
	early    []earlyText       // until it had written enough
	since    int64             // when it had, Unix microseconds; 0: not yet
	pictures map[string]uint64 // likeness, by address; what is none that can be compared is not there
}

func (k *senderCase) forget() { *k = senderCase{} }

// size says about how many bytes are kept.
func (k *senderCase) size() int {
	n := 64 * (len(k.senderOf) + len(k.refs))
	for _, s := range k.senders {
		n += 64<<10 + 300*len(s.told) + 1_000*len(s.profiles)
	}
	return n
}

// update takes in what is new since the last call. An erasure makes it begin
// again, so that nothing stays of what was erased.
func (k *senderCase) update(ctx context.Context, db *DB, c daybook.CaseID, model *style.Model) error {
	if k.model != nil && k.model.Name() != model.Name() {
		k.forget()
	}
	position, err := db.FollowerPosition(ctx, c, messagesName)
	if err != nil {
		return err
	}
	head, err := db.Head(ctx, c)
	if err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return err
	}
	fetched, erased := false, position < k.position || head.Erasures != k.erasures
	if k.senders != nil && position == k.position && !erased {
		return nil
	}
	if k.senders != nil && !erased {
		if fetched, erased, err = db.stretch(ctx, c, k.position, position); err != nil {
			return err
		}
	}
	if k.senders == nil || erased {
		*k = senderCase{model: model, erasures: head.Erasures, refs: map[int64]string{}, own: map[int64]bool{}, senderOf: map[int64]int64{}, awaited: map[int64]bool{}, senders: map[int64]*senderKept{}, usual: map[daybook.Platform]*usual{}}
	}
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return err
	}
	r := senderReader{db: db, caseID: c, key: key, kept: k}
	if err := r.handles(ctx); err != nil {
		return err
	}
	if err := r.messages(ctx, fetched); err != nil {
		return err
	}
	if err := r.profiles(ctx); err != nil {
		return err
	}
	if err := r.pictures(ctx); err != nil {
		return err
	}
	if err := r.makeAgain(ctx); err != nil {
		return err
	}
	if err := r.usual(ctx); err != nil {
		return fmt.Errorf("work out what is usual: %w", err)
	}
	k.position = position
	return nil
}

// stretch tells whether attachments came, or anything was erased, in the entries
// from ≤ entry < to.
func (db *DB) stretch(ctx context.Context, c daybook.CaseID, from, to uint64) (fetched, erased bool, err error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT DISTINCT kind FROM log_entry WHERE case_id = $1 AND idx >= $2 AND idx < $3`, string(c), int64(from), int64(to))
	if err != nil {
		return false, false, fmt.Errorf("read what is new: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind daybook.RecordKind
		if err := rows.Scan(&kind); err != nil {
			return false, false, fmt.Errorf("read what is new: %w", err)
		}
		fetched = fetched || kind == daybook.RecordMedia
		erased = erased || kind == daybook.RecordErased
	}
	return fetched, erased, rows.Err()
}

// A senderReader brings a senderCase up to date.
type senderReader struct {
	db     *DB
	caseID daybook.CaseID
	key    *archive.CaseKey
	kept   *senderCase
	untold int   // messages that senders are to be told of
	failed error // of a function that was handed on
}

// handles reads the handles that are new, and which are the person's.
func (r *senderReader) handles(ctx context.Context) error {
	rows, err := r.db.from(ctx).QueryContext(ctx, `SELECT id, own, sealed FROM handle WHERE case_id = $1 AND id > $2 ORDER BY id`, string(r.caseID), r.kept.top)
	if err != nil {
		return fmt.Errorf("read handles: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id, own int64
			sealed  []byte
			h       daybook.Handle
		)
		if err := rows.Scan(&id, &own, &sealed); err != nil {
			return fmt.Errorf("read handles: %w", err)
		}
		if err := open(r.key, "handle", id, sealed, &h); err != nil {
			return err
		}
		r.kept.refs[id], r.kept.top = h.Ref(), id
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read handles: %w", err)
	}
	err = r.db.pairs(ctx, `SELECT id, own FROM handle WHERE case_id = $1 AND own = 1`, []any{string(r.caseID)}, func(id, _ int64) { r.kept.own[id] = true })
	if err != nil {
		return fmt.Errorf("read the person's handles: %w", err)
	}
	return nil
}

// messages reads what came in: messages that entries from the last position on
// tell of for the first time, those that they show again, and those whose
// attachments were fetched.
func (r *senderReader) messages(ctx context.Context, fetched bool) error {
	from := int64(r.kept.position)
	again := map[int64]bool{}
	if from > 0 {
		err := r.db.pairs(ctx, `SELECT id, entry FROM message_capture WHERE case_id = $1 AND entry >= $2`, []any{string(r.caseID), from},
			func(id, _ int64) { again[id] = id < messageID(from, 0) })
		if err != nil {
			return fmt.Errorf("read captures: %w", err)
		}
		if fetched {
			for id := range r.kept.awaited {
				again[id] = id < messageID(from, 0)
			}
		}
	}
	maps.DeleteFunc(again, func(_ int64, old bool) bool { return !old })
	if err := r.read(ctx, ` AND m.id >= $2`, messageID(from, 0)); err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(again)), rowsPerStatement) {
		args := make([]any, len(part))
		for i := range part {
			args[i] = part[i]
		}
		if err := r.read(ctx, ` AND m.id IN `+r.db.list(2, len(args)), args...); err != nil {
			return err
		}
	}
	return nil
}

// take takes in one message, or what is new about it.
func (r *senderReader) take(w *wroteRow) {
	k := r.kept
	if before, known := k.senderOf[w.id]; known && before != w.sender {
		if s := k.senders[before]; s != nil {
			s.remove(w.key)
		}
	}
	k.senderOf[w.id] = w.sender
	s := k.senders[w.sender]
	if s == nil {
		s = &senderKept{sender: links.NewSender(k.model), told: map[uint64]uint64{}, shown: map[int64]showing{},
			profiles: map[uint64]*daybook.Profile{}, pictures: map[string]uint64{}}
		k.senders[w.sender] = s
	}
	if w.sender != thePerson {
		for i := range w.told.Views {
			s.showed(&w.told.Views[i])
		}
	}
	delete(k.awaited, w.id)
	m := &w.message
	out := links.Message{Entry: uint64(w.entry), Key: w.key, At: fromMicros(w.sent), Text: textOf(m), Lang: m.Lang, Platform: m.Platform}
	for _, md := range m.Media {
		switch {
		case !md.Digest.IsZero():
			out.Media = append(out.Media, md.Digest)
		case md.State == "" || md.State == daybook.MediaPending:
			k.awaited[w.id] = true
		}
	}
	for _, to := range m.To {
		if ref := to.Ref(); !r.isOwn(ref) {
			out.Others = append(out.Others, ref)
		}
	}
	if out.Text == "" && len(out.Media) == 0 {
		s.remove(w.key)
		return
	}
	if s.put(out) {
		k.changed(m.Platform, w.sent)
		s.began(w.sent, int64(w.key), firstText(m))
	}
}

func (r *senderReader) isOwn(ref string) bool {
	for id := range r.kept.own {
		if r.kept.refs[id] == ref {
			return true
		}
	}
	return false
}

// textOf is all that a message ever said: an edit takes away nothing of what its
// sender wrote before.
func textOf(m *daybook.Message) string {
	if len(m.Versions) < 2 {
		return cutText(m.Text)
	}
	var texts []string
	for _, v := range m.Versions {
		if !slices.Contains(texts, v.Text) {
			texts = append(texts, v.Text)
		}
	}
	return cutText(strings.Join(texts, "\n\n"))
}

// cutText returns the beginning of a text, no character cut in two.
func cutText(s string) string {
	if len(s) <= maxSenderText {
		return s
	}
	n := maxSenderText
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// put tells a sender of a message, and reports whether it is new or not what it
// was.
func (s *senderKept) put(m links.Message) bool {
	print := printOf(&m)
	before, known := s.told[m.Key]
	s.told[m.Key] = print
	switch {
	case known && before == print:
		return false
	case known:
		s.stale = true
	default:
		s.untold = append(s.untold, m)
	}
	return true
}

// remove takes a message away from a sender.
func (s *senderKept) remove(key uint64) {
	if _, known := s.told[key]; known {
		delete(s.told, key)
		s.stale = true
	}
}

// printOf is the same for a message as long as it says the same.
func printOf(m *links.Message) uint64 {
	h := fnv.New64a()
	put := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	put(fmt.Sprint(m.Entry, micros(m.At), len(m.Others), len(m.Media)))
	put(m.Text)
	put(m.Lang)
	for _, ref := range m.Others {
		put(ref)
	}
	for i := range m.Media {
		h.Write(m.Media[i][:])
	}
	return h.Sum64()
}

// makeAgain makes those senders anew that were told what is no longer so: a text
// that was edited, a profile that is no longer among the last.
func (r *senderReader) makeAgain(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.kept.senders)) {
		s := r.kept.senders[id]
		if !s.stale {
			continue
		}
		s.stale, s.sender, s.told, s.untold = false, links.NewSender(r.kept.model), map[uint64]uint64{}, nil
		s.early, s.since = nil, 0
		rest, arg := ` AND m.direction = 'in' AND m.sender = $2`, any(id)
		if id == thePerson {
			rest, arg = ` AND m.direction = $2`, string(daybook.Out)
		}
		if err := r.read(ctx, rest, arg); err != nil {
			return err
		}
		for _, at := range s.showings() {
			if p := s.profiles[at.entry]; p != nil {
				s.sender.Profile(*p)
			}
		}
	}
	return nil
}
