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

// Whoever has a key of their own can seal a bundle anew, also beside entries that
// are not altered: nothing speaks for that key.
func TestSealedWithAnOwnKey_B3(t *testing.T) {
	python := startPython(t)
	ours := complete(t, diary(20), trueKey)
	root := daybook.Digest(ours.root).String()
	const nothingSpeaks = "nothing that you gave speaks for the key"
	for _, name := range []string{"data/report.pdf", "data/custody.csv"} {
		m := complete(t, diary(20), forgedKey)
		m.files[name] = flip(m.files[name])
		m.seal()
		for _, tt := range []struct {
			name   string
			reader reader
			want   archive.Answer
			says   string
		}{
			{"nothing", reader{}, archive.CannotBeKnown, ""},
			{"the key", reader{keys: []string{ours.fingerprint()}}, archive.Broken, "not that of the key that signed"},
			{"a checkpoint", reader{anchors: []string{string(ours.note)}}, archive.Broken, "it is not signed with the key of this bundle"},
			{"an older checkpoint", reader{anchors: []string{string(ours.sign(12, ours.rootAt(12)))}}, archive.Broken, "it is not signed with the key of this bundle"},
			{"size and root", reader{anchors: []string{"20:" + root}}, archive.OK, nothingSpeaks},
		} {
			t.Run(name+", "+tt.name, func(t *testing.T) {
				r := python.both(t, m.zip(), tt.reader)
				if r.Answer != tt.want || !says(r, tt.says) && !strings.Contains(strings.Join(r.Remarks, "\n"), tt.says) {
					t.Errorf("%s, want %s and %q: %v %q", r.Answer, tt.want, tt.says, r.Problems, r.Remarks)
				}
			})
		}
	}
	for name, known := range map[string]reader{
		"the key":                    {keys: []string{ours.fingerprint()}},
		"a checkpoint":               {anchors: []string{string(ours.note)}},
		"size and root, and the key": {anchors: []string{"20:" + root}, keys: []string{ours.fingerprint()}},
		"an older checkpoint":        {anchors: []string{string(ours.sign(12, ours.rootAt(12)))}},
		"a newer checkpoint":         {anchors: []string{string(ours.sign(30, ours.root))}},
	} {
		if r := python.both(t, ours.zip(), known); r.Answer != archive.OK || strings.Contains(strings.Join(r.Remarks, "\n"), nothingSpeaks) {
			t.Errorf("%s: %s, %q", name, r.Answer, r.Remarks)
		}
	}
}
