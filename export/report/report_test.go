package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"daybook/export"
	"daybook/export/report"
)

// printed returns a volume of the report and the first report.
func printed(t testing.TB, s *stage, shown *export.Shown) (whole, first []byte) {
	t.Helper()
	var a, b bytes.Buffer
	if err := report.Write(t.Context(), &a, shown, 1, s.bytesOf); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteFirst(t.Context(), &b, shown); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("DAYBOOK_SHOTS"); dir != "" {
		for name, data := range map[string][]byte{"report": a.Bytes(), "first-report": b.Bytes()} {
			file := filepath.Join(dir, filepath.Base(t.Name())+"-"+name+".pdf")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a.Bytes(), b.Bytes()
}

func TestReport(t *testing.T) {
	s := garden(t)
	printed(t, s, shown(t, s.view(), export.Spec{Kind: export.Complete, Mark: "MR", For: "Greater Example Police", Names: map[string]string{"wren": "Wren Example"}}))
}
