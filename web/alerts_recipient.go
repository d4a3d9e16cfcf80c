package web

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/alerts"
)

// recipientForm is the settings of one recipient as they stand in the form.
type recipientForm struct {
	Case        string
	Action      string // where it is sent
	ID          string
	New         bool
	Person, You bool

	Label, Address, Title, Sender   string
	Zone, At, QuietFrom, QuietUntil string
	Day, Away                       string
	Choice                          string // of the person: none, weekly, daily
	Rules                           []ruleChoice

	Zones     []zoneGroup
	Days      []dayChoice
	Waiting   bool // a number was mailed and not typed yet
	Sent      stamp
	Confirmed stamp
	Known     bool // the address is kept
	Preview   preview
	Wrong     map[string]string
}

type ruleChoice struct {
	Kind alerts.RuleKind
	Pace alerts.Pace
}

type dayChoice struct {
	Value, Key string
}

// A preview is a mail as it goes out.
type preview struct {
	Sender, From, To, Title name
	Body                    string
	Example                 bool // numbers in it are an example
}

func (r *request) recipientForm(rec alerts.Recipient) (*recipientForm, error) {
	f := &recipientForm{Case: r.in(""), ID: rec.ID, Person: rec.Kind == alerts.ThePerson,
		Label: rec.Label, Address: rec.Address, Title: rec.Title, Sender: rec.Sender,
		Zone: rec.Zone, At: rec.DigestAt.String(), QuietFrom: rec.QuietFrom.String(), QuietUntil: rec.QuietUntil.String(),
		Day: strconv.Itoa(int(rec.Weekday)), Known: rec.Address != "", Waiting: rec.Unconfirmed != nil, Confirmed: r.day(rec.Confirmed), Wrong: map[string]string{}}
	f.You = r.isOwn(rec)
	f.Action = r.in("alerts/" + rec.ID)
	if f.You {
		f.Action = r.in("alerts")
	}
	if rec.Unconfirmed != nil {
		f.Sent = r.when(rec.Unconfirmed.Sent)
	}
	if rec.Paused.After(r.now()) {
		zone, err := time.LoadLocation(rec.Zone)
		if err != nil {
			zone = time.UTC
		}
		f.Away = rec.Paused.In(zone).Format(time.DateOnly)
	}
	f.Choice = "none"
	for _, k := range alerts.RuleKinds() {
		f.Rules = append(f.Rules, ruleChoice{k, rec.Rules[k]})
		if rec.Rules[k] != alerts.Never {
			f.Choice = "daily"
		}
	}
	if rec.Weekly {
		f.Choice = "weekly"
	}
	return f, r.completeForm(f, rec)
}

// completeForm fills in what a form has beside the settings.
func (r *request) completeForm(f *recipientForm, rec alerts.Recipient) error {
	f.Zones = zoneGroups(f.Zone)
	for _, d := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		f.Days = append(f.Days, dayChoice{strconv.Itoa(int(d)), dayKey(d)})
	}
	size, root, err := r.s.Log.Head(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	n := alerts.Preview(r.now(), rec, nil, alerts.Anchor{Size: size, Root: root})
	f.Preview = preview{Sender: nameOf(n.Sender), From: nameOf(r.s.Mail.Address), To: nameOf(n.To), Title: nameOf(n.Title), Body: n.Body, Example: rec.Kind == alerts.Adviser}
	return nil
}

// alertPage is the page alert.html: of one recipient.
type alertPage struct {
	Case string
	Form *recipientForm
}

func (r *request) showRecipient(status int, f *recipientForm) error {
	var notices []notice
	if n, ok := r.toldOnce(); ok {
		notices = append(notices, n)
	}
	return r.render(status, "alert", "title.alerts", alertPage{r.in(""), f}, notices...)
}

func (r *request) newRecipientPage() error {
	f, err := r.newForm()
	if err != nil {
		return err
	}
	return r.showRecipient(http.StatusOK, f)
}

func (r *request) newForm() (*recipientForm, error) {
	f, err := r.recipientForm(r.newRecipient(alerts.Adviser))
	if err != nil {
		return nil, err
	}
	f.New, f.Action = true, r.in("alerts/new")
	return f, nil
}

func (r *request) recipientPage() error {
	rec, err := r.recipient(r.Context())
	if err != nil {
		return err
	}
	f, err := r.recipientForm(rec)
	if err != nil {
		return err
	}
	return r.showRecipient(http.StatusOK, f)
}

func (r *request) addRecipient() error {
	return r.save(r.newRecipient(alerts.Adviser), false, func(f *recipientForm) error {
		f.New, f.Action = true, r.in("alerts/new")
		return r.showRecipient(http.StatusUnprocessableEntity, f)
	})
}

func (r *request) saveRecipient() error {
	rec, err := r.recipient(r.Context())
	if err != nil {
		return err
	}
	return r.save(rec, true, func(f *recipientForm) error { return r.showRecipient(http.StatusUnprocessableEntity, f) })
}

// saveOwn saves what the person chose for themselves.
func (r *request) saveOwn() error {
	if !r.owner() {
		return daybook.ErrForbidden
	}
	all, err := r.s.Store.Recipients(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	rec, known := r.own(all)
	return r.save(rec, known, func(f *recipientForm) error { return r.showAlerts(http.StatusUnprocessableEntity, f, "") })
}

// save reads the form over a recipient and keeps it, or shows it again.
func (r *request) save(rec alerts.Recipient, known bool, again func(*recipientForm) error) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(daybook.ErrInvalid, err)
	}
	before := rec.Address
	wrong := r.readRecipient(&rec)
	if len(wrong) > 0 {
		f, err := r.recipientForm(rec)
		if err != nil {
			return err
		}
		f.Wrong, f.Known = wrong, known
		// What was typed, also where it could not be read.
		f.At, f.QuietFrom, f.QuietUntil, f.Away, f.Zone = r.form("at"), r.form("quiet_from"), r.form("quiet_until"), r.form("away"), r.form("zone")
		return again(f)
	}
	if rec.Address == "" { // a person who wants no mail and gave no address
		if known {
			return r.removeOwn(rec)
		}
		r.tellOnce("good", "alerts.said.saved")
		return r.to(r.in("alerts"))
	}
	detail := changedNotices
	if !known {
		detail = choseRecipient
	}
	asked := false
	err := r.changing(detail, func(ctx context.Context) error {
		if strings.EqualFold(rec.Address, before) {
			return r.s.Store.SaveRecipient(ctx, rec)
		}
		n, err := rec.AskToConfirm(r.now())
		if err != nil {
			return err
		}
		asked = true
		return r.s.Store.SaveAndMail(ctx, rec, n)
	})
	if err != nil {
		return err
	}
	r.tellOnce("good", "alerts.said.saved")
	if asked {
		r.tellOnce("", "alerts.said.number")
	}
	if !asked {
		return r.done(r.in("alerts"))
	}
	return r.done(r.recipientAt(rec))
}

func (r *request) removeOwn(rec alerts.Recipient) error {
	err := r.changing(endedRecipient, func(ctx context.Context) error { return r.s.Store.RemoveRecipient(ctx, r.caseID, rec.ID) })
	if err != nil {
		return err
	}
	r.tellOnce("", "alerts.said.removed")
	return r.done(r.in("alerts"))
}

// readRecipient reads the form into rec and returns what is wrong, by field.
func (r *request) readRecipient(rec *alerts.Recipient) map[string]string {
	wrong, was := map[string]string{}, *rec
	rec.Label, rec.Address, rec.Title, rec.Sender = r.form("label"), r.form("address"), r.form("title"), r.form("sender")
	for field, to := range map[string]*alerts.Clock{"at": &rec.DigestAt, "quiet_from": &rec.QuietFrom, "quiet_until": &rec.QuietUntil} {
		c, err := alerts.ParseClock(r.form(field))
		if err != nil {
			wrong[field] = "alerts.clock.wrong"
			continue
		}
		*to = c
	}
	zone, err := time.LoadLocation(r.form("zone"))
	if err != nil || r.form("zone") == "" || r.form("zone") == "Local" {
		wrong["zone"] = "alerts.zone.wrong"
		zone = time.UTC
	} else {
		rec.Zone = r.form("zone")
	}
	rec.Paused = time.Time{}
	if away := r.form("away"); away != "" {
		day, err := time.ParseInLocation(time.DateOnly, away, zone)
		if err != nil || !day.After(r.now()) || day.After(r.now().AddDate(1, 0, 1)) {
			wrong["away"] = "alerts.away.wrong"
		}
		rec.Paused = day.UTC()
	}
	rec.Rules = map[alerts.RuleKind]alerts.Pace{}
	if rec.Kind == alerts.ThePerson {
		r.readChoice(rec, was, wrong)
	} else {
		for _, k := range alerts.RuleKinds() {
			switch p := alerts.Pace(r.form("pace-" + string(k))); p {
			case alerts.Digest, alerts.AtOnce:
				rec.Rules[k] = p
			}
		}
	}
	mayBeEmpty := rec.Kind == alerts.ThePerson && r.form("me") == "none"
	if a, err := mail.ParseAddress(rec.Address); (rec.Address != "" || !mayBeEmpty) && (err != nil || a.Address != rec.Address || len(rec.Address) > 100) {
		wrong["address"] = "alerts.address.wrong"
	}
	for field, line := range map[string]string{"title": rec.Title, "sender": rec.Sender, "label": rec.Label} {
		probe := alerts.NewRecipient(r.caseID, alerts.Adviser, "probe@mail.example", "UTC")
		if probe.Title = line; probe.Check() != nil {
			wrong[field] = "alerts.line.wrong"
		}
	}
	return wrong
}

// readChoice reads what a person chose for themselves: at once is not offered.
func (r *request) readChoice(rec *alerts.Recipient, was alerts.Recipient, wrong map[string]string) {
	rec.Weekly = false
	switch r.form("me") {
	case "none":
	case "daily":
		for _, k := range alerts.RuleKinds() {
			rec.Rules[k] = alerts.Digest
		}
	case "weekly":
		day, err := strconv.Atoi(r.form("day"))
		if err != nil || day < 0 || day > 6 {
			wrong["day"] = "alerts.day.wrong"
			return
		}
		rec.Weekly, rec.Weekday = true, time.Weekday(day)
		if !was.Weekly || was.Weekday != rec.Weekday || was.DigestAt != rec.DigestAt {
			rec.WeeklyFrom = r.now()
		}
	default:
		wrong["me"] = "alerts.me.wrong"
	}
	if quiet := quietAt(*rec); quiet && r.form("me") != "none" && !slices.Contains([]string{wrong["at"], wrong["quiet_from"], wrong["quiet_until"]}, "alerts.clock.wrong") {
		wrong["at"] = "alerts.at.quiet" // it would come on another day, or at another time
	}
}

func quietAt(rec alerts.Recipient) bool {
	from, until, at := rec.QuietFrom, rec.QuietUntil, rec.DigestAt
	if from <= until {
		return from <= at && at < until
	}
	return at >= from || at < until
}
