package links

import (
	"strings"
	"unicode"
)

// mostPoints is how many addresses of one text are read.
const mostPoints = 64

// points returns the addresses in a text by which somebody can be reached or
// paid, or where they show themselves, each with its sort: "mail:", "tel:" or
// "page:". A page is told by host and path, without what browsers and trackers
// add; a host alone is left out, many share one.
func points(text string) []string {
	var out []string
	text = cut(text, mostText)
	for field := range strings.FieldsSeq(text) {
		if len(out) >= mostPoints {
			return out
		}
		field = strings.Trim(field, "()[]{}<>\"'*_,.;:!?“”‘’")
		switch p := pageOf(field); {
		case p != "":
			out = append(out, p)
		case isMail(field):
			out = append(out, "mail:"+strings.ToLower(field))
		}
	}
	return append(out, phones(text)...)
}

// pageOf returns the address of a page, "" if field is none.
func pageOf(field string) string {
	if len(field) > 400 {
		return ""
	}
	scheme, rest, ok := strings.Cut(field, "://")
	if !ok {
		rest = field
	} else if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	host, path, _ := strings.Cut(rest, "/")
	path = strings.TrimRight(path, "/")
	if host = hostName(host); host == "" || path == "" {
		return ""
	}
	return "page:" + host + "/" + path
}

// hostName returns a host as it is compared, "" for what is none.
func hostName(host string) string {
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 || strings.ContainsAny(host, "@:%\\[]()<>\"'`, ") || strings.Contains(host, "..") {
		return ""
	}
	if last := host[dot+1:]; strings.ContainsAny(last, "0123456789") {
		return "" // 1.5/2: a number
	}
	return host
}

func isMail(field string) bool {
	local, host, ok := strings.Cut(field, "@")
	dot := strings.LastIndexByte(host, '.')
	return ok && local != "" && len(field) < 200 && dot > 0 && len(host)-dot > 2 && !strings.ContainsAny(host, "@/:") && !strings.ContainsAny(local, "/:")
}

// phones returns the telephone numbers in a text: 9 to 15 digits, grouped or
// not, that begin with + or 0. The last nine digits tell one: a country's code
// may be left out.
func phones(text string) []string {
	var out []string
	digits := make([]byte, 0, 16)
	begins := false
	end := func() {
		if begins && len(digits) >= 9 && len(digits) <= 15 && len(out) < mostPoints {
			out = append(out, "tel:"+string(digits[len(digits)-9:]))
		}
		digits, begins = digits[:0], false
	}
	last := ' '
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			if len(digits) == 0 {
				begins = r == '0' && !unicode.IsLetter(last) && last != '.' && last != '/' || last == '+'
			}
			if len(digits) < 16 {
				digits = append(digits, byte(r))
			}
		case strings.ContainsRune(" -/()", r) && len(digits) > 0 && last != ' ', r == ' ' && last == ')':
		default:
			if unicode.IsLetter(r) && last >= '0' && last <= '9' {
				begins = false // "0123456789th": no number
			}
			end()
		}
		last = r
	}
	end()
	return out
}
