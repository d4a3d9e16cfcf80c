package links

import (
	"strconv"
	"strings"
)

// Quotes reports whether the Text of reasons with this Feature holds words that
// a sender wrote in a message or named in a profile: whoever hides messages until
// they are asked for hides such a Text too, and shows its Heading. Names of
// handles may be in any Text.
func Quotes(feature string) bool {
	return strings.HasPrefix(feature, "words-") && feature != "words-message" || feature == "server"
}

// FromWords reports whether the Text of reasons with this Feature may tell
// anything of what somebody wrote or named in a profile, be it in the words of
// this program. It says yes of a Feature that is not known.
func FromWords(feature string) bool {
	return Quotes(feature) || strings.HasPrefix(feature, "habit-") || feature == "moved" || feature == "language" || Heading(feature, true) == ""
}

// Heading returns a short heading for reasons with this Feature, without anything
// that was written; for says on which side it stands. It is "" for a Feature that
// is not known.
func Heading(feature string, isFor bool) string {
	if strings.HasPrefix(feature, "habit-") {
		if isFor {
			return "A habit of writing in common"
		}
		return "A habit of writing that differs"
	}
	switch feature {
	case "name":
		return "Names that are alike"
	case "words-phrase":
		return "The same uncommon phrases"
	case "phrases-not-compared":
		return "Phrases were not compared"
	case "words-spelling":
		return "The same spelling mistakes"
	case "words-message":
		return "The same messages"
	case "words-contact-point":
		return "The same address, number or page"
	case "succession":
		return "It came after the other was turned away"
	case "made-after":
		return "The account was made after that"
	case "silent":
		return "The other fell silent"
	case "new-account":
		return "A new account"
	case "picture":
		return "The same picture"
	case "media":
		return "The same files sent"
	case "moved":
		return "An account that names the other"
	case "third-parties":
		return "The same other people"
	case "server":
		return "The same small server"
	case "hours":
		if isFor {
			return "Similar hours"
		}
		return "Other hours"
	case "together":
		return "Both active at once"
	case "beside":
		return "Used beside each other"
	case "old-account":
		return "The account is not new"
	case "language":
		return "Another language"
	case "talked":
		return "You talk with one of them"
	case "agreed":
		return "Contact is agreed"
	case "writing":
		if isFor {
			return "Similar writing"
		}
		return "Different writing"
	case "writing-too-little":
		return "Too little text"
	case "crowd":
		return "Many came at that time"
	case "left-open":
		return "Left open"
	}
	return ""
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
