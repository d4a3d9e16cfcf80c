package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"daybook"
	"daybook/internal/confusables"
)

// mostName is how much of a name is printed, in bytes: whoever chose it may
// have chosen any length. timeline.json has the whole of it.
const mostName = 200

// name cuts a name to a length and makes one line of it.
func name(s string) string { return nameUpTo(s, mostName) }

// nameUpTo is name with another length; where it is short, what was cut off is
// not counted.
func nameUpTo(s string, most int) string {
	s = strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s)
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	if most < mostName {
		return s[:cut] + "…"
	}
	return s[:cut] + fmt.Sprintf("… (%d characters more)", utf8.RuneCountInString(s[cut:]))
}

// shown is what a handle is called in this report: its newest name.
func shown(h daybook.Handle) string { return name(h.Shown()) }

// display is the display name that goes with it, "" if there is none.
func display(h daybook.Handle) string {
	if len(h.Names) == 0 {
		return ""
	}
	n := h.Names[len(h.Names)-1]
	if n.Display == "" || n.Account == "" {
		return ""
	}
	return name(n.Display)
}

// odd says which character of a name looks like another one; "" if none does.
// Many names do that without any harm.
func odd(s string) string {
	if len(s) > 4*mostName {
		s = s[:4*mostName]
	}
	scripts := confusables.Mixed(s)
	r, like, found := confusables.Odd(s)
	switch {
	case found && len(scripts) > 1:
		return fmt.Sprintf("A word of it has letters of several scripts (%s): “%c” is U+%04X and looks like “%c”.", strings.Join(scripts, ", "), r, r, like)
	case found && r > 0x24F:
		return fmt.Sprintf("“%c” in it is U+%04X and looks like “%c”.", r, r, like)
	case len(scripts) > 1:
		return "A word of it has letters of several scripts: " + strings.Join(scripts, ", ") + "."
	}
	return ""
}

// summaryOf finds what is known of a handle in this bundle; a summary without
// counts if there is none.
func (w *writer) summaryOf(h daybook.Handle) daybook.HandleSummary {
	if i, known := w.known[h.Ref()]; known {
		return w.s.Handles[i]
	}
	return daybook.HandleSummary{Handle: h}
}

// called is a handle with the letter of its group.
func (w *writer) called(h daybook.Handle) string {
	s := shown(w.summaryOf(h).Handle)
	if g := w.p.group(h); g != nil {
		s += " (group " + g.letter + ")"
	}
	return s
}

// onlyAccount is what the person's account is called if there is one alone.
func (w *writer) onlyAccount() string {
	if len(w.s.Accounts) != 1 {
		return ""
	}
	a := w.s.Accounts[0]
	if a.Handle.IsZero() {
		return platform(a.Platform)
	}
	return shown(a.Handle) + " on " + platform(a.Platform)
}

// account is what the account is called that a message reached.
func (w *writer) account(id daybook.AccountID) string {
	for _, a := range w.s.Accounts {
		if a.ID == id {
			if a.Handle.IsZero() {
				return platform(a.Platform)
			}
			return shown(a.Handle)
		}
	}
	return ""
}

func platform(p daybook.Platform) string {
	switch p {
	case "mastodon":
		return "Mastodon"
	case "x":
		return "X"
	case "bluesky":
		return "Bluesky"
	case "mail":
		return "e-mail"
	case "diary":
		return "diary"
	case "upload":
		return "export file"
	case "":
		return "an unknown platform"
	}
	return name(string(p))
}

// kind names a kind in plain words; one that is not known stays as the platform
// names it.
func kind(k daybook.Kind) string {
	switch k {
	case daybook.KindDirectMessage:
		return "direct message"
	case daybook.KindRequest:
		return "request to follow"
	case daybook.KindEmail:
		return "e-mail"
	case daybook.KindSMS:
		return "text message"
	case daybook.KindMissedCall:
		return "missed call"
	case daybook.KindStoryReply:
		return "story reply"
	case daybook.KindSystem:
		return "said by the platform"
	case daybook.KindDiary:
		return "diary entry"
	case daybook.KindLogin:
		return "sign-in"
	case "encrypted_message": // of X: who sent it and when is known, and no more
		return "encrypted message"
	case "":
		return "message"
	}
	return name(string(k))
}

func origin(o daybook.Origin) string {
	switch o {
	case daybook.Collected:
		return "read from the account"
	case daybook.Imported:
		return "from an export that was added"
	case daybook.Entered:
		return "written down by hand"
	}
	return "from elsewhere"
}

// originBriefly is origin where there is little room.
func originBriefly(o daybook.Origin) string {
	switch o {
	case daybook.Collected:
		return "from the account"
	case daybook.Imported:
		return "from an export"
	}
	return origin(o)
}

func mark(m daybook.Mark) string {
	switch m {
	case daybook.MarkStop:
		return "asked to stop"
	case daybook.MarkUnwanted:
		return "marked as unwanted"
	case daybook.MarkAllowed:
		return "agreed contact in a time"
	case daybook.MarkExcluded:
		return "never collected"
	case daybook.MarkCalled:
		return "given a name by the person"
	}
	return string(m)
}
