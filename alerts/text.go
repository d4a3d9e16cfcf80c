package alerts

import (
	"fmt"
	"strings"

	"daybook"
)

// An Anchor is the state of a case's log. In a mailbox outside it shows later
// that nothing was taken away.
type Anchor struct {
	Size uint64         `json:"size"`
	Root daybook.Digest `json:"root"`
}

// Code returns the short name of a case in mails. It is made of the case's
// random identifier and says nothing about anybody.
func Code(c daybook.CaseID) string {
	s := strings.ToUpper(string(c))
	if len(s) < 8 {
		return s
	}
	return s[:4] + "-" + s[4:8]
}

// ending closes every mail.
const ending = `
Open it from your own bookmark. There is no link in this note.

You can change or stop these notes in your settings.
`

// body is the text of a mail. To the person it says that something is waiting
// and nothing else, not even how much; once a week it is the same whether
// something is or not. Nothing in it comes from a message.
func body(r Recipient, events []Event, anchor Anchor) string {
	if r.Weekly {
		return "Hello,\n\nthis is your note of the week. Look in when it suits you.\n" + ending
	}
	if r.Kind != Adviser {
		return "Hello,\n\nthere is something for you to look at when it suits you.\n" + ending
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Hello,\n\nthere is something new in case %s.\n\n", Code(r.Case))
	for _, k := range RuleKinds() {
		n := 0
		for _, e := range events {
			if e.Rule == k {
				n += e.Count
			}
		}
		if n > 0 {
			fmt.Fprintf(&b, "%s: %d\n", line(k), n)
		}
	}
	fmt.Fprintf(&b, "\nOne contact can stand in more than one line.\n\nLog: size %d, root %s\n", anchor.Size, anchor.Root.String()[:16])
	b.WriteString("Please keep this note: with that line the log can be checked later.\n")
	return b.String() + ending
}

func line(k RuleKind) string {
	switch k {
	case AfterStop:
		return "Contact after a request to stop, or after a block"
	case Unwanted:
		return "Contact from somebody marked as unwanted"
	case MayBeLinked:
		return "Somebody who may be linked to others"
	case NewHandle:
		return "First contact from somebody new"
	case AfterQuiet:
		return "First contact after a quiet time"
	case Stopped:
		return "Accounts that are not read any more"
	case Renewal:
		return "Reminders that an agreement comes to its end"
	}
	return "Other news"
}
