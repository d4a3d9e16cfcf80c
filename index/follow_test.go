package index_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"daybook"
	"daybook/archive"
	"daybook/index"
)

func TestHandle(t *testing.T) {
	w := newWorld(t)
	w.put(
		message{name: "a", text: "first words"},
		message{name: "a", text: "second words"}, // the same message, seen again: one document, as it is now
		message{name: "a", text: "", part: true}, // a lane that shows less never takes words away
		message{name: "b", text: "half a", part: true},
		message{name: "b", text: "half a loaf"},
	)
	w.put(message{name: "b", text: "", part: true})
	for query, want := range map[string][]string{
		"first":    {},
		"second":   {"a"},
		"loaf":     {"b"},
		"words":    {"a"},
		"-nowhere": {"a", "b"},
	} {
		if diff := cmp.Diff(want, w.found(w.parse(query))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}

	// The same entries again, or some of them, change nothing; entries that
	// leave some out are refused.
	batch, err := w.log.Batch(t.Context(), w.c, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, entries := range [][]archive.Entry{batch, batch[2:4], batch[:1]} {
		if err := w.x.Handle(t.Context(), w.c, entries); err != nil {
			t.Errorf("entries again: %v", err)
		}
	}
	late := batch[len(batch)-1]
	late.Index += 10
	if err := w.x.Handle(t.Context(), w.c, []archive.Entry{late}); !errors.Is(err, index.ErrBehind) {
		t.Errorf("entries after a hole: got %v, want ErrBehind", err)
	}
	if got, err := w.x.Position(t.Context(), w.c); err != nil || got != uint64(len(batch)) {
		t.Errorf("position: got %d, %v, want %d", got, err, len(batch))
	}
	if diff := cmp.Diff([]string{"a", "b"}, w.found(w.parse("-nowhere"))); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
}

// What is gathered in memory during a rebuild is found at once, too, and what a
// lane shows incompletely does not take its place.
func TestHandle_manyEntries(t *testing.T) {
	w := newWorld(t)
	var many []message
	for i := range 1800 {
		many = append(many, message{name: fmt.Sprint(i), text: fmt.Sprintf("word%d common", i)})
	}
	w.put(many[:900]...)
	if got := w.search(w.parse("common")); got.Total != 900 {
		t.Errorf("found %d of 900 messages", got.Total)
	}
	w.put(append(many[900:], message{name: "1700", part: true}, message{name: "3", part: true})...)
	for query, want := range map[string]int{"common": 1800, "word1700": 1, "word3": 1} {
		if got := w.search(w.parse(query)); int(got.Total) != want {
			t.Errorf("%s: found %d messages, want %d", query, got.Total, want)
		}
	}
	w.close()
	w.open()
	if got := w.search(w.parse("common")); got.Total != 1800 || got.Seen != 1803 {
		t.Errorf("after closing: found %d of 1800 messages, %d entries seen of 1803", got.Total, got.Seen)
	}
}

func TestHandle_versions(t *testing.T) {
	w := newWorld(t)
	w.close()
	cfg := w.config()
	cfg.Versions = edits{message{name: "a"}.key(): {"I know where you live", "hello there"}}
	w.openWith(cfg)
	w.put(message{name: "a", text: "hello there"}, message{name: "b", text: "hello you"})
	for query, want := range map[string][]string{
		"live": {"a"}, "there": {"a"}, "hello": {"a", "b"},
		`"live hello"`: {}, // a phrase does not run from one version into the next
	} {
		if diff := cmp.Diff(want, w.found(w.parse(query))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestPositionIsKept(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	want, err := w.x.Position(t.Context(), w.c)
	if err != nil || want == 0 {
		t.Fatalf("position: %d, %v", want, err)
	}
	w.close()
	w.open()
	got, err := w.x.Position(t.Context(), w.c)
	if err != nil || got != want {
		t.Errorf("position after closing: got %d, %v, want %d", got, err, want)
	}
	if diff := cmp.Diff([]string{"house", "today"}, w.found(w.parse("outside"))); diff != "" {
		t.Errorf("found after closing (-want +got):\n%s", diff)
	}
}

// A copy of the files, taken while everything is in use, is what a crash leaves:
// whatever it lacks comes again from the log.
func TestCrash(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		var batch []message
		for j := range 40 {
			batch = append(batch, message{name: fmt.Sprintf("%d.%d", i, j), text: fmt.Sprintf("word%d common", j)})
		}
		w.put(batch...)
		after := filepath.Join(t.TempDir(), "after")
		copyInUse(t, after, w.dir)
		cfg := w.config()
		cfg.Dir = after
		x, err := index.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.log.CatchUp(t.Context(), w.c, x); err != nil {
			t.Fatal(err)
		}
		r, err := x.Search(t.Context(), w.parse("common"))
		if err != nil || int(r.Total) != (i+1)*40 {
			t.Errorf("after a crash in batch %d: found %d, %v, want %d", i, r.Total, err, (i+1)*40)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
}

// copyInUse copies a folder whose files may go meanwhile.
func copyInUse(t *testing.T, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestIndexHealsItself(t *testing.T) {
	flip := func(t *testing.T, path string, at int64) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at < 0 {
			at += int64(len(b))
		}
		for i := at; i < at+16 && i < int64(len(b)); i++ {
			b[i] ^= 0x5a
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	truncate := func(t *testing.T, path string, share float64) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, int64(float64(info.Size())*share)); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	noise := func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("not what it was, but long enough to be read as something else"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	type damage struct {
		name string
		do   func(t *testing.T, file string)
	}
	const searchFirst = "begins otherwise"
	all := []damage{
		{"removed", remove},
		{"empty", func(t *testing.T, f string) { truncate(t, f, 0) }},
		{"cut in half", func(t *testing.T, f string) { truncate(t, f, 0.5) }},
		{"cut short", func(t *testing.T, f string) { truncate(t, f, 0.98) }},
		{"begins otherwise", func(t *testing.T, f string) { flip(t, f, 0) }},
		{"ends otherwise", func(t *testing.T, f string) { flip(t, f, -16) }},
		{"something else", noise},
	}
	for _, tt := range []struct {
		file    string
		damages []damage
	}{
		{"key", all},
		{"words/index_meta.json", all},
		{"words/store/root.bolt", all},
		{"words/store/*.zap", append(all, damage{"one place in the middle", func(t *testing.T, f string) { flip(t, f, 700) }})},
		{"words/store", []damage{{"removed", remove}}},
		{"words", []damage{{"removed", remove}}},
		{".", []damage{{"removed", remove}}},
	} {
		for _, d := range tt.damages {
			t.Run(tt.file+" "+d.name, func(t *testing.T) {
				w := newWorld(t)
				w.put(texts...)
				w.close()
				files, err := filepath.Glob(filepath.Join(w.dir, "*", tt.file))
				if err != nil || len(files) == 0 {
					t.Fatalf("no file %s: %v", tt.file, err)
				}
				for _, f := range files {
					d.do(t, f)
				}
				w.open()
				if d.name == searchFirst { // nothing is found yet, and that is said
					if r, err := w.x.Search(t.Context(), w.parse("outside")); !errors.Is(err, index.ErrBehind) {
						t.Errorf("search before catching up: got %d hits, %v, want ErrBehind", r.Total, err)
					}
				}
				got, err := w.x.Position(t.Context(), w.c)
				unused := filepath.Base(tt.file) == "root.bolt" && (d.name == "cut short" || d.name == "ends otherwise") // its last page may be free
				if err != nil || got != 0 && !unused {
					t.Errorf("position: got %d, %v, want 0", got, err)
				}
				w.follow(w.c)
				if diff := cmp.Diff([]string{"house", "today"}, w.found(w.parse("outside"))); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Wherever root.bolt or a segment is damaged, the answer is right after catching
// up, and nothing panics or hangs.
func TestIndexHealsItself_anywhere(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	w.close()
	for _, pattern := range []string{"*/words/store/root.bolt", "*/words/store/*.zap"} {
		files, err := filepath.Glob(filepath.Join(w.dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s: %v", pattern, err)
		}
		whole, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		const places = 40
		for i := range places {
			name := filepath.Base(files[0])
			damaged := append([]byte{}, whole...)
			for j, at := 0, len(damaged)*i/places; j < 9 && at+j < len(damaged); j++ {
				damaged[at+j] ^= byte(0xff - i)
			}
			dir := filepath.Join(t.TempDir(), "index")
			if err := os.CopyFS(dir, os.DirFS(w.dir)); err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(w.dir, files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, rel), damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			cfg := w.config()
			cfg.Dir = dir
			w.openWith(cfg)
			w.follow(w.c)
			if diff := cmp.Diff([]string{"house", "today"}, w.found(w.parse("outside"))); diff != "" {
				t.Errorf("%s damaged at %d of %d (-want +got):\n%s", name, i, places, diff)
			}
			w.put(message{name: fmt.Sprint("later", i), text: "later"}) // it can be written, too
			w.close()
		}
		w.open()
		w.follow(w.c)
		w.close()
		files, err = filepath.Glob(filepath.Join(w.dir, "*/words/store/*.zap"))
		if err != nil || len(files) == 0 {
			t.Fatal("no segment is left")
		}
	}
	w.open()
}

func TestIndexAheadOfItsLog(t *testing.T) {
	w := newWorld(t)
	w.put(texts[:3]...)
	h := w.storage.Heads[w.c]
	rows := len(w.storage.Log[w.c])
	w.put(texts[3:]...)
	// Somebody puts an older database back.
	w.storage.Heads[w.c] = h
	w.storage.Log[w.c] = w.storage.Log[w.c][:rows]
	if got, err := w.x.Position(t.Context(), w.c); err != nil || got != 0 {
		t.Errorf("position: got %d, %v, want 0", got, err)
	}
	w.follow(w.c)
	if diff := cmp.Diff([]string{"find", "house", "today"}, w.found(w.parse("-zzz*"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestIndexOfAnotherVersion(t *testing.T) {
	for _, version := range []uint64{0, 2, 1 << 40} {
		w := newWorld(t)
		w.put(texts...)
		if err := w.x.PretendVersion(t.Context(), w.c, version); err != nil {
			t.Fatal(err)
		}
		w.close()
		w.open()
		if got, err := w.x.Position(t.Context(), w.c); err != nil || got != 0 {
			t.Errorf("version %d: position %d, %v, want 0", version, got, err)
		}
	}
}

func TestErased_B6(t *testing.T) {
	w := newWorld(t)
	first := w.put(message{name: "gone", text: "quokkazebra is here"}, message{name: "stays", text: "nothing to see"})
	w.close()
	w.open()
	key := folderFile(t, w.dir, "key")
	before, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	erase := func() {
		t.Helper()
		if err := w.log.Erase(t.Context(), daybook.Actor{ID: "test", Role: "owner"}, w.c, []uint64{first}, "asked for"); err != nil {
			t.Fatal(err)
		}
	}
	erase()
	if err := w.x.Erased(t.Context(), w.c, []daybook.MessageKey{message{name: "gone"}.key()}); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("files that are left: %v, %v", left, err)
	}
	w.follow(w.c)
	if diff := cmp.Diff([]string{}, w.found(w.parse("quokkazebra"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stays"}, w.found(w.parse("nothing"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	after, err := os.ReadFile(folderFile(t, w.dir, "key"))
	if err != nil || string(after) == string(before) {
		t.Errorf("the new index has the old key; %v", err)
	}
}

// A crash between erasing in the log and telling the index.
func TestErasureThatTheIndexMissed_B6(t *testing.T) {
	w := newWorld(t)
	first := w.put(message{name: "gone", text: "quokkazebra is here"}, message{name: "stays", text: "nothing to see"})
	if err := w.log.Erase(t.Context(), daybook.Actor{ID: "test", Role: "owner"}, w.c, []uint64{first}, "asked for"); err != nil {
		t.Fatal(err)
	}
	w.close()
	w.open()
	w.follow(w.c)
	if diff := cmp.Diff([]string{}, w.found(w.parse("quokkazebra"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stays"}, w.found(w.parse("nothing"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestDrop(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	if err := w.x.Drop(t.Context(), w.c); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("files that are left: %v, %v", left, err)
	}
}

func folderFile(t *testing.T, dir, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", name))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %v, %v", name, files, err)
	}
	return files[0]
}

// Another process that holds the index is an error soon, and costs nothing.
func TestIndexInUse(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	w.close()
	db, err := bolt.Open(folderFile(t, w.dir, "words/store/root.bolt"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.open()
	if _, err := w.x.Search(t.Context(), w.parse("outside")); !errors.Is(err, index.ErrInUse) {
		t.Errorf("search while another holds it: got %v, want ErrInUse", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"house", "today"}, w.found(w.parse("outside"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

// Searches, writes and openings of more cases than may stay open, all at once.
func TestFewIndexesStayOpen(t *testing.T) {
	w := newWorld(t)
	w.close()
	cfg := w.config()
	cfg.MaxOpen = 2
	w.openWith(cfg)
	cases := []daybook.CaseID{w.c}
	for range 5 {
		cases = append(cases, w.newCase())
	}
	for _, c := range cases {
		w.putIn(c, message{name: "0", text: "common"})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 30 {
				c := cases[(g+i)%len(cases)]
				q := index.Query{Case: c, Text: "common"}
				if r, err := w.x.Search(ctx, q); err != nil || r.Total == 0 {
					t.Errorf("search: %d hits, %v", r.Total, err)
					cancel()
				}
			}
		})
	}
	for i := range 20 {
		w.putIn(cases[i%len(cases)], message{name: fmt.Sprint(i + 1), text: "common"})
	}
	wg.Wait()
	total := 0
	for _, c := range cases {
		r := w.search(index.Query{Case: c, Text: "common"})
		total += int(r.Total)
	}
	if total != len(cases)+20 {
		t.Errorf("found %d messages in all cases, want %d", total, len(cases)+20)
	}
}
