package check_test

import (
	"bytes"
	"testing"

	"daybook/archive"
	"daybook/export/check"
)

// Whatever a file holds, there is an answer, and it is never "ok" for bytes that
// no log has signed.
func FuzzFile(f *testing.F) {
	m := complete(f, diary(10), trueKey)
	f.Add(m.zip())
	f.Add(selection(f, diary(10), trueKey, []int{1, 7}, "7 m0.text", "7 raw").zip())
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := check.Options{Keys: reader{keys: []string{m.fingerprint()}}.options(t).Keys}
		if r, err := check.File(t.Context(), bytes.NewReader(data), int64(len(data)), o); err != nil || r.Answer == "" {
			t.Errorf("%q, %v", r.Answer, err)
		}
	})
}

// One file of the payload is anything, and the manifests fit: the others hold it
// to what was signed.
func FuzzPayload(f *testing.F) {
	m := complete(f, diary(10), trueKey)
	names := []string{"data/bundle.json", "data/items/000001/record.json", "data/items/000001/salts.json", "data/items/000001/item.tlog-proof",
		"data/log/checkpoint", "data/log/leaves.txt", "data/completeness.json", "data/timeline.json"}
	for i, name := range names {
		f.Add(uint8(i), m.files[name])
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		m := complete(t, diary(10), trueKey)
		key := m.fingerprint()
		name := names[int(which)%len(names)]
		m.files[name] = data
		r := checkFile(t, m.seal().zip(), check.Options{Keys: reader{keys: []string{key}}.options(t).Keys})
		signed := name == "data/log/checkpoint" || name == "data/log/leaves.txt" || name == "data/items/000001/item.tlog-proof"
		if signed && r.Answer == archive.OK && !bytes.Equal(data, complete(t, diary(10), trueKey).files[name]) {
			t.Errorf("%s is another, and the answer is ok", name)
		}
	})
}

// Whatever stands in the place of the signed manifest: nothing but the bytes that
// the key has signed are ok.
func FuzzSignedManifest(f *testing.F) {
	m := complete(f, diary(10), trueKey)
	f.Add(m.files[noteName])
	f.Add(m.note)
	f.Add([]byte(manifestText(m.origin, 10, m.files["manifest-sha256.txt"]) + "\n— " + m.origin + " AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := complete(t, diary(10), trueKey)
		signed := m.files[noteName]
		m.files[noteName] = data
		r := checkFile(t, m.tags().zip(), check.Options{Keys: reader{keys: []string{m.fingerprint()}}.options(t).Keys})
		if (r.Answer == archive.OK) != bytes.Equal(data, signed) {
			t.Errorf("%s: %v", r.Answer, r.Problems)
		}
	})
}

func FuzzReadAnchor(f *testing.F) {
	f.Add(complete(f, diary(10), trueKey).note)
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := check.ReadAnchor(data); err == nil && a.Signed == nil {
			t.Error("an anchor without a note")
		}
	})
}
