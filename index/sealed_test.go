package index_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"

	"daybook"
	"daybook/index"
)

// No word, name or key is in any file in the clear; nor are the keyed hashes
// that stand for messages and handles.
func TestNothingIsWrittenInTheClear_B6_C20(t *testing.T) {
	w := newWorld(t)
	const person = "https://marker.example/users/quokkazebra"
	for i := range 8 { // several segments and a merge
		var batch []message
		for j := range 50 {
			batch = append(batch, message{
				name: fmt.Sprintf("https://marker.example/%d/%d", i, j), from: person, kind: "markerkind",
				text: fmt.Sprintf("wombatnumber%d ｗｏｍｂａｔ 袋熊袋熊 🦘", i*50+j),
			})
		}
		w.put(batch...)
	}
	w.close() // everything is on the disk
	w.open()
	if got := w.search(w.parse("wombat")).Total; got != 400 {
		t.Fatalf("found %d messages, want 400", got)
	}
	w.close()

	key := w.key(w.c)
	id := key.MessageMAC(message{name: "https://marker.example/0/0"}.key())
	handle := key.MAC("handle", sender(person).Ref())
	markers := [][]byte{
		[]byte("wombat"), []byte("quokka"), []byte("marker"), []byte("袋熊"), []byte("🦘"), []byte("mention"), []byte("2026"),
		[]byte("acct"), []byte(w.c), id[:16], handle[:16], []byte(hex.EncodeToString(handle[:16])),
		[]byte("sender"), []byte("folded"), // not even the fields' names
	}
	files := 0
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range markers {
			if string(m) == "2026" && filepath.Base(path) == "root.bolt" {
				continue // bolt keeps when it was written last
			}
			if bytes.Contains(bytes.ToLower(b), m) || bytes.Contains(b, m) {
				t.Errorf("%s holds %q", path, m)
			}
			below, _ := filepath.Rel(w.dir, path)                          // WalkDir found it there
			if string(m) != "2026" && strings.Contains(below, string(m)) { // digits come in any random name
				t.Errorf("the path %s holds %q", below, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 4 {
		t.Errorf("looked at %d files only", files)
	}
}

// A folder whose key bleve was not given cannot be written to at all.
func TestBleveRefusesOtherFolders(t *testing.T) {
	index.InstallHooks()
	dir := filepath.Join(t.TempDir(), "other")
	if ix, err := bleve.New(dir, bleve.NewIndexMapping()); err == nil {
		t.Errorf("bleve made an index without a key: %v", ix.Close())
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it wrote something")
	}
}

// With another key, an index is not readable: it is built again.
func TestIndexOfAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	w.close()
	other := newWorld(t)
	other.put(message{name: "x", text: "alpha"})
	other.close()
	from, to := filepath.Dir(folderFile(t, w.dir, "key")), filepath.Dir(folderFile(t, other.dir, "key"))
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	other.open()
	if got, err := other.x.Position(t.Context(), other.c); err != nil || got != 0 {
		t.Errorf("position: got %d, %v, want 0", got, err)
	}
	other.follow(other.c)
	if got := other.found(other.parse("alpha")); len(got) != 1 {
		t.Errorf("found %v, want x", got)
	}
	if got := other.found(other.parse("outside")); len(got) != 0 {
		t.Errorf("found %v of another case", got)
	}
	var none daybook.CaseID
	if _, err := other.x.Position(t.Context(), none); err == nil {
		t.Error("a position without a case")
	}
}
