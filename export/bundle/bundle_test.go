package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/export"
	"daybook/export/bundle"
)

// A record is a case in memory, and the view of it that a bundle is made of.
type record struct {
	log  *archive.Log
	c    daybook.CaseID
	view *export.View
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newRecord makes a case with n messages, one an entry, and pictures whose type
// the sender's server chose.
func newRecord(t testing.TB, n int, pictures ...string) *record {
	t.Helper()
	m := archivetest.NewMemory()
	var key archive.InstanceKey
	rand.Read(key[:])
	keys, err := archive.OpenKeyring(t.Context(), key, m)
	if err != nil {
		t.Fatal(err)
	}
	at := start
	l, err := archive.Open(t.Context(), archive.Config{Storage: m, Keys: keys, Blobs: m, Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.NewCase(t.Context(), archivetest.Actor, "a case", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	r := &record{log: l, c: c, view: &export.View{Case: c, Zone: time.UTC}}
	var batch []daybook.Record
	for i := range n {
		batch = append(batch, message(i))
	}
	for i, kind := range pictures {
		b := fmt.Appendf(nil, "picture %d", i)
		d, err := l.PutBlob(t.Context(), c, b)
		if err != nil {
			t.Fatal(err)
		}
		media := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Message: messageKey(0),
			Media: daybook.Media{Digest: d, Type: kind, Native: strconv.Itoa(i), URL: "https://social.example/../../" + kind + "/7.JPEG?x=.exe", Bytes: int64(len(b)), State: daybook.MediaKept}})
		media.Blobs = []daybook.Digest{d}
		media.Actor = archivetest.Actor
		batch = append(batch, media)
	}
	if _, err := l.Append(t.Context(), c, batch); err != nil {
		t.Fatal(err)
	}
	r.derive(t)
	return r
}

// message makes the record of a message that has nothing in common with the
// others: another sender, text and time.
func message(i int) daybook.Record {
	sent := start.Add(time.Duration(i) * time.Hour)
	sender := fmt.Sprintf("https://birds.example/users/sender-%d-x", i)
	name := fmt.Sprintf("sender_%d_x@birds.example", i)
	text := fmt.Sprintf("words-%d-of this message <b>&amp;", i)
	raw, err := json.Marshal(map[string]string{"id": strconv.Itoa(1000 + i), "acct": name, "uri": sender, "content": text})
	if err != nil {
		panic(err)
	}
	r := daybook.Item{
		Capture: daybook.Capture{Account: "account", Platform: "mastodon", Lane: "notifications", NativeID: fmt.Sprintf("notification-%d-x", i), MediaType: "application/json",
			Raw: raw, Member: fmt.Sprintf("/%d", i), Origin: daybook.Collected,
			Exchange: &daybook.Exchange{Method: "GET", URL: fmt.Sprintf("https://social.example/api/v1/notifications?since_id=%d-x", 1000+i), Status: 200, Start: sent, End: sent.Add(time.Second)}},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{{
			Key: messageKey(i), Kind: daybook.KindMention, Direction: daybook.In, URL: fmt.Sprintf("https://birds.example/@sender_%d_x/%d", i, 1000+i),
			Sender: daybook.Handle{Platform: "mastodon", Native: sender, Names: []daybook.SeenName{{Account: name, Display: fmt.Sprintf("Display %d x", i)}}},
			Sent:   daybook.When{At: sent}, Text: text}}},
	}.Record()
	r.Actor = archivetest.Actor
	return r
}

func messageKey(i int) daybook.MessageKey {
	return daybook.MessageKey(fmt.Sprintf("mastodon:https://birds.example/users/kestrel/statuses/%d", 1000+i))
}

// derive makes the view of what is in the log, one message for each item.
func (r *record) derive(t testing.TB) {
	t.Helper()
	v := r.view
	for e, err := range r.log.Entries(t.Context(), r.c, v.Size) {
		if err != nil {
			t.Fatal(err)
		}
		line := export.EntryLine{Index: e.Index, Kind: e.Record.Kind, Logged: e.Record.Logged, Actor: e.Record.Actor, Erased: e.Erased}
		if e.Record.Kind == daybook.RecordItem && !e.Erased {
			item, err := e.Item()
			if err != nil {
				t.Fatal(err)
			}
			read := item.Reading.Messages[0]
			line.Messages, line.Natives = []daybook.MessageKey{read.Key}, []string{item.Capture.NativeID}
			line.Account, line.Origin, line.Parser = item.Capture.Account, item.Capture.Origin, item.Reading.Parser
			v.Messages = append(v.Messages, daybook.Message{Key: read.Key, Case: r.c, Account: item.Capture.Account, Platform: item.Capture.Platform,
				Kind: read.Kind, Direction: read.Direction, Sender: read.Sender, Sent: read.Sent, FirstSeen: start, LastSeen: start, Text: read.Text,
				Versions: []daybook.Version{{At: read.Sent.At, FirstSeen: start, Entry: e.Index, Text: read.Text}},
				State:    daybook.Present, Captures: []uint64{e.Index}, Parser: item.Reading.Parser, Origin: item.Capture.Origin})
		}
		if e.Record.Kind == daybook.RecordMedia {
			var m daybook.MediaRecord
			if err := e.Record.Decode(&m); err != nil {
				t.Fatal(err)
			}
			line.Messages, line.Media = []daybook.MessageKey{m.Message}, &m.Media
			v.Messages[0].Media = append(v.Messages[0].Media, m.Media)
		}
		v.Entries = append(v.Entries, line)
		v.Size++
		v.Facts.Now = e.Record.Logged
	}
}

// input is what a bundle of the whole log or of a part of it is made of.
func (r *record) input(t testing.TB, spec export.Spec) bundle.Input {
	t.Helper()
	cp, err := r.log.Checkpoint(t.Context(), r.c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := export.Show(r.view, spec)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Input{Log: r.log, Case: r.c, Shown: s, Checkpoint: cp}
}

func write(t testing.TB, in bundle.Input) ([]byte, bundle.Result) {
	t.Helper()
	var b bytes.Buffer
	res, err := bundle.Write(t.Context(), &b, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), res
}

// unzip returns the files of a bundle by their names below its folder.
func unzip(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range r.File {
		folder, name, ok := strings.Cut(f.Name, "/")
		if !ok || !strings.HasPrefix(folder, "bundle-") {
			t.Errorf("%s lies outside of the folder", f.Name)
		}
		if _, twice := files[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[name], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestTheSameAgainIsTheSame_B10(t *testing.T) {
	r := newRecord(t, 20, "image/png")
	spec := export.Spec{Kind: export.Complete, Standing: export.Standing{Version: "1"}}
	in := r.input(t, spec)
	once, res := write(t, in)
	again, _ := write(t, in)
	if !bytes.Equal(once, again) {
		t.Error("the same input gives other bytes")
	}
	if res.SHA256 != daybook.DigestOf(once) || res.Size != int64(len(once)) || res.File != res.SHA256 || res.FileSize != res.Size {
		t.Errorf("the result %+v is not of the %d bytes", res, len(once))
	}
	if res.Entries != 22 || res.Exhibits != 20 || res.LeftOut != 0 {
		t.Errorf("the result counts %+v", res)
	}
	if _, err := r.log.Append(t.Context(), r.c, []daybook.Record{archivetest.Item("2000", "later")}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.log.Checkpoint(t.Context(), r.c); err != nil {
		t.Fatal(err)
	}
	if later, _ := write(t, in); !bytes.Equal(once, later) {
		t.Error("after more entries were appended, the bundle of the first ones is another")
	}
}

// A bag as RFC 8493 asks for.
func TestBag_B4(t *testing.T) {
	r := newRecord(t, 3, "image/jpeg")
	b, _ := write(t, r.input(t, export.Spec{Kind: export.Complete}))
	files := unzip(t, b)
	if got := string(files["bagit.txt"]); got != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		t.Errorf("bagit.txt is %q", got)
	}
	octets, count := 0, 0
	listed := map[string]string{}
	for _, name := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		for line := range strings.Lines(string(files[name])) {
			sum, file, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
			if !ok {
				t.Fatalf("%s: line %q", name, line)
			}
			listed[file] = sum
			if inside := strings.HasPrefix(file, "data/"); inside != (name == "manifest-sha256.txt") {
				t.Errorf("%s lists %s", name, file)
			}
		}
	}
	for name, content := range files {
		if strings.HasPrefix(name, "data/") {
			octets += len(content)
			count++
		}
		if name == "tagmanifest-sha256.txt" {
			continue
		}
		sum := sha256.Sum256(content)
		if listed[name] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the manifests say %q, it is %x", name, listed[name], sum)
		}
		delete(listed, name)
	}
	if len(listed) > 0 {
		t.Errorf("the manifests list files that are not there: %v", listed)
	}
	for _, want := range []string{fmt.Sprintf("Payload-Oxum: %d.%d\n", octets, count), "Bagging-Date: 2026-03-01\n", "External-Identifier: " + r.log.Origin(r.c) + "\n"} {
		if !strings.Contains(string(files["bag-info.txt"]), want) {
			t.Errorf("bag-info.txt is %q, want a line %q", files["bag-info.txt"], want)
		}
	}
}

// What record.json and salts.json have to hold for somebody else's verifier.
type recordJSON struct {
	Index    uint64
	Kind     daybook.RecordKind
	Record   map[string]string
	Values   map[string]string
	Withheld map[string]string
	Media    []struct{ File, SHA256 string }
}

type saltsJSON struct {
	Leaf   string
	Fields map[string]string
	Seed   string
}

// checkItem recomputes the leaf of an entry from its files and checks its
// inclusion, with nothing of the bundle's own package.
func checkItem(t testing.TB, files map[string][]byte, folder string, cp archive.Checkpoint) (recordJSON, saltsJSON) {
	t.Helper()
	var rec recordJSON
	var salts saltsJSON
	if err := json.Unmarshal(files[folder+"record.json"], &rec); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(files[folder+"salts.json"], &salts); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range rec.Record {
		names = append(names, name)
	}
	slices.Sort(names)
	digests := make([]daybook.Digest, len(names))
	for i, name := range names {
		if err := digests[i].UnmarshalText([]byte(strings.TrimPrefix(rec.Record[name], "sha256:"))); err != nil {
			t.Fatal(err)
		}
		value, shown := []byte(rec.Values[name]), false
		if _, ok := rec.Values[name]; ok {
			shown = true
		}
		if name == "raw" {
			value, shown = files[folder+"raw.bin"]
		}
		salt, salted := salts.Fields[name]
		_, withheld := rec.Withheld[name]
		if shown != salted || shown == withheld {
			t.Errorf("%s: field %s is shown %v, salted %v, withheld %v", folder, name, shown, salted, withheld)
		}
		if shown {
			s, err := hex.DecodeString(salt)
			if err != nil {
				t.Fatal(err)
			}
			if archive.FieldDigest(s, name, value) != digests[i] {
				t.Errorf("%s: field %s does not give its digest", folder, name)
			}
		}
	}
	leafSalt, err := hex.DecodeString(salts.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	leaf := archive.Leaf(rec.Index, rec.Kind, archive.Commitment(leafSalt, archive.CanonicalRecord(names, digests)))
	var p proof.TLogProof
	text := files[folder+"item.tlog-proof"]
	if err := p.Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	if len(text) > 1536 {
		t.Errorf("%s: the proof has %d bytes", folder, len(text))
	}
	hashes := make([]tlog.Hash, len(p.Hashes))
	for i, h := range p.Hashes {
		hashes[i] = h
	}
	if !bytes.Equal(p.ExtraData, leaf) || !bytes.Equal(p.Checkpoint, cp.Signed) {
		t.Errorf("%s: the proof is of another leaf or checkpoint", folder)
	}
	if err := tlog.CheckRecord(hashes, int64(cp.Size), tlog.Hash(cp.Root), int64(rec.Index), tlog.RecordHash(leaf)); err != nil {
		t.Errorf("%s: %v", folder, err)
	}
	return rec, salts
}

func foldersOf(files map[string][]byte) (out []string) {
	for name := range files {
		if path.Base(name) == "record.json" {
			out = append(out, path.Dir(name)+"/")
		}
	}
	slices.Sort(out)
	return out
}

func TestEveryEntryChecks_B4(t *testing.T) {
	r := newRecord(t, 12, "image/png")
	in := r.input(t, export.Spec{Kind: export.Complete})
	b, _ := write(t, in)
	files := unzip(t, b)
	folders := foldersOf(files)
	if len(folders) != int(in.Checkpoint.Size) {
		t.Fatalf("%d entries, want %d", len(folders), in.Checkpoint.Size)
	}
	for _, folder := range folders {
		if _, salts := checkItem(t, files, folder, in.Checkpoint); len(salts.Seed) != 64 {
			t.Errorf("%s: no seed, and nothing is withheld", folder)
		}
	}
	var leaves []string
	for leaf, err := range r.log.Leaves(t.Context(), r.c, in.Checkpoint.Size) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, string(leaf)+"\n")
	}
	if diff := cmp.Diff(strings.Join(leaves, ""), string(files["data/log/leaves.txt"])); diff != "" {
		t.Errorf("leaves.txt: %s", diff)
	}
	if !bytes.Equal(files["data/log/checkpoint"], in.Checkpoint.Signed) {
		t.Error("log/checkpoint is another")
	}
}

var safeName = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// What a platform says of an attachment chooses among a few endings, nothing else.
func TestHostileTypesDoNotBecomeNames_B4(t *testing.T) {
	r := newRecord(t, 1, "../../evil", "image/png\r\nX: y", "text/html", "image/svg+xml", "IMAGE/JPEG; charset=x", "a/b\x00.exe", "\u202egnp.exe", strings.Repeat("x", 5000), "image")
	b, _ := write(t, r.input(t, export.Spec{Kind: export.Complete}))
	endings := map[string]int{}
	for name := range unzip(t, b) {
		if !safeName.MatchString(name) || strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
			t.Errorf("a file is called %q", name)
		}
		if strings.Contains(name, "/media/") {
			endings[path.Ext(name)]++
		}
	}
	if diff := cmp.Diff(map[string]int{".bin": 7, ".jpg": 2}, endings); diff != "" {
		t.Errorf("endings: %s", diff)
	}
}

// The bytes of an attachment can go with another entry that named them, and
// content can go while a bundle is being made.
func TestWhatWasErased_B6(t *testing.T) {
	r := newRecord(t, 2, "image/png")
	in := r.input(t, export.Spec{Kind: export.Complete})
	if err := r.log.Erase(t.Context(), archivetest.Actor, r.c, []uint64{3}, "asked for"); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Write(t.Context(), io.Discard, in, nil); !errors.Is(err, archive.ErrErased) {
		t.Errorf("content that went away meanwhile: %v", err)
	}
	r.view.Entries[3] = export.EntryLine{Index: 3, Kind: daybook.RecordMedia, Logged: start, Erased: true}
	r.view.Messages[0].Media = nil
	s, err := export.Show(r.view, export.Spec{Kind: export.Complete})
	if err != nil {
		t.Fatal(err)
	}
	in.Shown = s
	b, res := write(t, in)
	files := unzip(t, b)
	if _, there := files["data/items/000003/record.json"]; there || res.Entries != 3 {
		t.Errorf("the erased entry is there, or the count is wrong: %+v", res)
	}
	if n := strings.Count(string(files["data/log/leaves.txt"]), "\n"); n != 4 {
		t.Errorf("%d leaves, want those of all 4 entries", n)
	}
}

func TestStopsWhenAsked(t *testing.T) {
	r := newRecord(t, 300)
	in := r.input(t, export.Spec{Kind: export.Complete})
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	_, err := bundle.Write(ctx, io.Discard, in, func(done, total int) {
		if seen = done; done > 50 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || seen > 200 {
		t.Errorf("after %d: %v", seen, err)
	}
}

type fullDisk struct{ left int }

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAFullDisk(t *testing.T) {
	r := newRecord(t, 30)
	in := r.input(t, export.Spec{Kind: export.Complete})
	b, _ := write(t, in)
	for part := range 8 { // the last of them lacks some bytes alone
		room := min(len(b)*(part+1)/8, len(b)-5)
		if _, err := bundle.Write(t.Context(), &fullDisk{room}, in, nil); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes of %d: %v", room, len(b), err)
		}
	}
}

func TestAnotherLogIsRefused_B2(t *testing.T) {
	r := newRecord(t, 5)
	in := r.input(t, export.Spec{Kind: export.Complete})
	in.Checkpoint.Root[0] ^= 1
	if _, err := bundle.Write(t.Context(), io.Discard, in, nil); !errors.Is(err, archive.ErrBroken) {
		t.Errorf("another root: %v", err)
	}
}
