package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect"
	"daybook/detect/links"
)

// Linking compares the handles of a case. Findings are of kind "link": the first
// of Handles is the one that is asked about, the others are the handle, or the
// confirmed group, that it may belong to.
type Linking interface {
	// Suggest returns what is worth a person's decision, the strongest first.
	Suggest(ctx context.Context, c daybook.CaseID, f detect.Facts) ([]detect.Finding, error)
	// Explain returns all that speaks for and against a link of two handles,
	// given by their places in f.Handles, whatever was decided about them.
	Explain(ctx context.Context, c daybook.CaseID, f detect.Facts, a, b int) (detect.Finding, error)
}

// A pairView is a handle beside another, or a group, with the reasons for and
// against a link and what was said about it.
type pairView struct {
	voice
	Case      string // address of the case's pages
	ID        string // of the parts of the form, on a page with several
	Suggested bool
	One       handleLabel
	Letter    string        // of the group; "" for a single handle
	Others    []handleLabel // its handles
	Contacts  int64         // of One
	First     stamp
	Said      []decision // what holds about One and any of the others
	Open      bool       // it was left open
	Linked    bool       // they are in one group already
	For       []reasonView
	Against   []reasonView
	Not       []reasonView // what could not be compared, and why
	Alike     []name       // habits of writing, which are part of the weight of writing
	Unlike    []name
	May       bool // the user may decide
	Content   bool // and may see what was written
	Model     name
}

// Path is the address of the page that shows the pair alone.
func (v pairView) Path() string { return v.Case + "handles/" + v.One.Ref + "/with/" + v.Others[0].Ref }

// Long reports whether the whole list of a group's handles has to be said.
func (v pairView) Long() bool { return v.Letter != "" && len(v.Others) > 1 }

// A reasonView is one reason.
type reasonView struct {
	Number   int // among the reasons of the finding
	Heading  string
	Level    level // 0: it is not weighed
	Bits     int64 // rounded, without a sign; 0: less than one
	Learned  bool
	Text     name // empty: it quotes what somebody wrote, and was not asked for
	Hidden   bool
	Withheld bool // its sentence is not for the user: see cases.Sight
	Entries  []entryLink
	More     int
	Path     string // of the page that lists its entries; "" if it has none
}

// A level says how much a reason weighs.
type level int

const (
	weak level = iota + 1
	medium
	strong
)

// Key names the level in the catalogue.
func (l level) Key() string {
	return [...]string{"links.none", "links.weak", "links.medium", "links.strong"}[l]
}

// levelOf sorts a weight: strong from four bits (the odds sixteenfold), medium
// from two (fourfold).
func levelOf(w detect.Millibits) level {
	if w < 0 {
		w = -w
	}
	switch {
	case w >= 4000:
		return strong
	case w >= 2000:
		return medium
	case w > 0:
		return weak
	}
	return 0
}

// heading says what a comparison is called, in the voice of the page.
func (r *request) heading(reason *detect.Reason) (string, error) {
	if text := links.Heading(reason.Feature, reason.Weight > 0); text != "" {
		return r.sentence(text), nil
	}
	return r.s.words.plain("links.reason.other") // of a version of the comparisons that this page does not know
}

// hides reports whether the sentence of a reason is in a page only when it was
// asked for: it quotes what somebody wrote, or nobody knows whether it does.
func hides(reason *detect.Reason) bool {
	return links.Quotes(reason.Feature) || links.Heading(reason.Feature, reason.Weight > 0) == ""
}

// pair shows a finding of kind "link".
func (r *request) pair(p *pattern, f *detect.Finding) (v pairView, err error) {
	one := f.Handles[0]
	v = pairView{voice: r.voice(), Case: r.in(""), May: r.can(cases.Link), Content: r.can(cases.Content), Model: nameOf(f.Model)}
	if v.One, err = r.handleLabel(p.summary(one).Handle); err != nil {
		return v, err
	}
	if c := p.finding(one); c != nil {
		v.Contacts, v.First = c.Figures["messages"].Value, r.day(c.From)
	}
	for _, h := range f.Handles[1:] {
		label, err := r.handleLabel(p.summary(h).Handle)
		if err != nil {
			return v, err
		}
		v.Others = append(v.Others, label)
	}
	v.ID = v.One.Ref + "-" + v.Others[0].Ref
	if g := p.group(f.Handles[1]); g != nil {
		v.Letter = g.Letter
		v.Linked = slices.ContainsFunc(g.Handles, one.Same)
	}
	if v.Said, err = r.saidOf(p, f.Handles); err != nil {
		return v, err
	}
	v.Open = slices.ContainsFunc(v.Said, func(d decision) bool { return d.What == daybook.MarkOpen })
	return v, r.reasons(&v, f, r.withholdsWords(p, f))
}

// saidOf returns what holds about the first of some handles and any of the others.
func (r *request) saidOf(p *pattern, handles []daybook.Handle) (out []decision, err error) {
	for i := range p.Decisions {
		d := &p.Decisions[i]
		if !d.Holds || !d.pair() || !d.about(handles[0]) || !slices.ContainsFunc(handles[1:], d.about) {
			continue
		}
		shown, err := r.decision(p, d, handles[0])
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// reasons sorts the reasons of a finding. What a person said stands with the
// pair already. With words, what tells of what somebody wrote is withheld.
func (r *request) reasons(v *pairView, f *detect.Finding, words bool) (err error) {
	for i := range f.Reasons {
		reason := &f.Reasons[i]
		if reason.Feature == "left-open" {
			continue
		}
		withheld := words && links.FromWords(reason.Feature)
		if strings.HasPrefix(reason.Feature, "habit-") {
			if withheld {
				continue
			}
			if reason.Weight < 0 {
				v.Unlike = append(v.Unlike, r.reasonText(reason.Text))
			} else {
				v.Alike = append(v.Alike, r.reasonText(reason.Text))
			}
			continue
		}
		shown := reasonView{Number: i, Level: levelOf(reason.Weight), Bits: bitsOf(reason.Weight), Learned: reason.Learned, Hidden: hides(reason) && !withheld, Withheld: withheld}
		if shown.Heading, err = r.heading(reason); err != nil {
			return err
		}
		if !shown.Hidden && !withheld {
			shown.Text = r.reasonText(reason.Text)
		}
		if len(reason.Entries) > 0 {
			if shown.Path, err = r.reasonPath(v, reason, i); err != nil {
				return err
			}
		}
		if shown.Entries, shown.More, err = r.entryLinks(reason.Entries); err != nil {
			return err
		}
		switch {
		case reason.Weight > 0:
			v.For = append(v.For, shown)
		case reason.Weight < 0:
			v.Against = append(v.Against, shown)
		default:
			v.Not = append(v.Not, shown)
		}
	}
	return nil
}

// reasonPath is the address of the entries of a reason. It tells nothing of what
// the reason is.
func (r *request) reasonPath(v *pairView, reason *detect.Reason, number int) (string, error) {
	k, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return "", err
	}
	m := k.MAC("page reason", v.ID+" "+strconv.Itoa(number)+" "+reason.Feature)
	return v.Path() + "/" + lower.EncodeToString(m[:16]), nil
}

// bitsOf rounds a weight to bits, without its sign.
func bitsOf(w detect.Millibits) int64 {
	if w < 0 {
		w = -w
	}
	return int64(w+500) / 1000
}

const maxReason = 600 // characters of a sentence

// reasonText is the sentence of a reason. It may hold names, so it is as
// untrusted as they are.
func (r *request) reasonText(s string) name {
	n, _ := spelt(safe(r.sentence(s), maxReason, false))
	return n
}

// suggested returns the suggestion about a handle and any of some others; nil if
// there is none.
func (p *pattern) suggested(one daybook.Handle, others ...daybook.Handle) *detect.Finding {
	for i := range p.Links {
		f := &p.Links[i]
		if f.Handles[0].Same(one) && slices.ContainsFunc(f.Handles[1:], func(h daybook.Handle) bool { return slices.ContainsFunc(others, h.Same) }) {
			return f
		}
	}
	return nil
}

// undecided returns how many suggestions wait for a decision. One that was left
// open does not: it was looked at.
func (p *pattern) undecided() (n int) {
	for i := range p.Links {
		f := &p.Links[i]
		if !slices.ContainsFunc(p.Decisions, func(d decided) bool {
			return d.Holds && d.What == daybook.MarkOpen && d.about(f.Handles[0]) && slices.ContainsFunc(f.Handles[1:], d.about)
		}) {
			n++
		}
	}
	return n
}
