package upload

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shownName is how many characters of an untrusted name stand in an error.
const shownName = 60

// Shown makes an untrusted name fit for a message to a person: control characters
// and those that turn the direction of writing are written out, and what is
// longer than 60 characters loses its middle.
func Shown(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(name[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, name[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		if b.Len() > 64<<10 {
			break
		}
	}
	runes := []rune(b.String())
	if len(runes) <= shownName {
		return string(runes)
	}
	half := shownName / 2
	return string(runes[:half]) + "…" + string(runes[len(runes)-half:])
}

// harmful says why a name could lead out of a folder, "" if it could not. Nothing
// here unpacks a file; but whoever is handed it might.
func harmful(name string) string {
	if strings.ContainsAny(name, "\\\x00") {
		return "a backslash or a zero in it"
	}
	if strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' && isLetter(name[0]) {
		return "it starts at the top of a disk"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "it leads out of its folder"
		}
	}
	return ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// odd reports whether a name is one that no platform gives, and harmless.
func odd(name string) bool {
	if !utf8.ValidString(name) || path.Clean(name) != strings.TrimSuffix(name, "/") {
		return true
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return true
		}
	}
	return false
}

// fold makes names equal that some disks do not tell apart.
func fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, "/")) }
