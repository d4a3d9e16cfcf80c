package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/export"
	"daybook/internal/pdf"
)

// exhibit makes the row of one exhibit: its number, when it was sent, from whom,
// and what it says with all that is known of it.
func (w *writer) exhibit(x *export.Exhibit) [][]pdf.Span {
	var when, from, body cell
	w.when(&when, x.Message.Sent)
	w.from(&from, &x.Message)
	w.tags(&from, x)
	w.words(&body, x)
	w.versions(&body, x)
	w.state(&body, &x.Message)
	w.attachments(&body, x)
	w.covered(&body, x)
	w.times(&body, x)
	return [][]pdf.Span{one(bold(x.FromMark)), when, from, body}
}

// from says who wrote, what kind of contact it is, and which account it reached.
func (w *writer) from(c *cell, m *daybook.Message) {
	what := kind(m.Kind)
	if m.Kind != daybook.KindDiary {
		what += " on " + platform(m.Platform)
	}
	what = capital(what)
	if m.Direction == daybook.Out {
		c.line(text("The person whose record this is"))
		if names := w.names(m.To); names != "" {
			c.line(text("to " + names))
		}
		c.line(dim(what))
		return
	}
	if m.Sender.IsZero() {
		c.line(text("Nobody is named as the sender"))
	} else {
		c.line(broken(shown(m.Sender), true)...)
		if d := display(m.Sender); d != "" {
			c.line(text("“" + d + "”"))
		}
		if g := w.p.group(m.Sender); g != nil {
			c.line(text("Group " + g.letter))
		}
	}
	if reached := w.account(m.Account); reached != "" && len(w.s.Accounts) > 1 {
		what += ", reached " + reached
	}
	c.line(dim(what))
	if names := w.names(m.To); names != "" {
		c.line(dim("Also names or addresses " + names))
	}
}

// mostNamed is how many others are named in the head of an exhibit.
const mostNamed = 20

func (w *writer) names(all []daybook.Handle) string {
	var out []string
	for _, h := range all {
		if s := w.summaryOf(h); s.Own {
			continue
		}
		out = append(out, shown(h))
	}
	if more := len(out) - mostNamed; more > 0 {
		out = append(out[:mostNamed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}

// words prints the text, whole, as it came. What is covered in it stands as a
// bar with what the person chose to have in its place.
func (w *writer) words(c *cell, x *export.Exhibit) {
	if reason, is := fieldWithheld(x, export.FieldText); is {
		c.line(withheld("the text is withheld: " + reason))
		return
	}
	if x.Message.Text == "" {
		c.line(dim("There is no text in it."))
		return
	}
	spans := coveredWords(x, x.Message.Text)
	if x.Message.Direction == daybook.Out {
		spans = append([]pdf.Span{dim("The person wrote: ")}, spans...)
	}
	c.line(spans...)
}

// coveredWords parts a text where the bundle put something in the place of a
// covered word.
func coveredWords(x *export.Exhibit, s string) []pdf.Span {
	spans := []pdf.Span{text(s)}
	for _, k := range x.Covered {
		if k.As == "" {
			continue
		}
		var next []pdf.Span
		for _, span := range spans {
			if span.Covered {
				next = append(next, span)
				continue
			}
			for i, part := range strings.Split(span.Text, k.As) {
				if i > 0 {
					next = append(next, withheld(k.As))
				}
				if part != "" {
					next = append(next, text(part))
				}
			}
		}
		spans = next
	}
	return spans
}

func fieldWithheld(x *export.Exhibit, f export.Field) (reason string, is bool) {
	for _, k := range x.Covered {
		if k.Field == f && k.As == "" {
			return name(k.Reason), true
		}
	}
	return "", false
}

// versions prints the texts that it had before.
func (w *writer) versions(c *cell, x *export.Exhibit) {
	m := &x.Message
	if len(m.Versions) < 2 {
		return
	}
	if _, is := fieldWithheld(x, export.FieldText); is {
		c.line(dim("It was seen with " + strconv.Itoa(len(m.Versions)) + " texts; they are withheld."))
		return
	}
	newest := m.Versions[len(m.Versions)-1]
	c.line(dim("These words are the newest, of " + w.exact(newest.At) + ", first seen " + w.beside(newest.At, newest.FirstSeen) + "."))
	for i, v := range m.Versions[:len(m.Versions)-1] {
		words := "Seen before with other words"
		if i == 0 {
			words = "First seen with other words"
		}
		words += " on " + w.exact(v.FirstSeen) + " (entry " + strconv.FormatUint(v.Entry, 10) + "):"
		if v.Text == m.Text {
			words = "Seen before with the words above, on " + w.exact(v.FirstSeen) + "."
			c.line(bold(words))
			continue
		}
		c.line(bold(words))
		if v.Text == "" {
			c.line(dim("There was no text in it."))
			continue
		}
		c.line(coveredWords(x, v.Text)...)
	}
}

// tags says how it stands to what the person asked for, and its flags.
func (w *writer) tags(c *cell, x *export.Exhibit) {
	m := &x.Message
	switch {
	case x.Allowed:
		c.line(text("Agreed contact, counted apart."))
	case x.Stop == "after":
		c.line(bold("After the request to stop"), text(" of "+w.moment(x.Asked)+"."))
	case x.Stop == "around":
		c.line(text("Around the time of the request to stop, " + w.moment(x.Asked) + "; not counted as after it."))
	}
	if m.Direction == daybook.In && w.p.firsts[x.Number] {
		c.line(text("First contact from this handle."))
	}
	var rules []string
	for _, f := range x.Flags {
		if s := flagSentence(f.Text); !slices.Contains(rules, s) {
			rules = append(rules, s)
		}
	}
	if len(rules) > 0 {
		c.line(text(strings.Join(rules, " ")))
	}
}

// state says whether it was there at the last look, or in the last file.
func (w *writer) state(c *cell, m *daybook.Message) {
	if m.State == daybook.Gone {
		seen := "Not there any more"
		if !m.GoneAt.IsZero() {
			seen += " on " + w.exact(m.GoneAt) + ", when it was looked for or when a file was made that lacks it"
		}
		if !m.LastSeen.IsZero() {
			seen += "; last seen on " + w.exact(m.LastSeen)
		}
		c.line(text(seen + ". A removed message, a closed account and a block look the same."))
	}
}

// times prints what is known of other times than that of sending, where it came
// from and which entries show it.
func (w *writer) times(c *cell, x *export.Exhibit) {
	m := &x.Message
	first := firstEntry(x)
	var parts []string
	if m.Sent.Assumed != "" {
		parts = append(parts, "assumed about the time: "+name(m.Sent.Assumed))
	}
	fetched, verb := first.Fetched, "fetched "
	if fetched.IsZero() {
		fetched = m.FirstSeen
	}
	if m.Origin == daybook.Imported {
		verb = "read from the export "
	}
	if m.Origin != daybook.Entered && w.apart(m.Sent.At, fetched) {
		parts = append(parts, verb+w.beside(m.Sent.At, fetched))
	}
	before := fetched
	if m.Origin == daybook.Entered || before.IsZero() {
		before = m.Sent.At
	}
	if w.apart(before, first.Logged) {
		s := "written into the record " + w.beside(before, first.Logged)
		if m.Origin == daybook.Entered {
			s = "recorded " + w.after(m.Sent.At, first.Logged) + ", on " + w.exact(first.Logged) + w.by(first.Actor)
		}
		parts = append(parts, s)
	}
	if m.Origin == daybook.Collected && !fetched.IsZero() && m.Sent.At.After(fetched.Add(time.Minute)) {
		parts = append(parts, "the platform’s time is later than the time of fetching: one of the two clocks was wrong")
	}
	from := originBriefly(m.Origin)
	if first.Parser != "" {
		from += " (" + name(first.Parser) + ")"
	}
	if len(x.Ways()) > 1 {
		from += ", and by another way: both captures are in the record"
	}
	parts = append(append(parts, from), w.fromFiles(x)...)
	if entries := entriesOf(x); len(entries) > 1 {
		parts = append(parts, "entries "+runs(entries))
	}
	s := strings.Join(parts, "; ")
	s = capital(s) + "."
	if m.URL != "" {
		s += " Address: " + defanged(m.URL)
	}
	if m.Direction != daybook.Out && m.Sender.Native != "" && m.Sender.Native != m.Sender.Shown() {
		s += " Sender’s identifier: " + name(m.Sender.Native)
	}
	c.line(dim(s))
}

// beside writes a time that stands beside another one: without its date if that
// is the same.
func (w *writer) beside(other, t time.Time) string {
	if w.daysBetween(other, t) == 0 {
		return t.In(w.zone).Format("15:04:05 MST")
	}
	return w.exact(t)
}

// after says how long after something happened it was recorded.
func (w *writer) after(happened, recorded time.Time) string {
	if days := w.daysBetween(happened, recorded); days != 0 {
		return count(max(days, 0), "day") + " after"
	}
	return lasting(recorded.Sub(happened)) + " after"
}

// firstEntry is the entry of the first capture; a line without anything if it is
// not there.
func firstEntry(x *export.Exhibit) export.EntryLine {
	for _, e := range x.Entries {
		if e.Index == x.Number {
			return e
		}
	}
	return export.EntryLine{Index: x.Number}
}

func entriesOf(x *export.Exhibit) []uint64 {
	out := make([]uint64, 0, len(x.Entries))
	for _, e := range x.Entries {
		out = append(out, e.Index)
	}
	return out
}

// defanged writes an address so that no program makes a link of it.
func defanged(address string) string {
	for _, scheme := range []string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(address, scheme); ok {
			return strings.Replace(scheme, "tt", "xx", 1) + rest
		}
	}
	return address
}

// covered says what else of it is not shown.
func (w *writer) covered(c *cell, x *export.Exhibit) {
	for _, k := range x.Covered {
		switch {
		case k.As != "":
			s := "“" + name(k.As) + "” stands in the place of something that is covered"
			if k.Reason != "" {
				s += ": " + name(k.Reason)
			}
			c.line(dim(s + "."))
		case k.Field == export.FieldNames:
			c.line(withheld("whom it names or addresses is withheld: " + name(k.Reason)))
		case k.Field == export.FieldAddresses:
			c.line(withheld("its address and those in it are withheld: " + name(k.Reason)))
		}
	}
	if x.Sealed {
		c.line(dim("The exact bytes are withheld. What stands here is what the program read on the day, without what is covered; it rests on the program, not on bytes in this bundle."))
	}
}
