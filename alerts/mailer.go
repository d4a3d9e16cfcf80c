package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"daybook"
)

// A Store keeps recipients and mails.
type Store interface {
	Recipients
	Outbox
}

// A Head tells the state of a case's log. *archive.Log implements it.
type Head interface {
	Head(ctx context.Context, c daybook.CaseID) (size uint64, root daybook.Digest, err error)
}

// A Mailer makes mails of events and sends them. Several may run on one store.
type Mailer struct {
	store    Store
	head     Head
	notifier Notifier
	now      func() time.Time
	log      *slog.Logger
}

// NewMailer returns a Mailer. now is the clock.
func NewMailer(store Store, head Head, notifier Notifier, now func() time.Time, log *slog.Logger) *Mailer {
	return &Mailer{store, head, notifier, now, log}
}

const (
	tick      = 30 * time.Second
	lease     = 5 * time.Minute // longer than a delivery can take
	claimSize = 10
	maxWait   = time.Hour // between two tries
)

// Run plans and sends until ctx ends, and returns nil then. What fails is
// logged and tried again.
func (m *Mailer) Run(ctx context.Context) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		if err := m.Queue(ctx); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "mails could not be planned", slog.Any("err", err))
		}
		if err := m.Send(ctx); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "mails could not be sent", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Queue puts the mails that are due now into the outbox, for all cases. A
// failure for one recipient does not keep another from being told.
func (m *Mailer) Queue(ctx context.Context) error {
	all, err := m.store.Recipients(ctx, "")
	if err != nil {
		return fmt.Errorf("plan mails: %w", err)
	}
	advised := advisedCases(all, m.now())
	var errs []error
	for _, r := range all {
		if r.Kind == ThePerson && advised[r.Case] {
			r.Rules = maps.Clone(r.Rules)
			delete(r.Rules, Renewal)
		}
		if err := m.queueFor(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("plan mails of case %s: %w", r.Case, err))
		}
	}
	return errors.Join(errs...)
}

// advisedCases returns the cases in which an adviser is told that a consent
// comes to its end: then the person is not (D-4).
func advisedCases(all []Recipient, now time.Time) map[daybook.CaseID]bool {
	out := map[daybook.CaseID]bool{}
	for _, r := range all {
		if r.Kind == Adviser && r.Wanted(Renewal) && r.Unconfirmed == nil && !r.ended(now) {
			out[r.Case] = true
		}
	}
	return out
}

func (m *Mailer) queueFor(ctx context.Context, r Recipient) error {
	events, told, err := m.store.Untold(ctx, r)
	if err != nil || len(events) == 0 && !r.Weekly {
		return err
	}
	if !r.Weekly && len(r.wanted(events)) == 0 {
		after := told // nothing that they want to hear of: do not look at it again
		after.Seq = events[len(events)-1].Seq
		return m.store.Tell(ctx, r, told, after, nil)
	}
	var anchor Anchor
	if r.Kind == Adviser {
		if anchor.Size, anchor.Root, err = m.head.Head(ctx, r.Case); err != nil {
			return err
		}
	}
	for _, n := range Plan(m.now(), r, events, told, anchor) {
		if err := m.store.Tell(ctx, r, told, told.After(n), []Notification{n}); err != nil {
			return err
		}
	}
	return nil
}

// Send sends what is due and returns when nothing is left that can go now. A
// mail that cannot be delivered stays in the outbox and is tried again after 1,
// 2, 4, … seconds, at most an hour, for as long as it takes; one that was
// refused for good is kept as Failed. A mail that has come into quiet hours or a
// break waits until they end; one whose recipient was removed, or whose access
// has ended, is dropped.
func (m *Mailer) Send(ctx context.Context) error {
	for {
		mails, err := m.store.ClaimMails(ctx, m.now(), lease, claimSize)
		if err != nil {
			return fmt.Errorf("claim mails: %w", err)
		}
		if len(mails) == 0 {
			return nil
		}
		for _, mail := range mails {
			e := m.send(ctx, mail)
			// Also when the program is being stopped, so that a mail that
			// went out is not sent again.
			if err := m.store.EndMail(context.WithoutCancel(ctx), mail, m.now(), e); err != nil {
				return fmt.Errorf("note what became of a mail: %w", err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

func (m *Mailer) send(ctx context.Context, mail Mail) Ending {
	now := m.now()
	r, err := m.store.Recipient(ctx, mail.Case, mail.Recipient)
	switch {
	case errors.Is(err, daybook.ErrNotFound), err == nil && r.ended(now):
		return Ending{State: Dropped}
	case err != nil:
		return again(mail, now, err)
	}
	switch waits, until := r.waits(mail.Notification, now); {
	case waits && until.IsZero():
		return Ending{State: Dropped}
	case waits:
		return Ending{State: Waiting, Due: until}
	}
	err = m.notifier.Notify(ctx, mail.to(r))
	switch {
	case err == nil:
		m.log.InfoContext(ctx, "mail sent", slog.String("case", string(mail.Case)))
		return Ending{State: Sent}
	case errors.Is(err, ErrPermanent):
		m.log.ErrorContext(ctx, "mail refused for good", slog.String("case", string(mail.Case)), slog.Any("err", err))
		return Ending{State: Failed, Error: err}
	}
	m.log.WarnContext(ctx, "mail not delivered yet", slog.String("case", string(mail.Case)), slog.Any("err", err))
	return again(mail, now, err)
}

// waits reports whether a mail to r must not go out now, and when to look again;
// zero: never. The mail that asks to confirm an address goes out at once, while
// somebody waits for it, and if another was asked for since then it does not go
// out at all. Every other mail waits until the address is confirmed.
func (r Recipient) waits(n Notification, now time.Time) (waits bool, until time.Time) {
	switch {
	case n.Code != "":
		return r.Unconfirmed == nil || r.Unconfirmed.ID != n.Code, time.Time{}
	case r.Unconfirmed != nil:
		return true, now.Add(maxWait)
	}
	open := r.Open(now)
	return open.After(now), open
}

// to fills in what comes from the recipient's settings.
func (n Notification) to(r Recipient) Notification {
	n.To, n.Sender, n.Title = r.Address, cmp.Or(r.Sender, DefaultSender), cmp.Or(r.Title, DefaultTitle)
	return n
}

func again(mail Mail, now time.Time, err error) Ending {
	wait := min(time.Second<<min(mail.Tries, 12), maxWait)
	return Ending{State: Waiting, Due: now.Add(wait), Error: err}
}
