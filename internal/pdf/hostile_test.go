package pdf_test

import (
	"strings"
	"testing"

	"daybook/internal/pdf"
)

// dense leaves out what a line's end takes away: spaces, tabs and line feeds.
func dense(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\r\n", "", "\n", "").Replace(s)
}

// comes checks that a text comes out of a document as it went in, in a paragraph
// and in a narrow cell.
func comes(t *testing.T, text string) {
	t.Helper()
	doc := document(t, func(d *pdf.Document) {
		d.Paragraph(pdf.Quote, pdf.Span{Text: text})
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "", Width: 1}, {Title: "", Width: 9}}})
		rows.Row(spans(text))
		rows.End()
	})
	got := unchipped(dense(strings.Join(read(t, doc).pages(), "")))
	if want := dense(text) + dense(text); got != want {
		t.Error(difference(got, want))
	}
}

func difference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(i-20, 0)
	return strings.Join([]string{"got …", quote(got, from), ", want …", quote(want, from)}, "")
}

func quote(s string, from int) string {
	return "%" + strings.ToValidUTF8(s[min(from, len(s)):min(from+60, len(s))], "?") + "%"
}

func TestHostileText(t *testing.T) {
	var mixed strings.Builder
	for _, s := range samples() {
		mixed.WriteString(s.text)
	}
	for _, tc := range []struct{ name, text string }{
		{"a line of a quarter of a megabyte", strings.Repeat("0123456789abcdef", 1<<14)},
		{"words of a hundred kilobytes", strings.Repeat("so much to say ", 1<<13)},
		{"10,000 marks on a letter", "a" + strings.Repeat("\u0301\u0323", 5000) + "b"},
		{"marks on nothing", strings.Repeat("\u0301", 3000)},
		{"a hundred kilobytes of marks", strings.Repeat("\u0336\u034a\u0328", 17_000)},
		{"a hundred kilobytes of controls", strings.Repeat("\u202e\x00", 1<<14)},
		{"broken UTF-8", strings.Repeat("\xff\xed\xa0\x80\xc3", 2000)},
		{"joined without end", strings.Repeat("👨\u200d", 3000)},
		{"syllables without end", strings.Repeat("क\u094d", 3000)},
		{"Burmese syllables without end", strings.Repeat("\u1000\u1039", 3000)},
		{"flags", strings.Repeat("🇬🇧🇵", 1500)},
		{"all samples in one line, often", strings.Repeat(mixed.String(), 30)},
		{"right to left, long", strings.Repeat("שלום 123 עולם abc ", 5000)},
		{"brackets", strings.Repeat("([{<", 5000) + "א" + strings.Repeat(">}])", 5000)},
		{"line feeds", strings.Repeat("\n", 5000) + "end"},
		{"marks of other scripts", "a\u0951\u064b\u05b0 ก\u0301\u093f x\u0e34\u0e48\u0e34"},
		{"starts with marks", "\u064b\u0301\u093eabc"},
		{"Hangul letters", "\u1112\u1161\u11ab\u1100 ㄱㅏㅁ"},
		{"every letter of the first plane", everyLetter()},
	} {
		t.Run(tc.name, func(t *testing.T) { comes(t, tc.text) })
	}
}

// everyLetter is U+0021 to U+FFFF, most of which no text has side by side.
func everyLetter() string {
	var b strings.Builder
	for r := rune(0x21); r <= 0xFFFF; r++ {
		if r < 0xD800 || r > 0xDFFF {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Whatever the text, it comes out as it went in.
func FuzzText(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.text)
	}
	for _, o := range odd() {
		f.Add(o.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 || strings.Contains(text, "[U+") || strings.Contains(text, "[byte") {
			t.Skip("its own chips cannot be told from ours")
		}
		comes(t, text)
	})
}
