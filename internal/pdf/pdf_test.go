package pdf_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"daybook/internal/need"
	"daybook/internal/pdf"

	"golang.org/x/text/unicode/norm"
)

// document returns the bytes of a document that fill filled.
func document(t testing.TB, fill func(d *pdf.Document)) []byte {
	t.Helper()
	var b bytes.Buffer
	d := pdf.New(&b, pdf.Options{Title: "Record of contact", Language: "en-GB", Footer: "Case 7, made up", Producer: "test"})
	fill(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// run writes a document to a file, and returns what a program says of it. The
// name of the file stands for FILE.
func run(t testing.TB, doc []byte, program string, args ...string) string {
	t.Helper()
	path := need.Tool(t, program)
	file := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// bare leaves out spaces and what has no look of its own, and composes letters
// with their marks: readers differ in these.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, norm.NFC.String(s))
}

func spans(s string) []pdf.Span { return []pdf.Span{{Text: s}} }

// sampleDocument has each sample in a row of a table.
func sampleDocument(t testing.TB) []byte {
	return document(t, func(d *pdf.Document) {
		d.Heading(1, "Samples")
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "What", Width: 1}, {Title: "When", Width: 1}, {Title: "Text", Width: 3}}})
		for _, s := range samples() {
			rows.Row(spans(s.name), spans("2026-11-20\n12:30 UTC"), spans(s.text))
		}
		rows.End()
	})
}

func TestStructureHoldsEveryText(t *testing.T) {
	got := bare(run(t, sampleDocument(t), "pdfinfo", "-struct-text", "FILE"))
	for _, s := range samples() {
		if !strings.Contains(got, bare(s.text)) {
			t.Errorf("%s: %q is not in the document's structure", s.name, s.text)
		}
	}
}

// Readers that turn text from right to left around put several vowel marks of one
// letter into another order.
func TestRawTextHoldsEveryText(t *testing.T) {
	got := bare(run(t, sampleDocument(t), "pdftotext", "-raw", "FILE", "-"))
	exact := 0
	for _, s := range samples() {
		switch {
		case strings.Contains(got, bare(s.text)):
			exact++
		case strings.Contains(unmarked(got), unmarked(bare(s.text))):
			t.Logf("%s: but for the order of marks", s.name)
		default:
			t.Errorf("%s: %q cannot be taken out", s.name, s.text)
		}
	}
	if exact < 40 {
		t.Errorf("%d of %d texts can be taken out exactly, want 40", exact, len(samples()))
	}
}

func unmarked(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.M, unicode.Cf) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

func TestWhatCannotBeSeenIsShown(t *testing.T) {
	for _, o := range odd() {
		t.Run(o.name, func(t *testing.T) {
			doc := document(t, func(d *pdf.Document) { d.Paragraph(pdf.Body, pdf.Span{Text: "<" + o.text + ">"}) })
			got := run(t, doc, "pdfinfo", "-struct-text", "FILE")
			if !strings.Contains(bare(got), bare("<"+o.want+">")) {
				t.Errorf("%q is shown as %s; want %q", o.text, got, o.want)
			}
		})
	}
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(sampleDocument(t), sampleDocument(t)) {
		t.Error("two documents with the same content differ")
	}
}

func TestFileIsSound(t *testing.T) {
	doc := everything(t)
	if got := run(t, doc, "qpdf", "--check", "FILE"); !strings.Contains(got, "No syntax or stream encoding errors") {
		t.Error(got)
	}
	info := run(t, doc, "pdfinfo", "FILE")
	for _, want := range []string{`Title: +Record of contact`, `Tagged: +yes`, `JavaScript: +no`, `Form: +none`, `Page size: +595.28 x 841.89 pts \(A4\)`, `Encrypted: +no`} {
		if !regexp.MustCompile(want).MatchString(info) {
			t.Errorf("pdfinfo says nothing of %q:\n%s", want, info)
		}
	}
}

// plain is a document without compression.
func plain(t testing.TB, doc []byte) string {
	return run(t, doc, "qpdf", "--qdf", "--object-streams=disable", "--compress-streams=n", "FILE", "-")
}

func TestNothingActive(t *testing.T) {
	got := plain(t, everything(t))
	for _, name := range []string{"/JS", "/JavaScript", "/AA", "/Launch", "/URI", "/EmbeddedFile", "/OpenAction", "/Annots", "/AcroForm", "/SubmitForm", "/GoToR", "/RichMedia", "/CreationDate", "/ModDate", "pdfaid", "pdfuaid"} {
		if regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(got) {
			t.Errorf("the document has %s", name)
		}
	}
	for _, name := range []string{"/StructTreeRoot", "/MarkInfo", "/Lang (en-GB)", "/DisplayDocTitle true", "/Outlines", "/Alt", "/FontFile2"} {
		if !strings.Contains(got, name) {
			t.Errorf("the document has no %s", name)
		}
	}
}

func TestFontsAreEmbedded(t *testing.T) {
	for line := range strings.Lines(run(t, everything(t), "pdffonts", "FILE")) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[0] == "name" || strings.HasPrefix(line, "---") {
			continue
		}
		if embedded := fields[len(fields)-5]; embedded != "yes" {
			t.Errorf("not embedded: %s", line)
		}
	}
}

func TestStructure(t *testing.T) {
	got := run(t, everything(t), "pdfinfo", "-struct", "FILE")
	var tags []string
	for line := range strings.Lines(got) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "/") {
			tags = append(tags, strings.TrimSuffix(f[0], ":"))
		}
	}
	all := " " + strings.Join(tags, " ") + " "
	for _, want := range []string{"Document", "H1", "H2", "H3", "P", "BlockQuote P", "Note P", "L LI Lbl LBody", "Table THead TR TH TH", "TBody TR TH TD", "Figure"} {
		if !strings.Contains(all, " "+want+" ") {
			t.Errorf("no %s among the tags: %s", want, all)
		}
	}
}
