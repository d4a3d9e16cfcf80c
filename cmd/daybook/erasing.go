package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/index"
)

// erasing erases on an open instance: in the log, in what is derived, on the
// disk. It implements cases.Eraser.
type erasing struct {
	app  *app
	step func(string) error // called at each step of Remove and Settle with its name; nil except in tests
}

var _ cases.Eraser = (*erasing)(nil)

func (x *erasing) at(step string) error {
	if x.step == nil {
		return nil
	}
	return x.step(step)
}

// FindErasure implements cases.Eraser.
func (x *erasing) FindErasure(ctx context.Context, c daybook.CaseID, entries []uint64) (plan cases.ErasurePlan, t cases.ErasureTarget, err error) {
	a := x.app
	if err := a.log.CatchUp(ctx, c, a.messages); err != nil {
		return plan, t, err
	}
	if entries == nil {
		return x.findCase(ctx, c)
	}
	messages, err := a.db.MessagesAt(ctx, c, entries)
	if err != nil {
		return plan, t, err
	}
	var texts []string
	for i := range messages {
		m := &messages[i]
		t.Messages = append(t.Messages, m.Key)
		t.Captures = append(t.Captures, m.Captures...)
		plan.Versions += len(m.Versions)
		for _, v := range m.Versions {
			texts = append(texts, v.Text)
		}
	}
	slices.Sort(t.Captures)
	t.Captures = slices.Compact(t.Captures)
	if t.Pictures, err = a.db.OnlyIn(ctx, c, messages); err != nil {
		return plan, t, err
	}
	found, err := a.log.Find(ctx, c, archive.Search{Messages: t.Messages, Captures: t.Captures, Pictures: t.Pictures, Texts: texts})
	if err != nil {
		return plan, t, err
	}
	plan.Messages = len(messages)
	plan.Entries, plan.Kept, plan.Quoted, plan.Media, plan.Files = found.Entries, found.Kept, found.Quoted, len(found.Blobs), found.Files
	for _, e := range found.Exports {
		var made struct {
			Size uint64 `json:"size"` // entries that it was made of
		}
		if e.Record.Decode(&made) == nil && len(t.Captures) > 0 && made.Size > t.Captures[0] {
			plan.Bundles++
		}
	}
	return plan, t, nil
}

// findCase says what a whole case holds.
func (x *erasing) findCase(ctx context.Context, c daybook.CaseID) (plan cases.ErasurePlan, t cases.ErasureTarget, err error) {
	counts, err := x.app.db.Counts(ctx, c)
	if err != nil {
		return plan, t, err
	}
	plan.Messages = counts.Messages
	for e, err := range x.app.log.Entries(ctx, c, 0) {
		if err != nil {
			return plan, t, err
		}
		plan.Media += len(e.Record.Blobs)
		if e.Record.Kind == daybook.RecordExport {
			plan.Bundles++
		}
	}
	return plan, t, nil
}

// Hide implements cases.Hider.
func (x *erasing) Hide(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	return x.app.messages.Hide(ctx, e, t)
}

// Unhide implements cases.Hider.
func (x *erasing) Unhide(ctx context.Context, e cases.Erasure) error {
	return x.app.messages.Unhide(ctx, e)
}

// Refresh implements cases.Hider.
func (x *erasing) Refresh(ctx context.Context, e cases.Erasure) error {
	x.app.messages.LetGo(e.Case)
	if err := x.at("refresh"); err != nil {
		return err
	}
	if err := x.app.index.Drop(ctx, e.Case); err != nil {
		return err
	}
	return x.app.settle(ctx, e.Case)
}

// Hold implements cases.Destroyer.
func (x *erasing) Hold(ctx context.Context, c daybook.CaseID) error {
	_, err := x.app.db.LockHead(ctx, c)
	return err
}

// Destroy implements cases.Destroyer.
func (x *erasing) Destroy(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	if err := x.at("destroy"); err != nil {
		return err
	}
	a := x.app
	told := daybook.Erased{Reason: e.Reason, Whole: e.Whole}
	if !e.Whole {
		// Messages of which nothing is derived any more: what else an account
		// wrote since keeps its picture.
		pictures, err := a.db.OnlyThese(ctx, e.Case, t.Messages, t.Pictures)
		if err != nil {
			return err
		}
		found, err := a.log.Find(ctx, e.Case, archive.Search{Messages: t.Messages, Captures: t.Captures, Pictures: pictures})
		if err != nil {
			return err
		}
		told.Entries = found.Entries
		if told.Messages, err = a.db.MessageMACs(ctx, e.Case, t.Messages); err != nil {
			return err
		}
	}
	return a.log.Destroy(ctx, e.By, e.Case, told)
}

// Remove implements cases.Destroyer.
func (x *erasing) Remove(ctx context.Context, e cases.Erasure, t cases.ErasureTarget) error {
	if e.Whole {
		return x.removeCase(ctx, e)
	}
	a := x.app
	if err := x.at("files"); err != nil {
		return err
	}
	if err := a.log.Sweep(ctx, e.Case); err != nil {
		return err
	}
	if err := x.at("rows"); err != nil {
		return err
	}
	if err := a.messages.ForgetErased(ctx, e, t, e.Entries); err != nil {
		return err
	}
	if err := x.at("index"); err != nil {
		return err
	}
	if err := a.index.Drop(ctx, e.Case); err != nil {
		return err
	}
	if err := x.at("derive"); err != nil {
		return err
	}
	return a.catchUp(ctx, e.Case)
}

// removeCase removes a whole case. Its key goes last: the folder of its index is
// found by it, and its tokens are given back with it.
func (x *erasing) removeCase(ctx context.Context, e cases.Erasure) error {
	a := x.app
	if _, err := a.db.Keys.Case(ctx, e.Case); errors.Is(err, archive.ErrErased) {
		return x.removeFiles(ctx, e.Case)
	} else if err != nil {
		return err
	}
	if err := x.at("tokens"); err != nil {
		return err
	}
	if err := x.giveBack(ctx, e); err != nil {
		return err
	}
	if _, err := a.log.Checkpoint(ctx, e.Case); err != nil {
		return err
	}
	if err := x.at("index"); err != nil {
		return err
	}
	if err := a.index.Drop(ctx, e.Case); err != nil {
		return err
	}
	if err := x.at("key"); err != nil {
		return err
	}
	if err := a.db.EraseCase(ctx, e.Case); err != nil {
		return err
	}
	return x.removeFiles(ctx, e.Case)
}

func (x *erasing) removeFiles(ctx context.Context, c daybook.CaseID) error {
	if err := x.at("files"); err != nil {
		return err
	}
	if err := x.app.index.Forget(c); err != nil { // opened by a search meanwhile
		return err
	}
	if err := x.app.index.Sweep(ctx, x.app.caseIDs); err != nil {
		return err
	}
	return x.app.log.Sweep(ctx, c)
}

// caseIDs lists all cases, those that were erased too.
func (a *app) caseIDs(ctx context.Context) ([]daybook.CaseID, error) {
	rows, err := a.db.Cases(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]daybook.CaseID, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out, nil
}

// patience is how long a platform that does not answer keeps a case from being
// erased: with the key of the case goes the token that it should take back.
const patience = 24 * time.Hour

// giveBack has the tokens of a case revoked at their platforms.
func (x *erasing) giveBack(ctx context.Context, e cases.Erasure) error {
	a := x.app
	accounts, err := a.db.Accounts(ctx, e.Case)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := a.runner.Revoke(ctx, account.ID); err != nil && ctx.Err() == nil {
			a.logger.WarnContext(ctx, "a token could not be taken back at its platform", slog.String("account", string(account.ID)), slog.Any("err", err))
		}
	}
	left, err := a.db.EndedTokens(ctx, e.Case)
	if err != nil || len(left) == 0 {
		return err
	}
	if e.Due.After(e.Asked) && a.clock().Before(e.Due.Add(patience)) {
		return fmt.Errorf("%s not been taken back by the platform yet; it is tried again", plural(len(left), "token has", "tokens have"))
	}
	for _, token := range left {
		a.logger.WarnContext(ctx, "a token was destroyed that its platform has not taken back: the person can revoke the app in the settings of their account",
			slog.String("account", string(token.Account)))
	}
	return nil
}

// Settle implements cases.Destroyer.
func (x *erasing) Settle(ctx context.Context, e cases.Erasure) error {
	a := x.app
	if err := x.at("journal"); err != nil {
		return err
	}
	if err := a.db.Truncate(ctx); err != nil {
		return err
	}
	if err := x.at("sign"); err != nil {
		return err
	}
	if e.Whole { // nothing is derived from it any more
		_, err := a.log.Checkpoint(ctx, e.Case)
		return err
	}
	return a.settle(ctx, e.Case)
}

// eraseDue destroys what is due. A case that a search has opened meanwhile is
// tried again by the next call.
func (a *app) eraseDue(ctx context.Context) {
	if _, err := a.cases.RunErasures(ctx, a.clock()); err != nil && ctx.Err() == nil && !errors.Is(err, index.ErrInUse) {
		a.logger.ErrorContext(ctx, "content that is due could not be erased; it is tried again", slog.Any("err", err))
	}
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
