package main

import (
	"context"

	"daybook"
	"daybook/cases"
	"daybook/web"
)

// outside hands out size and root of logs, and tells what was handed out. It
// implements web.Anchors.
type outside struct{ app *app }

// Give implements web.Anchors.
func (o outside) Give(ctx context.Context, actor daybook.Actor, c daybook.CaseID, form string) (web.AnchorGiven, error) {
	a := o.app
	if err := a.cases.Authorize(ctx, actor, c, cases.Checkpoint); err != nil {
		return web.AnchorGiven{}, err
	}
	cp, err := a.log.Checkpoint(ctx, c)
	if err != nil {
		return web.AnchorGiven{}, err
	}
	if err := a.giveAnchor(ctx, actor, c, cp, form); err != nil {
		return web.AnchorGiven{}, err
	}
	return web.AnchorGiven{At: a.clock().UTC(), Form: form, Size: cp.Size, Root: cp.Root, Line: anchorLine(cp), Signed: cp.Signed}, nil
}

// Given implements web.Anchors.
func (o outside) Given(ctx context.Context, c daybook.CaseID, limit int) (out []web.AnchorGiven, err error) {
	all, err := o.app.db.GivenAnchors(ctx, c, limit)
	for _, g := range all {
		out = append(out, web.AnchorGiven{At: g.At, Form: g.Form, Size: g.Size, Root: g.Root})
	}
	return out, err
}

// Authorities implements web.Anchors.
func (o outside) Authorities() (names []string) {
	for _, a := range o.app.stamps.authorities {
		names = append(names, a.Name)
	}
	return names
}
