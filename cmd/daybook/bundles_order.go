package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/export"
	"daybook/web"
)

// settled returns an order in whose Spec everything is named that is covered or
// withheld: what the person has told of themselves, other people whom the
// platform marks, what the person wrote.
func (b *handover) settled(ctx context.Context, c daybook.CaseID, o web.Order) (web.Order, error) {
	if o.Settled {
		return o, nil
	}
	o.Spec.Covers, o.Spec.Redactions = slices.Clone(o.Spec.Covers), slices.Clone(o.Spec.Redactions)
	covers := coverList{known: map[string]bool{}}
	for _, w := range o.Spec.Covers {
		covers.known[w.Word] = true
	}
	if o.Own {
		own, err := b.app.db.Own(ctx, c)
		if err != nil {
			return o, err
		}
		for _, d := range own {
			covers.add(d.Value, ownCover(d.Kind), "the person’s own details")
		}
	}
	others := otherPeople{covers: &covers, numbers: map[string]int{}}
	if o.Others {
		if err := others.know(ctx, b.app, c); err != nil {
			return o, err
		}
	}
	for cursor := ""; o.Others || o.Replies; {
		found, next, err := b.app.db.List(ctx, c, daybook.MessageFilter{}, messagesAtATime, cursor)
		if err != nil {
			return o, err
		}
		for i := range found {
			m := &found[i]
			if o.Others {
				others.see(m)
			}
			if o.Replies && m.Direction == daybook.Out {
				o.Spec.Redactions = append(o.Spec.Redactions, export.Redaction{Entry: m.Captures[0], Field: export.FieldText, Reason: "written by the person"})
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	o.Spec.Covers = append(o.Spec.Covers, covers.list...)
	return o, nil
}

const messagesAtATime = 1000

// ownCover is what stands in the place of an own detail.
func ownCover(k daybook.OwnKind) string {
	switch k {
	case daybook.OwnAddress:
		return "an address"
	case daybook.OwnWorkplace:
		return "a workplace"
	case daybook.OwnPhone:
		return "a phone number"
	}
	return "a name"
}

// A coverList is words to cover, each once.
type coverList struct {
	list  []export.Cover
	known map[string]bool
}

func (l *coverList) add(word, as, reason string) {
	if n := utf8.RuneCountInString(word); n < 2 || n > export.MaxWord || l.known[word] {
		return
	}
	l.known[word] = true
	l.list = append(l.list, export.Cover{Word: word, As: as, Reason: reason})
}

// otherPeople are handles whom messages name or address, and who never wrote:
// neither the person nor anybody whom the record is about. They are numbered in
// the order in which they come up.
type otherPeople struct {
	covers  *coverList
	about   map[string]bool // handles that are not others
	numbers map[string]int
}

// maxOthers is how many other people are covered: enough for a case, and with
// the own details fewer words than a bundle can cover.
const maxOthers = 60

func (p *otherPeople) know(ctx context.Context, a *app, c daybook.CaseID) error {
	all, err := a.db.Handles(ctx, c)
	if err != nil {
		return err
	}
	p.about = make(map[string]bool, len(all))
	for _, h := range all {
		if h.Own || h.In > 0 || len(h.Marks) > 0 {
			p.about[h.Handle.Ref()] = true
		}
	}
	return nil
}

// see covers the names under which a message names others.
func (p *otherPeople) see(m *daybook.Message) {
	for _, h := range m.To {
		ref := h.Ref()
		if p.about[ref] || h.Native == "" {
			continue
		}
		n, known := p.numbers[ref]
		if !known {
			if len(p.numbers) == maxOthers {
				continue
			}
			n = len(p.numbers) + 1
			p.numbers[ref] = n
		}
		as := fmt.Sprintf("Person %d", n)
		const reason = "somebody else"
		p.covers.add(h.Native, as, reason)
		for _, name := range h.Names {
			p.covers.add(name.Account, as, reason)
			if local, _, ok := strings.Cut(name.Account, "@"); ok && local != "" {
				p.covers.add("@"+local, as, reason)
			}
			if utf8.RuneCountInString(name.Display) > 2 {
				p.covers.add(name.Display, as, reason)
			}
		}
	}
}

// previewOf says what is in a bundle.
func previewOf(s *export.Shown) web.BundlePreview {
	e := s.Preview()
	p := web.BundlePreview{
		Size: e.Size, Messages: e.Exhibits, LeftOut: e.LeftOut, From: s.From, To: s.To, Attachments: e.Media, Handles: e.Handles, Gaps: e.Gaps, Erased: e.Erased,
		Warnings: e.Warnings,
	}
	if !s.Spec.To.IsZero() { // the end of a period is the beginning of the next day
		p.To = s.To.Add(-time.Second)
	}
	for _, c := range e.Covers {
		i := slices.IndexFunc(p.Covered, func(x web.BundleEffect) bool { return x.As == c.As })
		if i < 0 {
			i = len(p.Covered)
			p.Covered = append(p.Covered, web.BundleEffect{As: c.As})
		}
		p.Covered[i].Where = union(p.Covered[i].Where, c.Exhibits)
	}
	for _, f := range export.Fields() {
		of := web.BundleEffect{Field: f}
		for _, x := range e.Redactions {
			if x.Field == f {
				of.Where = union(of.Where, x.Exhibits)
			}
		}
		if len(of.Where) > 0 {
			p.Withheld = append(p.Withheld, of)
		}
	}
	return p
}

// union appends what is not in a list yet.
func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
