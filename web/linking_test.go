package web_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
	"daybook/store"
)

// comparing compares the handles of a house as serve does.
type comparing struct {
	db *store.DB
	links.Detector
}

// newComparing reads the model that is shipped, once for all houses.
func newComparing(t testing.TB, db *store.DB) comparing {
	t.Helper()
	model, err := shippedModel()
	if err != nil {
		t.Fatal(err)
	}
	return comparing{db, links.Detector{Model: model}}
}

var shippedModel = sync.OnceValues(style.Shipped)

func (l comparing) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) (out []detect.Finding, err error) {
	err = l.db.Links(ctx, c, f, l.Model, func(facts links.Facts) (err error) {
		out, err = l.Detect(ctx, facts)
		return err
	})
	return out, err
}

func (l comparing) Explain(ctx context.Context, c daybook.CaseID, f detect.Facts, a, b int) (out detect.Finding, err error) {
	err = l.db.Links(ctx, c, f, l.Model, func(facts links.Facts) (err error) {
		out, err = l.Detector.Explain(ctx, facts, a, b)
		return err
	})
	return out, err
}

// toldLinks suggests quietharbour for nightjar_42 until somebody decided, with
// every sort of reason that a page has to be able to show.
type toldLinks struct{}

func (l toldLinks) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) ([]detect.Finding, error) {
	a, b := slices.IndexFunc(f.Handles, harbour.Same), slices.IndexFunc(f.Handles, nightjar.Same)
	if a < 0 || b < 0 {
		return nil, nil
	}
	found, err := l.Explain(ctx, c, f, a, b)
	return []detect.Finding{found}, err
}

func (toldLinks) Explain(_ context.Context, _ daybook.CaseID, f detect.Facts, a, b int) (detect.Finding, error) {
	var entries []uint64
	for _, c := range f.Contacts {
		if c.Handle == a && c.Direction == daybook.In {
			entries = append(entries, c.Entry)
		}
	}
	x, y := f.Handles[a].Shown(), f.Handles[b].Shown()
	return detect.Finding{Kind: "link", Handles: []daybook.Handle{f.Handles[a], f.Handles[b]}, Model: "links/1 style/1", Reasons: []detect.Reason{
		{Feature: "succession", Weight: 6200, Text: x + " first wrote 36 minutes after " + y + " was blocked.", Entries: entries[:min(4, len(entries))]},
		{Feature: "words-phrase", Weight: 3100, Text: "Both wrote “as per always”; no other sender in this record did.", Entries: entries},
		{Feature: "name", Weight: 1200, Text: "The display names " + f.Handles[a].Names[0].Display + " and " + f.Handles[b].Names[0].Display + " look alike."},
		{Feature: "writing", Weight: -2400, Learned: true, Text: "As measured on many writers, writing as alike as this is seen about 5 times as often between two handles of two writers.", Entries: entries},
		{Feature: "habit-short", Weight: 1900, Learned: true, Text: "Both write messages under 80 characters: 14 of 14 and 80 of 80 messages; usual here is 3 in 10."},
		{Feature: "habit-capitals", Weight: -900, Learned: true, Text: "Not alike in whether they write without any capital: 9 of 12 and 17 of 49 messages; usual here is 1 in 10."},
		{Feature: "hours", Weight: -300, Text: "The two write mostly in other hours of the day.", Entries: entries},
		{Feature: "of a later version", Weight: -300, Text: "Something that this page does not know."},
		{Feature: "writing-too-little", Learned: true, Text: "Too little text to compare writing: 13 messages (400 characters)."},
	}}, nil
}

// brokenLinks cannot compare.
type brokenLinks struct{ toldLinks }

func (brokenLinks) Suggest(context.Context, daybook.CaseID, detect.Facts) ([]detect.Finding, error) {
	return nil, errFull
}

// panickingLinks cannot compare, and says so with what somebody wrote.
type panickingLinks struct{ toldLinks }

func (panickingLinks) Suggest(context.Context, daybook.CaseID, detect.Facts) ([]detect.Finding, error) {
	panic("marzipan")
}

// slowLinks takes its time until it may go on, and counts.
type slowLinks struct {
	toldLinks
	times atomic.Int64
	goOn  chan struct{} // closed: it goes on
}

func (l *slowLinks) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) ([]detect.Finding, error) {
	l.times.Add(1)
	select {
	case <-l.goOn:
		return l.toldLinks.Suggest(ctx, c, f)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hostileLinks suggests every handle of hostile for nightjar_42, with sentences
// made of what they are called.
type hostileLinks struct{ toldLinks }

func (l hostileLinks) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) (out []detect.Finding, err error) {
	b := slices.IndexFunc(f.Handles, nightjar.Same)
	for a := range f.Handles {
		if !strings.HasPrefix(f.Handles[a].Native, "https://evil.example/") {
			continue
		}
		found, err := l.Explain(ctx, c, f, a, b)
		if err != nil {
			return nil, err
		}
		text := f.Handles[a].Shown()
		found.Reasons = append(found.Reasons, detect.Reason{Feature: text, Weight: 5000, Text: "Both wrote “" + text + "” You."}, detect.Reason{Feature: "name", Weight: -1 << 62, Text: text})
		found.Model = text
		out = append(out, found)
	}
	return out, nil
}
