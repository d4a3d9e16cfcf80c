package report

import "strings"

// sentence puts a sentence of detection, which is addressed to the person, into
// the third person. What stands in quotation marks is somebody's own words.
func sentence(s string) string {
	about := aboutThem()
	var b strings.Builder
	for s != "" {
		own, quoted, _ := strings.Cut(s, "“")
		b.WriteString(about.Replace(own))
		s = s[len(own):]
		if quoted == "" {
			b.WriteString(s)
			break
		}
		_, rest, _ := strings.Cut(quoted, "”")
		b.WriteString(s[:len(s)-len(rest)])
		s = rest
	}
	return b.String()
}

// aboutThem knows the ways in which detection addresses the person. A test reads
// every sentence that comes out.
func aboutThem() *strings.Replacer {
	return strings.NewReplacer(
		"They contacted you", "There was contact",
		"they contacted you", "there was contact",
		"linked handles contacted you", "linked handles made contact",
		"you wrote to them", "they were written to",
		"You asked", "The person asked",
		"you asked", "the person asked",
		"Beside you", "Beside the person",
		"beside you", "beside the person",
		"You were contacted", "There was contact",
		"You left open", "It was left open",
		"You talk with", "The person talks with",
		"You marked", "The person marked",
		"you marked", "the person marked",
		"You wrote", "The person wrote",
		"You said", "A person said",
		"wrote to you", "wrote to the person",
		"contacted you", "contacted the person",
		"Read from your accounts", "Read from the person’s accounts",
		"From exports that you added", "From exports that were added",
		"Written down by you", "Written down by hand",
	)
}

// flagSentence puts a rule's sentence into the third person.
func flagSentence(s string) string {
	return strings.NewReplacer(
		"\"you\"", "\"you\"", "your", "their", "you go", "they go", "you do", "they do", "you are", "they are", "you meet", "they meet", "you listed", "they listed",
		"you", "the person",
	).Replace(s)
}
