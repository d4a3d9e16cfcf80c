package style

import (
	"slices"
	"strings"
)

// A habit is something that a message shows or does not show.
type habit struct {
	key  string
	does string // as it follows "both": plural, present
	of   string // what the messages that gave an occasion have in common: "with a smiley"; "" for all messages
	// seen says whether the message gave an occasion for it: a message without
	// an I says nothing of how its writer writes it; and whether it was shown.
	seen func(t *traits) (occasion, shown bool)
}

// newHabits returns the habits in the order of the model's parameters.
func newHabits() []habit {
	var all []habit
	for _, part := range [][]habit{lengthHabits(), markHabits(), letterHabits(), smileyHabits(), addressHabits(), sentenceHabits(), wordHabits()} {
		all = append(all, part...)
	}
	return all
}

// whenever makes a habit that each message gives an occasion for.
func whenever(shown func(t *traits) bool) func(*traits) (bool, bool) {
	return func(t *traits) (bool, bool) { return true, shown(t) }
}

// having makes a habit that needs an occasion.
func having(occasion, shown func(t *traits) bool) func(*traits) (bool, bool) {
	return func(t *traits) (bool, bool) { return occasion(t), shown(t) }
}

// choosing makes a habit of using one of the words rather than one of the
// others.
func choosing(words, others string) func(*traits) (bool, bool) {
	one, other := set(words), set(others)
	return func(t *traits) (bool, bool) {
		shown, occasion := false, false
		for _, w := range t.plain {
			shown = shown || one[w]
			occasion = occasion || other[w]
		}
		return occasion || shown, shown
	}
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func contains(parts ...string) func(t *traits) bool {
	return func(t *traits) bool {
		for _, p := range parts {
			if strings.Contains(t.text, p) {
				return true
			}
		}
		return false
	}
}

func atLeast(runes int) func(t *traits) bool { return func(t *traits) bool { return t.runes >= runes } }

func lengthHabits() []habit {
	return []habit{
		{"very-short", "write messages under 25 characters", "", whenever(func(t *traits) bool { return t.runes < 25 })},
		{"short", "write messages under 45 characters", "", whenever(func(t *traits) bool { return t.runes < 45 })},
		{"middling", "write messages under 80 characters", "", whenever(func(t *traits) bool { return t.runes < 80 })},
		{"over-120", "write messages over 120 characters", "", whenever(func(t *traits) bool { return t.runes > 120 })},
		{"long", "write messages over 180 characters", "", whenever(func(t *traits) bool { return t.runes > 180 })},
		{"very-long", "write messages over 250 characters", "", whenever(func(t *traits) bool { return t.runes > 250 })},
		{"long-words", "use long words", "of some length", having(func(t *traits) bool { return len(t.words) >= 6 }, func(t *traits) bool { return t.letters > 5*len(t.words) })},
		{"short-words", "use short words", "of some length", having(func(t *traits) bool { return len(t.words) >= 6 }, func(t *traits) bool { return t.letters*10 < 38*len(t.words) })},
	}
}

func markHabits() []habit {
	dots := contains("..", "…")
	dash := contains(" - ", "--", "–", "—")
	return []habit{
		{"ends-stop", "end messages with a full stop", "", whenever(func(t *traits) bool { return t.last == '.' })},
		{"ends-bare", "end messages without any mark", "", whenever(func(t *traits) bool { return t.endsBare() })},
		{"ends-question", "end messages with a question mark", "", whenever(func(t *traits) bool { return t.last == '?' })},
		{"ends-smiley", "end messages with a smiley", "", whenever(func(t *traits) bool { return t.endsSmiley })},
		{"ends-dots", "end messages with dots", "", whenever(func(t *traits) bool { return strings.HasSuffix(t.text, "..") || t.last == '…' })},
		{"exclaims", "use exclamation marks", "", whenever(contains("!"))},
		{"repeats-exclamation", "repeat exclamation marks", "with one", having(contains("!"), contains("!!", "!?"))},
		{"repeats-question", "repeat question marks", "with one", having(contains("?"), contains("??", "?!"))},
		{"dots", "use dots such as ...", "", whenever(dots)},
		{"two-dots", "write two dots rather than three", "with dots", having(dots, func(t *traits) bool { return strings.Contains(strings.ReplaceAll(t.text, "...", ""), "..") })},
		{"blank-after-dots", "leave a blank after dots", "with dots inside", having(func(t *traits) bool { return strings.Contains(strings.TrimRight(t.text, "."), "..") }, contains(".. "))},
		{"comma", "use commas", "of 40 characters or more", having(atLeast(40), contains(","))},
		{"commas", "use several commas", "of 90 characters or more", having(atLeast(90), func(t *traits) bool { return strings.Count(t.text, ",") >= 2 })},
		{"comma-but", "put a comma before but", "with a but", having(contains(" but "), contains(", but "))},
		{"comma-and", "put a comma before and", "with an and", having(contains(" and "), contains(", and "))},
		{"comma-so", "put a comma before so", "with a so", having(contains(" so "), contains(", so "))},
		{"dash", "use dashes", "", whenever(dash)},
		{"double-dash", "write a dash as --", "with a dash", having(dash, contains("--"))},
		{"true-dash", "write a dash as – or —", "with a dash", having(dash, contains("–", "—"))},
		{"brackets", "use brackets", "", whenever(contains("("))},
		{"quotes", "use quotation marks", "", whenever(contains("\"", "“", "”", "«", "„"))},
		{"single-quotes", "use single quotation marks", "with quotation marks", having(contains("\"", "“", " '", "‘"), contains(" '", "‘"))},
		{"backtick", "use backticks", "", whenever(contains("`"))},
		{"semicolon", "use semicolons", "", whenever(func(t *traits) bool { return strings.Contains(t.text, "; ") })},
		{"colon", "use colons", "", whenever(func(t *traits) bool { return strings.Contains(strings.TrimPrefix(t.text, maskUser+":"), ": ") })},
		{"slash", "join words with a stroke", "", whenever(func(t *traits) bool { return t.slash })},
		{"hyphen", "join words with a hyphen", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.hyphen })},
		{"blank-before-mark", "leave a blank before ? or !", "with ? or !", having(contains("?", "!"), contains(" ?", " !"))},
		{"no-blank-after-comma", "leave no blank after a comma", "with a comma", having(contains(","), func(t *traits) bool { return t.tightComma })},
		{"stars", "put words between stars or lines", "", whenever(func(t *traits) bool {
			return t.any(func(w string) bool { return len(w) > 2 && (w[0] == '*' || w[0] == '_') && w[len(w)-1] == w[0] })
		})},
		{"plus", "write ++ or +1", "", whenever(contains("++", "+1"))},
		{"arrow", "write -> or =>", "", whenever(contains("->", "=>"))},
		{"equals", "write = between words", "", whenever(contains(" = ", " == "))},
		{"ampersand", "write & for and", "with and or &", having(contains(" and ", " & "), contains(" & "))},
		{"tilde", "write ~", "", whenever(contains("~"))},
	}
}

func letterHabits() []habit {
	return []habit{
		{"opens-upper", "begin messages with a capital", "that begin with a letter", having(func(t *traits) bool { return t.firstLetter }, func(t *traits) bool { return t.firstUpper })},
		{"no-capitals", "write without any capital", "with 15 letters or more", having(func(t *traits) bool { return t.letters >= 15 }, func(t *traits) bool { return t.upper == 0 })},
		{"shouts", "write words in capitals", "with 15 letters or more", having(func(t *traits) bool { return t.letters >= 15 }, func(t *traits) bool { return t.shouted })},
		{"lower-i", "write i for I", "with such a word", having(func(t *traits) bool { return t.bigI || t.smallI }, func(t *traits) bool { return t.smallI })},
		{"says-i", "speak of themselves as I", "", whenever(func(t *traits) bool { return t.bigI || t.smallI })},
		{"no-apostrophe", "leave out the apostrophe in words such as dont and cant", "with such a word", having(func(t *traits) bool { return t.apostrophe || t.noApostrophe }, func(t *traits) bool { return t.noApostrophe })},
		{"contracts", "contract words as in don't", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.apostrophe || t.noApostrophe })},
		{"curly", "use the curly apostrophe", "with an apostrophe", having(func(t *traits) bool { return strings.ContainsAny(t.text, "'’") }, contains("’"))},
		{"digits", "use digits", "", whenever(func(t *traits) bool { return strings.ContainsAny(t.text, "0123456789") })},
		{"beyond-ascii", "use letters with accents or special signs", "", whenever(func(t *traits) bool { return t.foreign })},
		{"stretches", "stretch words as in sooo", "", whenever(func(t *traits) bool { return t.stretched })},
		{"lower-names", "write names such as english or monday small", "with such a name", having(func(t *traits) bool { return t.bigName || t.smallName }, func(t *traits) bool { return t.smallName })},
	}
}

func smileyHabits() []habit {
	smiley := func(t *traits) bool { return len(t.smileys) > 0 }
	among := func(is func(string) bool) func(*traits) (bool, bool) {
		return having(smiley, func(t *traits) bool { return slices.ContainsFunc(t.smileys, is) })
	}
	laugh := func(t *traits) bool { return t.laughs }
	return []habit{
		{"smiley", "use smileys", "", whenever(smiley)},
		{"smiley-nose", "give smileys a nose", "with a smiley", among(func(w string) bool { return strings.ContainsAny(w[1:], "-o") })},
		{"smiley-wink", "use the winking smiley", "with a smiley", among(func(w string) bool { return strings.Contains(w, ";") })},
		{"smiley-grin", "use the laughing smiley :D", "with a smiley", among(func(w string) bool { return strings.Contains(w, "D") })},
		{"smiley-tongue", "use the smiley :P", "with a smiley", among(func(w string) bool { return strings.ContainsAny(w, "Pp") })},
		{"smiley-sad", "use sad smileys", "with a smiley", among(func(w string) bool { return strings.ContainsAny(w, "(/\\|[") && w[0] != '(' })},
		{"smiley-eyes", "draw a smiley's eyes other than with : and ;", "with a smiley", among(func(w string) bool { return !strings.ContainsAny(w, ":;") })},
		{"smiley-after-mark", "put a mark before a smiley", "with a smiley after a word", having(func(t *traits) bool { return t.smileyBare || t.smileyMark }, func(t *traits) bool { return t.smileyMark })},
		{"emoji", "use emoji", "", whenever(func(t *traits) bool { return t.emoji })},
		{"laughs", "write a laugh such as haha or lol", "", whenever(laugh)},
		{"lol", "write lol rather than another laugh", "with a laugh", having(laugh, func(t *traits) bool { return t.has("lol", "lolz", "rofl", "lmao") })},
		{"heh", "write heh rather than another laugh", "with a laugh", having(laugh, func(t *traits) bool { return t.has("heh", "hehe", "hehehe") })},
	}
}

func addressHabits() []habit {
	first := func(t *traits) bool { return strings.HasPrefix(t.text, maskUser) }
	return []habit{
		{"addresses", "begin messages with a name", "", whenever(first)},
		{"addresses-colon", "put a colon after the name", "that begin with a name", having(first, func(t *traits) bool { return strings.HasPrefix(t.text, maskUser+":") })},
		{"addresses-comma", "put a comma after the name", "that begin with a name", having(first, func(t *traits) bool { return strings.HasPrefix(t.text, maskUser+",") })},
		{"mentions-inside", "name somebody within messages", "", whenever(func(t *traits) bool { return strings.LastIndex(t.text, maskUser) > 0 })},
		{"mentions-last", "name somebody at the end", "", whenever(func(t *traits) bool {
			return len(t.text) > len(maskUser)+2 && strings.HasSuffix(strings.TrimRight(t.text, ".!?"), maskUser)
		})},
		{"link", "send web addresses", "", whenever(contains(maskURL))},
		{"link-only", "send web addresses without a word", "with a web address", having(contains(maskURL), func(t *traits) bool { return len(t.words) <= 2 })},
		{"link-bracket", "put web addresses in brackets", "with a web address", having(contains(maskURL), contains("("+maskURL, "<"+maskURL, "["+maskURL))},
		{"slash-me", "write of themselves with /me", "", whenever(func(t *traits) bool { return strings.HasPrefix(t.text, "/me") })},
	}
}

func sentenceHabits() []habit {
	several := func(t *traits) bool { return t.sentenceUpper || t.sentenceLower }
	asks := func(t *traits) bool { return t.openWord(questionWords) }
	return []habit{
		{"several-sentences", "write several sentences", "of 60 characters or more", having(atLeast(60), several)},
		{"sentence-lower", "go on in small letters after a full stop", "of several sentences", having(several, func(t *traits) bool { return t.sentenceLower })},
		{"two-blanks", "leave two blanks after a full stop", "of several sentences", having(several, contains(".  ", "?  ", "!  "))},
		{"several-bare", "end several sentences without a mark", "of several sentences", having(several, func(t *traits) bool { return t.endsBare() })},
		{"blanks-inside", "leave two blanks between words", "", whenever(func(t *traits) bool { return t.innerBlanks })},
		{"asks", "ask questions", "", whenever(contains("?"))},
		{"asks-bare", "ask without a question mark", "that begin with a word of question", having(asks, func(t *traits) bool { return !strings.Contains(t.text, "?") })},
		{"opens-filler", "begin with a word such as well, oh or yes", "of three words or more", having(func(t *traits) bool { return len(t.words) >= 3 }, func(t *traits) bool { return t.openWord(fillers) })},
		{"filler-comma", "put a comma after such a word", "that begin with a word such as well, oh or yes", having(func(t *traits) bool { return t.openWord(fillers) && len(t.words) >= 3 }, func(t *traits) bool { return strings.HasSuffix(t.opening, ",") })},
		{"opens-and", "begin with a word such as and or but", "of three words or more", having(func(t *traits) bool { return len(t.words) >= 3 }, func(t *traits) bool { return t.openWord(conjunctions) })},
		{"opens-i", "begin with I", "of three words or more", having(func(t *traits) bool { return len(t.words) >= 3 }, func(t *traits) bool { return t.openWord(iWords) })},
	}
}

const (
	questionWords = " what who where when why how which is are do does did can could would should will has have any anyone "
	fillers       = " well ah oh hm hmm so ok okay yes yeah yep no nope hey hi hello right sure indeed um uh ooh aha eh nah "
	conjunctions  = " and but or because then also though although since "
	iWords        = " i i'm i've i'd i'll im ive "
)

func wordHabits() []habit {
	return []habit{
		{"txt-speak", "use short forms such as u or pls", "", whenever(func(t *traits) bool { return t.has(textSpeak...) })},
		{"abbreviates", "use abbreviations such as btw or imho", "", whenever(func(t *traits) bool { return t.smallShort || t.bigShort })},
		{"abbreviates-upper", "write abbreviations such as BTW in capitals", "with one", having(func(t *traits) bool { return t.smallShort || t.bigShort }, func(t *traits) bool { return t.bigShort })},
		{"etc-stop", "write etc, eg or ie without stops", "with such a word", choosing("etc eg ie", "etc. e.g. i.e e.g i.e.")},
		{"yeah", "write yeah rather than yes", "with such a word", choosing("yeah yea ya", "yes yep yup")},
		{"yep", "write yep rather than yes", "with such a word", choosing("yep yup", "yes yeah yea ya")},
		{"nope", "write nope or nah rather than no", "with such a word", choosing("nope nah", "no")},
		{"okay", "write okay rather than ok", "with such a word", choosing("okay", "ok k kk")},
		{"ok-upper", "write OK in capitals", "with such a word", having(func(t *traits) bool { return t.bigOK || t.smallOK }, func(t *traits) bool { return t.bigOK })},
		{"thx", "write thx or ty rather than thanks", "with such a word", choosing("thx ty thanx tnx", "thanks thank")},
		{"thank", "write thank you rather than thanks", "with such a word", choosing("thank", "thanks thx ty thanx tnx")},
		{"hmm", "write hmm rather than hm", "with such a word", choosing("hmm hmmm hmmmm", "hm")},
		{"maybe", "write maybe rather than perhaps", "with such a word", choosing("maybe", "perhaps possibly")},
		{"though", "use though", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("though", "tho", "although") })},
		{"gonna", "write gonna, wanna or gotta", "with such a word", choosing("gonna wanna gotta dunno", "going want")},
		{"cannot", "write out cannot, do not or it is", "with such words", having(func(t *traits) bool { return t.apostrophe || t.noApostrophe || t.writesOut }, func(t *traits) bool { return t.writesOut })},
		{"because", "write because rather than since or as", "with such a word", choosing("because cause cuz coz", "since")},
		{"hi", "greet with hi rather than hello or hey", "with a greeting", choosing("hi", "hello hey yo hiya")},
		{"hey", "greet with hey rather than hello or hi", "with a greeting", choosing("hey", "hello hi yo hiya")},
		{"just", "use just", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("just") })},
		{"really", "use really, very or quite", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("really", "very", "quite", "pretty") })},
		{"actually", "use actually, basically or apparently", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("actually", "basically", "apparently", "obviously") })},
		{"think", "write I think or I guess", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("think", "guess", "suppose", "believe") })},
		{"like", "use like", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("like") })},
		{"you", "speak to the reader as you", "", whenever(func(t *traits) bool { return t.has("you", "your", "u", "you're", "youre", "you'll", "you've", "ur") })},
		{"we", "speak of we", "of 40 characters or more", having(atLeast(40), func(t *traits) bool { return t.has("we", "our", "us", "we're", "we'll", "we've") })},
		{"please", "say please", "", whenever(func(t *traits) bool { return t.has("please", "pls", "plz") })},
		{"sorry", "say sorry", "", whenever(func(t *traits) bool { return t.has("sorry", "sry", "apologies") })},
		{"british", "spell as in colour and realise", "with such a word", having(func(t *traits) bool { return t.british || t.american }, func(t *traits) bool { return t.british })},
		{"swears", "use swear words", "", whenever(func(t *traits) bool {
			return t.has("fuck", "fucking", "shit", "damn", "crap", "wtf", "bullshit", "ass", "hell", "bloody", "fuckin", "bitch")
		})},
	}
}
