package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"daybook"
	"daybook/alerts"
	"daybook/detect"
	"daybook/detect/links"
	"daybook/detect/style"
	"daybook/store"
)

// linking compares the handles of cases, for the pages, the alerts and the
// command line. It may be used from several goroutines.
type linking struct {
	db *store.DB

	once  sync.Once // most commands never compare
	model *style.Model
	err   error
}

// shipped returns the model that the program brings along.
func (l *linking) shipped() (*style.Model, error) {
	l.once.Do(func() {
		if l.model, l.err = style.Shipped(); l.err != nil {
			l.err = fmt.Errorf("open the model of writing: %w", l.err)
		}
	})
	return l.model, l.err
}

// Suggest returns the handles that may be linked, the strongest first.
func (l *linking) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) (found []detect.Finding, err error) {
	model, err := l.shipped()
	if err != nil {
		return nil, err
	}
	err = l.db.Links(ctx, c, f, model, func(facts links.Facts) error {
		found, err = links.Detector{Model: model}.Detect(ctx, facts)
		for i := range found {
			found[i].Model += usual(facts, found[i])
		}
		return err
	})
	return found, err
}

// Explain returns all that speaks for and against a link of two handles, given by
// their places in f.Handles.
func (l *linking) Explain(ctx context.Context, c daybook.CaseID, f detect.Facts, a, b int) (found detect.Finding, err error) {
	model, err := l.shipped()
	if err != nil {
		return detect.Finding{}, err
	}
	err = l.db.Links(ctx, c, f, model, func(facts links.Facts) error {
		found, err = links.Detector{Model: model}.Explain(ctx, facts, a, b)
		found.Model += usual(facts, found)
		return err
	})
	return found, err
}

// usual names what a finding was compared against beside the model: of how many
// writers it is known how people write on the platforms of its handles. It is
// made anew when those have doubled.
func usual(facts links.Facts, f detect.Finding) string {
	name := ""
	var named []daybook.Platform
	for _, h := range f.Handles {
		b := facts.Background[h.Platform]
		if b == nil || slices.Contains(named, h.Platform) {
			continue
		}
		named = append(named, h.Platform)
		name += fmt.Sprintf(" %s/%d", h.Platform, b.Writers())
	}
	return name
}

// alertLinks is linking for the alerts.
type alertLinks struct {
	*linking
	logger *slog.Logger
}

// Recipients implements alerts.Links.
func (l alertLinks) Recipients(ctx context.Context, c daybook.CaseID) ([]alerts.Recipient, error) {
	return l.db.Recipients(ctx, c)
}

// Suggest implements alerts.Links. That handles could not be compared keeps nobody
// from being told of contact: it is logged, and the next entry asks again.
func (l alertLinks) Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) ([]detect.Finding, error) {
	found, err := l.linking.Suggest(ctx, c, f)
	if err != nil && ctx.Err() == nil {
		l.logger.WarnContext(ctx, "the handles of a case could not be compared for its alerts", slog.String("case", string(c)), slog.Any("err", err))
		return nil, alerts.ErrNotCompared
	}
	return found, err
}

// owedName is what the place is kept under from which handles are to be compared.
const owedName = "alerts-links/1"

// Owed implements alerts.Links.
func (l alertLinks) Owed(ctx context.Context, c daybook.CaseID) (uint64, error) {
	return l.db.FollowerPosition(ctx, c, owedName)
}

// SetOwed implements alerts.Links.
func (l alertLinks) SetOwed(ctx context.Context, c daybook.CaseID, from uint64) error {
	return l.db.SetFollowerPosition(ctx, c, owedName, from)
}
