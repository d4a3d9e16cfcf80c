package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
)

type doctorCommand struct{}

// A diagnosis is one thing that was looked at.
type diagnosis struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Do   string `json:"do,omitempty"` // what to do, if it is not; what one may do, if it is
}

func (cmd *doctorCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		found := a.checkFiles()
		more, err := a.checkCases(c.ctx, actor)
		if err != nil {
			return err
		}
		bad := 0
		for _, d := range append(found, more...) {
			if !d.OK {
				bad++
			}
			if c.cmd.JSON {
				if err := jsonLine(c.out, d); err != nil {
					return err
				}
				continue
			}
			word := "ok     "
			switch {
			case !d.OK:
				word = "look at"
			case d.Do != "":
				word = "note   "
			}
			if _, err := fmt.Fprintf(c.out, "%s  %s\n", word, d.What); err != nil {
				return err
			}
			if d.Do != "" {
				if _, err := fmt.Fprintf(c.out, "         %s\n", d.Do); err != nil {
					return err
				}
			}
		}
		if bad > 0 {
			return fmt.Errorf("%w: %s should be looked at", errPartial, plural(bad, "thing", "things"))
		}
		return nil
	})
}

func check(ok bool, what, do string) diagnosis {
	d := diagnosis{What: what, OK: ok}
	if !ok {
		d.Do = do
	}
	return d
}

func (a *app) checkFiles() []diagnosis {
	var out []diagnosis
	if info, err := os.Stat(a.cfg.KeyFile); err == nil {
		out = append(out, check(info.Mode().Perm()&0o077 == 0, "only you can read the key", "chmod 600 "+a.cfg.KeyFile))
	}
	out = append(out, check(!together(a.cfg.Data, a.cfg.KeyFile), "the key lies outside the data folder",
		"whoever takes a copy of the folder has the key too: move the key and set key_file in the configuration"))
	if info, err := os.Stat(a.cfg.Data); err == nil {
		out = append(out, check(info.Mode().Perm()&0o077 == 0, "only you can read the data folder", "chmod 700 "+a.cfg.Data))
	}
	switch {
	case a.alerts.problem != nil:
		out = append(out, check(false, "mail cannot be sent with these settings", plain(a.alerts.problem)))
	case a.alerts.mailer == nil:
		out = append(out, diagnosis{"no mail server is set up", true, "nobody is told of anything until its host stands under [mail] in the configuration"})
	default:
		out = append(out, check(true, "the mail settings can be used", ""))
	}
	return append(append(out, a.diagnoseX()...), a.stamps.diagnose()...)
}

// together reports whether the key lies in the data folder or beside it in the
// same one.
func together(data, key string) bool {
	rel, err := filepath.Rel(data, filepath.Dir(key))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (a *app) checkCases(ctx context.Context, actor daybook.Actor) ([]diagnosis, error) {
	rows, err := a.db.Cases(ctx)
	if err != nil {
		return nil, err
	}
	now := a.clock()
	refused := a.log.Refused()
	var out []diagnosis
	for _, r := range rows {
		name := "case " + string(r.ID)
		if r.WrappedKey == nil {
			out = append(out, diagnosis{name + ": it was erased as a whole", true, "its leaves, tree and checkpoints are kept; to remove them too: daybook erase --case " + string(r.ID) + " --drop-tree"})
			continue
		}
		erased, err := a.checkErased(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, erased...)
		out = append(out, check(refused[r.ID] == nil, name+": the log is the one that it has been", "daybook restore --declare --case "+string(r.ID)+" --reason TEXT, if a backup was put back on purpose"))
		accounts, err := a.db.Accounts(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, account := range accounts {
			_, consent, _, err := a.db.Account(ctx, account.ID)
			if err != nil {
				return nil, err
			}
			what := fmt.Sprintf("%s: account %s is %s", name, account.ID, account.State)
			switch account.State {
			case daybook.Stopped:
				out = append(out, check(false, what, "the platform no longer takes the token: connect it again"))
			case daybook.Expired:
				out = append(out, check(false, what, "the consent has ended: if the person agrees, connect it again (daybook connect)"))
			case daybook.Named:
				out = append(out, check(true, fmt.Sprintf("%s: account %s is not read: files from it were added", name, account.ID), ""))
			default:
				out = append(out, check(true, what, ""))
			}
			x, err := a.diagnoseXAccount(ctx, account)
			if err != nil {
				return nil, err
			}
			out = append(out, x...)
			if left := consent.Until.Sub(now); account.State == daybook.Active && left < 14*24*time.Hour {
				out = append(out, check(false, fmt.Sprintf("%s: the consent for account %s ends on %s", name, account.ID, consent.Until.UTC().Format(time.DateOnly)), "ask the person whether to renew it"))
			}
		}
		pending, err := a.cases.Pending(ctx, actor, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, check(len(pending) == 0, name+": tokens that were given back are revoked",
			plural(len(pending), "token waits", "tokens wait")+" for the platform's answer; the person can also revoke the app in the settings of their account"))
		stamped, err := a.stamps.diagnoseCase(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, stamped...)
		failed, err := a.db.FailedMails(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, check(len(failed) == 0, name+": no mail was refused", plural(len(failed), "mail was", "mails were")+" refused for good: check the addresses (daybook alert list --case "+string(r.ID)+")"))
	}
	return out, nil
}
