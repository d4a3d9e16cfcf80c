package style

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// traits are what the habits are read from: one masked text.
type traits struct {
	text    string
	runes   int
	words   []string // separated by white space
	plain   []string // the same in small letters, without the marks around them
	letters int
	upper   int
	last    rune
	opening string // the first word after whom the message is for
	smileys []string

	firstLetter, firstUpper      bool
	bigI, smallI                 bool
	apostrophe, noApostrophe     bool
	writesOut                    bool // do not, it is
	sentenceUpper, sentenceLower bool
	shouted                      bool
	foreign, emoji, stretched    bool
	slash, hyphen, tightComma    bool
	innerBlanks                  bool
	smileyBare, smileyMark       bool
	endsSmiley, laughs           bool
	bigShort, smallShort         bool
	bigOK, smallOK               bool
	bigName, smallName           bool
	british, american            bool
}

// look reads the traits of a masked text.
func look(text string) *traits {
	t := &traits{text: text, words: strings.Fields(text)}
	t.last, _ = utf8.DecodeLastRuneInString(text)
	t.scan()
	t.open()
	last := ""
	for i, w := range t.words {
		t.word(w)
		t.laughs = t.laughs || isLaugh(w)
		t.endsSmiley = isSmiley(w)
		if t.endsSmiley {
			t.smileys = append(t.smileys, w)
		}
		if i > 0 && t.endsSmiley {
			end, _ := utf8.DecodeLastRuneInString(last)
			if strings.ContainsRune(".!?,", end) {
				t.smileyMark = true
			} else if unicode.IsLetter(end) || unicode.IsDigit(end) {
				t.smileyBare = true
			}
		}
		last = w
	}
	t.writesOut = strings.Contains(t.text, " do not ") || strings.Contains(t.text, " does not ") || strings.Contains(t.text, " did not ") ||
		strings.Contains(t.text, " is not ") || strings.Contains(t.text, "annot ") || strings.Contains(t.text, " I am ") ||
		strings.Contains(t.text, "t is ") || strings.Contains(t.text, " will not ") || strings.Contains(t.text, " I will ") || strings.Contains(t.text, " I have ")
	return t
}

// scan looks at each character with what stands before it.
func (t *traits) scan() {
	ended, blank := false, false
	var before, before2 rune
	same := 0
	for _, r := range t.text {
		t.runes++
		if r == before && unicode.IsLetter(r) {
			same++
			t.stretched = t.stretched || same >= 2 && unicode.ToLower(r) != 'w'
		} else {
			same = 0
		}
		letter := unicode.IsLetter(r)
		switch {
		case letter:
			t.letters++
			up := unicode.IsUpper(r)
			if up {
				t.upper++
			}
			if ended && blank {
				t.sentenceUpper = t.sentenceUpper || up
				t.sentenceLower = t.sentenceLower || !up
			}
			t.slash = t.slash || before == '/' && unicode.IsLetter(before2)
			t.hyphen = t.hyphen || before == '-' && unicode.IsLetter(before2)
			t.tightComma = t.tightComma || before == ',' && unicode.IsLetter(before2)
			ended, blank = false, false
		case r == '.' || r == '!' || r == '?':
			ended, blank = true, false
		case r == ' ':
			blank = true
			t.innerBlanks = t.innerBlanks || before == ' ' && !strings.ContainsRune(".?!:", before2)
		default:
			ended = false
		}
		if r > 127 {
			if isEmoji(r) {
				t.emoji = true
			} else if !strings.ContainsRune("’‘“”…–—", r) {
				t.foreign = true
			}
		}
		before2, before = before, r
	}
}

// open finds how the message begins, after whom it is for.
func (t *traits) open() {
	body := t.text
	for strings.HasPrefix(body, maskUser) {
		body = strings.TrimLeft(body[len(maskUser):], ":,;>- ")
	}
	t.opening, _, _ = strings.Cut(body, " ")
	r, _ := utf8.DecodeRuneInString(body)
	t.firstLetter, t.firstUpper = unicode.IsLetter(r), unicode.IsUpper(r)
}

func (t *traits) word(w string) {
	core := strings.Trim(strings.ReplaceAll(w, "’", "'"), ",;:!?()\"*_'")
	stop := strings.TrimRight(core, ".")
	small := strings.ToLower(stop)
	// Abbreviations keep their stops.
	if i := strings.IndexByte(stop, '.'); i > 0 && len(core) <= 4 || small == "etc" {
		small = strings.ToLower(core)
	}
	t.plain = append(t.plain, small)
	switch {
	case stop == "I" || strings.HasPrefix(stop, "I'"):
		t.bigI = true
	case stop == "i" || strings.HasPrefix(stop, "i'"):
		t.smallI = true
	}
	upper := len(stop) >= 2 && stop == strings.ToUpper(stop) && stop != small
	if upper && len(stop) >= 4 && strings.ToLower(stop) != stop && letters(stop) {
		t.shouted = true
	}
	if i := strings.IndexByte(stop, '\''); i > 0 && i < len(stop)-1 && len(stop) <= 10 {
		t.apostrophe = true
		return
	}
	switch small {
	case "dont", "cant", "im", "thats", "didnt", "isnt", "doesnt", "wont", "youre", "ive", "havent", "wasnt", "couldnt", "wouldnt", "shouldnt",
		"arent", "hasnt", "whats", "theres", "youve", "theyre", "werent", "hadnt", "heres":
		t.noApostrophe = true
	case "btw", "afaik", "imho", "imo", "iirc", "fwiw", "asap", "fyi", "aka", "idk", "tbh", "wrt", "ttyl", "brb", "omg", "wtf", "lol", "afaict", "istr", "rofl", "np":
		t.bigShort = t.bigShort || upper
		t.smallShort = t.smallShort || !upper
	case "ok":
		t.bigOK = t.bigOK || upper
		t.smallOK = t.smallOK || !upper
	case "english", "german", "french", "american", "european", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
		"february", "april", "june", "july", "august", "september", "october", "november", "december", "christmas", "google", "linux", "windows", "java",
		"python", "perl", "unix", "javascript", "github", "facebook", "twitter", "london", "europe", "america":
		if r, _ := utf8.DecodeRuneInString(stop); unicode.IsUpper(r) {
			t.bigName = true
		} else {
			t.smallName = true
		}
	}
	t.spelling(small)
}

func letters(w string) bool {
	return strings.IndexFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// spelling tells British from American where a word has two forms.
func (t *traits) spelling(w string) {
	for _, s := range []string{"colour", "favour", "behaviour", "honour", "neighbour", "flavour", "labour", "humour", "rumour", "harbour"} {
		if strings.HasPrefix(w, s) {
			t.british = true
		}
		if strings.HasPrefix(w, s[:len(s)-2]+"r") {
			t.american = true
		}
	}
	for _, s := range []string{"reali", "recogni", "optimi", "organi", "apologi", "initiali", "summari", "generali", "speciali", "normali", "minimi"} {
		if !strings.HasPrefix(w, s) || len(w) == len(s) {
			continue
		}
		switch w[len(s)] {
		case 's':
			t.british = t.british || !strings.HasSuffix(w, "ism") && !strings.HasSuffix(w, "ist") && !strings.HasSuffix(w, "istic")
		case 'z':
			t.american = true
		}
	}
	switch w {
	case "centre", "metre", "theatre", "grey", "whilst", "mum", "cheque", "licence", "defence", "catalogue", "programme", "travelling", "cancelled", "labelled", "learnt":
		t.british = true
	case "center", "meter", "theater", "gray", "mom", "defense", "catalog", "traveling", "canceled", "labeled", "learned":
		t.american = true
	}
}

func (t *traits) endsBare() bool { return unicode.IsLetter(t.last) || unicode.IsDigit(t.last) }

func (t *traits) any(is func(string) bool) bool {
	for _, w := range t.words {
		if is(w) {
			return true
		}
	}
	return false
}

// has reports whether one of the words is in the text.
func (t *traits) has(words ...string) bool {
	for _, p := range t.plain {
		for _, w := range words {
			if p == w {
				return true
			}
		}
	}
	return false
}

// openWord reports whether the message begins with a word of a list.
func (t *traits) openWord(list string) bool {
	w := strings.ToLower(strings.TrimRight(t.opening, ".,;:!?-"))
	return w != "" && strings.Contains(list, " "+strings.ReplaceAll(w, "’", "'")+" ")
}

var textSpeak = []string{"u", "ur", "r", "pls", "plz", "thx", "cuz", "coz", "k", "ya", "tho", "gonna", "wanna", "gotta", "dunno", "y", "n", "bc", "thru", "2day", "gr8", "l8r"}

func isSmiley(w string) bool {
	if len(w) < 2 || len(w) > 5 {
		return false
	}
	if strings.ContainsRune(":;=8", rune(w[0])) {
		m := strings.TrimLeft(w[1:], "-'^o")
		return m != "" && strings.Trim(m, ")(DPpO/|\\*3[]") == ""
	}
	switch w {
	case "<3", "xD", "XD", "^^", "^_^", "(:", "-_-":
		return true
	}
	return false
}

func isEmoji(r rune) bool { return r >= 0x1F300 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF }

func isLaugh(w string) bool {
	if len(w) < 3 || !strings.ContainsRune("lhraLHRA(*", rune(w[0])) {
		return false
	}
	w = strings.ToLower(strings.Trim(w, ".,;:!?()*"))
	switch w {
	case "lol", "lmao", "rofl", "heh", "hehe", "hihi", "lolz":
		return true
	}
	return len(w) >= 4 && strings.Trim(w, "ha") == "" || len(w) >= 4 && strings.Trim(w, "he") == ""
}
