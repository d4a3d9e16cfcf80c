package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect"
)

type handlesCommand struct {
	Case string `required:"" help:"The case." placeholder:"CASE"`
}

func (cmd *handlesCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Look(c.ctx, actor, id, cases.List, daybook.Access{Detail: "listed handles"}); err != nil {
			return err
		}
		zone, err := a.zone(c.ctx, id)
		if err != nil {
			return err
		}
		all, err := a.db.Handles(c.ctx, id)
		if err != nil {
			return err
		}
		if all, err = a.contacts(c.ctx, id, all); err != nil {
			return err
		}
		lines := [][]string{{"HANDLE", "NAME", "IN", "OUT", "FIRST", "LAST", "GROUP", "MARKS"}}
		for _, h := range all {
			marks := []string{}
			for _, m := range h.Marks {
				marks = append(marks, string(m))
			}
			if c.cmd.JSON {
				out := map[string]any{"handle": senderOf(h.Handle), "own": h.Own}
				if !h.Own { // what the person wrote is no contact from a handle
					out["in"], out["out"], out["first"], out["last"], out["group"], out["marks"] = h.In, h.Out, rfc(h.First), rfc(h.Last), h.Group, marks
					if h.Called != "" {
						out["called"] = h.Called
					}
				}
				if err := jsonLine(c.out, out); err != nil {
					return err
				}
				continue
			}
			display := ""
			if n := len(h.Handle.Names); n > 0 {
				display = h.Handle.Names[n-1].Display
			}
			if h.Called != "" {
				marks = append(marks, "called “"+shown(h.Called)+"” by a person")
			}
			if h.Own {
				lines = append(lines, []string{shown(h.Handle.Shown()), shown(display), "", "", "", "", "", "(the person)"})
				continue
			}
			group := ""
			if h.Group > 0 {
				group = strconv.Itoa(h.Group)
			}
			lines = append(lines, []string{shown(h.Handle.Shown()), shown(display), strconv.Itoa(h.In), strconv.Itoa(h.Out),
				stamp(h.First, zone), stamp(h.Last, zone), group, strings.Join(marks, " ")})
		}
		if c.cmd.JSON {
			return nil
		}
		return table(c.out, lines...)
	})
}

// contacts counts what passed between each handle and the person as the findings
// do: not what a platform says itself, such as that somebody joined a group.
func (a *app) contacts(ctx context.Context, id daybook.CaseID, all []daybook.HandleSummary) ([]daybook.HandleSummary, error) {
	facts, err := a.db.Facts(ctx, id, a.clock().UTC())
	if err != nil {
		return nil, err
	}
	at := make(map[string]*daybook.HandleSummary, len(all))
	for i := range all {
		h := &all[i]
		h.In, h.Out, h.First, h.Last = 0, 0, time.Time{}, time.Time{}
		at[h.Handle.Ref()] = h
	}
	for _, one := range facts.Contacts {
		if one.Handle < 0 || !one.Kind.Contact() {
			continue
		}
		h := at[facts.Handles[one.Handle].Ref()]
		if h == nil {
			continue
		}
		if one.Direction == daybook.Out {
			h.Out++
		} else {
			h.In++
		}
		if h.First.IsZero() {
			h.First = one.At // they come in the order of time
		}
		h.Last = one.At
	}
	return all, nil
}

type findingsCommand struct {
	Case    string `required:"" help:"The case." placeholder:"CASE"`
	Explain bool   `help:"Every figure with the entries that it counts."`
	Content bool   `help:"With the words that the reasons for and against a link quote."`
}

func (cmd *findingsCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Look(c.ctx, actor, id, cases.List, daybook.Access{Detail: "looked at the findings"}); err != nil {
			return err
		}
		if cmd.Content {
			if err := a.cases.Look(c.ctx, actor, id, cases.Content, daybook.Access{Detail: "looked at the words of the findings"}); err != nil {
				return err
			}
		}
		found, err := a.findings(c.ctx, id)
		if err != nil && !errors.Is(err, errPartial) {
			return err
		}
		partial := err
		ctx, sight, err := a.seeing(c.ctx, actor, id)
		if err != nil {
			return err
		}
		marked, err := a.flagFindings(ctx, actor, id)
		if err != nil {
			return err
		}
		found = append(found, marked...)
		if !cmd.Content {
			found = withoutWords(found)
		}
		handles, err := a.db.Handles(c.ctx, id)
		if err != nil {
			return err
		}
		found = withheldReasons(found, handles, sight)
		if len(found) == 0 && !c.cmd.JSON {
			_, err := fmt.Fprintln(c.out, "nothing was found")
			return err
		}
		for i, f := range found {
			if c.cmd.JSON {
				err = jsonLine(c.out, findingOf(f))
			} else {
				err = printFinding(c, f, i > 0, cmd.Explain)
			}
			if err != nil {
				return err
			}
		}
		return partial
	})
}

// findings looks for the patterns of a case now. If the error wraps errPartial,
// something could not be compared and the rest is returned.
func (a *app) findings(ctx context.Context, id daybook.CaseID) ([]detect.Finding, error) {
	facts, err := a.db.Facts(ctx, id, a.clock().UTC())
	if err != nil {
		return nil, err
	}
	found, err := detect.RepeatedContact{}.Detect(ctx, facts)
	if err != nil {
		return nil, err
	}
	return a.withLinks(ctx, id, facts, found)
}

type findingJSON struct {
	Kind    string                   `json:"kind"`
	Handles []senderJSON             `json:"handles"`
	From    string                   `json:"from"`
	To      string                   `json:"to"`
	Weight  float64                  `json:"weight_bits"`
	Text    string                   `json:"text"`
	Figures map[string]detect.Figure `json:"figures"`
	Reasons []reasonJSON             `json:"reasons"`
	Model   string                   `json:"model"`
}

type reasonJSON struct {
	Feature string   `json:"feature"`
	Weight  float64  `json:"weight_bits"`
	Learned bool     `json:"learned,omitzero"` // false: set by hand
	Text    string   `json:"text"`
	Entries []uint64 `json:"entries"`
}

func findingOf(f detect.Finding) findingJSON {
	out := findingJSON{Kind: f.Kind, From: rfc(f.From), To: rfc(f.To), Weight: bits(f.Weight), Text: f.Text, Figures: f.Figures, Model: f.Model,
		Handles: []senderJSON{}, Reasons: []reasonJSON{}}
	for _, h := range f.Handles {
		out.Handles = append(out.Handles, senderOf(h))
	}
	for _, r := range f.Reasons {
		out.Reasons = append(out.Reasons, reasonJSON{r.Feature, bits(r.Weight), r.Learned, r.Text, append([]uint64{}, r.Entries...)})
	}
	return out
}

func bits(m detect.Millibits) float64 { return float64(m) / 1000 }

func printFinding(c *call, f detect.Finding, gap, explain bool) error {
	var b strings.Builder
	if gap {
		b.WriteByte('\n')
	}
	names := []string{}
	for _, h := range f.Handles {
		names = append(names, shown(h.Shown()))
	}
	fmt.Fprintf(&b, "%s\n  %s\n", strings.Join(names, " + "), shown(f.Text))
	for _, r := range f.Reasons {
		fmt.Fprintf(&b, "  - %s\n", shown(reasonLine(r)))
	}
	if explain {
		explainFigures(&b, f)
	}
	_, err := c.out.Write([]byte(b.String()))
	return err
}

// explainFigures writes every figure with how it is counted and what it counts.
// What is counted in one way is explained once.
func explainFigures(b *strings.Builder, f detect.Finding) {
	how := ""
	for _, k := range slices.Sorted(maps.Keys(f.Figures)) {
		g := f.Figures[k]
		value := strconv.FormatInt(g.Value, 10)
		if g.Of > 0 {
			value += " of " + strconv.FormatInt(g.Of, 10)
		}
		fmt.Fprintf(b, "  %-28s %6s %s: %s\n", k, value, g.Unit, shown(g.Text))
		if counted := detect.HowCounted(k); counted != how {
			if how = counted; how != "" {
				fmt.Fprintf(b, "      counted: %s\n", how)
			}
		}
		if len(g.Entries) > 0 {
			fmt.Fprintf(b, "      entries %s\n", entryRanges(g.Entries))
		}
	}
	fmt.Fprintf(b, "  model %s\n", f.Model)
}

// entryRanges writes 1, 2, 3, 7 as "1-3, 7".
func entryRanges(entries []uint64) string {
	var parts []string
	for i := 0; i < len(entries); {
		k := i
		for k+1 < len(entries) && entries[k+1] == entries[k]+1 {
			k++
		}
		if k > i {
			parts = append(parts, fmt.Sprintf("%d-%d", entries[i], entries[k]))
		} else {
			parts = append(parts, strconv.FormatUint(entries[i], 10))
		}
		i = k + 1
	}
	return strings.Join(parts, ", ")
}
