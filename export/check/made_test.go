package check_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	flog "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"daybook"
	"daybook/archive"
)

// A made bundle is written by hand, from docs/bundle-format.md and the functions
// of the evidence format alone: what the checker reads was not written by the
// program that the checker belongs to.
type made struct {
	t       testing.TB
	files   map[string][]byte // by name, without the folder at the top
	entries []entry
	key     ed25519.PrivateKey
	origin  string
	root    tlog.Hash
	note    []byte
	leaves  [][]byte
	hashes  []tlog.Hash
}

type entry struct {
	kind   string
	fields []daybook.Field // in ascending order of name
	blobs  [][]byte
	seed   byte
}

// salts does not follow a seed: a checker has no use for one.
func (e entry) salt(i int) []byte {
	s := sha256.Sum256([]byte{e.seed, byte(i), byte(i >> 8)})
	return s[:]
}

func fields(pairs ...string) (out []daybook.Field) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, daybook.Field{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	slices.SortFunc(out, func(a, b daybook.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// diary is a log of n entries, at least 10: messages, a picture, one message that
// was erased, and looks.
func diary(n int) (out []entry) {
	actor := []string{"actor", `{"id":"local","role":"operator"}`, "logged", "2026-10-05T12:00:00Z"}
	add := func(kind string, blobs [][]byte, pairs ...string) {
		for i, b := range blobs {
			pairs = append(pairs, "blob."+strconv.Itoa(i), daybook.DigestOf(b).String())
		}
		out = append(out, entry{kind: kind, fields: fields(append(pairs, actor...)...), blobs: blobs, seed: byte(len(out))})
	}
	item := func(text string) {
		i := strconv.Itoa(len(out))
		raw := `{"id":"` + i + `","content":"` + text + `","n":` + i + "}\xff"
		add("item", nil, "account", "aaaa", "platform", "mastodon", "native_id", i, "raw", raw, "m0.key", "mastodon:https://birds.example/"+i,
			"m0.kind", "mention", "m0.direction", "in", "m0.sender", "https://birds.example/kestrel", "m0.text", text, "m0.sent", "2026-10-05T11:00:00Z")
	}
	add("key", nil, "event", `"case opened"`)
	item("the old street")
	item("answer me")
	add("media", [][]byte{[]byte("\x89PNG a picture")}, "media", `{"type":"image/png"}`)
	add("access", nil, "action", `"look"`)
	item("words that went")
	add("erased", nil, "entries", "[5]", "reason", `"asked for"`, "at", `"2026-10-05T12:00:00Z"`)
	item("– naïve “quotes” & <b> \u2028 🐦")
	add("access", nil, "action", `"search"`)
	for len(out) < n {
		item("again " + strconv.Itoa(len(out)))
	}
	return out
}

// seed of the key that signs; the true one is 1.
func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
}

const madeOrigin = "daybook/iiii/case/cccc"

// newMade signs a log of entries.
func newMade(t testing.TB, entries []entry, key ed25519.PrivateKey) *made {
	t.Helper()
	m := &made{t: t, entries: entries, key: key, origin: madeOrigin, files: map[string][]byte{}}
	reader := m.reader()
	for i, e := range entries {
		leaf := archive.Leaf(uint64(i), daybook.RecordKind(e.kind), archive.Commitment(e.salt(0), e.record()))
		m.leaves = append(m.leaves, leaf)
		h, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		m.hashes = append(m.hashes, h...)
	}
	var err error
	if m.root, err = tlog.TreeHash(int64(len(entries)), reader); err != nil {
		t.Fatal(err)
	}
	m.note = m.sign(len(entries), m.root)
	return m
}

func (m *made) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			out = append(out, m.hashes[i])
		}
		return out, nil
	})
}

func (m *made) rootAt(n int) tlog.Hash {
	h, err := tlog.TreeHash(int64(n), m.reader())
	if err != nil {
		m.t.Fatal(err)
	}
	return h
}

func (m *made) sign(size int, root tlog.Hash) []byte {
	m.t.Helper()
	return m.signText(string(flog.Checkpoint{Origin: m.origin, Size: uint64(size), Hash: root[:]}.Marshal()))
}

func (m *made) signText(text string) []byte {
	m.t.Helper()
	pub := append([]byte{1}, m.key.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte(m.origin+"\n"), pub...))
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", m.origin, sum[:4], base64.StdEncoding.EncodeToString(append([]byte{1}, m.key.Seed()...))))
	if err != nil {
		m.t.Fatal(err)
	}
	b, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

func (m *made) verifier() string {
	k, err := note.NewEd25519VerifierKey(m.origin, m.key.Public().(ed25519.PublicKey))
	if err != nil {
		m.t.Fatal(err)
	}
	return k
}

func (m *made) fingerprint() string {
	return daybook.DigestOf(m.key.Public().(ed25519.PublicKey)).String()
}

func (e entry) record() []byte {
	var names []string
	var digests []daybook.Digest
	for i, f := range e.fields {
		names = append(names, f.Name)
		digests = append(digests, archive.FieldDigest(e.salt(i+1), f.Name, f.Value))
	}
	return archive.CanonicalRecord(names, digests)
}

// complete writes everything but looks and what was erased.
func complete(t testing.TB, entries []entry, key ed25519.PrivateKey) *made {
	m := newMade(t, entries, key)
	var items []int
	looks := 0
	for i, e := range entries {
		switch {
		case e.kind == "access":
			looks++
		case i != 5:
			items = append(items, i)
		}
	}
	m.files["data/log/leaves.txt"] = append(bytes.Join(m.leaves, []byte("\n")), '\n')
	m.write("complete", items, nil)
	m.put("data/completeness.json", map[string]any{"kind": "complete", "erased": []any{map[string]any{"entry": 5, "said_by": 6, "at": "2026-10-05T12:00:00Z"}},
		"not_included": map[string]int{"access": looks}})
	return m.seal()
}

// selection writes some entries; withheld names fields of entries: "2 m0.text".
func selection(t testing.TB, entries []entry, key ed25519.PrivateKey, items []int, withheld ...string) *made {
	m := newMade(t, entries, key)
	m.write("selection", items, withheld)
	m.put("data/completeness.json", map[string]any{"kind": "selection", "messages": map[string]int{"left_out": 3}})
	return m.seal()
}

func (m *made) write(kind string, items []int, withheld []string) {
	m.put("data/bundle.json", map[string]any{"format": "daybook-bundle/v1", "kind": kind, "origin": m.origin, "size": len(m.entries),
		"root": daybook.Digest(m.root).String(), "key": m.verifier(), "fingerprint": m.fingerprint(), "items": items, "time_stamps": []any{}})
	m.files["data/log/checkpoint"] = m.note
	m.files["data/log/key.txt"] = []byte(m.verifier() + "\n")
	der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, m.key.Public().(ed25519.PublicKey)...)
	m.files["data/log/key.pem"] = []byte("-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PUBLIC KEY-----\n")
	m.files["data/report.pdf"] = []byte("%PDF-1.7 made up")
	for _, name := range []string{"timeline.csv", "custody.csv", "production-statement.txt", "verify.py"} {
		m.files["data/"+name] = []byte("a made up " + name + "\n")
	}
	var timeline []any
	for _, i := range items {
		m.item(i, withheld)
		if m.entries[i].kind == "item" {
			timeline = append(timeline, m.line(i, withheld))
		}
	}
	m.put("data/timeline.json", timeline)
}

func (m *made) item(i int, withheld []string) {
	e := m.entries[i]
	folder := fmt.Sprintf("data/items/%06d/", i)
	values, hidden, salts := map[string]string{}, map[string]string{}, map[string]string{}
	for k, f := range e.fields {
		switch {
		case slices.Contains(withheld, fmt.Sprint(i, " ", f.Name)):
			hidden[f.Name] = "a name is covered"
			continue
		case f.Name == "raw":
			m.files[folder+"raw.bin"] = f.Value
		default:
			values[f.Name] = string(f.Value)
		}
		salts[f.Name] = hex.EncodeToString(e.salt(k + 1))
	}
	media := []any{}
	for _, b := range e.blobs {
		d := daybook.DigestOf(b)
		file := "media/" + d.String()[:16] + ".png"
		m.files[folder+file] = b
		media = append(media, map[string]any{"file": file, "sha256": d})
	}
	m.put(folder+"record.json", map[string]any{"index": i, "kind": e.kind, "record": json.RawMessage(e.record()), "values": values, "withheld": hidden, "media": media})
	m.put(folder+"salts.json", map[string]any{"leaf": hex.EncodeToString(e.salt(0)), "fields": salts})
	path, err := tlog.ProveRecord(int64(len(m.entries)), int64(i), m.reader())
	if err != nil {
		m.t.Fatal(err)
	}
	p := proof.TLogProof{Index: uint64(i), ExtraData: m.leaves[i], Checkpoint: m.note}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	m.files[folder+"item.tlog-proof"] = p.Marshal()
}

func (m *made) line(i int, withheld []string) map[string]any {
	line, covered := map[string]any{"exhibit": i, "entries": []int{i}}, map[string]string{}
	for _, f := range m.entries[i].fields {
		switch name := strings.TrimPrefix(f.Name, "m0."); name {
		case "key", "kind", "direction", "sender", "text":
			if slices.Contains(withheld, fmt.Sprint(i, " ", f.Name)) {
				covered[name] = "Person 1"
			} else {
				line[name] = string(f.Value)
			}
		}
	}
	line["covered"] = covered
	return line
}

func (m *made) put(name string, v any) {
	m.t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		m.t.Fatal(err)
	}
	m.files[name] = b.Bytes()
}

// edit changes the members of a JSON file.
func (m *made) edit(name string, change func(v map[string]any)) {
	m.t.Helper()
	d := json.NewDecoder(bytes.NewReader(m.files[name]))
	d.UseNumber()
	v := map[string]any{}
	if err := d.Decode(&v); err != nil {
		m.t.Fatal(err)
	}
	change(v)
	m.put(name, v)
}

// seal makes the bag's own files anew, and signs: what only whoever has the key
// can do.
func (m *made) seal() *made {
	m.t.Helper()
	m.reseal()
	m.files["manifest-sha256.note"] = m.signText(manifestText(m.origin, len(m.entries), m.files["manifest-sha256.txt"]))
	m.tags()
	return m
}

// manifestText is what is signed of a manifest.
func manifestText(origin string, size int, manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return fmt.Sprintf("daybook-bundle/v1\n%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(sum[:]))
}

// reseal makes the manifests anew, as whoever alters a bundle can.
func (m *made) reseal() *made {
	var payload strings.Builder
	count, size := 0, 0
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		if strings.HasPrefix(name, "data/") {
			fmt.Fprintf(&payload, "%s  %s\n", daybook.DigestOf(m.files[name]), name)
			count, size = count+1, size+len(m.files[name])
		}
	}
	m.files["bagit.txt"] = []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
	m.files["bag-info.txt"] = fmt.Appendf(nil, "Bag-Software-Agent: made by hand\nPayload-Oxum: %d.%d\n", size, count)
	m.files["manifest-sha256.txt"] = []byte(payload.String())
	return m.tags()
}

// tags makes the manifest of the bag's own files anew.
func (m *made) tags() *made {
	var tags strings.Builder
	for _, name := range []string{"bag-info.txt", "bagit.txt", "manifest-sha256.note", "manifest-sha256.txt"} {
		if b, there := m.files[name]; there {
			fmt.Fprintf(&tags, "%s  %s\n", daybook.DigestOf(b), name)
		}
	}
	m.files["tagmanifest-sha256.txt"] = []byte(tags.String())
	return m
}

func (m *made) zip() []byte {
	m.t.Helper()
	var members []*zip.FileHeader
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		members = append(members, &zip.FileHeader{Name: "bundle-1/" + name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
	}
	return m.zipOf(members)
}

// zipOf packs members by name, as they are given.
func (m *made) zipOf(members []*zip.FileHeader) []byte {
	m.t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range members {
		w, err := z.CreateHeader(h)
		if err != nil {
			m.t.Fatal(err)
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if !strings.HasSuffix(h.Name, "/") {
			if _, err := w.Write(m.files[name]); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		m.t.Fatal(err)
	}
	return b.Bytes()
}
