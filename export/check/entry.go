package check

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"daybook"
	"daybook/archive"
)

// An item is one entry of the log that is in the bundle.
type item struct {
	kind     string
	leaf     []byte
	values   map[string]string
	withheld map[string]string
}

var (
	kindName  = regexp.MustCompile(`^[a-z]+$`)
	fieldName = regexp.MustCompile(`^[a-z0-9._]+$`)
	mediaName = regexp.MustCompile(`^media/([0-9a-f]{16})\.[a-z0-9]{1,5}$`)
)

// checkItem checks one entry: its shown values and their salts, the record, the
// commitment, the leaf and the inclusion proof (docs/evidence-format.md).
func (c *checker) checkItem(n uint64) error {
	where, folder := fmt.Sprintf("entry %d", n), fmt.Sprintf("data/items/%06d/", n)
	for _, name := range []string{"record.json", "salts.json", "item.tlog-proof"} {
		c.kept[folder+name] = true
	}
	r := reading{where: where}
	record, err := c.files.object(folder + "record.json")
	if err != nil {
		return err
	}
	salts, err := c.files.object(folder + "salts.json")
	if err != nil {
		return err
	}
	digests, values, withheld := r.texts(record, "record", false), r.texts(record, "values", false), r.texts(record, "withheld", true)
	fields, kind, index := r.texts(salts, "fields", false), r.text(record, "kind"), r.number(record, "index")
	if r.err != nil {
		return r.err
	}
	if index != n || !kindName.MatchString(kind) {
		return bad{where, "record.json is of another entry"}
	}
	raw := folder + "raw.bin"
	_, hasRaw := c.files.sizes[raw]
	c.kept[raw] = hasRaw
	if !sameNames(digests, values, withheld, fields, hasRaw) {
		return bad{where, "the fields that are shown, withheld, salted and recorded are not the same"}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := []byte(values[name])
		if name == "raw" {
			if value, err = c.files.read(raw, maxJSON); err != nil {
				return err
			}
		}
		salt := r.digest(fields[name], "salt")
		if r.err != nil {
			return r.err
		}
		if digests[name] != "sha256:"+archive.FieldDigest(salt[:], name, value).String() {
			c.broken(where, "the value or the salt of the field %s does not fit the record", name)
		}
	}
	canonical, err := canonicalRecord(where, digests)
	if err != nil {
		return err
	}
	salt := r.digest(salts["leaf"], "salt of the leaf")
	if r.err != nil {
		return r.err
	}
	if _, seed := salts["seed"]; seed && len(withheld) > 0 {
		c.broken(where, "a seed is shown, though a field is withheld")
	}
	leaf := archive.Leaf(n, daybook.RecordKind(kind), archive.Commitment(salt[:], canonical))
	if err := c.checkProof(n, folder+"item.tlog-proof", leaf); err != nil {
		return err
	}
	if err := c.checkMedia(where, folder, record, values); err != nil {
		return err
	}
	if kind == string(daybook.RecordImport) {
		if err := c.checkFile(where, folder, record, values); err != nil {
			return err
		}
	}
	c.items[n] = &item{kind, leaf, kept(values), withheld}
	c.report.Items, c.report.Shown, c.report.Withheld = c.report.Items+1, c.report.Shown+len(fields), c.report.Withheld+len(withheld)
	return nil
}

func (f *files) object(name string) (object, error) {
	v, err := f.json(name)
	if err != nil {
		return nil, err
	}
	o, ok := v.(object)
	if !ok {
		return nil, bad{name, "it is not JSON as a bundle has it"}
	}
	return o, nil
}

// kept are the values with which other files are compared.
func kept(values map[string]string) map[string]string {
	maps.DeleteFunc(values, func(name, _ string) bool { return name != "entries" && !readingField.MatchString(name) })
	return values
}

// sameNames reports whether each recorded field is either withheld, or shown and
// salted.
func sameNames(digests, values, withheld, fields map[string]string, hasRaw bool) bool {
	if _, ok := values["raw"]; ok || len(values)+len(withheld)+btoi(hasRaw) != len(digests) || len(fields) != len(values)+btoi(hasRaw) {
		return false
	}
	for name := range digests {
		_, shown := values[name]
		_, hidden := withheld[name]
		_, salted := fields[name]
		shown = shown || hasRaw && name == "raw"
		if shown == hidden || shown != salted {
			return false
		}
	}
	return true
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func canonicalRecord(where string, digests map[string]string) ([]byte, error) {
	names := slices.Sorted(maps.Keys(digests))
	sums := make([]daybook.Digest, len(names))
	for i, name := range names {
		digits, ok := strings.CutPrefix(digests[name], "sha256:")
		if !ok || !fieldName.MatchString(name) || !hex64.MatchString(digits) {
			return nil, bad{where, "its record is not one"}
		}
		if err := sums[i].UnmarshalText([]byte(digits)); err != nil {
			return nil, bad{where, "its record is not one"}
		}
	}
	return archive.CanonicalRecord(names, sums), nil
}

// checkProof checks a c2sp.org/tlog-proof@v1 text.
func (c *checker) checkProof(n uint64, name string, leaf []byte) error {
	where := fmt.Sprintf("entry %d", n)
	data, err := c.files.read(name, 1<<20)
	if err != nil {
		return err
	}
	lines := bytes.Split(data, []byte("\n"))
	extra := []byte("extra " + base64.StdEncoding.EncodeToString(leaf))
	if len(lines) < 2 || string(lines[0]) != "c2sp.org/tlog-proof@v1" || !bytes.Equal(lines[1], extra) {
		return bad{where, "the record and the salt of the leaf do not give the leaf of the proof"}
	}
	lines = lines[2:]
	end := slices.IndexFunc(lines, func(line []byte) bool { return len(line) == 0 })
	if end < 1 || string(lines[0]) != fmt.Sprintf("index %d", n) {
		return bad{where, "its proof is not one"}
	}
	var path tlog.RecordProof
	for _, line := range lines[1:end] {
		h, err := fromBase64(where, string(line), len(tlog.Hash{}))
		if err != nil {
			return err
		}
		path = append(path, tlog.Hash(h))
	}
	if !bytes.Equal(bytes.Join(lines[end+1:], []byte("\n")), c.signed) {
		return bad{where, "the checkpoint of its proof is not that of the bundle"}
	}
	if n >= c.checkpoint.size || tlog.CheckRecord(path, int64(c.checkpoint.size), tlog.Hash(c.checkpoint.root), int64(n), tlog.RecordHash(leaf)) != nil {
		return bad{where, "its proof does not lead to the root of the checkpoint"}
	}
	return nil
}

// checkMedia checks the bytes that an entry names.
func (c *checker) checkMedia(where, folder string, record object, values map[string]string) error {
	r := reading{where: where}
	media := r.objects(record, "media")
	if r.err != nil {
		return bad{where, "it has no fitting media"}
	}
	var named, want []string
	for _, m := range media {
		file, sum := take[string](&r, m, "file", true), r.text(m, "sha256")
		if r.err != nil {
			return r.err
		}
		leftOut := take[string](&r, m, "left_out", true)
		if r.err != nil || leftOut != "" && file != "" {
			return bad{where, "it has no fitting media"}
		}
		if named = append(named, sum); file == "" {
			if leftOut == "" {
				c.report.MediaGone++
			} else {
				c.report.FilesLeftOut++
			}
			continue
		}
		parts := mediaName.FindStringSubmatch(file)
		if parts == nil || !strings.HasPrefix(sum, parts[1]) || c.kept[folder+file] {
			return bad{where, "it has no fitting media"}
		}
		c.kept[folder+file] = true
		got, err := c.files.digest(folder + file)
		if err != nil {
			return err
		}
		if got.String() != sum {
			c.broken(folder+file, "its bytes are not those that the entry names")
		}
	}
	for name, sum := range values {
		if strings.HasPrefix(name, "blob.") {
			want = append(want, sum)
		}
	}
	slices.Sort(named)
	slices.Sort(want)
	if !slices.Equal(named, slices.Compact(want)) {
		c.broken(where, "the files in its media are not those that its fields blob.* name")
	}
	return nil
}
