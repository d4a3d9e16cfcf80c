package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/internal/pdf"
)

// handles prints every handle with all that is known of it.
func (w *writer) handles() {
	w.chapter("Handles", true)
	w.say("A handle is an account as a platform names it. Names can be changed and made to look alike; the identifier below them stays. Groups come first, then single handles, the newest contact first.")
	listed := w.listed()
	if len(listed) == 0 {
		w.say("There is none.")
	} else {
		rows := make([][][]pdf.Span, len(listed))
		for i := range listed {
			rows[i] = w.handle(&listed[i])
		}
		w.table(nothing, pdf.Table{Summary: "The handles: names and identifier, contacts, first and last, marks.", Columns: []pdf.Column{
			{Title: "Handle, with every name it bore", Width: 0.46}, {Title: "Contacts", Width: 0.27}, {Title: "Marks", Width: 0.27},
		}}, rows)
	}
	w.own()
}

// listed are the handles that are not the person's own: groups, then the rest
// with the newest contact first.
func (w *writer) listed() (out []daybook.HandleSummary) {
	for _, g := range w.p.groups {
		for _, h := range g.handles {
			out = append(out, w.summaryOf(h))
		}
	}
	grouped := len(out)
	for _, s := range w.s.Handles {
		if !s.Own && w.p.group(s.Handle) == nil {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out[grouped:], func(a, b daybook.HandleSummary) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Handle.Ref(), b.Handle.Ref()))
	})
	return out
}

func (w *writer) handle(s *daybook.HandleSummary) [][]pdf.Span {
	var who, counts, marks cell
	title := shown(s.Handle)
	who.line(append(broken(title, true), dim(" · "+platform(s.Handle.Platform)))...)
	if s.Handle.Native != s.Handle.Shown() {
		who.line(dim("identifier "), pdf.Span{Text: name(s.Handle.Native), Mono: true, Dim: true})
	}
	for _, n := range w.namesOf(s.Handle) {
		who.line(n...)
	}
	w.handleCounts(&counts, s)
	w.handleMarks(&marks, s)
	return [][]pdf.Span{who, counts, marks}
}

// mostNames is how many of the names of a handle are printed.
const mostNames = 60

// namesOf writes the names that a handle bore, the newest first, with the
// characters in them that look like others.
func (w *writer) namesOf(h daybook.Handle) (out [][]pdf.Span) {
	for i, n := range slices.Backward(h.Names) {
		if len(h.Names)-1-i == mostNames {
			out = append(out, []pdf.Span{dim(fmt.Sprintf("and %d earlier names, in timeline.json", i+1))})
			break
		}
		var parts []pdf.Span
		if n.Account != "" {
			parts = append(parts, text(name(n.Account)))
		}
		if n.Display != "" {
			if len(parts) > 0 {
				parts = append(parts, dim(", name shown: "))
			}
			parts = append(parts, text("“"+name(n.Display)+"”"))
		}
		if !n.From.IsZero() {
			parts = append(parts, dim(", seen "+w.span(n.From, later(n.From, n.To))))
		}
		out = append(out, parts)
		for _, s := range []string{n.Account, n.Display} {
			if o := odd(s); o != "" {
				out = append(out, []pdf.Span{text(o)})
			}
		}
	}
	return out
}

func (w *writer) handleCounts(c *cell, s *daybook.HandleSummary) {
	f := w.p.about(s.Handle)
	if f == nil {
		c.line(text("No contact in the record."))
	} else {
		c.line(text(count(f.Figures["messages"].Value, "contact") + " on " + count(f.Figures["days"].Value, "day")))
		if g, there := f.Figures["after-stop"]; there {
			c.line(text(strconv.FormatInt(g.Value, 10) + " after a request to stop"))
		}
		if g, there := f.Figures["allowed"]; there {
			c.line(text(count(g.Value, "agreed contact") + ", counted apart"))
		}
		c.line(dim("first " + w.brief(f.From)))
		c.line(dim("last " + w.brief(f.To)))
	}
	wrote := int64(s.Out)
	if f != nil {
		wrote = f.Figures["answered"].Value // of messages that are contact, as in the findings
	}
	if wrote > 0 {
		c.line(text("The person wrote to it " + count(wrote, "time") + "."))
	}
}

func (w *writer) handleMarks(c *cell, s *daybook.HandleSummary) {
	if g := w.p.group(s.Handle); g != nil {
		c.line(bold("Group " + g.letter))
	}
	for _, m := range s.Marks {
		words := mark(m)
		c.line(text(capital(words)))
		for _, d := range w.s.Decisions {
			if d.What != m || !d.Holds || d.Undone || !d.Handle.Same(s.Handle) || !d.Other.IsZero() {
				continue
			}
			said := "said on " + w.day(d.At) + w.by(w.actor(d.Index)) + ", entry " + strconv.FormatUint(d.Index, 10)
			if d.How != "" {
				said += ": “" + name(d.How) + "”"
			}
			c.line(dim(said))
		}
	}
	if len(*c) == 0 {
		c.line(dim("None"))
	}
}

// own lists the person's accounts, as far as they are in this bundle.
func (w *writer) own() {
	if len(w.s.Accounts) == 0 {
		return
	}
	var rows [][][]pdf.Span
	for _, a := range w.s.Accounts {
		var who, agreed cell
		if a.Handle.IsZero() {
			who.line(bold(platform(a.Platform)))
		} else {
			who.line(bold(shown(a.Handle)), dim(" · "+platform(a.Platform)))
		}
		for _, k := range w.s.Consents {
			if k.Account != a.ID {
				continue
			}
			line := w.moment(k.At) + ": " + string(k.Event) + ", entry " + strconv.FormatUint(k.Entry, 10)
			if k.Event == daybook.ConsentGiven || k.Event == daybook.ConsentRenewed {
				line += ", until " + w.day(k.Consent.Until)
			}
			agreed.line(text(line))
		}
		if len(agreed) == 0 {
			agreed.line(dim("Not in this bundle."))
		}
		rows = append(rows, [][]pdf.Span{who, agreed})
	}
	w.table(w.heading("The accounts that were read"), pdf.Table{Summary: "The person’s accounts, and what was agreed to.",
		Columns: []pdf.Column{{Title: "Account", Width: 0.4}, {Title: "What was agreed, and when", Width: 0.6}}}, rows)
}
