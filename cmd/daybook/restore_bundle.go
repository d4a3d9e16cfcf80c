package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	bundles "daybook/export/check"
)

// isBundle tells a bundle from a backup by how the file begins.
func isBundle(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("restore: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	start := make([]byte, len(ageHeader))
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, fmt.Errorf("restore: %w", err)
	}
	if string(start[:n]) == ageHeader {
		return false, fmt.Errorf("%w: the file is sealed for a receiver: open it first, with age --decrypt and the key that it is sealed for", errUsage)
	}
	return strings.HasPrefix(string(start[:n]), "PK\x03\x04"), nil
}

// bundle puts back the log of a case from a complete bundle.
func (cmd *restoreCommand) bundle(c *call, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	o, err := (&verifyCommand{Key: cmd.Key}).options(c)
	if err != nil {
		return err
	}
	found, err := bundles.File(c.ctx, f, info.Size(), o)
	if err != nil {
		return err
	}
	if found.Answer == archive.Broken {
		return fmt.Errorf("restore %s: %w: %s: %s (daybook verify %s says more)", cmd.File, errBundle, found.Problems[0].Where, found.Problems[0].What, cmd.File)
	}
	if found.Withheld > 0 {
		return fmt.Errorf("restore %s: %w: fields in it are withheld (%d), so it cannot be put back: ask for a complete bundle without redactions", cmd.File, daybook.ErrInvalid, found.Withheld)
	}
	h, err := bundles.Handover(f, info.Size())
	if err != nil {
		return fmt.Errorf("restore %s: %w", cmd.File, err)
	}
	h.Reason, h.Name = cmd.Reason, cmd.Name
	if h.Name == "" {
		h.Name = "Put back"
	}
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		id, err := a.restoreHandover(c.ctx, actor, h)
		if err != nil {
			return err
		}
		return cmd.printRestored(c, a, id, found)
	})
}

// restoreHandover puts back a log and makes everything that is derived from it.
func (a *app) restoreHandover(ctx context.Context, actor daybook.Actor, h archive.Handover) (daybook.CaseID, error) {
	h.Also = a.accountsOf
	id, err := a.log.Restore(ctx, actor, h)
	if err != nil {
		return id, err
	}
	return id, a.settle(ctx, id)
}

// accountsOf makes the accounts that consents in a log speak of. There are no
// tokens: none of them is read until somebody connects it again.
func (a *app) accountsOf(ctx context.Context, c daybook.CaseID) error {
	last := map[daybook.AccountID]daybook.ConsentRecord{}
	var order []daybook.AccountID
	for e, err := range a.log.Entries(ctx, c, 0) {
		if err != nil {
			return err
		}
		if e.Record.Kind != daybook.RecordConsent || e.Erased {
			continue
		}
		var r daybook.ConsentRecord
		if err := e.Record.Decode(&r); err != nil {
			return err
		}
		if _, known := last[r.Account.ID]; !known {
			order = append(order, r.Account.ID)
		}
		last[r.Account.ID] = r
	}
	for _, id := range order {
		r := last[id]
		account := r.Account
		account.Case = c
		switch account.State {
		case daybook.Withdrawn, daybook.Expired, daybook.Named:
		default:
			account.State = daybook.Stopped
		}
		if err := a.db.PutAccount(ctx, account, r.Consent); err != nil {
			return err
		}
	}
	return nil
}

func (cmd *restoreCommand) printRestored(c *call, a *app, id daybook.CaseID, found bundles.Report) error {
	size, _, err := a.log.Head(c.ctx, id)
	if err != nil {
		return err
	}
	accounts, err := a.db.Accounts(c.ctx, id)
	if err != nil {
		return err
	}
	notHere := 0
	for _, n := range found.LeftOut {
		notHere += n
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]any{"case": id, "entries": size, "erased": found.Erased, "not_handed_over": notHere, "accounts": len(accounts),
			"origin": found.Origin, "fingerprint": found.Fingerprint})
	}
	whose := "  to be compared with what the organisation says that kept it: the bundle alone does not show whose it is\n"
	if len(cmd.Key) > 0 {
		whose = "  as you said\n"
	}
	if found.Erased > 0 {
		whose += "  what was erased there is not recognised here: what the platform still has of it would be read again\n"
	}
	_, err = fmt.Fprintf(c.out, "case %s: put back from a bundle of %s; entry %d of its log says so\n"+
		"  %d of these entries had been erased, and %d did not come with it\n"+
		"  the log was signed with the key that has the fingerprint %s\n"+
		"%s"+
		"  %s known, and none is read: connect what is to be read again (daybook connect)\n",
		id, plural(int(found.Entries), "entry", "entries"), found.Entries, found.Erased, notHere, found.Fingerprint, whose,
		plural(len(accounts), "account is", "accounts are"))
	return err
}
