package check_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/export/check"
)

const noteName = "manifest-sha256.note"

// What is in the place of the signed manifest is to be noticed, whoever made the
// manifest of the bag's own files anew.
func TestTheSignedManifest_B2_B3(t *testing.T) {
	python := startPython(t)
	// signs puts another text there, which the log's key has signed.
	signs := func(text func(m *made) string) func(m *made) {
		return func(m *made) { m.files[noteName] = m.signText(text(m)) }
	}
	ours := func(m *made) []byte { return m.files["manifest-sha256.txt"] }
	for _, tt := range []struct {
		name string
		do   func(m *made)
		want archive.Answer
		says string
	}{
		{"nothing", func(*made) {}, archive.OK, ""},
		{"it is missing", func(m *made) { delete(m.files, noteName) }, archive.Broken, noteName + ": it is missing"},
		{"it is empty", func(m *made) { m.files[noteName] = nil }, archive.Broken, notTheManifest},
		{"another manifest", signs(func(m *made) string { return manifestText(m.origin, 20, []byte("another")) }), archive.Broken, notTheManifest},
		{"another log", signs(func(m *made) string { return manifestText("daybook/iiii/case/dddd", 20, ours(m)) }), archive.Broken, notTheManifest},
		{"another size", signs(func(m *made) string { return manifestText(m.origin, 21, ours(m)) }), archive.Broken, notTheManifest},
		{"another version", signs(func(m *made) string { return strings.Replace(manifestText(m.origin, 20, ours(m)), "v1", "v2", 1) }), archive.Broken, notTheManifest},
		{"a line more", signs(func(m *made) string { return manifestText(m.origin, 20, ours(m)) + "more\n" }), archive.Broken, notTheManifest},
		{"a checkpoint", func(m *made) { m.files[noteName] = m.note }, archive.Broken, notTheManifest},
		{"a checkpoint with the digest as its root", signs(func(m *made) string {
			return strings.TrimPrefix(manifestText(m.origin, 20, ours(m)), "daybook-bundle/v1\n")
		}), archive.Broken, notTheManifest},
		{"another key", func(m *made) {
			m.key = forgedKey
			m.files[noteName] = m.signText(manifestText(m.origin, 20, ours(m)))
		}, archive.Broken, noteName + ": its signature is not valid"},
		{"the signature of the checkpoint", alter(noteName, func(b []byte) []byte {
			note := complete(t, diary(20), trueKey).note
			return append(bytes.Clone(b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1]), note[bytes.LastIndexByte(note[:len(note)-1], '\n')+1:]...)
		}), archive.Broken, noteName + ": its signature is not valid"},
		{"a bit of the signature", alter(noteName, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)-20] = "AB"[btoi(b[len(b)-20] == 'A')]
			return b
		}), archive.Broken, noteName + ": its signature is not valid"},
		{"a bit of the key's hash", alter(noteName, func(b []byte) []byte {
			at := len(b) - 93
			b = bytes.Clone(b)
			b[at] = "AB"[btoi(b[at] == 'A')]
			return b
		}), archive.Broken, noteName + ": its signature is not valid"},
		{"bits that say nothing", alter(noteName, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)-3]++ // the last digit of base64 has two of them
			return b
		}), archive.Broken, noteName + ": it is not base64 of the right length"},
		{"a second signature", alter(noteName, func(b []byte) []byte {
			return append(bytes.Clone(b), b[bytes.LastIndexByte(b[:len(b)-1], '\n')+1:]...)
		}), archive.Broken, notTheManifest},
		{"no line end", alter(noteName, func(b []byte) []byte { return b[:len(b)-1] }), archive.Broken, notTheManifest},
		{"a line end more", alter(noteName, func(b []byte) []byte { return append(bytes.Clone(b), '\n') }), archive.Broken, notTheManifest},
		{"line ends of Windows", alter(noteName, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }), archive.Broken, notTheManifest},
		{"it is large", func(m *made) { m.files[noteName] = make([]byte, 1<<17) }, archive.Broken, noteName + ": it is larger than such a file is"},
		{"it in the place of the checkpoint", func(m *made) {
			m.files["data/log/checkpoint"] = m.files[noteName]
			m.seal()
		}, archive.Broken, "data/log/checkpoint: it is not a signed checkpoint"},
		{"a file more at the top, in the manifest", func(m *made) { m.files["README.txt"] = []byte("look here") }, archive.Broken, "README.txt: nothing in the bundle speaks of this file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, m := range []*made{complete(t, diary(20), trueKey), selection(t, diary(20), trueKey, []int{1, 7})} {
				known := reader{keys: []string{m.fingerprint()}}
				tt.do(m)
				m.tags()
				if extra, there := m.files["README.txt"]; there {
					m.files["tagmanifest-sha256.txt"] = fmt.Appendf(m.files["tagmanifest-sha256.txt"], "%s  README.txt\n", daybook.DigestOf(extra))
				}
				r := python.both(t, m.zip(), known)
				if r.Answer != tt.want || tt.says != "" && !says(r, tt.says) {
					t.Errorf("%s, want %s and %q: %v", r.Answer, tt.want, tt.says, r.Problems)
				}
			}
		})
	}
}

// A manifest that was signed is never taken for a checkpoint that was held
// elsewhere, whatever name the signature bears.
func TestAManifestIsNoAnchor_B3(t *testing.T) {
	m := complete(t, diary(20), trueKey)
	if _, err := check.ReadAnchor(m.files[noteName]); err == nil {
		t.Error("it was read as a checkpoint")
	}
}

// Whoever has a key of their own can seal a bundle anew: nothing speaks for it.
func TestSealedWithAnOwnKey_B3(t *testing.T) {
	python := startPython(t)
	for name, change := range map[string]func(m *made){
		"the report":  alter("data/report.pdf", flip),
		"the custody": alter("data/custody.csv", flip),
	} {
		t.Run(name, func(t *testing.T) {
			ours := complete(t, diary(20), trueKey)
			m := complete(t, diary(20), forgedKey)
			change(m)
			m.seal()
			if r := python.both(t, m.zip(), reader{}); r.Answer != archive.CannotBeKnown {
				t.Errorf("%s: %v", r.Answer, r.Problems)
			}
			if r := python.both(t, m.zip(), reader{keys: []string{ours.fingerprint()}}); r.Answer != archive.Broken {
				t.Errorf("against the key: %s", r.Answer)
			}
		})
	}
}
