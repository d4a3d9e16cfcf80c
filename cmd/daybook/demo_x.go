package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

// demoPurpose is what the person says that it is for.
const demoPurpose = "keep a record of unwanted contact"

// connectX connects the person's account on X, with the pages of X, once she was
// written to there.
func (d *demo) connectX(ctx context.Context) error {
	a, st := d.app, d.story
	st.x.SignIn(st.wrenX)
	pending, err := a.x.Begin(a.cfg.X.Back)
	if err != nil {
		return err
	}
	code, state := st.x.Allow(pending.URL)
	account, secret, err := a.x.Finish(ctx, pending, code, state)
	if err != nil {
		return err
	}
	account.Case = d.id
	consent := daybook.Consent{Scopes: a.xScopes(), Purpose: demoPurpose, Text: consentText + "; " + twitter.TermsText}
	if account, err = a.cases.Connect(ctx, d.actor, account, secret, consent); err != nil {
		return err
	}
	d.accts = append(d.accts, account)
	return nil
}

// addArchive adds the archive of her account that X gave her at the end: most of
// it has come from there already, and what is older has not.
func (d *demo) addArchive(ctx context.Context) (err error) {
	a, st := d.app, d.story
	b := st.x.Archive(st.wrenX)
	f := upload.File{Name: "twitter-" + st.end.Format("2006-01-02") + ".zip", Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
	format, _, err := upload.Recognize(ctx, f, a.formats...)
	if err != nil {
		return err
	}
	export, err := format.Open(ctx, f, upload.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, export.Close()) }()
	account, err := a.cases.NameAccount(ctx, d.actor, d.id, format.Platform, export.Summary().Owner)
	if err != nil {
		return err
	}
	result, err := a.importer().Import(ctx, d.actor, upload.Order{Account: account, File: f, Export: export})
	if err != nil {
		return err
	}
	if d.added = result.Report; d.added.Messages == 0 {
		return fmt.Errorf("the archive of the made-up account holds nothing")
	}
	return a.settle(ctx, d.id)
}
