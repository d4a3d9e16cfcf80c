package export

import (
	"maps"
	"slices"
	"strconv"

	"daybook"
	"daybook/detect"
)

// This file takes out of a Shown what is covered and withheld. Whatever it
// changes it copies first: a View is shared.

// cover applies what was chosen to everything in s.
func (s *Shown) cover() {
	c := s.choice
	for i := range s.Exhibits {
		s.coverExhibit(&s.Exhibits[i])
	}
	if len(c.redacted) > 0 || c.covers != nil || s.Spec.Kind == Selection {
		messages := make([]daybook.Message, 0, len(s.Messages))
		at := make(map[daybook.MessageKey]*Exhibit, len(s.Exhibits))
		for i := range s.Exhibits {
			at[s.Exhibits[i].key] = &s.Exhibits[i]
		}
		for i := range s.Messages {
			if x := at[s.Messages[i].Key]; x != nil {
				messages = append(messages, x.Message)
			}
		}
		s.Messages = messages
		s.dropFlags()
		s.dropNamed()
	}
	if c.covers != nil {
		s.coverView()
	}
	s.Spec.Covers, s.Handled = nil, nil
	if c.covers != nil {
		for _, w := range c.covers.words {
			s.Handled = append(s.Handled, Cover{As: w.As, Reason: c.covers.reason(w.place)})
		}
		s.Spec.Covers = s.Handled
		s.Spec.Handles = c.covers.handles(s.Spec.Handles)
		s.Spec.Names = maps.Clone(s.Spec.Names)
		for id, name := range s.Spec.Names {
			s.Spec.Names[id] = c.covers.text(name)
		}
	}
}

// coverExhibit takes out of one exhibit what is withheld and covered.
func (s *Shown) coverExhibit(x *Exhibit) {
	c, m := s.choice, &x.Message
	x.key = m.Key
	reasons := c.redacted[m.Key]
	if len(reasons) > 0 || c.covers != nil {
		m.Versions, m.To = slices.Clone(m.Versions), c.covers.handles(m.To)
		m.Sender = c.covers.handle(m.Sender)
		m.Media = slices.Clone(m.Media)
		x.Media = slices.Clone(x.Media)
	}
	for _, f := range Fields() {
		why, ok := reasons[f]
		if !ok {
			continue
		}
		x.Covered = append(x.Covered, Covered{Field: f, Reason: why})
		switch f {
		case FieldText:
			m.Text, m.Lang, x.Flags = "", "", nil
			for i := range m.Versions {
				m.Versions[i].Text = ""
			}
		case FieldNames:
			m.To = nil
		case FieldAddresses:
			m.URL = ""
			m.Text = c.addresses[m.Key].text(m.Text)
			for i := range m.Versions {
				m.Versions[i].Text = c.addresses[m.Key].text(m.Versions[i].Text)
			}
		case FieldAttachments:
			for i := range m.Media {
				m.Media[i] = daybook.Media{State: m.Media[i].State}
			}
		}
	}
	if reasons[FieldAddresses] != "" {
		m.Key = daybook.MessageKey(x.FromMark)
	}
	x.Sealed = len(reasons) > 0
	if c.covers == nil {
		return
	}
	before := slices.Clone(c.covers.used)
	c.covers.message(m)
	for i := range x.Media {
		x.Media[i].Media = c.covers.media(x.Media[i].Media)
		x.Media[i].Why = c.covers.text(x.Media[i].Why)
	}
	for w := range before {
		if c.covers.used[w] > before[w] {
			x.Covered = append(x.Covered, Covered{As: c.covers.words[w].As, Reason: c.covers.reason(w), word: w})
			x.Sealed = true
		}
	}
	for i := range x.Entries {
		x.Entries[i] = c.covers.line(x.Entries[i])
	}
}

// dropFlags leaves withheld texts out of what was found in texts.
func (s *Shown) dropFlags() {
	unsaid := map[uint64]bool{}
	for i := range s.Exhibits {
		if _, ok := s.choice.redacted[s.Exhibits[i].key][FieldText]; ok {
			unsaid[s.Exhibits[i].Number] = true
		}
	}
	if len(unsaid) == 0 {
		return
	}
	drop := func(entries []uint64) []uint64 {
		return slices.DeleteFunc(slices.Clone(entries), func(n uint64) bool { return unsaid[n] })
	}
	s.Findings = slices.Clone(s.Findings)
	for i := range s.Findings {
		f := &s.Findings[i]
		reasons := f.Reasons
		f.Reasons = nil
		for _, r := range reasons {
			rests := len(r.Entries)
			switch kept := drop(r.Entries); {
			case f.Kind == "flag":
				if r.Entries = kept; rests > 0 && len(kept) == 0 {
					continue
				}
			case f.Kind == "link" && len(kept) < rests && quotesWriting(r.Feature):
				continue
			}
			f.Reasons = append(f.Reasons, r)
		}
		if f.Kind == "flag" {
			f.Figures = maps.Clone(f.Figures)
			for k, g := range f.Figures {
				g.Entries = drop(g.Entries)
				f.Figures[k] = g
			}
		}
	}
}

// dropNamed takes out the handles that only messages whose names are withheld
// name.
func (s *Shown) dropNamed() {
	named, kept := map[string]bool{}, map[string]bool{}
	for _, m := range s.choice.originals {
		_, withheld := s.choice.redacted[m.Key][FieldNames]
		kept[m.Sender.Ref()] = true
		for _, h := range m.To {
			named[h.Ref()] = named[h.Ref()] || withheld
			kept[h.Ref()] = kept[h.Ref()] || !withheld
		}
	}
	for _, d := range s.Decisions {
		kept[d.Handle.Ref()], kept[d.Other.Ref()] = true, true
	}
	for _, b := range s.Facts.Blocks {
		if b.Handle >= 0 && b.Handle < len(s.Facts.Handles) {
			kept[s.Facts.Handles[b.Handle].Ref()] = true
		}
	}
	for _, h := range s.Handles {
		kept[h.Handle.Ref()] = kept[h.Handle.Ref()] || h.Own
	}
	gone := func(h daybook.Handle) bool { return named[h.Ref()] && !kept[h.Ref()] }
	s.Handles = slices.DeleteFunc(slices.Clone(s.Handles), func(h daybook.HandleSummary) bool { return gone(h.Handle) })
	s.Findings = slices.DeleteFunc(slices.Clone(s.Findings), func(f detect.Finding) bool { return slices.ContainsFunc(f.Handles, gone) })
	s.Facts.Handles = slices.Clone(s.Facts.Handles)
	for i, h := range s.Facts.Handles {
		if gone(h) {
			s.Facts.Handles[i] = daybook.Handle{Platform: h.Platform, Native: "withheld " + strconv.Itoa(i)}
		}
	}
}

// coverView covers words in everything but the exhibits.
func (s *Shown) coverView() {
	c := s.choice.covers
	s.Handles = slices.Clone(s.Handles)
	for i := range s.Handles {
		s.Handles[i].Handle = c.handle(s.Handles[i].Handle)
	}
	s.Accounts = slices.Clone(s.Accounts)
	for i := range s.Accounts {
		a := &s.Accounts[i]
		a.Handle, a.Server, a.Media = c.handle(a.Handle), c.text(a.Server), c.texts(a.Media)
	}
	s.Consents = slices.Clone(s.Consents)
	for i := range s.Consents {
		k := &s.Consents[i].Consent
		k.By, k.Scopes, k.Purpose = c.actor(k.By), c.texts(k.Scopes), c.text(k.Purpose)
	}
	s.Decisions = slices.Clone(s.Decisions)
	for i := range s.Decisions {
		d := &s.Decisions[i]
		d.Handle, d.Other, d.How, d.When = c.handle(d.Handle), c.handle(d.Other), c.text(d.How), c.when(d.When)
	}
	s.Gaps = slices.Clone(s.Gaps)
	for i := range s.Gaps {
		s.Gaps[i].Cause = c.text(s.Gaps[i].Cause)
	}
	s.Erased = slices.Clone(s.Erased)
	for i := range s.Erased {
		s.Erased[i].Reason = c.text(s.Erased[i].Reason)
	}
	s.Entries = slices.Clone(s.Entries)
	for i := range s.Entries {
		s.Entries[i] = c.line(s.Entries[i])
	}
	s.Facts.Handles = c.handles(s.Facts.Handles)
	s.Facts.Marks = slices.Clone(s.Facts.Marks)
	for i := range s.Facts.Marks {
		s.Facts.Marks[i].How = c.text(s.Facts.Marks[i].How)
	}
	s.Findings = slices.Clone(s.Findings)
	for i := range s.Findings {
		c.finding(&s.Findings[i])
	}
}

func (c *coverer) finding(f *detect.Finding) {
	f.Handles, f.Text, f.Model = c.handles(f.Handles), c.text(f.Text), c.text(f.Model)
	f.Reasons = slices.Clone(f.Reasons)
	for i := range f.Reasons {
		f.Reasons[i].Text = c.text(f.Reasons[i].Text)
	}
	f.Figures = maps.Clone(f.Figures)
	for k, g := range f.Figures {
		g.Text = c.text(g.Text)
		f.Figures[k] = g
	}
}

func (c *coverer) message(m *daybook.Message) {
	m.Key = daybook.MessageKey(c.text(string(m.Key)))
	m.Text, m.URL, m.Thread, m.ReplyTo = c.text(m.Text), c.text(m.URL), c.text(m.Thread), c.text(m.ReplyTo)
	m.Sent = c.when(m.Sent)
	for i := range m.Versions {
		m.Versions[i].Text = c.text(m.Versions[i].Text)
	}
	for i := range m.Media {
		m.Media[i] = c.media(m.Media[i])
	}
}

func (c *coverer) when(w daybook.When) daybook.When {
	w.Assumed = c.text(w.Assumed)
	return w
}

func (c *coverer) media(m daybook.Media) daybook.Media {
	m.Native, m.URL, m.Description, m.Type = c.text(m.Native), c.text(m.URL), c.text(m.Description), c.text(m.Type)
	return m
}

func (c *coverer) line(e EntryLine) EntryLine {
	e.Actor, e.Detail, e.Why = c.actor(e.Actor), c.text(e.Detail), c.text(e.Why)
	if place := c.text(e.Place); place != e.Place {
		e.Place, e.Offset = "", -1
	}
	e.Import = c.imported(e.Import)
	if e.Media != nil {
		m := c.media(*e.Media)
		e.Media = &m
	}
	return e
}

func (c *coverer) actor(a daybook.Actor) daybook.Actor {
	if c.deep(a.Via) >= 0 {
		a.Via = c.text(a.Via)
	}
	return a
}

func (c *coverer) texts(all []string) []string {
	out := slices.Clone(all)
	for i := range out {
		out[i] = c.text(out[i])
	}
	return out
}

// handles works on nothing too: then it copies alone.
func (c *coverer) handles(all []daybook.Handle) []daybook.Handle {
	out := slices.Clone(all)
	for i := range out {
		out[i] = c.handle(out[i])
	}
	return out
}

func (c *coverer) handle(h daybook.Handle) daybook.Handle {
	if c == nil || h.IsZero() {
		return h
	}
	h.Native = c.text(h.Native)
	h.Names = slices.Clone(h.Names)
	for i := range h.Names {
		n := &h.Names[i]
		n.Account, n.Display = c.text(n.Account), c.text(n.Display)
	}
	return h
}
