package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/export/check"
	"daybook/internal/need"
)

// A reader is what somebody who checks a bundle has from elsewhere, for both
// programs.
type reader struct {
	anchors []string // SIZE:ROOT, or a checkpoint
	keys    []string
	roots   string // a file
}

func (r reader) options(t testing.TB) (o check.Options) {
	t.Helper()
	for _, s := range r.anchors {
		if strings.Contains(s, "\n") {
			a, err := check.ReadAnchor([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			o.Anchors = append(o.Anchors, a)
			continue
		}
		a, err := check.ParseAnchor(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Anchors = append(o.Anchors, a)
	}
	for _, s := range r.keys {
		var d daybook.Digest
		if err := d.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		o.Keys = append(o.Keys, d)
	}
	return o
}

func (r reader) args(t testing.TB) (out []string) {
	t.Helper()
	for _, s := range r.anchors {
		if strings.Contains(s, "\n") {
			file := filepath.Join(t.TempDir(), "checkpoint")
			if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
			s = file
		}
		out = append(out, "--anchor", s)
	}
	for _, s := range r.keys {
		out = append(out, "--key", s)
	}
	if r.roots != "" {
		out = append(out, "--roots", r.roots)
	}
	return out
}

// checkFile checks a file with the one program.
func checkFile(t testing.TB, data []byte, o check.Options) check.Report {
	t.Helper()
	r, err := check.File(t.Context(), bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A pythonChecker is verify.py, which checks one bundle after the other: to start
// Python takes longer than what it does here.
type pythonChecker struct {
	in  *json.Encoder
	out *json.Decoder
}

const driver = `
import contextlib, io, json, sys, importlib.util
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
verify = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify)
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = verify.main(json.loads(line))
    print(json.dumps({"status": status, "report": json.loads(out.getvalue())}), flush=True)
`

func startPython(t testing.TB) *pythonChecker {
	t.Helper()
	python := need.Tool(t, "python3")
	program := filepath.Join(t.TempDir(), "verify.py")
	if err := os.WriteFile(program, check.Program(), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(python, "-B", "-c", driver, program)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), c.Wait()); err != nil {
			t.Error(err)
		}
	})
	return &pythonChecker{json.NewEncoder(in), json.NewDecoder(out)}
}

// check checks a file or folder.
func (p *pythonChecker) check(t testing.TB, path string, args ...string) check.Report {
	t.Helper()
	if err := p.in.Encode(append([]string{"--json", path}, args...)); err != nil {
		t.Fatal(err)
	}
	var said struct {
		Status int          `json:"status"`
		Report check.Report `json:"report"`
	}
	if err := p.out.Decode(&said); err != nil {
		t.Fatal(err)
	}
	if want := map[archive.Answer]int{archive.OK: 0, archive.CannotBeKnown: 3, archive.Broken: 4}[said.Report.Answer]; said.Status != want {
		t.Errorf("answer %s with exit status %d", said.Report.Answer, said.Status)
	}
	return said.Report
}

// both checks a file with both programs and compares all that they say.
func (p *pythonChecker) both(t testing.TB, data []byte, r reader) check.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	ours := checkFile(t, data, r.options(t))
	if diff := cmp.Diff(p.check(t, file, r.args(t)...), ours); diff != "" {
		t.Errorf("the two programs differ (-verify.py +check):\n%s", diff)
	}
	return ours
}
