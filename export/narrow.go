package export

import (
	"slices"
	"strings"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
)

// This file makes a View of a selection: nothing of the messages that were not
// chosen is left in it.

// narrow replaces s.View by what concerns the chosen messages alone.
func (s *Shown) narrow(v *View, chosen []*daybook.Message) {
	n := &View{Case: v.Case, Zone: v.Zone, Size: v.Size, KeptBack: v.KeptBack}
	s.View = n
	accounts := map[daybook.AccountID]bool{}
	known := map[string]*daybook.HandleSummary{} // by Handle.Ref
	for _, m := range chosen {
		n.Messages = append(n.Messages, *m)
		accounts[m.Account] = true
		for _, h := range append([]daybook.Handle{m.Sender}, m.To...) {
			if !h.IsZero() && known[h.Ref()] == nil {
				known[h.Ref()] = &daybook.HandleSummary{Handle: daybook.Handle{Platform: h.Platform, Native: h.Native}}
			}
		}
	}
	countHandles(known, chosen)
	for _, h := range v.Handles {
		if mine := known[h.Handle.Ref()]; mine != nil {
			mine.Own, mine.Marks, mine.Group = h.Own, h.Marks, h.Group
			n.Handles = append(n.Handles, *mine)
		}
	}
	for _, a := range v.Accounts {
		if accounts[a.ID] {
			n.Accounts = append(n.Accounts, a)
		}
	}
	for _, c := range v.Consents {
		if accounts[c.Account] {
			n.Consents = append(n.Consents, c)
		}
	}
	about := func(h daybook.Handle) bool { return h.IsZero() || known[h.Ref()] != nil }
	for _, d := range v.Decisions {
		if d.Handle.IsZero() || !about(d.Handle) || !about(d.Other) {
			continue // a day of the person's own is not about these messages
		}
		if d.Entry != nil && !s.Holds(*d.Entry) {
			d.Entry = nil
		}
		d.Handle = bare(d.Handle)
		d.Other = bare(d.Other)
		n.Decisions = append(n.Decisions, d)
	}
	for _, g := range v.Gaps {
		if !g.To.Before(s.From) && !g.From.After(s.To) {
			n.Gaps = append(n.Gaps, g)
		}
	}
	for _, e := range v.Erased {
		e.Reason = ""
		n.Erased = append(n.Erased, e)
	}
	files := s.filesOf(v)
	for i := range v.Entries {
		if e := v.Entries[i]; s.Holds(e.Index) || ofTheRecord(e.Kind) && (e.Account == "" || accounts[e.Account]) || e.Import != nil && files[e.Import.File] {
			n.Entries = append(n.Entries, s.choice.line(e))
		}
	}
	n.Unread = v.Unread
	n.Facts = s.narrowFacts(v.Facts, known, accounts)
	n.Findings = s.narrowFindings(v, known)
	s.trimGroups()
	s.Spec.Handles = slices.Clone(s.Spec.Handles)
	for i, h := range s.Spec.Handles {
		if known[h.Ref()] == nil {
			h.Native = "" // it has no message here: that one was chosen is all that is said
		}
		s.Spec.Handles[i] = bare(h)
	}
}

// bare is a handle without names: a decision holds those of its day.
func bare(h daybook.Handle) daybook.Handle {
	return daybook.Handle{Platform: h.Platform, Native: h.Native}
}

// ofTheRecord reports whether entries of a kind tell how the record was kept, and
// not what it holds.
func ofTheRecord(k daybook.RecordKind) bool {
	switch k {
	case daybook.RecordKey, daybook.RecordConsent, daybook.RecordExport, daybook.RecordErased, daybook.RecordRestore, daybook.RecordClock:
		return true
	}
	return false
}

// countHandles sets names, counts and times of handles from some messages alone.
func countHandles(known map[string]*daybook.HandleSummary, messages []*daybook.Message) {
	seen := func(h daybook.Handle, m *daybook.Message) *daybook.HandleSummary {
		k := known[h.Ref()]
		for _, name := range h.Names {
			k.Handle.Names = addName(k.Handle.Names, name)
		}
		t := at(m)
		if k.First.IsZero() || t.Before(k.First) {
			k.First = t
		}
		if t.After(k.Last) {
			k.Last = t
		}
		return k
	}
	for _, m := range messages {
		if !m.Sender.IsZero() {
			seen(m.Sender, m).In++
		}
		for _, h := range m.To {
			if k := seen(h, m); m.Direction == daybook.Out {
				k.Out++
			}
		}
	}
	for _, k := range known {
		slices.SortStableFunc(k.Handle.Names, func(a, b daybook.SeenName) int { return a.To.Compare(b.To) })
	}
}

// addName adds a name, or widens the time of one that is there.
func addName(names []daybook.SeenName, n daybook.SeenName) []daybook.SeenName {
	for i := range names {
		if o := &names[i]; o.Account == n.Account && o.Display == n.Display {
			if !n.From.IsZero() && (o.From.IsZero() || n.From.Before(o.From)) {
				o.From = n.From
			}
			if n.To.After(o.To) {
				o.To = n.To
			}
			return names
		}
	}
	return append(names, n)
}

// trimGroups gives up groups of which one handle alone is in the selection.
func (s *Shown) trimGroups() {
	size := map[int]int{}
	for _, h := range s.Handles {
		size[h.Group]++
	}
	for i := range s.Handles {
		if size[s.Handles[i].Group] < 2 {
			s.Handles[i].Group = 0
		}
	}
}

// narrowFacts leaves the contacts, handles, marks and blocks of the selection.
// Who else a message names is left as numbers.
func (s *Shown) narrowFacts(f detect.Facts, known map[string]*daybook.HandleSummary, accounts map[daybook.AccountID]bool) detect.Facts {
	out := detect.Facts{Zone: f.Zone, Now: f.Now, Quiet: f.Quiet}
	place := make([]int, len(f.Handles)) // in out; -1
	for i, h := range f.Handles {
		place[i] = -1
		if k := known[h.Ref()]; k != nil {
			place[i] = len(out.Handles)
			out.Handles = append(out.Handles, k.Handle)
		}
	}
	to := func(h int) (int, bool) {
		if h < 0 || h >= len(place) {
			return -1, h < 0
		}
		return place[h], place[h] >= 0
	}
	firsts := map[uint64]bool{}
	for i := range s.Messages {
		firsts[first(&s.Messages[i])] = true
	}
	others := map[int]int{}
	for _, c := range f.Contacts {
		h, ok := to(c.Handle)
		if !ok || !firsts[c.Entry] {
			continue
		}
		c.Handle = h
		named := make([]int, 0, len(c.Others))
		for _, o := range c.Others {
			if p, ok := to(o); ok && p >= 0 {
				named = append(named, p)
				continue
			}
			if _, met := others[o]; !met {
				others[o] = len(out.Handles) + len(others)
			}
			named = append(named, others[o])
		}
		slices.Sort(named)
		c.Others = named
		out.Contacts = append(out.Contacts, c)
	}
	for _, b := range f.Blocks {
		if h, ok := to(b.Handle); ok {
			b.Handle = h
			out.Blocks = append(out.Blocks, b)
		}
	}
	for _, m := range f.Marks {
		if h, ok := to(m.Handle); ok && h >= 0 {
			m.Handle = h
			if m.About != nil && !s.Holds(*m.About) {
				m.About = nil
			}
			out.Marks = append(out.Marks, m)
		}
	}
	for _, g := range f.Groups {
		var group []int
		for _, h := range g {
			if p, ok := to(h); ok {
				group = append(group, p)
			}
		}
		if len(group) > 1 {
			out.Groups = append(out.Groups, group)
		}
	}
	for _, w := range f.Watched {
		if accounts[w.Account] {
			out.Watched = append(out.Watched, w)
		}
	}
	for _, g := range f.Gaps {
		if accounts[g.Account] && !g.To.Before(s.From) && !g.From.After(s.To) {
			out.Gaps = append(out.Gaps, g)
		}
	}
	return out
}

// FiguresNote is said beside the figures of a selection.
func FiguresNote() string {
	return "The figures are of the whole record, not of this selection; the numbers beside them are those of the exhibits that are in this bundle."
}

// narrowFindings leaves findings about handles of the selection, with the reasons
// that rest on its entries. What a handle is called elsewhere is replaced by what
// it is called here.
func (s *Shown) narrowFindings(v *View, known map[string]*daybook.HandleSummary) (out []detect.Finding) {
	here := namesHere(v, known)
	for _, f := range v.Findings {
		var handles []daybook.Handle
		for _, h := range f.Handles {
			if k := known[h.Ref()]; k != nil {
				handles = append(handles, k.Handle)
			}
		}
		if len(handles) < len(f.Handles) {
			continue
		}
		f.Handles = handles
		reasons := f.Reasons
		f.Reasons = nil
		for _, r := range reasons {
			if !s.rests(f.Kind, r) {
				s.Unsaid++
				continue
			}
			r.Text = here.text(r.Text)
			f.Reasons = append(f.Reasons, r)
		}
		figures := make(map[string]detect.Figure, len(f.Figures))
		counted := 0
		for k, g := range f.Figures {
			g.Entries = slices.DeleteFunc(slices.Clone(g.Entries), func(n uint64) bool { return !s.Holds(n) })
			g.Text = here.text(g.Text)
			counted += len(g.Entries)
			figures[k] = g
		}
		f.Figures = figures
		switch {
		case f.Kind == "flag" && counted == 0:
			continue // it is about others alone
		case f.Kind == "link":
			f.Text = mayBeLinked(handles) // the words that come after it are those of a reason
		default:
			f.Text = here.text(f.Text)
		}
		out = append(out, f)
	}
	return out
}

func mayBeLinked(handles []daybook.Handle) string {
	names := make([]string, len(handles))
	for i, h := range handles {
		names[i] = h.Shown()
	}
	return strings.Join(names, " and ") + " may be linked."
}

// namesHere puts names that handles bear in the selection in the place of those
// that they bear in the rest of the record alone; nil if there are none.
func namesHere(v *View, known map[string]*daybook.HandleSummary) *coverer {
	var covers []Cover
	for _, h := range v.Handles {
		k := known[h.Handle.Ref()]
		if k == nil {
			continue
		}
		here := map[string]bool{"": true}
		for _, n := range k.Handle.Names {
			here[foldWord(n.Account)], here[foldWord(n.Display)] = true, true
		}
		for _, n := range h.Handle.Names {
			for _, name := range []string{n.Account, n.Display} {
				if folded := foldWord(name); !here[folded] {
					here[folded] = true
					covers = append(covers, Cover{Word: name, As: k.Handle.Shown()})
				}
			}
		}
	}
	return newCoverer(covers)
}

// rests reports whether a reason rests on entries of the selection alone. One
// that names no entry rests on the whole record: it stays only if it says nothing
// that somebody wrote or was called.
func (s *Shown) rests(kind string, r detect.Reason) bool {
	for _, n := range r.Entries {
		if !s.Holds(n) {
			return false
		}
	}
	if len(r.Entries) > 0 || kind != "link" {
		return true
	}
	return !quotesWriting(r.Feature) && r.Feature != "name" && r.Feature != "picture"
}

// quotesWriting reports whether reasons of a link hold words that somebody wrote.
func quotesWriting(feature string) bool { return links.Quotes(feature) || feature == "moved" }
