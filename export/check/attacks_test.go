package check_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/export/check"
)

// trueKey is that of the organisation that keeps the log; forgedKey is another.
var (
	trueKey   = keyOf(1)
	forgedKey = keyOf(2)
)

func replace(from, to string) func([]byte) []byte {
	return func(b []byte) []byte {
		if !bytes.Contains(b, []byte(from)) {
			panic("there is no " + from)
		}
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
}

// flip turns over one bit in the middle.
func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

// alter changes one file. Whoever does it can make the manifests anew, but not
// sign them.
func alter(name string, change func([]byte) []byte) func(m *made) {
	return func(m *made) {
		if m.files[name] == nil {
			m.t.Fatalf("there is no %s", name)
		}
		m.files[name] = change(m.files[name])
	}
}

// An attack is what somebody does to a bundle. Against the manifests alone, and
// with manifests that were made anew, it is to be noticed.
type attack struct {
	name string
	do   func(m *made)
	want archive.Answer // when whoever has the key signed the new manifest, and the key is known
	says string         // what one of the problems says then
}

// notTheManifest is said of what nobody with the key has signed.
const notTheManifest = "manifest-sha256.note: it is not over the manifest of this bundle"

func attacks() []attack {
	broken := archive.Broken
	return []attack{
		{name: "a byte in raw", do: alter("data/items/000001/raw.bin", flip), want: broken, says: "entry 1: the value or the salt of the field raw"},
		{name: "a value", do: alter("data/items/000001/record.json", replace("the old street", "the new street")), want: broken, says: "entry 1: the value or the salt of the field m0.text"},
		{name: "a digest in the record", do: alter("data/items/000001/record.json", func(b []byte) []byte {
			at := bytes.Index(b, []byte(`"raw":"sha256:`)) + 20
			b = bytes.Clone(b)
			b[at] = "10"[btoi(b[at] == '1')]
			return b
		}), want: broken, says: "entry 1: "},
		{name: "the name of a field", do: func(m *made) {
			m.files["data/items/000001/record.json"] = bytes.ReplaceAll(m.files["data/items/000001/record.json"], []byte(`"m0.text"`), []byte(`"m1.text"`))
			m.files["data/items/000001/salts.json"] = bytes.ReplaceAll(m.files["data/items/000001/salts.json"], []byte(`"m0.text"`), []byte(`"m1.text"`))
		}, want: broken, says: "entry 1: the value or the salt of the field m1.text"},
		{name: "the kind of an entry", do: alter("data/items/000001/record.json", replace(`"kind":"item"`, `"kind":"diary"`)), want: broken, says: "do not give the leaf of the proof"},
		{name: "the number of an entry", do: alter("data/items/000001/record.json", replace(`"index":1`, `"index":2`)), want: broken, says: "record.json is of another entry"},
		{name: "a salt", do: func(m *made) {
			m.edit("data/items/000001/salts.json", func(v map[string]any) { v["fields"].(map[string]any)["m0.text"] = strings.Repeat("0", 64) })
		}, want: broken, says: "entry 1: the value or the salt of the field m0.text"},
		{name: "the salt of the leaf", do: func(m *made) {
			m.edit("data/items/000001/salts.json", func(v map[string]any) { v["leaf"] = strings.Repeat("0", 64) })
		}, want: broken, says: "do not give the leaf of the proof"},
		{name: "a salt that is missing", do: func(m *made) {
			m.edit("data/items/000001/salts.json", func(v map[string]any) { delete(v["fields"].(map[string]any), "m0.text") })
		}, want: broken, says: "are not the same"},
		{name: "the bytes of a picture", do: func(m *made) { alter(m.media(), flip)(m) }, want: broken, says: "its bytes are not those that the entry names"},
		{name: "a picture that is missing", do: func(m *made) { delete(m.files, m.media()) }, want: broken, says: "it is missing"},
		{name: "a picture that nobody names", do: func(m *made) {
			m.edit("data/items/000003/record.json", func(v map[string]any) { v["media"] = []any{} })
		}, want: broken, says: "the files in its media are not those"},
		{name: "a hash of a proof", do: alter("data/items/000001/item.tlog-proof", func(b []byte) []byte {
			lines := bytes.Split(bytes.Clone(b), []byte("\n"))
			lines[3], lines[4] = lines[4], lines[3]
			return bytes.Join(lines, []byte("\n"))
		}), want: broken, says: "its proof does not lead to the root"},
		{name: "a proof that is cut", do: alter("data/items/000001/item.tlog-proof", func(b []byte) []byte { return b[:60] }), want: broken, says: "entry 1: "},
		{name: "the proof of another entry", do: func(m *made) {
			m.files["data/items/000001/item.tlog-proof"] = m.files["data/items/000002/item.tlog-proof"]
		}, want: broken, says: "do not give the leaf of the proof"},
		{name: "the size in the checkpoint", do: alter("data/log/checkpoint", replace("\n20\n", "\n21\n")), want: broken, says: "data/log/checkpoint: its signature is not valid"},
		{name: "the signature", do: alter("data/log/checkpoint", func(b []byte) []byte {
			b = bytes.Clone(b)
			at := len(b) - 20
			b[at] = "AB"[btoi(b[at] == 'A')]
			return b
		}), want: broken, says: "its signature is not valid"},
		{name: "another key", do: func(m *made) {
			other := newMade(m.t, m.entries, forgedKey)
			m.files["data/log/key.txt"] = []byte(other.verifier() + "\n")
			m.edit("data/bundle.json", func(v map[string]any) { v["key"], v["fingerprint"] = other.verifier(), other.fingerprint() })
		}, want: broken, says: "is not signed by the key of its log"},
		{name: "key.pem of another", do: func(m *made) {
			m.files["data/log/key.pem"] = complete(m.t, m.entries, forgedKey).files["data/log/key.pem"]
		}, want: broken, says: "data/log/key.pem: it is not the key of bundle.json"},
		{name: "the root in bundle.json", do: func(m *made) {
			m.edit("data/bundle.json", func(v map[string]any) { v["root"] = strings.Repeat("0", 64) })
		}, want: broken, says: "origin, size or root are not those of the checkpoint"},
		{name: "the order of leaves", do: alter("data/log/leaves.txt", func(b []byte) []byte {
			lines := bytes.Split(bytes.Clone(b), []byte("\n"))
			lines[1], lines[2] = lines[2], lines[1]
			return bytes.Join(lines, []byte("\n"))
		}), want: broken, says: "line 2 is not the leaf of entry 1"},
		{name: "a leaf", do: alter("data/log/leaves.txt", replace(" access ", " diary ")), want: broken, says: "the leaves do not give the root"},
		{name: "a leaf too few", do: alter("data/log/leaves.txt", func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] }), want: broken, says: "it has 19 leaves"},
		{name: "a removed entry", do: func(m *made) { m.remove(9) }, want: broken, says: "entries are missing, and it does not say so"},
		{name: "a removed message, with what tells of it", do: func(m *made) {
			m.remove(9)
			m.edit("data/completeness.json", func(v map[string]any) {
				v["erased"] = append(v["erased"].([]any), map[string]any{"entry": 9, "said_by": 6})
			})
		}, want: broken, says: "entry 6 does not say that entry 9 was erased"},
		{name: "an entry that is only named", do: func(m *made) {
			for _, f := range []string{"record.json", "salts.json", "item.tlog-proof", "raw.bin"} {
				delete(m.files, "data/items/000009/"+f)
			}
		}, want: broken, says: "it is missing"},
		{name: "an entry that bundle.json does not name", do: func(m *made) {
			m.edit("data/bundle.json", func(v map[string]any) {
				v["items"] = slices.DeleteFunc(v["items"].([]any), func(n any) bool { return fmt.Sprint(n) == "9" })
			})
		}, want: broken, says: "nothing in the bundle speaks of this file"},
		{name: "an added file", do: func(m *made) { m.files["data/items/000001/note.txt"] = []byte("look here") }, want: broken, says: "nothing in the bundle speaks of this file"},
		{name: "an added file beside the payload", do: func(m *made) { m.files["README.txt"] = []byte("look here") }, want: broken, says: "README.txt: the manifest does not have it"},
		{name: "a report that was not there", do: func(m *made) { m.files["data/report-2.pdf"] = []byte("%PDF-1.7 more") }, want: archive.OK},
		{name: "a name of the table", do: alter("data/timeline.json", replace("birds.example/kestrel", "birds.example/reed")), want: broken, says: "exhibit 1: the sender is not the one in its entries"},
		{name: "a text of the table", do: alter("data/timeline.json", replace("the old street", "the new street")), want: broken, says: "exhibit 1: the text is not the one in its entries"},
		{name: "a text of the table that is said to be covered", do: func(m *made) {
			alter("data/timeline.json", replace("the old street", "the new street"))(m)
			alter("data/timeline.json", replace(`"covered":{}`, `"covered":{"text":"a name"}`))(m)
		}, want: broken, says: "exhibit 1: the text is not the one in its entries"},
		{name: "a message that the table does not have", do: alter("data/timeline.json", func(b []byte) []byte {
			return append([]byte("["), b[bytes.IndexByte(b, '}')+bytes.Index(b[bytes.IndexByte(b, '}'):], []byte(",{"))+1:]...)
		}), want: broken, says: "entry 1 shows a message, and it is not there"},
		{name: "a member twice", do: alter("data/bundle.json", replace(`{"fingerprint"`, `{"size":20,"fingerprint"`)), want: broken, says: "it is not JSON as a bundle has it"},
		{name: "values that nest for ever", do: alter("data/completeness.json", func([]byte) []byte { return bytes.Repeat([]byte("["), 200000) }), want: broken, says: "it is not JSON as a bundle has it"},
		{name: "no JSON", do: alter("data/items/000001/record.json", func([]byte) []byte { return []byte("{\"index\":NaN}") }), want: broken, says: "it is not JSON as a bundle has it"},
		{name: "half a pair", do: func(m *made) {
			alter("data/completeness.json", replace(`"kind":`, `"note":"\ud83d\\ud83d","kind":`))(m)
		}, want: broken, says: "it is not JSON as a bundle has it"},
		{name: "a whole pair, and what looks like half of one", do: func(m *made) {
			alter("data/completeness.json", replace(`"kind":`, `"note":"\ud83d\udc26\\ud83d","kind":`))(m)
		}, want: archive.OK},
		{name: "values that nest too deep", do: func(m *made) {
			alter("data/completeness.json", replace(`"kind":`, `"note":`+strings.Repeat("[", 101)+strings.Repeat("]", 101)+`,"kind":`))(m)
		}, want: broken, says: "it is not JSON as a bundle has it"},
		{name: "values that nest", do: func(m *made) {
			alter("data/completeness.json", replace(`"kind":`, `"note":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"kind":`))(m)
		}, want: archive.OK},
		{name: "other types", do: alter("data/items/000001/record.json", func([]byte) []byte {
			return []byte(`{"index":true,"kind":[],"record":"","values":3,"withheld":null}`)
		}), want: broken, says: "it has no fitting record"},
		{name: "another format", do: alter("data/bundle.json", replace("daybook-bundle/v1", "daybook-bundle/v2")), want: broken, says: "it is of a format that this program does not know"},
		{name: "the report", do: alter("data/report.pdf", flip), want: archive.OK}, // nothing but the signed manifest holds these
		{name: "the table for a spreadsheet", do: alter("data/timeline.csv", flip), want: archive.OK},
		{name: "who exported and erased", do: alter("data/custody.csv", flip), want: archive.OK},
		{name: "a draft", do: alter("data/production-statement.txt", flip), want: archive.OK},
		{name: "a draft that is taken out", do: func(m *made) { delete(m.files, "data/production-statement.txt") }, want: archive.OK},
		{name: "the program", do: alter("data/verify.py", flip), want: archive.OK},
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *made) media() string {
	for name := range m.files {
		if strings.Contains(name, "/media/") {
			return name
		}
	}
	m.t.Fatal("there is no picture")
	return ""
}

// remove takes an entry out of everything but the log and what tells of it.
func (m *made) remove(n int) {
	for name := range m.files {
		if strings.HasPrefix(name, fmt.Sprintf("data/items/%06d/", n)) {
			delete(m.files, name)
		}
	}
	m.edit("data/bundle.json", func(v map[string]any) {
		v["items"] = slices.DeleteFunc(v["items"].([]any), func(i any) bool { return fmt.Sprint(i) == fmt.Sprint(n) })
	})
	var timeline []any
	for i := range m.entries {
		if m.files[fmt.Sprintf("data/items/%06d/raw.bin", i)] != nil {
			timeline = append(timeline, m.line(i, nil))
		}
	}
	m.put("data/timeline.json", timeline)
}

// Somebody alters a bundle. Those who make the manifests anew are found by what
// the log's key has signed; those who do not, by the manifests. And if whoever has
// the key were to sign such a manifest, the entries still have to fit.
func TestAttacks_B2_B3_B4(t *testing.T) {
	python := startPython(t)
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			m := complete(t, diary(20), trueKey)
			known := reader{keys: []string{m.fingerprint()}}
			a.do(m)
			r := python.both(t, m.zip(), known)
			if r.Answer != archive.Broken || len(r.Problems) == 0 {
				t.Errorf("with the old manifests: %s", r.Answer)
			}
			r = python.both(t, m.reseal().zip(), known)
			if r.Answer != archive.Broken {
				t.Errorf("with new manifests: %s", r.Answer)
			}
			if a.want == archive.OK && !says(r, notTheManifest) {
				t.Errorf("with new manifests, nothing says %q: %v", notTheManifest, r.Problems)
			}
			r = python.both(t, m.seal().zip(), known)
			if r.Answer != a.want {
				t.Errorf("with new manifests that are signed: %s, want %s: %v", r.Answer, a.want, r.Problems)
			}
			if a.says != "" && !says(r, a.says) {
				t.Errorf("nothing says %q: %v", a.says, r.Problems)
			}
		})
	}
}

func says(r check.Report, what string) bool {
	return slices.ContainsFunc(r.Problems, func(p archive.Problem) bool { return strings.Contains(p.Where+": "+p.What, what) })
}

// What a reader has from elsewhere decides.
func TestWhatSpeaks_B3(t *testing.T) {
	python := startPython(t)
	log := complete(t, diary(20), trueKey)
	root := func(n int) string { return daybook.Digest(log.rootAt(n)).String() }
	selected := selection(t, diary(20), trueKey, []int{1, 7}, "7 m0.text", "7 raw")
	forged := complete(t, func() []entry { e := diary(20); e[1] = e[2]; return e }(), forgedKey)
	forgedTail := complete(t, append(diary(20)[:19], diary(20)[2]), forgedKey)
	other := *log
	other.origin = "daybook/iiii/case/dddd"
	for _, tt := range []struct {
		name   string
		bundle *made
		reader reader
		want   archive.Answer
		says   string // a problem, a remark or what speaks for it
	}{
		{"nothing", log, reader{}, archive.CannotBeKnown, ""},
		{"the key", log, reader{keys: []string{log.fingerprint()}}, archive.OK, "the fingerprint of the key"},
		{"another key", log, reader{keys: []string{forged.fingerprint()}}, archive.Broken, "not that of the key that signed"},
		{"the key and another", log, reader{keys: []string{log.fingerprint(), forged.fingerprint()}}, archive.Broken, "not that of the key that signed"},
		{"an anchor", log, reader{anchors: []string{string(log.note)}}, archive.OK, "an anchor over 20 entries"},
		{"an anchor by hand", log, reader{anchors: []string{"20:" + root(20)[:16]}}, archive.OK, "an anchor over 20 entries"},
		{"an anchor in capitals", log, reader{anchors: []string{"20:" + strings.ToUpper(root(20))}}, archive.OK, "an anchor over 20 entries"},
		{"an anchor on a label", log, reader{anchors: []string{"20 " + root(20)[:4] + " " + root(20)[4:20] + " daybook/iiii/cccc"}}, archive.OK, "an anchor over 20 entries"},
		{"an older anchor", log, reader{anchors: []string{string(log.sign(12, log.rootAt(12)))}}, archive.OK, "an anchor over 12 entries"},
		{"an older anchor by hand", log, reader{anchors: []string{"12:" + root(12)}}, archive.CannotBeKnown, "later ones are newer than it"},
		{"an anchor of another root", log, reader{anchors: []string{"12:" + root(13)}}, archive.Broken, "the first 12 entries are not those"},
		{"a newer anchor", log, reader{anchors: []string{"30:" + root(13)}}, archive.CannotBeKnown, "could not be compared: the bundle covers 20"},
		{"an anchor of another log", log, reader{anchors: []string{string(other.sign(20, other.root))}}, archive.Broken, "it is of another log"},
		{"a selection and nothing", selected, reader{}, archive.CannotBeKnown, ""},
		{"a selection and the key", selected, reader{keys: []string{log.fingerprint()}}, archive.OK, ""},
		{"a selection and an anchor", selected, reader{anchors: []string{"20:" + root(20)}}, archive.OK, ""},
		{"a selection and an older anchor", selected, reader{anchors: []string{"12:" + root(12)}}, archive.CannotBeKnown, "a selection does not have all leaves"},
		{"a selection and an older checkpoint", selected, reader{anchors: []string{string(log.sign(12, log.rootAt(12)))}}, archive.OK, "has also signed the checkpoint that you hold"},
		{"a newer checkpoint", log, reader{anchors: []string{string(log.sign(30, log.rootAt(13)))}}, archive.OK, "could not be compared: the bundle covers 20"},
		{"a newer checkpoint of another key", forged, reader{anchors: []string{string(log.sign(30, log.rootAt(13)))}}, archive.Broken, "it is not signed with the key of this bundle"},
		{"all of it forged", forged, reader{}, archive.CannotBeKnown, ""},
		{"all of it forged, and the key", forged, reader{keys: []string{log.fingerprint()}}, archive.Broken, "not that of the key that signed"},
		{"all of it forged, and an anchor", forged, reader{anchors: []string{string(log.note)}}, archive.Broken, "the first 20 entries are not those"},
		{"all of it forged, and an older anchor", forged, reader{anchors: []string{"12:" + root(12)}}, archive.Broken, "the first 12 entries are not those"},
		{"only the end forged, and an older anchor by hand", forgedTail, reader{anchors: []string{"12:" + root(12)}}, archive.CannotBeKnown, "later ones are newer than it"},
		{"only the end forged, and an older anchor", forgedTail, reader{anchors: []string{string(log.sign(12, log.rootAt(12)))}}, archive.Broken, "it is not signed with the key of this bundle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := python.both(t, tt.bundle.zip(), tt.reader)
			if r.Answer != tt.want {
				t.Errorf("%s, want %s: %v", r.Answer, tt.want, r.Problems)
			}
			all := append(slices.Clone(r.Speaks), r.Remarks...)
			for _, p := range r.Problems {
				all = append(all, p.What)
			}
			if !strings.Contains(strings.Join(all, "\n"), tt.says) {
				t.Errorf("nothing says %q: %q", tt.says, all)
			}
		})
	}
}

// One field of one message in a thousand entries is covered: all the rest still
// verifies, and nothing of it can be altered.
func TestRedaction_B4_B5(t *testing.T) {
	python := startPython(t)
	m := selection(t, diary(1000), trueKey, []int{1, 7}, "7 m0.text", "7 raw")
	known := reader{keys: []string{m.fingerprint()}}
	r := python.both(t, m.zip(), known)
	if r.Answer != archive.OK || r.Withheld != 2 || r.Items != 2 {
		t.Errorf("%s with %d items and %d fields withheld: %v", r.Answer, r.Items, r.Withheld, r.Problems)
	}
	if n := len(m.files["data/items/000007/item.tlog-proof"]); n > 1536 {
		t.Errorf("a proof has %d bytes", n)
	}
	for _, a := range []attack{
		{name: "the field beside it", do: alter("data/items/000007/record.json", replace("birds.example/kestrel", "birds.example/reed")), says: "the field m0.sender does not fit"},
		{name: "what is withheld is said to be another", do: alter("data/items/000007/record.json", replace(`"m0.text":"a name`, `"m0.lang":"a name`)), says: "are not the same"},
		{name: "nothing is said of it", do: alter("data/items/000007/record.json", replace(`"m0.text":"a name is covered",`, ``)), says: "are not the same"},
		{name: "another text in its place", do: func(m *made) {
			alter("data/items/000007/record.json", replace(`"m0.text":"a name is covered",`, ``))(m)
			m.edit("data/items/000007/record.json", func(v map[string]any) { v["values"].(map[string]any)["m0.text"] = "other words" })
			m.edit("data/items/000007/salts.json", func(v map[string]any) { v["fields"].(map[string]any)["m0.text"] = strings.Repeat("0", 64) })
		}, says: "the field m0.text does not fit"},
		{name: "a seed", do: func(m *made) {
			m.edit("data/items/000007/salts.json", func(v map[string]any) { v["seed"] = strings.Repeat("0", 64) })
		}, says: "a seed is shown, though a field is withheld"},
	} {
		t.Run(a.name, func(t *testing.T) {
			m := selection(t, diary(1000), trueKey, []int{1, 7}, "7 m0.text", "7 raw")
			a.do(m)
			r := python.both(t, m.seal().zip(), known)
			if r.Answer != archive.Broken || !strings.Contains(fmt.Sprint(r.Problems), a.says) {
				t.Errorf("%s: %v, want %q", r.Answer, r.Problems, a.says)
			}
		})
	}
}

// What a hostile ZIP file tries.
func TestHostileZip_E4(t *testing.T) {
	python := startPython(t)
	type member = zip.FileHeader
	add := func(extra ...*member) func(m *made) []byte {
		return func(m *made) []byte {
			members := extra
			for name := range m.files {
				members = append(members, &member{Name: "bundle-1/" + name, Method: zip.Deflate})
			}
			return m.zipOf(members)
		}
	}
	mode := func(name string, bits uint32) *member {
		return &member{Name: name, CreatorVersion: 3 << 8, ExternalAttrs: bits << 16}
	}
	for _, tt := range []struct {
		name string
		make func(m *made) []byte
		says string
	}{
		{"a folder", add(&member{Name: "bundle-1/data/"}), ""},
		{"out of the folder", add(&member{Name: "bundle-1/../../etc/passwd"}), "not one that a bundle has"},
		{"an absolute name", add(&member{Name: "/etc/passwd"}), "not one that a bundle has"},
		{"a backslash", add(&member{Name: `bundle-1/data\x`}), "not one that a bundle has"},
		{"a drive", add(&member{Name: `C:/x`}), "not one that a bundle has"},
		{"NUL", add(&member{Name: "bundle-1/data/report.pdf\x00.txt"}), "not one that a bundle has"},
		{"another folder at the top", add(&member{Name: "other/x"}), "not one that a bundle has"},
		{"no folder", add(&member{Name: "x"}), "not one that a bundle has"},
		{"no ASCII", add(&member{Name: "bundle-1/data/répört.pdf"}), "not one that a bundle has"},
		{"twice", add(&member{Name: "bundle-1/data/report.pdf"}), "a name is there twice"},
		{"twice but for capitals", add(&member{Name: "bundle-1/data/Report.pdf"}), "two names differ in capitals alone"},
		{"a file that is a folder", add(&member{Name: "bundle-1/data/report.pdf/x"}), "a name is a file and a folder"},
		{"a link", add(mode("bundle-1/data/x", 0o120777)), "of a form that a bundle does not have"},
		{"a device", add(mode("bundle-1/data/x", 0o020666)), "of a form that a bundle does not have"},
		{"cut off", func(m *made) []byte { b := m.zip(); return b[:len(b)-1000] }, "not a whole ZIP file"},
		{"cut in the middle", func(m *made) []byte { b := m.zip(); return b[:len(b)/2] }, "not a whole ZIP file"},
		{"a piece is missing", func(m *made) []byte { b := m.zip(); return append(b[:200:200], b[1200:]...) }, "it cannot be unpacked"},
		{"nothing", func(*made) []byte { return nil }, "not a whole ZIP file"},
		{"something before it", func(m *made) []byte { return append([]byte("#!/bin/sh\n"), m.zip()...) }, "not a whole ZIP file"},
		{"something behind it", func(m *made) []byte { return append(m.zip(), 0) }, "not a whole ZIP file"},
		{"a bit in the middle", func(m *made) []byte { return flip(m.zip()) }, ""},
		{"a bomb", func(m *made) []byte {
			m.files["data/report.pdf"] = make([]byte, 200<<20)
			return m.seal().zip()
		}, "far larger than a bundle of its size"},
		{"a bomb that does not say so", func(m *made) []byte {
			m.files["data/report.pdf"] = make([]byte, 1<<20)
			b := m.seal().zip()
			at := bytes.LastIndex(b, []byte("bundle-1/data/report.pdf")) - 46
			copy(b[at+24:], []byte{16, 0, 0, 0}) // uncompressed size in the central directory (APPNOTE 4.3.12)
			return b
		}, "data/report.pdf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := complete(t, diary(20), trueKey)
			b := tt.make(m)
			r := python.both(t, b, reader{keys: []string{m.fingerprint()}})
			want := archive.Broken
			if tt.name == "a folder" {
				want = archive.OK
			}
			if r.Answer != want || !strings.Contains(fmt.Sprint(r.Problems), tt.says) {
				t.Errorf("%s: %v, want %q", r.Answer, r.Problems, tt.says)
			}
		})
	}
}
