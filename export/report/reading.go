package report

import (
	"daybook"
	"daybook/export"
	"daybook/internal/pdf"
)

// shows prints what this shows and what it does not.
func (w *writer) shows() {
	w.chapter("What this shows, and what it does not", true)
	w.d.Heading(2, "It shows")
	w.points(export.Shows()...)
	w.d.Heading(2, "It does not show")
	w.points(export.DoesNotShow()...)
	w.d.Paragraph(pdf.Note, text("An empty place does not mean that nothing was sent: only accounts that were connected were read, from the day on which they were. See “Gaps, and what was not watched”."))
}

// reading prints how to read the chronology.
func (w *writer) reading() {
	w.chapter("How to read it", true)
	items := []string{
		"An exhibit is one message or other contact, however many times it was seen. Its number is the line of the record in which it first stands.",
		"Every time is told with its zone: local time first, which is that of " + w.zone.String() + ", then UTC. Up to four times are known of a message: when the platform says it was sent, when it was fetched, when it was written into the record, and when an outside service stamped the record. They are told apart where they differ by more than a minute or in the day.",
		"Where a message comes from is one of three: " + origin(daybook.Collected) + " by the program, " + origin(daybook.Imported) + ", " + origin(daybook.Entered) + " by a person. They are never mixed. An export may leave things out, and whoever adds one could have changed it before. A message that came by two ways is one exhibit, with both captures.",
		"Texts stand as they came, whole. Characters that cannot be seen or that turn a text around stand as their number in a box, such as U+202E. Addresses are text: nothing in this file can be pressed, and nothing was fetched from them.",
		"A contact is a message, call, request or the like that came in. Polls that end, the person’s own posts and notices of the platform are none. What was agreed beforehand is counted apart. An occasion is contacts with no more than six hours between them.",
		"“After the request to stop” is said only of what certainly came after the first request to that handle, or to one that a person confirmed as linked with it.",
		"A handle is an account as a platform names it. Linked handles were confirmed by a person; suggested links were not, and are never in the figures of a group.",
		"“Not there any more” says what was seen, or what a file lacks. A message that somebody removed, a closed account and a block look the same.",
		"“Possible threat” and the like come from shown rules over words, for a reader to look at first. They say nothing about the sender, and no message is left out for having none.",
		"The sentences of this report were written by a program, from counts. No person chose their wording for this record. Notes by people stand in quotation marks.",
	}
	if w.coveredInAll() != "" {
		items = append(items, "A black bar stands where something is covered, with the reason beside it. What is covered can be shown later and checked against this same record.")
	}
	if w.selection() {
		items = append(items, "This is a selection. The figures are of the whole record as far as they are about the handles in it; the chronology holds what was chosen: "+w.selected()+".")
	}
	w.points(items...)
}
