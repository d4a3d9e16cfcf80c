package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/flags"
)

// This file reads a case as a timeline: newest first, narrowed in ways that no
// index knows, a page at a time. What narrows it is asked of the lines that
// detection reads (fact.go), many of which come as one text; messages are opened
// only for the page itself.

const (
	timelineLook  = 8192 // messages that are looked at for one page, so that none takes long
	timelineOpen  = 384  // messages that are opened for one page, where the lines do not say enough
	timelineChunk = 2048 // lines that are read at a time
)

// Timeline returns up to limit messages, newest first. cursor is "" for the
// beginning or the Next of an earlier page with the same filter.
func (db *DB) Timeline(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter, limit int, cursor string) (daybook.TimelinePage, error) {
	page, err := db.timeline(ctx, c, f, limit, cursor)
	if err != nil {
		return page, fmt.Errorf("read the timeline of case %s: %w", c, err)
	}
	return page, nil
}

func (db *DB) timeline(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter, limit int, cursor string) (page daybook.TimelinePage, err error) {
	w, err := db.newWalk(ctx, c, f)
	if err != nil {
		return page, err
	}
	if cursor != "" {
		if n, err := fmt.Sscanf(cursor, "%d.%d", &w.sent, &w.id); n != 2 || err != nil {
			return page, fmt.Errorf("%w: not a place in this list", daybook.ErrInvalid)
		}
		w.begun = true
	}
	var (
		found []factLine
		kept  []listed
		look  = timelineLook
	)
	if f.Marked == daybook.MarkedMedia {
		look = timelineOpen
	}
	for len(found) <= limit && len(kept) <= limit && !w.ended {
		if look <= 0 { // the next page goes on from here
			page.Next, page.Back = fmt.Sprintf("%d.%d", w.sent, w.id), fromMicros(w.sent)
			break
		}
		lines, err := w.next(ctx, min(look, w.chunk(limit)))
		if err != nil {
			return page, err
		}
		look -= w.looked
		if f.Marked != daybook.MarkedMedia {
			found = append(found, lines...)
			continue
		}
		some, err := db.messagesOf(ctx, c, lines)
		if err != nil {
			return page, err
		}
		for _, l := range some {
			if len(l.Media) > 0 {
				kept = append(kept, l)
			}
		}
	}
	if f.Marked != daybook.MarkedMedia {
		if kept, err = db.messagesOf(ctx, c, found[:min(len(found), limit+1)]); err != nil {
			return page, err
		}
	}
	if len(kept) > limit {
		kept = kept[:limit]
		last := kept[limit-1]
		page.Next, page.Back = fmt.Sprintf("%d.%d", last.sent, last.id), fromMicros(last.sent)
	}
	page.Messages = plainMessages(kept)
	if f.Flag != "" {
		page.Messages, err = db.keepFlagged(ctx, c, page.Messages, flags.Flag(f.Flag))
	}
	return page, err
}

// TimelineCount counts the contacts of a timeline that came in. Looking is
// bounded: more says that there are, or may be, others. Attachments are not
// counted by: f.Marked may not be MarkedMedia.
func (db *DB) TimelineCount(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter) (n int, more bool, err error) {
	if f.Marked == daybook.MarkedMedia {
		return 0, false, fmt.Errorf("count a timeline: %w: attachments are not counted", daybook.ErrInvalid)
	}
	w, err := db.newWalk(ctx, c, f)
	if err != nil {
		return 0, false, fmt.Errorf("count a timeline: %w", err)
	}
	for look := timelineLook; !w.ended; look -= w.looked {
		if look <= 0 {
			return n, true, nil
		}
		lines, err := w.next(ctx, min(look, timelineChunk))
		if err != nil {
			return 0, false, fmt.Errorf("count a timeline: %w", err)
		}
		if f.Flag != "" && !cases.SightOf(ctx).Whole() {
			some, err := db.messagesOf(ctx, c, lines)
			if err != nil {
				return 0, false, fmt.Errorf("count a timeline: %w", err)
			}
			seen, err := db.keepFlagged(ctx, c, plainMessages(some), flags.Flag(f.Flag))
			if err != nil {
				return 0, false, fmt.Errorf("count a timeline: %w", err)
			}
			n += len(seen) // what the person wrote has no flags
			continue
		}
		for i := range lines {
			if lines[i].Direction != daybook.Out && lines[i].Kind.Contact() {
				n++
			}
		}
	}
	return n, false, nil
}

// messagesOf opens the messages of some lines, in their order.
func (db *DB) messagesOf(ctx context.Context, c daybook.CaseID, lines []factLine) ([]listed, error) {
	out := make([]listed, 0, len(lines))
	for part := range slices.Chunk(lines, rowsPerStatement) {
		ids := make([]any, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		some, err := db.messages(ctx, c, ` AND m.id IN `+db.list(2, len(ids)), ids)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(some, func(a, b listed) int { return b.compare(a) })
		out = append(out, some...)
	}
	return out, nil
}

// A walk goes through the lines of a case from the newest on.
type walk struct {
	db        *DB
	caseID    daybook.CaseID
	f         daybook.TimelineFilter
	among     []int64 // handles; none: all messages
	flag      flagMAC // with f.Flag
	nobody    bool    // handles were asked for that the case does not know
	standings *detect.Standings
	intern    map[string]string

	firsts   []factLine // of MarkedFirst: all that there are
	begun    bool
	sent, id int64 // the place of the last line that was looked at
	looked   int   // lines that the last next looked at
	ended    bool
}

func (db *DB) newWalk(ctx context.Context, c daybook.CaseID, f daybook.TimelineFilter) (*walk, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	w := &walk{db: db, caseID: c, f: f, intern: map[string]string{}}
	for _, h := range f.Among {
		id, err := db.handleID(ctx, c, key, h)
		if err != nil {
			return nil, err
		}
		if id != 0 && !slices.Contains(w.among, id) {
			w.among = append(w.among, id)
		}
	}
	w.nobody = len(f.Among) > 0 && len(w.among) == 0
	if f.Flag != "" {
		w.flag = newFlagMAC(key, flags.Flag(f.Flag))
	}
	switch f.Marked {
	case daybook.MarkedAfterStop:
		terms, err := db.Terms(ctx, c)
		if err != nil {
			return nil, err
		}
		w.standings = detect.NewStandings(terms)
	case daybook.MarkedFirst:
		if err := w.findFirsts(ctx); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// findFirsts looks up the first contact of each handle: one step in an index for
// each.
func (w *walk) findFirsts(ctx context.Context) error {
	handles := w.among
	if len(w.f.Among) == 0 {
		err := w.db.pairs(ctx, `SELECT id, own FROM handle WHERE case_id = $1 AND own = 0`, []any{string(w.caseID)},
			func(id, _ int64) { handles = append(handles, id) })
		if err != nil {
			return err
		}
	}
	for _, h := range handles {
		l, ok, err := w.db.firstOf(ctx, w.caseID, h, w.intern)
		if err != nil {
			return err
		}
		if ok {
			w.firsts = append(w.firsts, l)
		}
	}
	if w.f.Flag != "" {
		if err := w.onlyFlagged(ctx); err != nil {
			return err
		}
	}
	slices.SortFunc(w.firsts, newestFirst)
	return nil
}

// onlyFlagged leaves those of the first contacts that have the flag.
func (w *walk) onlyFlagged(ctx context.Context) error {
	flagged := map[int64]bool{}
	err := w.db.pairs(ctx, `SELECT id, 0 FROM flag WHERE case_id = $1 AND mac = $2`, []any{string(w.caseID), w.flag[:]}, func(id, _ int64) { flagged[id] = true })
	w.firsts = slices.DeleteFunc(w.firsts, func(l factLine) bool { return !flagged[l.id] })
	return err
}

func newestFirst(a, b factLine) int {
	return listed{sent: micros(b.At), id: b.id}.compare(listed{sent: micros(a.At), id: a.id})
}

// chunk is how many lines are worth reading for a page of limit messages.
func (w *walk) chunk(limit int) int {
	switch {
	case w.f.Marked == daybook.MarkedMedia:
		return 128
	case w.f.Marked == "" && w.f.Kind == "" && w.f.Account == "" && (w.f.Flag == "" || len(w.among) == 0):
		return limit + 1
	}
	return timelineChunk
}

// next looks at up to n lines and returns those that are wanted, newest first.
func (w *walk) next(ctx context.Context, n int) ([]factLine, error) {
	var (
		lines []factLine
		err   error
	)
	switch {
	case w.nobody:
	case w.f.Marked == daybook.MarkedFirst:
		lines = w.passed(w.firsts)
		lines = slices.Clone(lines[:min(n, len(lines))])
	case w.f.Flag != "": // only what came in has flags
		lines, err = w.read(ctx, n, "f", flagTables, "f.mac = ?", w.flag[:])
	case len(w.among) == 0:
		lines, err = w.read(ctx, n, "m", "message m", "", nil)
	default:
		for _, h := range w.among {
			sent, rerr := w.read(ctx, n, "m", "message m", "m.sender = ?", h)
			if rerr != nil {
				return nil, rerr
			}
			got, rerr := w.read(ctx, n, "t", "message_to t JOIN message m ON m.case_id = t.case_id AND m.id = t.id", "t.handle = ?", h)
			if rerr != nil {
				return nil, rerr
			}
			lines = append(append(lines, sent...), got...)
		}
		slices.SortFunc(lines, newestFirst)
		lines = slices.CompactFunc(lines, func(a, b factLine) bool { return a.id == b.id })
		lines = lines[:min(n, len(lines))]
	}
	if err != nil {
		return nil, err
	}
	w.looked, w.ended = len(lines), len(lines) < n
	if len(lines) > 0 {
		last := &lines[len(lines)-1]
		w.begun, w.sent, w.id = true, micros(last.At), last.id
	}
	return slices.DeleteFunc(lines, func(l factLine) bool { return !w.wanted(&l) }), nil
}

// passed leaves out those that lie before the place of the walk.
func (w *walk) passed(lines []factLine) []factLine {
	if !w.begun {
		return lines
	}
	here := factLine{id: w.id}
	here.At = fromMicros(w.sent)
	for i := range lines {
		if newestFirst(here, lines[i]) < 0 {
			return lines[i:]
		}
	}
	return nil
}

// read returns the next n lines of one table, in its order of time; which
// narrows it to one handle or flag. The database joins them, so that it hands on one row.
func (w *walk) read(ctx context.Context, n int, table, tables, which string, what any) ([]factLine, error) {
	var q conditions
	if which != "" {
		q.and(which, what)
	}
	if table != "m" {
		q.and(table+`.case_id = ?`, string(w.caseID))
	}
	if !w.f.From.IsZero() {
		q.and(table+`.sent >= ?`, micros(w.f.From))
	}
	if !w.f.To.IsZero() {
		q.and(table+`.sent < ?`, micros(w.f.To))
	}
	if w.begun {
		q.and(`(`+table+`.sent, `+table+`.id) < (?, ?)`, w.sent, w.id)
	}
	q.put(` ORDER BY `+table+`.sent DESC, `+table+`.id DESC LIMIT ?`, n)
	var text sql.NullString
	err := w.db.from(ctx).QueryRowContext(ctx, `SELECT string_agg(f.fact, ',') FROM (SELECT m.fact FROM `+tables+`
		WHERE m.case_id = $1 AND m.captures > 0`+q.text.String()+`) f`, append([]any{string(w.caseID)}, q.args...)...).Scan(&text)
	if err != nil || !text.Valid {
		return nil, err
	}
	lines := make([]factLine, 0, min(n, 1+strings.Count(text.String, ",")))
	for one := range strings.SplitSeq(text.String, ",") {
		var l factLine
		if err := l.parse(one, w.intern); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, newestFirst)
	return lines, nil
}

// wanted reports whether a message belongs into the timeline, as far as its line
// tells.
func (w *walk) wanted(l *factLine) bool {
	if w.f.Kind != "" && l.Kind != w.f.Kind || w.f.Account != "" && l.Account != w.f.Account {
		return false
	}
	if w.f.Flag != "" && len(w.among) > 0 && !slices.Contains(w.among, l.sender) {
		return false
	}
	switch w.f.Marked {
	case daybook.MarkedAfterStop:
		if l.Direction == daybook.Out || !l.Kind.Contact() {
			return false
		}
		l.Handle = int(l.sender)
		st := w.standings.Of(l.Contact)
		return st.AfterStop && !st.Allowed
	case daybook.MarkedEdited:
		return l.Edited
	case daybook.MarkedGone:
		return l.Gone
	case daybook.MarkedFirst:
		return (w.f.From.IsZero() || !l.At.Before(w.f.From)) && (w.f.To.IsZero() || l.At.Before(w.f.To))
	}
	return true
}

// firstOf returns the first contact of a handle.
func (db *DB) firstOf(ctx context.Context, c daybook.CaseID, handle int64, intern map[string]string) (first factLine, ok bool, err error) {
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT fact FROM message WHERE case_id = $1 AND sender = $2 AND captures > 0
		ORDER BY sent, id LIMIT 16`, string(c), handle)
	if err != nil {
		return first, false, fmt.Errorf("look for the first contact of a handle: %w", err)
	}
	defer rows.Close()
	for rows.Next() && !ok {
		var line string
		if err := rows.Scan(&line); err != nil {
			return first, false, fmt.Errorf("look for the first contact of a handle: %w", err)
		}
		if err := first.parse(line, intern); err != nil {
			return first, false, err
		}
		ok = first.Direction != daybook.Out && first.Kind.Contact()
	}
	if err := rows.Err(); err != nil {
		return first, false, fmt.Errorf("look for the first contact of a handle: %w", err)
	}
	return first, ok, nil
}
