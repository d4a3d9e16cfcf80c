package check_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"daybook"
	"daybook/archive"
)

// withFile is a log with a file that was added in two pieces; told is what its
// entry tells of them.
func withFile(told func(i *daybook.Import)) []entry {
	pieces := [][]byte{[]byte("the first piece "), []byte("and the second")}
	whole := fmt.Appendf(nil, "%s%s", pieces[0], pieces[1])
	i := daybook.Import{File: daybook.DigestOf(whole), Size: int64(len(whole)), Name: "x.zip"}
	for _, p := range pieces {
		i.Parts = append(i.Parts, daybook.ImportPart{Digest: daybook.DigestOf(p), Bytes: int64(len(p))})
	}
	told(&i)
	all := diary(12)
	e := entry{kind: "import", blobs: pieces, seed: 77}
	e.fields = append(e.fields, daybook.NewRecord(daybook.RecordImport, i).Fields...)
	for k, p := range pieces {
		e.fields = append(e.fields, fields(fmt.Sprint("blob.", k), daybook.DigestOf(p).String())...)
	}
	var pairs []string
	for _, f := range e.fields {
		pairs = append(pairs, f.Name, string(f.Value))
	}
	e.fields = fields(append(pairs, "actor", `{"id":"local","role":"operator"}`, "logged", "2026-10-05T12:00:00Z")...)
	return append(all, e)
}

// The pieces of a file that was added, joined, are the file that its entry
// names; where they are not in a bundle, that is counted.
func TestAddedFile_B2_B3(t *testing.T) {
	python := startPython(t)
	const folder = "data/items/000012/"
	leaveOut := func(m *made) {
		for _, p := range withFile(func(*daybook.Import) {})[12].blobs {
			delete(m.files, folder+"media/"+daybook.DigestOf(p).String()[:16]+".png")
		}
		m.edit(folder+"record.json", func(v map[string]any) {
			for _, f := range v["media"].([]any) {
				delete(f.(map[string]any), "file")
				f.(map[string]any)["left_out"] = "the file is not part of this bundle"
			}
		})
	}
	tests := []struct {
		name          string
		told          func(i *daybook.Import)
		do            func(m *made)
		want          archive.Answer
		files, pieces int
		says          string
	}{
		{name: "as it was added", want: archive.OK, files: 1},
		{name: "left out", do: leaveOut, want: archive.OK, pieces: 2},
		{name: "other order", told: func(i *daybook.Import) { i.Parts[0], i.Parts[1] = i.Parts[1], i.Parts[0] }, want: archive.Broken, says: "its pieces are not the file"},
		{name: "one too few", told: func(i *daybook.Import) { i.Parts = i.Parts[:1] }, want: archive.Broken, says: "its pieces are not the file"},
		{name: "another size", told: func(i *daybook.Import) { i.Size++ }, want: archive.Broken, says: "its pieces are not the file"},
		{name: "another length", told: func(i *daybook.Import) { i.Parts[0].Bytes++ }, want: archive.Broken, says: "not as long as the entry says"},
		{name: "a piece that is none", told: func(i *daybook.Import) { i.Parts[1].Digest = daybook.Digest{7} }, want: archive.Broken, says: "none of its fields blob"},
		{name: "a file and left out", want: archive.Broken, says: "no fitting media", do: func(m *made) {
			m.edit(folder+"record.json", func(v map[string]any) { v["media"].([]any)[0].(map[string]any)["left_out"] = "why" })
		}},
		{name: "another piece", want: archive.Broken, says: "not those that the entry names", do: func(m *made) {
			name := folder + "media/" + daybook.DigestOf([]byte("and the second")).String()[:16] + ".png"
			m.files[name] = []byte("and another one")[:14]
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.told == nil {
				tt.told = func(*daybook.Import) {}
			}
			m := complete(t, withFile(tt.told), trueKey)
			if tt.do != nil {
				tt.do(m)
			}
			r := python.both(t, m.seal().zip(), reader{keys: []string{m.fingerprint()}})
			if r.Answer != tt.want || tt.says != "" && !says(r, tt.says) {
				t.Fatalf("%s: %+v", r.Answer, r.Problems)
			}
			if tt.want == archive.OK && (r.Files != tt.files || r.FilesLeftOut != tt.pieces || r.MediaGone != 0) {
				b, err := json.Marshal(r)
				t.Errorf("%s, %v", b, err)
			}
		})
	}
}
