package bundle

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"daybook"
	"daybook/archive"
	"daybook/export"
)

// A recordFile is record.json.
type recordFile struct {
	Index    uint64             `json:"index"`
	Kind     daybook.RecordKind `json:"kind"`
	Record   json.RawMessage    `json:"record"`
	Values   map[string]string  `json:"values"`
	Withheld map[string]string  `json:"withheld"`
	Media    []mediaFile        `json:"media"`
}

// A mediaFile tells of the bytes that a field blob.N names.
type mediaFile struct {
	File    string         `json:"file,omitempty"` // seen from the entry's folder; "" if the bytes are gone, or left out
	SHA256  daybook.Digest `json:"sha256"`
	LeftOut string         `json:"left_out,omitempty"` // why they are left out
}

// fileLeftOut is why the pieces of a file that was added are not in a bundle.
const fileLeftOut = "the file as a whole is not part of this bundle"

// A saltsFile is salts.json.
type saltsFile struct {
	Leaf   string            `json:"leaf"`
	Fields map[string]string `json:"fields"`
	Seed   string            `json:"seed,omitempty"`
}

// items writes the entries.
func (p *packer) items() error {
	for d, err := range p.in.Log.Disclosures(p.ctx, p.in.Case, p.indexes) {
		if err != nil {
			return err
		}
		if err := p.item(&d); err != nil {
			return fmt.Errorf("entry %d: %w", d.Index, err)
		}
		p.advance(1)
	}
	return nil
}

func (p *packer) item(d *archive.Disclosure) error {
	folder := strings.TrimPrefix(export.ItemFolder(d.Index), "data/") + "/"
	record := recordFile{Index: d.Index, Kind: d.Kind, Record: d.Record, Values: map[string]string{}, Withheld: p.withheld(d), Media: []mediaFile{}}
	salts := saltsFile{Leaf: hex.EncodeToString(d.LeafSalt[:]), Fields: map[string]string{}}
	if len(record.Withheld) == 0 {
		salts.Seed = hex.EncodeToString(d.Seed[:])
	}
	var blobs []daybook.Digest
	for i, f := range d.Fields {
		if _, hidden := record.Withheld[f.Name]; hidden {
			continue
		}
		salts.Fields[f.Name] = hex.EncodeToString(d.Salts[i][:])
		if f.Name == "raw" {
			if err := p.bag.bytes(folder+"raw.bin", f.Value); err != nil {
				return err
			}
			continue
		}
		if !utf8.Valid(f.Value) {
			return fmt.Errorf("%w: its field %s is not text", archive.ErrBroken, f.Name)
		}
		record.Values[f.Name] = string(f.Value)
		if strings.HasPrefix(f.Name, "blob.") {
			var sum daybook.Digest
			if err := sum.UnmarshalText(f.Value); err != nil {
				return fmt.Errorf("%w: its field %s is not a digest", archive.ErrBroken, f.Name)
			}
			if !slices.Contains(blobs, sum) {
				blobs = append(blobs, sum)
			}
		}
	}
	for _, sum := range blobs {
		if d.Kind == daybook.RecordImport && !p.in.Shown.Spec.Files {
			record.Media = append(record.Media, mediaFile{SHA256: sum, LeftOut: fileLeftOut})
			continue
		}
		m, err := p.media(folder, d, sum)
		if err != nil {
			return err
		}
		record.Media = append(record.Media, m)
	}
	if err := p.json(folder+"record.json", record); err != nil {
		return err
	}
	if err := p.json(folder+"salts.json", salts); err != nil {
		return err
	}
	proof, err := p.tree.Proof(d.Index, d.Leaf, p.in.Checkpoint.Signed)
	if err != nil {
		return err
	}
	return p.bag.bytes(folder+"item.tlog-proof", proof)
}

// withheld returns the fields of an entry that are not shown, with the reasons.
// raw goes with any field that was read from it, whatever was asked for.
func (p *packer) withheld(d *archive.Disclosure) map[string]string {
	out := map[string]string{}
	asked := p.in.Shown.Withhold(d.Index, d.Kind, d.Fields)
	read := ""
	raw := false
	for _, f := range d.Fields {
		why, hidden := asked[f.Name]
		if hidden {
			out[f.Name] = why
		}
		raw = raw || f.Name == "raw"
		if hidden && read == "" && readFromRaw(f.Name) {
			read = f.Name
		}
	}
	if _, hidden := out["raw"]; raw && !hidden && read != "" {
		out["raw"] = "withheld with " + read
	}
	return out
}

// readFromRaw reports whether a field is part of a reading: m0.text, m12.to.
func readFromRaw(name string) bool {
	number, _, ok := strings.Cut(name, ".")
	return ok && len(number) > 1 && number[0] == 'm' && strings.Trim(number[1:], "0123456789") == ""
}

// media writes the bytes of one attachment, if they are still there.
func (p *packer) media(folder string, d *archive.Disclosure, sum daybook.Digest) (mediaFile, error) {
	b, err := p.in.Log.Blob(p.ctx, p.in.Case, sum)
	if errors.Is(err, daybook.ErrNotFound) {
		return mediaFile{SHA256: sum}, nil // another entry that named the same bytes was erased
	}
	if err != nil {
		return mediaFile{}, err
	}
	name := "media/" + export.MediaName(toldOf(d.Fields, sum))
	return mediaFile{File: name, SHA256: sum}, p.bag.bytes(folder+name, b)
}

// toldOf is what an entry tells of bytes with this digest.
func toldOf(fields []daybook.Field, sum daybook.Digest) daybook.Media {
	for _, f := range fields {
		var m daybook.Media
		if f.Name == "media" && json.Unmarshal(f.Value, &m) == nil && m.Digest == sum {
			return m
		}
	}
	return daybook.Media{Digest: sum} // the file gets a name that claims nothing
}
