package web

import (
	"net/http"

	"daybook"
)

// consentPage is the pages renew.html and withdraw.html.
type consentPage struct {
	Case      string
	Owner     bool
	ID        daybook.AccountID
	Platform  string
	Name      name
	Until     stamp // as it stands
	Agreement agreement
	Of        Connectable
	Terms     bool   // agreed to
	Wrong     string // key of what is wrong with the terms
}

func (r *request) consentPage() (consentPage, error) {
	s, err := r.account()
	if err != nil {
		return consentPage{}, err
	}
	p := consentPage{Case: r.in(""), Owner: r.owner(), ID: s.Account.ID, Platform: platformTitle(s.Account.Platform), Name: handleName(s.Account.Handle),
		Until: r.day(s.Consent.Until), Agreement: agreement{Scopes: s.Consent.Scopes, Until: r.day(r.now().Add(daybook.ConsentPeriod)), They: r.they()}}
	p.Of, _ = r.platformOf(s.Account.Platform)
	if !p.Of.Server {
		p.Agreement.Title = p.Of.Title
	}
	return p, nil
}

func (r *request) renewPage() error {
	p, err := r.consentPage()
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "renew", "title.accounts", p)
}

func (r *request) renewAccount() error {
	p, err := r.consentPage()
	if err != nil {
		return err
	}
	p.Agreement.Agreed, p.Terms = r.form("agree") != "", r.form("terms") != ""
	text := agreementText
	if len(p.Of.Terms) > 0 {
		text += "; " + p.Of.TermsText
		if !p.Terms {
			p.Wrong = "connect.terms.missing"
		}
	}
	if !p.Agreement.Agreed {
		p.Agreement.Wrong = "connect.agree.missing"
	}
	if p.Wrong != "" || p.Agreement.Wrong != "" {
		return r.render(http.StatusUnprocessableEntity, "renew", "title.accounts", p)
	}
	if err := r.s.Cases.Renew(r.Context(), r.actor, p.ID, daybook.Consent{Text: text, By: r.agrees()}); err != nil {
		return err
	}
	r.tellOnce("good", "accounts.said.renewed", p.Agreement.Until.Text)
	return r.done(r.in("accounts"))
}

func (r *request) withdrawPage() error {
	p, err := r.consentPage()
	if err != nil {
		return err
	}
	return r.render(http.StatusOK, "withdraw", "title.accounts", p)
}

func (r *request) withdrawAccount() error {
	s, err := r.account()
	if err != nil {
		return err
	}
	if err := r.s.Cases.Withdraw(r.Context(), r.actor, s.Account.ID); err != nil {
		return err
	}
	r.tellOnce("", "accounts.said.stopped", r.clock(r.now()).Text)
	return r.done(r.in("accounts"))
}
