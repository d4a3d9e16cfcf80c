package report

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"daybook/internal/pdf"
)

// integrity prints what the record can be checked by.
func (w *writer) integrity() {
	w.chapter("Integrity, and how to check it", false)
	w.say("Every line of the record is under one root: if a byte of a line, or their order, is changed, the root is another. The checkpoint is a signed statement of size and root. A time stamp is an outside service’s signature over that checkpoint and a time.")
	w.facts("The checkpoint, its key and its time stamps.", []fact{
		{"Record", one(mono(w.s.Origin))},
		{"Size", one(text(strconv.FormatUint(w.s.Size, 10)))},
		{"Root (SHA-256)", one(mono(inFours(w.s.Root.String())))},
		{"Key", one(mono(w.s.Key))},
		{"Key’s fingerprint", one(mono(inFours(w.s.Finger.String())))},
		{"Time stamps", w.stampsInWords()},
		{"Checked when this was made", one(text(w.checked()))},
	})
	w.d.Heading(2, "The checkpoint as text")
	w.d.Paragraph(pdf.Quote, mono(w.s.Origin+"\n"+strconv.FormatUint(w.s.Size, 10)+"\n"+base64.StdEncoding.EncodeToString(w.s.Root[:])))
	w.note("These three lines are what was signed; the signature stands with them in data/log/checkpoint.")
	w.d.Heading(2, "How to check it")
	w.points(
		"data/VERIFY.md says step by step how to check the bundle that this report came in, with public tools alone (sha256sum, openssl, Python 3; on Windows Get-FileHash). data/verify.py does all of it: Python 3 and its standard library.",
		"The answer is one of three: ok, broken (with the place), cannot be checked (with what would settle it). Whoever makes a bundle with a key of their own can make all of it fit together, so “ok” needs something from elsewhere: size and root from a printed page or an e-mail, the key’s fingerprint, or a time stamp of a service that the reader trusts.",
		"The exhibits in this report are those of the bundle with the same size and root. If the two differ, the bundle is what counts: this report is a way to read it.",
	)
	w.files()
}

// checked says what verifying the record came to.
func (w *writer) checked() string {
	c := w.s.Check
	s := ""
	switch c.Answer {
	case "":
		return "It was not checked when this was made."
	case "ok":
		s = "Everything matches."
	case "broken":
		s = "It does not match, in " + count(int64(c.Problems), "place") + "."
	default:
		s = "It cannot be checked in full, for " + count(int64(c.Problems), "reason") + "."
	}
	if c.Erased > 0 {
		s += " The content of " + count(int64(c.Erased), "entry") + " was erased on request; that they existed can still be seen."
	}
	if c.Restores > 0 {
		s += " " + count(int64(c.Restores), "declared break") + ": a backup was put back."
	}
	if c.Steps > 0 {
		s += " The clock made " + count(int64(c.Steps), "step") + " that " + pick(int64(c.Steps), "is", "are") + " in the record."
	}
	return s
}

// files lists what lies in a bundle, as docs/bundle-format.md has it.
func (w *writer) files() {
	rows := [][2]string{
		{"data/items/NNNNNN/", "one entry of the record, by its number: the exact bytes as they came, its record, salts, the inclusion proof, attachments"},
		{"data/timeline.csv, timeline.json", "the messages, one a line; the second is exact to the character"},
		{"data/custody.csv", "what was acquired, imported, decided, exported and erased, by whom and when"},
		{"data/completeness.json", "what is not in the bundle, and where nobody looked"},
		{"data/log/", "checkpoint, public key, time stamps and their certificates"},
		{"data/first-report.pdf", "two pages for a first call or visit"},
		{"data/VERIFY.md, verify.py", "how to check all of it, and a program that does"},
		{"data/production-statement.txt, certificate-902.txt", "drafts to be filled in and signed by a person"},
	}
	report := "data/report.pdf"
	if n := Volumes(w.s); n > 1 {
		report += fmt.Sprintf(" to report-%d.pdf", n)
	}
	cells := [][][]pdf.Span{{one(mono(report)), one(text("this report"))}}
	for _, row := range rows {
		cells = append(cells, [][]pdf.Span{one(mono(row[0])), one(text(row[1]))})
	}
	w.table(w.heading("What the bundle holds"), pdf.Table{Summary: "The files of the bundle.", Columns: []pdf.Column{{Title: "File", Width: 0.36}, {Title: "What it is", Width: 0.64}}}, cells)
}
