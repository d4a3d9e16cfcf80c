package export

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/detect"
	"daybook/detect/flags"
)

// A Line is one line of a table of two columns.
type Line struct{ What, Value string }

// Shows says what a bundle shows.
func Shows() []string {
	return []string{
		"The program held these bytes when the checkpoint was made, in the order of their numbers, and they have not been altered since.",
		"Where a time-stamp authority signed the checkpoint: that it did so at the time that it names, and so that the bytes are not younger.",
		"For what was collected: what the platform's server answered to a request, when the answer came, and at which address it was asked.",
		"For what came in a file that the person added: what stood in that file when it was added, and where in it.",
		"When something was looked at again, and what had changed: other words, or no longer there.",
		"Where nobody looked, and what was left out.",
	}
}

// DoesNotShow says what a bundle does not show.
func DoesNotShow() []string {
	return []string{
		"Who the human behind a handle was.",
		"That the platform, or whoever wrote a message, told the truth, also about when it was sent.",
		"That a message which was not there at a later look was deleted: a block looks the same. That it is not in a later file tells neither who took it out nor why.",
		"That a file which the person added is as the platform made it: they had it in their hands, and the platform signs nothing in it. Where the same message was also read from the account, both captures stand side by side.",
		"That nothing is missing: what came before the first look, while nobody looked, or was never offered by the platform is not in it.",
		"That nothing was left out before the first checkpoint. Whoever holds the signing key could write another history: a copy of a checkpoint that somebody else keeps, or a time stamp, is what speaks against that.",
		"What the messages mean, and whether any rule was broken by them.",
	}
}

// Limits are what the program is known not to do.
func Limits() []string {
	return []string{
		"Phrases that flags look for are written in " + languages() + ". A message without a flag is not harmless for that.",
		"Figures count messages, days and occasions by rules that stand beside them. They are no measure of a person.",
		"Days are counted as watched from the first to the last answer that the record holds of an account, less the times that it knows were not watched. A failure that still went on when the bundle was made is known to the record only once it has ended.",
		"A message that was sent and removed between two looks was not seen.",
		"Attachments on servers that the program does not ask are not fetched. The entry says so.",
		"Times of sending are the platform's. Times of fetching and logging are those of the machine that the program ran on.",
		"A file that the person added is read by a program that was made for files of its kind as they are now. What it did not understand is counted, and what such files never hold is said.",
		"A covered word is looked for in text. It is not looked for in pictures, sound, films or inside attached files.",
		"A second handle is called linked only where a person confirmed it. What the program suggests stands apart, with what speaks against it.",
	}
}

// languages are those of the rules of flags, in words.
func languages() string {
	var words []string
	for _, l := range flags.Languages() {
		if l == "en" {
			l = "English"
		}
		words = append(words, l)
	}
	if len(words) == 1 {
		return words[0] + " only"
	}
	return strings.Join(words, ", ")
}

// Reliability says how far the program itself can be relied on: what ran,
// by which clock, and what went wrong. Findings of time stamps and of the check
// are there once they are set.
func (s *Shown) Reliability() []Line {
	st := s.Spec.Standing
	out := []Line{
		{"Program", "daybook " + or(st.Version, "of an unknown version")},
		{"Source it was built from", or(st.Revision, "not recorded")},
		{"Built with, ran on", or(st.Go, "not recorded") + ", " + or(st.System, "not recorded")},
		{"Digest of its settings (first 16 digits)", or(st.Config, "not recorded")},
		{"Readers of platforms' answers", s.parsers()},
		{"What looked for patterns", s.models()},
		{"Last entry was logged", utc(s.Facts.Now)},
	}
	out = append(out, s.clock()...)
	out = append(out, s.errors()...)
	return append(out, Line{"Known limits", "Phrases that flags look for are written in " + languages() + "; the other limits stand in completeness.json."})
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (s *Shown) parsers() string {
	var all []string
	for i := range s.Entries {
		all = addText(all, s.Entries[i].Parser)
	}
	return or(strings.Join(all, ", "), "none")
}

func (s *Shown) models() string {
	all := []string{detect.ContactModel, flags.Version()}
	for i := range s.Findings {
		if s.Findings[i].Kind == "link" {
			all = addText(all, s.Findings[i].Model)
		}
	}
	return strings.Join(all, ", ")
}

// clock says how the machine's clock stood against others.
func (s *Shown) clock() (out []Line) {
	steps, latest := 0, ""
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Kind == daybook.RecordClock {
			steps++
			if e.Detail != "" {
				latest = "; the last, logged " + utc(e.Logged) + ": " + e.Detail
			}
		}
	}
	if steps == 0 {
		out = append(out, Line{"Steps of the clock", "none was noticed"})
	} else {
		out = append(out, Line{"Steps of the clock", strconv.Itoa(steps) + latest})
	}
	if len(s.Stamps) == 0 {
		return append(out, Line{"Clock against a time-stamp authority", "not known: no authority was set up"})
	}
	for _, st := range s.Stamps {
		value := "not known: its answer had not come when this was made"
		if st.State == "stamped" {
			value = offset(st.Offset) + " at " + utc(st.At)
		}
		out = append(out, Line{"Clock against " + st.Authority, value})
	}
	return out
}

func offset(d time.Duration) string {
	tenths := d.Round(100 * time.Millisecond)
	switch {
	case tenths > 0:
		return tenths.String() + " ahead"
	case tenths < 0:
		return (-tenths).String() + " behind"
	}
	return "less than a tenth of a second apart"
}

// byTwoWays counts exhibits that were read from the account and from a file.
func (s *Shown) byTwoWays() (n int) {
	for i := range s.Exhibits {
		if len(s.Exhibits[i].Ways()) > 1 {
			n++
		}
	}
	return n
}

func (s *Shown) errors() []Line {
	holes, late := 0, 0
	for _, g := range s.Gaps {
		if g.Class == daybook.Hole {
			holes++
		} else {
			late++
		}
	}
	restores := s.Check.Restores
	for i := range s.Entries {
		if s.Entries[i].Kind == daybook.RecordRestore && s.Check.Restores == 0 {
			restores++
		}
	}
	self := "not recorded"
	if s.Check.Answer != "" {
		self = fmt.Sprintf("%s, %d %s", s.Check.Answer, s.Check.Problems, pick(s.Check.Problems, "problem", "problems"))
	}
	gone := map[uint64]bool{}
	for _, e := range s.Erased {
		for _, n := range e.Entries {
			gone[n] = true
		}
	}
	return []Line{
		{"Check of the whole record when this was made", self},
		{"Entries that no reader could read", strconv.Itoa(len(s.Unread))},
		{"Messages that came by more than one way", strconv.Itoa(s.byTwoWays())},
		{"Times that were not watched and not caught up", strconv.Itoa(holes)},
		{"Times that were caught up later", strconv.Itoa(late)},
		{"Entries whose content was erased", strconv.Itoa(len(gone))},
		{"Backups that were put back", strconv.Itoa(restores)},
	}
}
