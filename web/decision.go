package web

import (
	"time"

	"daybook"
	"daybook/cases"
)

// A decision is one decision about a handle as pages show it.
type decision struct {
	What    daybook.Mark
	Key     string // "decision.linked", with ".undone"
	Ref     string // names it in forms
	At      stamp
	Day     stamp // the same, for lists
	You     bool  // the user made it
	By      name
	Other   handleLabel // of a pair: the other one
	Pair    bool
	Linked  bool   // they belong together
	From    stamp  // the time that it is about
	FromKey string // how it is said
	Until   stamp
	How     name // in the words of who made it
	NoWords bool // they gave no reason
	Holds   bool
	Entry   string // ref of the message that it is about
	Undo    bool   // the user may take it back
	Path    string // of a pair: of the page with its reasons, below the case's pages
}

// decision shows a decision from the side of a handle.
func (r *request) decision(p *pattern, d *decided, of daybook.Handle) (out decision, err error) {
	out = decision{What: d.What, Key: "decision." + string(d.What), At: r.when(d.At), Day: r.dayShort(d.At), Holds: d.Holds, Pair: d.pair(), Linked: d.What == daybook.MarkLinked && !d.Undone}
	if out.NoWords = d.How == noReason; !out.NoWords {
		out.How = textOf(d.How)
	}
	if d.Undone {
		out.Key += ".undone"
	}
	if out.Ref, err = r.ref(d.Index); err != nil {
		return out, err
	}
	if d.Entry != nil {
		if out.Entry, err = r.ref(*d.Entry); err != nil {
			return out, err
		}
	}
	if out.You = d.By.ID == r.actor.ID; !out.You {
		who, err := r.s.Cases.Who(r.Context(), d.By)
		if err != nil {
			return out, err
		}
		out.By = nameOf(who)
	}
	if out.Pair {
		other := d.Other
		if other.Same(of) {
			other = d.Handle
		}
		if out.Other, err = r.handleLabel(p.summary(other).Handle); err != nil {
			return out, err
		}
		ref, err := r.handleRef(of)
		if err != nil {
			return out, err
		}
		out.Path = "handles/" + ref + "/with/" + out.Other.Ref
	}
	switch {
	case d.When.At.IsZero():
	case d.What == daybook.MarkAllowed:
		out.From, out.FromKey = r.caseDay(d.When.At), "decision.from"
		if u := d.When.Until; !u.IsZero() {
			out.Until = r.caseDay(u.Add(-1)) // the end is the midnight after the last day
		}
	case d.When.Precision == daybook.About:
		out.From, out.FromKey = r.sent(d.When), "decision.about"
		if day := r.sent(daybook.When{At: d.When.At, Precision: daybook.Day}); d.When.At.In(r.caseZone).Format("15:04") == "00:00" { // a day, without a time
			out.From.Text = "about " + day.Text
		}
	default:
		out.From, out.FromKey = r.sent(d.When), "decision.at"
	}
	out.Undo = d.Holds && r.mayDecide(d.What)
	return out, nil
}

// mayDecide reports whether the user may make, and take back, decisions of a
// kind.
func (r *request) mayDecide(m daybook.Mark) bool {
	switch m {
	case daybook.MarkLinked, daybook.MarkApart, daybook.MarkOpen:
		return r.can(cases.Link)
	case daybook.MarkExcluded:
		return r.can(cases.Consent)
	}
	return r.can(cases.Mark)
}

// dayShort shows a date for a narrow column: without the year if it is this one.
func (r *request) dayShort(t time.Time) stamp {
	if t.IsZero() || t.In(r.zone).Year() != r.now().In(r.zone).Year() {
		return r.day(t)
	}
	return r.stamp(t, "2 Jan")
}

// caseDay shows a date in the zone in which the days of the case are counted.
func (r *request) caseDay(t time.Time) stamp {
	return stamp{ISO: t.UTC().Format(time.RFC3339), Text: t.In(r.caseZone).Format("2 Jan 2006")}
}
