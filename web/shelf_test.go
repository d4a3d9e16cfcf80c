package web_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/export"
	"daybook/web"
)

// A shelf stands for whoever makes bundles: what it makes is a few bytes, and is
// there at once unless it is held.
type shelf struct {
	h    *house
	hold bool // what is begun is not done

	mu     sync.Mutex
	orders []web.Order
	jobs   map[daybook.CaseID][]web.BundleJob
	made   map[daybook.CaseID][]web.BundleMade
}

const bundleBytes = "PK, and what follows"

func (s *shelf) Preview(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o web.Order) (web.BundlePreview, error) {
	if err := s.h.cases.Authorize(ctx, actor, c, cases.Export); err != nil {
		return web.BundlePreview{}, err
	}
	if slices.Contains(o.Receivers, "age1wrong") {
		return web.BundlePreview{}, daybook.ErrInvalid
	}
	p := web.BundlePreview{Size: 170, Messages: 12, LeftOut: 129, From: at(10, 12, 0, 0), To: at(11, 22, 23, 59), Attachments: 2, Gaps: 3, Erased: 1,
		Covered:  []web.BundleEffect{{As: "an address", Where: []string{"M/7", "M/9"}}, {As: "Person 1"}},
		Withheld: []web.BundleEffect{{Field: export.FieldText, Where: []string{"M/1", "M/2", "M/3"}}},
		Warnings: []string{"The text of entry 7 also stands in entry 9."}}
	if o.Spec.Kind == export.Complete {
		p.Messages, p.LeftOut = 141, 0
	}
	return p, nil
}

func (s *shelf) Start(ctx context.Context, actor daybook.Actor, c daybook.CaseID, o web.Order) (string, error) {
	if err := s.h.cases.Look(ctx, actor, c, cases.Export, daybook.Access{}); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.jobs[c], func(j web.BundleJob) bool { return j.State == web.BundleMaking }) {
		return "", web.ErrBundleBusy
	}
	now := s.h.clock()
	j := web.BundleJob{ID: daybook.NewID(), By: actor, Session: o.Session, State: web.BundleReady, Began: now, Until: now.Add(time.Hour), For: o.Spec.For,
		Receivers: len(o.Receivers), Lines: 170, Messages: 12, LeftOut: 129, Bytes: int64(len(bundleBytes)), Check: daybook.DigestOf([]byte(bundleBytes)),
		Before: o.Check, BeforeAt: o.CheckedAt}
	if s.hold {
		j.State, j.Done, j.Total = web.BundleMaking, 3, 10
	}
	s.orders = append(s.orders, o)
	s.jobs[c] = append([]web.BundleJob{j}, s.jobs[c]...)
	return j.ID, nil
}

func (s *shelf) Making(c daybook.CaseID) []web.BundleJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.jobs[c])
}

// become changes the newest bundle of a case.
func (s *shelf) become(c daybook.CaseID, change func(*web.BundleJob)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.jobs[c][0])
}

func (s *shelf) Drop(c daybook.CaseID, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.jobs[c])
	s.jobs[c] = slices.DeleteFunc(s.jobs[c], func(j web.BundleJob) bool { return j.ID == id })
	if len(s.jobs[c]) == n {
		return daybook.ErrNotFound
	}
	return nil
}

func (s *shelf) Open(c daybook.CaseID, id string) (io.ReadCloser, error) {
	for _, j := range s.Making(c) {
		if j.ID == id && j.State == web.BundleReady {
			return io.NopCloser(bytes.NewReader([]byte(bundleBytes))), nil
		}
	}
	return nil, daybook.ErrNotFound
}

func (s *shelf) Saved(c daybook.CaseID, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.jobs[c] {
		if s.jobs[c][i].ID == id {
			s.jobs[c][i].State = web.BundleSaved
		}
	}
	return nil
}

func (s *shelf) Made(_ context.Context, c daybook.CaseID, limit int) ([]web.BundleMade, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[c][:min(limit, len(s.made[c]))], nil
}

func (s *shelf) Again(_ context.Context, c daybook.CaseID, entry uint64) (web.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.made[c] {
		if m.Entry == entry && m.Again {
			return web.Order{Spec: export.Spec{Kind: export.Selection, Size: m.Lines, For: m.For}, Settled: true, Check: m.Check, CheckedAt: m.At}, nil
		}
	}
	return web.Order{}, daybook.ErrNotFound
}

// tellMade puts two bundles of before on the shelf: the order of one is kept.
func (s *shelf) tellMade(c daybook.CaseID, by daybook.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[c] = []web.BundleMade{
		{Entry: 3, At: at(11, 9, 10, 0), By: by, Messages: 31, LeftOut: 81, Lines: 150, Bytes: 12_345, Check: daybook.DigestOf([]byte(bundleBytes)), For: "the police", Again: true},
		{Entry: 2, At: at(11, 1, 10, 0), By: by, Complete: true, Messages: 112, Lines: 120, Bytes: 12_345, Check: daybook.DigestOf([]byte("another"))},
	}
}

// An eraser hides and finds as serve does, and destroys nothing.
type eraser struct{ h *house }

func (x eraser) FindErasure(ctx context.Context, c daybook.CaseID, entries []uint64) (plan cases.ErasurePlan, t cases.ErasureTarget, err error) {
	if entries == nil {
		counts, err := x.h.db.Counts(ctx, c)
		plan.Messages, plan.Media, plan.Bundles = counts.Messages, 1, 2
		return plan, t, err
	}
	messages, err := x.h.db.MessagesAt(ctx, c, entries)
	if err != nil {
		return plan, t, err
	}
	plan.Messages = len(messages)
	for _, m := range messages {
		t.Messages = append(t.Messages, m.Key)
		t.Captures = append(t.Captures, m.Captures...)
		plan.Versions += len(m.Versions)
		plan.Media += len(m.Media)
	}
	plan.Entries, plan.Bundles, plan.Kept, plan.Quoted = t.Captures, 1, []uint64{1}, []uint64{4, 5}
	return plan, t, nil
}

func (x eraser) Hide(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	return x.h.follower.Hide(ctx, e, t)
}

func (x eraser) Unhide(ctx context.Context, e cases.Erasure) error {
	return x.h.follower.Unhide(ctx, e)
}

func (x eraser) Refresh(ctx context.Context, e cases.Erasure) error {
	x.h.follower.LetGo(e.Case)
	if err := x.h.index.Drop(ctx, e.Case); err != nil {
		return err
	}
	return x.h.log.CatchUp(ctx, e.Case, x.h.follower, x.h.index)
}

func (eraser) Hold(context.Context, daybook.CaseID) error                        { return nil }
func (eraser) Destroy(context.Context, cases.Erasure, cases.ErasureTarget) error { return nil }
func (eraser) Remove(context.Context, cases.Erasure, cases.ErasureTarget) error  { return nil }
func (eraser) Settle(context.Context, cases.Erasure) error                       { return nil }
