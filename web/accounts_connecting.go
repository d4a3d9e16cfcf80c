package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"daybook"
)

// connectingPage is the page connecting.html.
type connectingPage struct {
	Case    string
	Owner   bool
	Attempt string
	Stage   string // go, type, unreachable, refused, wrong, over, yours
	Server  name   // or the platform, if it has none to choose from
	Title   string // of such a platform
	Which   int
	Typed   bool   // the code can be typed
	Address string // where the person agrees
	Wrong   string
	Account name
	Since   stamp
	All     bool
	What    []string
	Never   []name
	Until   stamp // of the consent
	Ends    stamp // of the attempt
}

// connecting shows how an attempt stands. When the person has come back from
// their server, their code is exchanged here.
func (r *request) connecting() error {
	a, err := r.attempt()
	if errors.Is(err, daybook.ErrNotFound) {
		return r.showAttempt(a, "over", http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	switch {
	case a.Account != nil:
		return r.showAttempt(a, "yours", http.StatusOK)
	case a.Refused:
		return r.endedAttempt("refused")
	case a.Code != "":
		return r.finishAttempt()
	case a.Typed:
		return r.showAttempt(a, "type", http.StatusOK)
	}
	return r.showAttempt(a, "go", http.StatusOK)
}

// endedAttempt forgets an attempt that came to nothing, and says so.
func (r *request) endedAttempt(stage string) error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if err := r.s.endAttempt(r.Context(), t); err != nil {
		return err
	}
	return r.showAttempt(a, stage, http.StatusOK)
}

// finishAttempt turns the code into an account.
func (r *request) finishAttempt() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	account, secret, err := r.s.Connect.Finish(r.Context(), a.Platform, a.Pending, a.Code, a.State)
	switch {
	case r.Context().Err() != nil:
		return err
	case errors.Is(err, daybook.ErrInvalid) && a.Typed: // the person may have copied it wrongly
		a.Code = ""
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "type", http.StatusUnprocessableEntity, "connecting.code.wrong")
	case errors.Is(err, daybook.ErrInvalid):
		if err := r.s.endAttempt(r.Context(), t); err != nil {
			return err
		}
		return r.showAttempt(a, "wrong", http.StatusUnprocessableEntity)
	case err != nil:
		r.s.Logger.WarnContext(r.Context(), "a server did not answer when an account was connected", slog.String("case", string(r.caseID)))
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "unreachable", http.StatusBadGateway)
	}
	a.Account, a.Secret, a.Code, a.Pending, a.Until = &account, secret, "", nil, r.now().Add(attemptLife)
	// Also when the browser has gone meanwhile: a token that nobody knows of
	// could not be given back.
	ctx := context.WithoutCancel(r.Context())
	if err := r.s.setAttempt(ctx, t, a, a.Until); err != nil {
		return errors.Join(err, r.s.Connect.GiveBack(ctx, account, secret))
	}
	return r.showAttempt(a, "yours", http.StatusOK)
}

func (r *request) showAttempt(a attempt, stage string, status int, wrong ...string) error {
	of, which := r.platformOf(a.Platform)
	p := connectingPage{Case: r.in(""), Owner: r.owner(), Attempt: r.PathValue("attempt"), Stage: stage, Server: nameOf(serverName(a.Server)), Address: a.Address, Which: which, Typed: of.Typed,
		Since: r.day(a.Since), Until: r.day(r.now().Add(daybook.ConsentPeriod)), Ends: r.clock(a.Until)}
	if len(wrong) > 0 {
		p.Wrong = wrong[0]
	}
	p.All, p.What = whatIsKept(a.Platform, a.Kinds)
	for _, n := range a.Never {
		p.Never = append(p.Never, nameOf(n))
	}
	if a.Account != nil {
		p.Account = handleName(a.Account.Handle)
		p.Server = nameOf(serverName(a.Account.Server))
	}
	if a.Server == "" {
		p.Title, p.Server = of.Title, nameOf(of.Title)
	}
	return r.render(status, "connecting", "title.accounts", p)
}

// typeCode takes a code that the server showed.
func (r *request) typeCode() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	code := r.form("code")
	if !a.Typed || a.Account != nil || code == "" || len(code) > 1000 {
		if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
			return err
		}
		return r.showAttempt(a, "type", http.StatusUnprocessableEntity, "connecting.code.missing")
	}
	a.Code = code
	if err := r.s.setAttempt(r.Context(), t, a, a.Until); err != nil {
		return err
	}
	return r.to(r.in("connecting/" + r.PathValue("attempt")))
}

// byCode begins again in the way in which the code is typed, for a server that
// shows an error instead of sending the person back.
func (r *request) byCode() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if a.Account != nil {
		return errors.Join(daybook.ErrInvalid, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	again := attempt{Platform: a.Platform, Server: a.Server, Since: a.Since, Kinds: a.Kinds, Never: a.Never, Purpose: a.Purpose, Terms: a.Terms, Typed: true}
	var name string
	if of, _ := r.platformOf(a.Platform); of.Typed {
		name, err = r.begin(again)
	} else {
		err = daybook.ErrInvalid
	}
	if err != nil {
		return errors.Join(err, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	if err := r.s.endAttempt(r.Context(), t); err != nil {
		return err
	}
	return r.to(r.in("connecting/" + name))
}

// confirmAccount connects the account that the person has said is theirs.
func (r *request) confirmAccount() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	if a.Account == nil {
		return errors.Join(daybook.ErrInvalid, r.s.setAttempt(r.Context(), t, a, a.Until))
	}
	account := *a.Account
	account.Case, account.Since, account.Kinds = r.caseID, a.Since, a.Kinds
	consent := daybook.Consent{Scopes: r.s.Connect.Scopes(a.Platform), Purpose: a.Purpose, Text: agreementText, By: r.agrees()}
	if a.Terms != "" {
		consent.Text += "; " + a.Terms
	}
	err = r.s.Store.Update(r.Context(), func(ctx context.Context) error {
		if err := r.s.endAttempt(ctx, t); err != nil {
			return err
		}
		for _, n := range a.Never {
			h := daybook.Handle{Platform: a.Platform, Native: n, Names: []daybook.SeenName{{Account: n}}}
			if _, err := r.s.Cases.Mark(ctx, r.actor, r.caseID, daybook.Decision{What: daybook.MarkExcluded, Handle: h}); err != nil {
				return err
			}
		}
		_, err := r.s.Cases.Connect(ctx, r.actor, account, a.Secret, consent)
		return err
	})
	if err != nil {
		return err
	}
	r.tellOnce("good", "accounts.said.connected")
	return r.done(r.in("accounts"))
}

// agrees is who gives a consent: the person, or the person by way of an adviser,
// who is on record as whoever wrote it down (D-1).
func (r *request) agrees() daybook.Actor {
	if r.owner() {
		return r.actor
	}
	return daybook.Actor{ID: "person", Role: "owner", Via: "said to the adviser who wrote it down"}
}

// refuseAccount gives the token of an account back that is not theirs, or that
// they do not want read after all.
func (r *request) refuseAccount() error {
	a, t, err := r.holdAttempt()
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	if a.Account != nil {
		if err := r.s.Connect.GiveBack(ctx, *a.Account, a.Secret); err != nil {
			a.Until = r.now() // nobody goes on with it; whoever tidies up tries again
			if err := r.s.setAttempt(ctx, t, a, r.now()); err != nil {
				return err
			}
			r.tellOnce("care", "accounts.said.waiting")
			return r.to(r.in("accounts"))
		}
	}
	if err := r.s.endAttempt(ctx, t); err != nil {
		return err
	}
	r.tellOnce("", "accounts.said.nothing")
	return r.to(r.in("accounts"))
}
