package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/cases"
)

func (s *Server) alertsRoutes() []route {
	const (
		shows  = "shows who is told of what; nothing of the record"
		writes = "written with the change"
	)
	return []route{
		{method: "GET", path: "/c/{case}/alerts", who: inCase, action: cases.Alert, why: shows, handle: (*request).alerts},
		{method: "POST", path: "/c/{case}/alerts", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).saveOwn},
		{method: "POST", path: "/c/{case}/alerts/rules", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).saveRules},
		{method: "GET", path: "/c/{case}/alerts/new", who: inCase, action: cases.Alert, why: shows, handle: (*request).newRecipientPage},
		{method: "POST", path: "/c/{case}/alerts/new", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).addRecipient},
		{method: "GET", path: "/c/{case}/alerts/{recipient}", who: inCase, action: cases.Alert, why: shows, handle: (*request).recipientPage},
		{method: "POST", path: "/c/{case}/alerts/{recipient}", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).saveRecipient},
		{method: "POST", path: "/c/{case}/alerts/{recipient}/remove", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).removeRecipient},
		{method: "POST", path: "/c/{case}/alerts/{recipient}/confirm", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).confirmAddress},
		{method: "POST", path: "/c/{case}/alerts/{recipient}/number", who: inCase, action: cases.Alert, settled: true, why: writes, handle: (*request).sendNumber},
	}
}

// Recipients keeps who is told. *store.DB does.
type Recipients interface {
	Recipients(ctx context.Context, c daybook.CaseID) ([]alerts.Recipient, error)
	Recipient(ctx context.Context, c daybook.CaseID, id string) (alerts.Recipient, error)
	SaveRecipient(ctx context.Context, r alerts.Recipient) error
	RemoveRecipient(ctx context.Context, c daybook.CaseID, id string) error
}

// AlertRules keeps of what there are mails, and mails. *store.DB does.
type AlertRules interface {
	AlertRules(ctx context.Context, c daybook.CaseID) ([]alerts.Rule, error)
	SetAlertRules(ctx context.Context, c daybook.CaseID, rules []alerts.Rule) error
	FailedMails(ctx context.Context, c daybook.CaseID) ([]alerts.Mail, error)
	SaveAndMail(ctx context.Context, r alerts.Recipient, n alerts.Notification) error
}

// alertsPage is the page alerts.html.
type alertsPage struct {
	Case   string
	Owner  bool
	NoMail bool // no mail server is set up
	Rows   []recipientRow
	Own    *recipientForm // of the person who looks; nil for an adviser
	Rules  []ruleBox
	Quiet  string // days without contact after which the next one is told of
	Failed []failedRow
	Wrong  string // about Quiet
}

type recipientRow struct {
	ID      string
	Kind    string // key: who they are to the case
	Label   name
	You     bool
	Address name
	About   []string // keys
	When    whenTold
	Waiting bool // the address is not confirmed
	Ended   stamp
	Paused  stamp
}

// whenTold is when somebody is told, in words.
type whenTold struct {
	Never  bool
	Weekly string // key of the day
	At     string // time of day of the digest
	Once   []string
}

type ruleBox struct {
	Kind    alerts.RuleKind
	Checked bool
}

type failedRow struct {
	To   name
	Made stamp
	Why  name
}

func (r *request) alerts() error { return r.showAlerts(http.StatusOK, nil, "") }

// showAlerts shows the page; with the form as it was typed where there is one.
func (r *request) showAlerts(status int, own *recipientForm, wrongQuiet string) error {
	ctx, now := r.Context(), r.now()
	page := alertsPage{Case: r.in(""), Owner: r.owner(), NoMail: r.s.Mail.Address == "", Wrong: wrongQuiet}
	all, err := r.s.Store.Recipients(ctx, r.caseID)
	if err != nil {
		return err
	}
	labels := map[string]name{}
	for _, rec := range all {
		row := r.recipientRow(rec, now)
		labels[rec.ID] = row.Address
		page.Rows = append(page.Rows, row)
	}
	if r.owner() {
		if own == nil {
			rec, _ := r.own(all)
			if own, err = r.recipientForm(rec); err != nil {
				return err
			}
		}
		page.Own = own
	}
	rules, err := r.s.Store.AlertRules(ctx, r.caseID)
	if err != nil {
		return err
	}
	page.Quiet = strconv.Itoa(int(alerts.DefaultQuiet / (24 * time.Hour)))
	for _, k := range alerts.RuleKinds() {
		box := ruleBox{Kind: k}
		for _, rule := range rules {
			if rule.Kind == k {
				box.Checked = true
				if k == alerts.AfterQuiet && rule.Quiet > 0 {
					page.Quiet = strconv.Itoa(int(rule.Quiet / (24 * time.Hour)))
				}
			}
		}
		page.Rules = append(page.Rules, box)
	}
	failed, err := r.s.Store.FailedMails(ctx, r.caseID)
	if err != nil {
		return err
	}
	for _, m := range failed {
		page.Failed = append(page.Failed, failedRow{To: labels[m.Recipient], Made: r.when(m.Made), Why: nameOf(m.Error)})
	}
	var notices []notice
	if n, ok := r.toldOnce(); ok {
		notices = append(notices, n)
	}
	return r.render(status, "alerts", "title.alerts", page, notices...)
}

func (r *request) recipientRow(rec alerts.Recipient, now time.Time) recipientRow {
	row := recipientRow{ID: rec.ID, Kind: "alerts.kind." + string(rec.Kind), Label: nameOf(rec.Label), Address: nameOf(rec.Address),
		You: r.isOwn(rec), Waiting: rec.Unconfirmed != nil}
	if !rec.Until.IsZero() && !now.Before(rec.Until) {
		row.Ended = r.day(rec.Until)
	}
	if rec.Paused.After(now) {
		row.Paused = r.day(rec.Paused)
	}
	if rec.Weekly {
		row.When = whenTold{Weekly: dayKey(rec.Weekday), At: rec.DigestAt.String()}
		return row
	}
	row.When.Never = true
	for _, k := range alerts.RuleKinds() {
		if rec.Rules[k] == alerts.Never {
			continue
		}
		row.When.Never = false
		row.About = append(row.About, "alerts.about."+string(k))
		if rec.Rules[k] == alerts.AtOnce {
			row.When.Once = append(row.When.Once, "alerts.about."+string(k))
		} else {
			row.When.At = rec.DigestAt.String()
		}
	}
	return row
}

func dayKey(d time.Weekday) string { return "alerts.day." + strconv.Itoa(int(d)) }

// own is the recipient that stands for the user, or a new one.
func (r *request) own(all []alerts.Recipient) (rec alerts.Recipient, known bool) {
	for _, rec := range all {
		if rec.Kind == alerts.ThePerson && rec.User == r.user.ID {
			return rec, true
		}
	}
	for _, rec := range all {
		if rec.Kind == alerts.ThePerson && rec.User == "" {
			return rec, true
		}
	}
	rec = r.newRecipient(alerts.ThePerson)
	rec.User = r.user.ID
	return rec, false
}

// isOwn reports whether a recipient is whoever looks, being whom the case is
// about. One without a user was written down at the command line.
func (r *request) isOwn(rec alerts.Recipient) bool {
	return rec.Kind == alerts.ThePerson && r.owner() && (rec.User == "" || rec.User == r.user.ID)
}

// newRecipient is somebody with the usual choices.
func (r *request) newRecipient(kind alerts.RecipientKind) alerts.Recipient {
	usual := r.s.Mail
	zone := r.caseZone.String()
	if kind == alerts.ThePerson {
		zone = r.zone.String()
	}
	rec := alerts.NewRecipient(r.caseID, kind, "", cmp.Or(usual.Zone, zone))
	if usual.QuietFrom != usual.QuietUntil {
		rec.QuietFrom, rec.QuietUntil = usual.QuietFrom, usual.QuietUntil
	}
	if rec.DigestAt < rec.QuietUntil {
		rec.DigestAt = rec.QuietUntil
	}
	rec.Title, rec.Sender, rec.Weekday = usual.Title, usual.Sender, time.Monday
	return rec
}

// recipient is the recipient of the path; daybook.ErrNotFound if it is not one of
// this case.
func (r *request) recipient(ctx context.Context) (alerts.Recipient, error) {
	return r.s.Store.Recipient(ctx, r.caseID, r.PathValue("recipient"))
}

// changing writes the access entry and makes one change with it, or neither.
func (r *request) changing(detail string, fn func(ctx context.Context) error) error {
	return r.s.Store.Update(r.Context(), func(ctx context.Context) error {
		if err := r.s.Cases.Look(ctx, r.actor, r.caseID, cases.Alert, daybook.Access{Detail: detail}); err != nil {
			return err
		}
		return fn(ctx)
	})
}

// What the access log says of changes; the command line says the same.
const (
	choseRecipient = "chose somebody who is told of new contact"
	changedNotices = "changed when somebody is told of new contact"
	endedRecipient = "ended that somebody is told of new contact"
	changedRules   = "changed of what there are mails"
	typedNumber    = "typed a number to confirm an address"
	sentNumber     = "had a number mailed to confirm an address"
)

func (r *request) saveRules() error {
	var rules []alerts.Rule
	if err := r.ParseForm(); err != nil {
		return errors.Join(daybook.ErrInvalid, err)
	}
	days, err := strconv.Atoi(r.form("quiet"))
	if err != nil || days < 1 || days > 3650 {
		return r.showAlerts(http.StatusUnprocessableEntity, nil, "alerts.quiet.wrong")
	}
	for _, k := range alerts.RuleKinds() {
		for _, chosen := range r.PostForm["rule"] {
			if chosen != string(k) {
				continue
			}
			rule := alerts.Rule{Kind: k}
			if k == alerts.AfterQuiet {
				rule.Quiet = time.Duration(days) * 24 * time.Hour
			}
			rules = append(rules, rule)
		}
	}
	if err := r.changing(changedRules, func(ctx context.Context) error { return r.s.Store.SetAlertRules(ctx, r.caseID, rules) }); err != nil {
		return err
	}
	r.tellOnce("good", "alerts.said.saved")
	return r.done(r.in("alerts"))
}

func (r *request) removeRecipient() error {
	if _, err := r.recipient(r.Context()); err != nil {
		return err
	}
	err := r.changing(endedRecipient, func(ctx context.Context) error {
		return r.s.Store.RemoveRecipient(ctx, r.caseID, r.PathValue("recipient"))
	})
	if err != nil {
		return err
	}
	r.tellOnce("", "alerts.said.removed")
	return r.done(r.in("alerts"))
}

// sendNumber mails another number to an address that is not confirmed.
func (r *request) sendNumber() error {
	rec, err := r.recipient(r.Context())
	if err != nil {
		return err
	}
	if rec.Unconfirmed == nil {
		return r.to(r.recipientAt(rec))
	}
	if r.now().Sub(rec.Unconfirmed.Sent) < time.Minute { // a second press of the button
		return r.to(r.recipientAt(rec))
	}
	err = r.changing(sentNumber, func(ctx context.Context) error {
		n, err := rec.AskToConfirm(r.now())
		if err != nil {
			return err
		}
		return r.s.Store.SaveAndMail(ctx, rec, n)
	})
	if err != nil {
		return err
	}
	r.tellOnce("", "alerts.said.number")
	return r.done(r.recipientAt(rec))
}

// confirmAddress takes the number that was mailed to an address.
func (r *request) confirmAddress() error {
	var wrong string
	var rec alerts.Recipient
	if _, err := r.recipient(r.Context()); err != nil {
		return err
	}
	err := r.changing(typedNumber, func(ctx context.Context) (err error) {
		if rec, err = r.recipient(ctx); err != nil {
			return err
		}
		switch err := rec.Confirm(r.now(), r.form("number")); {
		case errors.Is(err, alerts.ErrOver):
			wrong = "alerts.number.over"
		case err != nil:
			wrong = "alerts.number.wrong"
		}
		return r.s.Store.SaveRecipient(ctx, rec) // a wrong try counts
	})
	if err != nil {
		return err
	}
	if wrong != "" {
		form, err := r.recipientForm(rec)
		if err != nil {
			return err
		}
		form.Wrong["number"] = wrong
		if err := r.s.Settle(r.Context(), r.caseID); err != nil {
			return err
		}
		if form.You {
			return r.showAlerts(http.StatusUnprocessableEntity, form, "")
		}
		return r.showRecipient(http.StatusUnprocessableEntity, form)
	}
	r.tellOnce("good", "alerts.said.confirmed")
	return r.done(r.recipientAt(rec))
}

// recipientAt is where a recipient's settings are shown: the person's own stand
// on the page itself.
func (r *request) recipientAt(rec alerts.Recipient) string {
	if r.isOwn(rec) {
		return r.in("alerts")
	}
	return r.in("alerts/" + rec.ID)
}
