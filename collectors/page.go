package collectors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/internal/work"
)

// An ExchangeRecord is the content of an entry of kind exchange: an answer that
// could not be split into items, or one item that could not be kept as such.
type ExchangeRecord struct {
	Account  daybook.AccountID `json:"account"`
	Lane     daybook.Lane      `json:"lane"`
	Exchange daybook.Exchange  `json:"exchange"`
	Why      string            `json:"why"`            // in words
	Body     []byte            `json:"body,omitempty"` // the exact bytes (base64 in the record); none if they were not kept
}

const (
	whyWhole    = "the answer could not be split into items"
	whyExcluded = "it could not be read and names a sender who is never collected: its bytes were not kept"
)

// commit keeps one page: in one transaction it appends what is new, saves the
// lane's state as move leaves it, and plans second looks and attachments. move
// returns further records to append.
func (r *run) commit(ctx context.Context, lane daybook.Lane, page Page, lr *LaneReport, move func(*LaneState) []daybook.Record) error {
	items := r.parse(page.Captures)
	at := page.Exchange.End
	if at.IsZero() {
		at = r.now()
	}
	var b *batch
	keep := func(ctx context.Context, excluded map[string]bool) error {
		b = &batch{run: r, at: at, excluded: excluded}
		if err := b.add(ctx, items); err != nil {
			return err
		}
		if len(page.Whole) > 0 {
			if err := b.addWhole(ctx, lane, page); err != nil {
				return err
			}
		}
		st, err := r.Ledger.Lane(ctx, r.acc.ID, lane) // only now: add may have changed it
		if err != nil {
			return err
		}
		for _, rec := range move(&st) {
			b.note(rec)
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		return r.Ledger.SaveLane(ctx, r.acc.ID, lane, st)
	}
	err := r.held(ctx, keep)
	if errors.Is(err, errErasedMeanwhile) {
		err = r.held(ctx, keep)
	}
	if err != nil {
		return fmt.Errorf("keep a page: %w", err)
	}
	r.shown.add(b.profiled)
	lr.Captures += len(page.Captures)
	lr.New += b.rep.New
	r.rep.Captures += len(page.Captures)
	r.rep.add(b)
	return nil
}

func (rep *Report) add(b *batch) {
	rep.New += b.rep.New
	rep.Known += b.rep.Known
	rep.Excluded += b.rep.Excluded
	rep.Erased += b.rep.Erased
	rep.Early += b.rep.Early
	rep.NotChosen += b.rep.NotChosen
	rep.Unknown += b.rep.Unknown
	rep.Failed += b.rep.Failed
	rep.Observed += b.rep.Observed
	rep.Gaps = append(rep.Gaps, b.rep.Gaps...)
}

// parse reads captures. One that cannot be read stays an item (B-11).
func (r *run) parse(captures []daybook.Capture) []daybook.Item {
	items := make([]daybook.Item, len(captures))
	for i, c := range captures {
		items[i].Capture = c
		reading, err := r.driver.Parse(r.acc, c)
		if err != nil {
			items[i].Failed = "the parser of " + string(r.acc.Platform) + " could not read it"
			continue
		}
		items[i].Reading = &reading
	}
	return items
}

// A batch is what one transaction appends and plans. It lives within one call
// of run.held.
type batch struct {
	*run
	at       time.Time // when its captures were fetched
	excluded map[string]bool

	records  []daybook.Record
	keys     []SeenKey // to be remembered
	entries  []int     // which of records each key is about
	plans    []plan
	codec    daybook.ItemCodec
	rep      Report
	profiled []string                    // whose profiles it reads, for shownToday
	messages []daybook.MessageKey        // that its records show
	buried   map[daybook.MessageKey]bool // erased messages that it has met
}

// A plan is a task that waits for the number of the entry that it is about.
type plan struct {
	record int
	rest   string // of the task's ID
	task   work.Task
}

func (b *batch) note(rec daybook.Record) {
	switch rec.Kind {
	case daybook.RecordGap:
		var g daybook.Gap
		// The record was made of a Gap a moment ago.
		if err := rec.Decode(&g); err == nil {
			b.rep.Gaps = append(b.rep.Gaps, g)
		}
	case daybook.RecordObservation:
		b.rep.Observed++
	}
	b.records = append(b.records, rec)
}

// remember plans that key is known from record on, the last one by default.
func (b *batch) remember(key SeenKey) {
	b.keys = append(b.keys, key)
	b.entries = append(b.entries, len(b.records)-1)
}

// add takes items. Those of excluded senders, of erased messages and those that
// are too old leave no trace but a count; those that are known move "last seen".
func (b *batch) add(ctx context.Context, items []daybook.Item) error {
	erased, err := b.erased(ctx, keysOf(items))
	if err != nil {
		return err
	}
	kept := items[:0:0]
	for _, it := range items {
		switch {
		case onlyErased(it.Reading, erased):
			b.rep.Erased++
		case b.fromExcluded(it):
			b.rep.Excluded++
		case it.Reading != nil && b.tooEarly(*it.Reading):
			b.rep.Early++
		case it.Reading != nil && b.notChosen(*it.Reading):
			b.rep.NotChosen++
		default:
			kept = append(kept, it)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	marks, err := b.recall(ctx, kept)
	if err != nil {
		return err
	}
	known, err := b.known(ctx, kept, marks)
	if err != nil {
		return err
	}
	now := map[SeenKey]bool{}
	var shown []shownBy
	for i := range kept {
		it := &kept[i]
		if known[i].known || now[known[i].key] {
			b.rep.Known++
		} else {
			now[known[i].key] = true
			b.item(it, known[i].key, marks)
			shown = append(shown, shownBy{it, len(b.records) - 1})
		}
		b.present(it, marks)
	}
	if err := b.planPictures(ctx, shown); err != nil {
		return err
	}
	if len(marks.seen) > 0 {
		if _, err := b.Ledger.Seen(ctx, b.acc.Case, marks.seen, b.at); err != nil {
			return err
		}
	}
	return b.stillThere(ctx, kept)
}

// A lookup is the key of an item, and whether it is in the log.
type lookup struct {
	key   SeenKey
	known bool
}

// known finds out which items are in the log, and moves "last seen" of those.
func (b *batch) known(ctx context.Context, items []daybook.Item, marks *marks) ([]lookup, error) {
	out := make([]lookup, len(items))
	var (
		keys []SeenKey
		ask  []int // places of keys in items
	)
	for i := range items {
		out[i].key = captureKey(&items[i])
		if marks.canBeKnown(&items[i]) {
			keys = append(keys, out[i].key)
			ask = append(ask, i)
		}
	}
	if len(keys) == 0 {
		return out, nil
	}
	entries, err := b.Ledger.Seen(ctx, b.acc.Case, keys, b.at)
	if err != nil {
		return nil, err
	}
	for n, i := range ask {
		out[i].known = entries[n] >= 0
	}
	return out, nil
}

// fromExcluded reports whether an item comes from a sender who is never
// collected (D-5). Of an item that cannot be read it can only tell whether the
// sender's identifier stands in it: then too it is not kept.
func (b *batch) fromExcluded(it daybook.Item) bool {
	if it.Reading == nil || len(it.Reading.Messages) == 0 {
		return namesAny(it.Capture.Raw, b.excluded)
	}
	return slices.ContainsFunc(it.Reading.Messages, func(m daybook.ReadMessage) bool {
		return m.Direction != daybook.Out && excludes(b.excluded, m.Sender)
	})
}

// excludes reports whether a sender is one of those who are never collected: by
// identifier or, where only the name of their account was known when they were
// excluded, by that name.
func excludes(excluded map[string]bool, h daybook.Handle) bool {
	return excluded[h.Ref()] || slices.ContainsFunc(h.Names, func(n daybook.SeenName) bool {
		return n.Account != "" && excluded[daybook.Handle{Platform: h.Platform, Native: strings.ToLower(n.Account)}.Ref()]
	})
}

// namesAny reports whether raw holds the native identifier of one of handles.
func namesAny(raw []byte, handles map[string]bool) bool {
	for ref, on := range handles {
		_, native, _ := strings.Cut(ref, ":")
		if !on || native == "" {
			continue
		}
		if bytes.Contains(raw, []byte(native)) || bytes.Contains(raw, []byte(strings.ReplaceAll(native, "/", `\/`))) {
			return true
		}
	}
	return false
}

// tooEarly reports whether all messages of a reading are older than what the
// person wants kept.
func (r *run) tooEarly(reading daybook.Reading) bool {
	return !r.acc.Since.IsZero() && len(reading.Messages) > 0 &&
		!slices.ContainsFunc(reading.Messages, func(m daybook.ReadMessage) bool {
			return m.Sent.At.IsZero() || !m.Sent.At.Before(r.acc.Since)
		})
}

// notChosen reports whether all messages of a reading came in by kinds that the
// person does not want kept. What they wrote themselves is kept with the rest.
func (r *run) notChosen(reading daybook.Reading) bool {
	return len(reading.Messages) > 0 && !slices.ContainsFunc(reading.Messages, func(m daybook.ReadMessage) bool {
		return m.Direction == daybook.Out || r.acc.Wants(m.Kind)
	})
}

// beforeSince reports whether a page of the past holds nothing that is to be
// kept any more.
func (r *run) beforeSince(page Page) bool {
	if r.acc.Since.IsZero() || len(page.Captures) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.parse(page.Captures), func(it daybook.Item) bool {
		return it.Reading == nil || !r.tooEarly(*it.Reading)
	})
}

// item appends an item and plans what follows from it.
func (b *batch) item(it *daybook.Item, key SeenKey, marks *marks) {
	rec := b.codec.Record(*it)
	parser := ""
	if it.Reading != nil {
		parser = it.Reading.Parser
	}
	rec.Actor, rec.Logged = b.actor(parser), b.now()
	b.records = append(b.records, rec)
	b.messages = append(b.messages, keysOf([]daybook.Item{*it})...)
	b.remember(key)
	b.rep.New++
	switch {
	case it.Reading == nil:
		b.rep.Failed++
		return
	case len(it.Reading.Messages) == 0 || slices.ContainsFunc(it.Reading.Messages, unknownKind):
		b.rep.Unknown++
	}
	for i, m := range it.Reading.Messages {
		if m.Key == "" || b.buried[m.Key] {
			continue
		}
		if mark := b.mark(markMessage, m.Key); marks.first(mark) {
			b.remember(mark)
			b.planLooks(i, m)
		}
		for j, md := range m.Media {
			if md.URL == "" || md.State != "" && md.State != daybook.MediaPending {
				continue
			}
			if mark := b.mark(markMedia, m.Key, mediaName(md)); marks.first(mark) {
				b.remember(mark)
				b.planMedia(i, j, m, md)
			}
		}
	}
}

func unknownKind(m daybook.ReadMessage) bool {
	switch m.Kind {
	case daybook.KindMention, daybook.KindReply, daybook.KindDirectMessage, daybook.KindFollow, daybook.KindRequest,
		daybook.KindFavourite, daybook.KindBoost, daybook.KindQuote, daybook.KindPoll, daybook.KindPost,
		daybook.KindEmail, daybook.KindSMS, daybook.KindCall, daybook.KindMissedCall, daybook.KindReaction,
		daybook.KindComment, daybook.KindStoryReply, daybook.KindSystem, daybook.KindDiary, daybook.KindLogin:
		return false
	}
	return true
}

// addWhole takes a page that could not be split.
func (b *batch) addWhole(ctx context.Context, lane daybook.Lane, page Page) error {
	key := SeenKey{What: markWhole + "\x00" + string(b.acc.ID) + "\x00" + string(lane) + "\x00" + daybook.DigestOf(page.Whole).String()}
	seen, err := b.Ledger.Seen(ctx, b.acc.Case, []SeenKey{key}, b.at)
	if err != nil || seen[0] >= 0 {
		return err
	}
	x := ExchangeRecord{Account: b.acc.ID, Lane: lane, Exchange: page.Exchange, Why: whyWhole, Body: page.Whole}
	if namesAny(page.Whole, b.excluded) {
		x.Why, x.Body = whyExcluded, nil
		b.rep.Excluded++
	}
	b.records = append(b.records, b.record(daybook.RecordExchange, x))
	b.remember(key)
	b.rep.New++
	b.rep.Unknown++
	return nil
}

// flush appends the records, remembers the keys and puts the tasks.
func (b *batch) flush(ctx context.Context) error {
	if len(b.records) == 0 {
		return nil
	}
	first, err := b.append(ctx, b.records)
	if err != nil {
		return err
	}
	if err := b.stillWanted(ctx); err != nil {
		return err
	}
	entries := make([]uint64, len(b.entries))
	for i, n := range b.entries {
		entries[i] = first + uint64(n)
	}
	if err := b.Ledger.Remember(ctx, b.acc.Case, b.keys, entries, b.at); err != nil {
		return err
	}
	tasks := make([]work.Task, len(b.plans))
	for i, p := range b.plans {
		t := p.task
		t.Case = string(b.acc.Case)
		t.ID = t.Kind + "/" + string(b.acc.ID) + "/" + strconv.FormatUint(first+uint64(p.record), 10) + p.rest
		tasks[i] = t
	}
	return b.Queue.Put(ctx, tasks...)
}

func (b *batch) plan(kind, rest string, due time.Time, args any) {
	j, err := json.Marshal(args)
	if err != nil {
		panic("collectors: arguments of a task: " + err.Error()) // only types of this package come here
	}
	b.plans = append(b.plans, plan{len(b.records) - 1, rest, work.Task{Kind: kind, Args: j, Due: due}})
}
