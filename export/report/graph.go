package report

import (
	"cmp"
	"slices"

	"daybook"
	"daybook/detect"
	"daybook/internal/chart"
	"daybook/internal/pdf"
)

// graph draws the handles and how they are linked. The parts on handles and
// links have the same as tables.
func (w *writer) graph() {
	g := chart.Graph{Width: chartWidth}
	place := map[string]int{} // by Handle.Ref
	for i, k := range w.p.groups {
		box := chart.GraphGroup{Label: "Group " + k.letter + ": confirmed as linked"}
		for _, h := range k.handles {
			box.Nodes = append(box.Nodes, w.node(h, mainStyle()))
			place[h.Ref()] = i
		}
		g.Groups = append(g.Groups, box)
	}
	for _, h := range w.singles() {
		style := otherStyle()
		if slices.ContainsFunc(w.p.links, func(f detect.Finding) bool { return w.p.suggested(&f) && f.Handles[0].Same(h) }) {
			style = maybeStyle()
		}
		place[h.Ref()] = len(g.Groups) + len(g.Singles)
		g.Singles = append(g.Singles, w.node(h, style))
	}
	if len(place) < 2 {
		return
	}
	drawn := map[chart.GraphLine]bool{}
	for i := range w.p.links {
		f := &w.p.links[i]
		if !w.p.suggested(f) {
			continue
		}
		a, known := place[f.Handles[0].Ref()]
		b, also := place[f.Handles[1].Ref()]
		line := chart.GraphLine{From: a, To: b}
		if !known || !also || drawn[line] {
			continue
		}
		drawn[line] = true
		g.Lines = append(g.Lines, line)
	}
	w.d.KeepTogether(func() {
		w.d.Heading(2, "Handles and links")
		w.d.Figure("The handles, in frames where a person confirmed them as linked. “Links” has the same as text.", 1, chart.Legend{Of: g, Items: w.graphLegend(&g)}, pdf.PrintInk())
		w.note("A frame with several handles is a group that a person confirmed. A broken line is a suggestion that no person has confirmed. The numbers are contacts. Nothing here says who is behind a handle.")
	})
}

func (w *writer) graphLegend(g *chart.Graph) (items []chart.LegendItem) {
	if len(g.Groups) > 0 {
		items = append(items, chart.LegendItem{Style: mainStyle(), Label: "Confirmed as linked"})
	}
	for _, k := range []struct {
		style chart.Style
		label string
	}{{maybeStyle(), "Suggested, not confirmed"}, {otherStyle(), "Other handle"}} {
		if slices.ContainsFunc(g.Singles, func(n chart.GraphNode) bool { return n.Style == k.style }) {
			items = append(items, chart.LegendItem{Style: k.style, Label: k.label})
		}
	}
	return items
}

func (w *writer) node(h daybook.Handle, style chart.Style) chart.GraphNode {
	s := w.summaryOf(h)
	n := chart.GraphNode{Style: style, Label: shown(s.Handle), Note: "none"}
	if f := w.p.about(h); f != nil {
		n.Note = count(f.Figures["messages"].Value, "contact")
	}
	return n
}

// singles returns the handles that wrote and stand in no group, those that are
// suggested for something first, then by contacts.
func (w *writer) singles() (out []daybook.Handle) {
	for _, s := range w.s.Handles {
		if s.Own || w.p.group(s.Handle) != nil || w.p.about(s.Handle) == nil {
			continue
		}
		out = append(out, s.Handle)
	}
	maybe := func(h daybook.Handle) int {
		for i := range w.p.links {
			if f := &w.p.links[i]; w.p.suggested(f) && f.Handles[0].Same(h) {
				return 0
			}
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b daybook.Handle) int {
		return cmp.Or(cmp.Compare(maybe(a), maybe(b)), cmp.Compare(w.p.about(b).Figures["messages"].Value, w.p.about(a).Figures["messages"].Value))
	})
	return out
}
