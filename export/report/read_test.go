package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"daybook/export"
	"daybook/export/report"
	"daybook/internal/need"

	"golang.org/x/text/unicode/norm"
)

// whole returns a volume of the report; first the first report. With
// DAYBOOK_SHOTS=DIR they are kept there, to be looked at.
func whole(t testing.TB, s *stage, shown *export.Shown, volume int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(t.Context(), &b, shown, volume, s.bytesOf); err != nil {
		t.Fatal(err)
	}
	keep(t, "report-"+strconv.Itoa(volume), b.Bytes())
	return b.Bytes()
}

func first(t testing.TB, shown *export.Shown) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteFirst(t.Context(), &b, shown); err != nil {
		t.Fatal(err)
	}
	keep(t, "first-report", b.Bytes())
	return b.Bytes()
}

func keep(t testing.TB, name string, doc []byte) {
	t.Helper()
	dir := os.Getenv("DAYBOOK_SHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".pdf"), doc, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run returns what a program says of a document. FILE stands for its name.
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

// textOf returns the text of a document in the order of its structure: what
// stands in quotes in the tree that the program prints.
func textOf(t testing.TB, doc []byte) string {
	t.Helper()
	var b strings.Builder
	open := false
	for line := range strings.Lines(run(t, doc, "pdfinfo", "-struct-text", "FILE")) {
		line = strings.TrimSpace(line)
		if rest, begins := strings.CutPrefix(line, `"`); begins && !open {
			open, line = true, rest
		}
		if open {
			text, ends := strings.CutSuffix(line, `"`)
			open = !ends
			b.WriteString(text + "\n")
		}
	}
	return b.String()
}

// dense leaves out what readers differ in: spaces, controls, marks.
func dense(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.M) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// says reports texts that are not in a document.
func says(t *testing.T, got string, want ...string) {
	t.Helper()
	got = dense(got)
	for _, w := range want {
		if !strings.Contains(got, dense(w)) {
			t.Errorf("%q is not in it", w)
		}
	}
}

// saysNot reports texts that are in a document.
func saysNot(t *testing.T, got string, unwanted ...string) {
	t.Helper()
	got = dense(got)
	for _, w := range unwanted {
		if strings.Contains(got, dense(w)) {
			t.Errorf("%q is in it", w)
		}
	}
}

var pagesLine = regexp.MustCompile(`(?m)^Pages:\s+(\d+)$`)

func pages(t *testing.T, doc []byte) int {
	t.Helper()
	m := pagesLine.FindStringSubmatch(run(t, doc, "pdfinfo", "FILE"))
	if m == nil {
		t.Fatal("pdfinfo names no pages")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var (
	active = regexp.MustCompile(`/(JS|JavaScript|AA|Launch|URI|EmbeddedFiles?|OpenAction|Annots|SubmitForm|GoToR)\b`)
	// judging is what no report says of its own: verdicts, figures for people,
	// promises.
	judging = regexp.MustCompile(`(?i)\b(stalk\w*|suspects?|perpetrators?|victims?|offenders?|offences?|guilt\w*|culprit|same person|risk|danger level|admissible|proof|proves?|proven|evidence of|tamper\w*|harass\w*|crime[sd]?|criminals?|toxic\w*)\b`)
)

// sound checks what holds of every document: it is a whole file, and nothing in
// it does anything.
func sound(t *testing.T, doc []byte) {
	t.Helper()
	run(t, doc, "qpdf", "--check", "FILE")
	if found := active.FindString(run(t, doc, "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")); found != "" {
		t.Errorf("the document has %s", found)
	}
}

// fair checks that the report's own words judge nobody. others are the words of
// messages and of people, which are left out before.
func fair(t *testing.T, got string, others ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(got), " ")
	for _, o := range others {
		flat = strings.ReplaceAll(flat, strings.Join(strings.Fields(o), " "), " ")
	}
	for _, word := range judging.FindAllString(flat, -1) {
		if word != "Crime" { // "Crime reference number", to be filled in
			t.Errorf("the report says %q", word)
		}
	}
	for _, at := range regexp.MustCompile(`\b[Yy]our?\b`).FindAllStringIndex(flat, -1) {
		t.Errorf("the report speaks to the person: %q", flat[max(0, at[0]-60):min(len(flat), at[1]+60)])
	}
}
