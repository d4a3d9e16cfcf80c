package check_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/archive"
	"daybook/archive/stamp"
	"daybook/export/check"
	"daybook/internal/faketsa"
)

// checkStamp is what the command line gives to the checker.
func checkStamp(t testing.TB, trusted []byte) func(token, note, chain []byte) (time.Time, bool, error) {
	return func(token, note, chain []byte) (time.Time, bool, error) {
		roots, err := stamp.ParseRoots(chain)
		if err != nil {
			return time.Time{}, false, err
		}
		found, err := stamp.Check(token, note, roots)
		if err != nil || trusted == nil {
			return found.At, false, err
		}
		if roots, err = stamp.ParseRoots(trusted); err != nil {
			t.Fatal(err)
		}
		_, err = stamp.Check(token, note, roots)
		return found.At, err == nil, nil
	}
}

// stamped asks an authority for a token over the checkpoint of a bundle.
func (m *made) stamped(a *faketsa.TSA) *made {
	m.t.Helper()
	roots, err := stamp.ParseRoots(a.RootPEM)
	if err != nil {
		m.t.Fatal(err)
	}
	token, err := stamp.Authority{Name: "Example TSA", URL: a.URL, Roots: roots}.Request(m.t.Context(), m.note, time.Now)
	if err != nil {
		m.t.Fatal(err)
	}
	m.files["data/log/example-tsa.tsr"], m.files["data/log/example-tsa.pem"] = token.Raw, token.Chain
	m.edit("data/bundle.json", func(v map[string]any) {
		v["time_stamps"] = []any{
			map[string]any{"authority": "Example TSA", "state": "stamped", "at": token.At, "token": "data/log/example-tsa.tsr", "chain": "data/log/example-tsa.pem"},
			map[string]any{"authority": "Another TSA", "state": "pending"},
		}
	})
	return m.seal()
}

func TestTimeStamps_B3_B4_B8(t *testing.T) {
	python := startPython(t)
	tsa, own := faketsa.Start(t), faketsa.Start(t)
	m := complete(t, diary(20), trueKey).stamped(tsa)
	forged := complete(t, append(diary(20)[:19], diary(20)[2]), forgedKey).stamped(own)
	both := func(t *testing.T, m *made, a *faketsa.TSA, keys ...string) check.Report {
		t.Helper()
		r := reader{keys: keys}
		o := r.options(t)
		o.Stamp = checkStamp(t, nil)
		if a != nil {
			o.Stamp = checkStamp(t, a.RootPEM)
			r.roots = a.RootFile
		}
		file := filepath.Join(t.TempDir(), "bundle.zip")
		data := m.zip()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ours := checkFile(t, data, o)
		if diff := cmp.Diff(python.check(t, file, r.args(t)...), ours); diff != "" {
			t.Errorf("the two programs differ (-verify.py +check):\n%s", diff)
		}
		return ours
	}
	for _, tt := range []struct {
		name  string
		m     *made
		roots *faketsa.TSA
		keys  []string
		want  archive.Answer
		state string
	}{
		{"nothing", m, nil, nil, archive.CannotBeKnown, "not trusted"},
		{"the root", m, tsa, nil, archive.OK, "trusted"},
		{"another root", m, own, nil, archive.CannotBeKnown, "not trusted"},
		{"all of it forged", forged, nil, nil, archive.CannotBeKnown, "not trusted"},
		{"all of it forged, and the root", forged, tsa, nil, archive.CannotBeKnown, "not trusted"},
		{"all of it forged, and the key", forged, tsa, []string{m.fingerprint()}, archive.Broken, "not trusted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := both(t, tt.m, tt.roots, tt.keys...)
			if r.Answer != tt.want || len(r.TimeStamps) != 2 || r.TimeStamps[0].State != tt.state || r.Pending != 1 {
				t.Errorf("%s with %+v and %d pending: %v", r.Answer, r.TimeStamps, r.Pending, r.Problems)
			}
		})
	}
	broken := func(name, says string, do func(m *made)) {
		t.Run(name, func(t *testing.T) {
			m := complete(t, diary(20), trueKey).stamped(tsa)
			do(m)
			r := both(t, m.seal(), tsa, m.fingerprint())
			if r.Answer != archive.Broken || !strings.Contains(r.Problems[0].What, says) {
				t.Errorf("%s: %v", r.Answer, r.Problems)
			}
		})
	}
	const unfit = "it is not a time stamp over this checkpoint"
	token, chain := "data/log/example-tsa.tsr", "data/log/example-tsa.pem"
	broken("a byte of the token", unfit, alter(token, flip))
	broken("the end of the token", unfit, alter(token, func(b []byte) []byte { b[len(b)-3] ^= 1; return b }))
	broken("a token that is cut", unfit, alter(token, func(b []byte) []byte { return b[:len(b)/3] }))
	broken("no token", unfit, alter(token, func([]byte) []byte { return []byte("0\x84\xff\xff\xff\xff") }))
	broken("the token of another checkpoint", unfit, alter(token, func([]byte) []byte { return forged.files[token] }))
	broken("the chain of another", unfit, alter(chain, func([]byte) []byte { return forged.files[chain] }))
	broken("another time", "its time is not the one in bundle.json", alter("data/bundle.json", replace(`"at":"20`, `"at":"19`)))
	broken("files out of their place", "a time stamp has no fitting files", alter("data/bundle.json", replace("data/log/example-tsa.tsr", "data/log/../example.tsr")))
	broken("a token that nobody names", "nothing in the bundle speaks of this file", func(m *made) {
		m.edit("data/bundle.json", func(v map[string]any) { v["time_stamps"] = []any{} })
	})
}

// Checkpoints that were stamped before lie in complete bundles, and fit.
func TestEarlier_B3(t *testing.T) {
	python := startPython(t)
	with := func(sign func(m *made) []byte) *made {
		m := complete(t, diary(20), trueKey)
		name := "data/log/earlier/000012.checkpoint"
		m.files[name] = sign(m)
		m.edit("data/bundle.json", func(v map[string]any) {
			v["earlier"] = []any{map[string]any{"size": 12, "root": daybook.Digest(m.rootAt(12)), "checkpoint": name, "time_stamps": []any{}}}
		})
		return m.seal()
	}
	for _, tt := range []struct {
		name string
		sign func(m *made) []byte
		want archive.Answer
		says string
	}{
		{"as it was", func(m *made) []byte { return m.sign(12, m.rootAt(12)) }, archive.OK, ""},
		{"of another size", func(m *made) []byte { return m.sign(13, m.rootAt(12)) }, archive.Broken, "it is not the checkpoint that bundle.json names"},
		{"of another root", func(m *made) []byte { return m.sign(12, m.rootAt(13)) }, archive.Broken, "it is not the checkpoint that bundle.json names"},
		{"altered", func(m *made) []byte { return replace("\n12\n", "\n11\n")(m.sign(12, m.rootAt(12))) }, archive.Broken, "its signature is not valid"},
		{"of another key", func(m *made) []byte { return newMade(t, m.entries, forgedKey).sign(12, m.rootAt(12)) }, archive.Broken, "not signed by the key of its log"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := with(tt.sign)
			r := python.both(t, m.zip(), reader{keys: []string{m.fingerprint()}})
			if r.Answer != tt.want || tt.says != "" && !strings.Contains(r.Problems[0].What, tt.says) {
				t.Errorf("%s: %v", r.Answer, r.Problems)
			}
		})
	}
	t.Run("of another history", func(t *testing.T) {
		m := complete(t, diary(20), trueKey)
		other := newMade(t, append(diary(20)[:11], diary(20)[2]), trueKey)
		name := "data/log/earlier/000012.checkpoint"
		m.files[name] = other.note
		m.edit("data/bundle.json", func(v map[string]any) {
			v["earlier"] = []any{map[string]any{"size": 12, "root": daybook.Digest(other.root), "checkpoint": name, "time_stamps": []any{}}}
		})
		r := python.both(t, m.seal().zip(), reader{keys: []string{m.fingerprint()}})
		if r.Answer != archive.Broken || !strings.Contains(r.Problems[0].What, "the first 12 entries are not those that it covers") {
			t.Errorf("%s: %v", r.Answer, r.Problems)
		}
	})
}

// An unpacked folder gives the same answer.
func TestFolder_B4(t *testing.T) {
	python := startPython(t)
	m := complete(t, diary(20), trueKey)
	dir := t.TempDir()
	for name, data := range m.files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	known := reader{keys: []string{m.fingerprint()}}
	both := func(want archive.Answer, says string) {
		t.Helper()
		ours, err := check.Folder(t.Context(), os.DirFS(dir), known.options(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(python.check(t, dir, known.args(t)...), ours); diff != "" {
			t.Errorf("the two programs differ (-verify.py +check):\n%s", diff)
		}
		if ours.Answer != want || says != "" && !strings.Contains(ours.Problems[0].What, says) {
			t.Errorf("%s: %v, want %s", ours.Answer, ours.Problems, want)
		}
	}
	both(archive.OK, "")
	if err := os.WriteFile(filepath.Join(dir, ".DS_Store"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	both(archive.OK, "") // a desktop has looked into it
	if err := os.WriteFile(filepath.Join(dir, "data", "log", "leaves.txt"), m.files["data/log/leaves.txt"][1:], 0o600); err != nil {
		t.Fatal(err)
	}
	both(archive.Broken, "")
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "data", "x")); err != nil {
		t.Skip("no links on this system")
	}
	both(archive.Broken, "neither a file nor a folder")
}
