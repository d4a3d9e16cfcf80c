package check

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"daybook"
)

// checkFile checks a file that was added: the pieces that the entry lists are
// those that its fields blob.* name and, joined in order, they are the file. It
// is not checked if one of them is not in the bundle.
func (c *checker) checkFile(where, folder string, record object, values map[string]string) error {
	if values["parts"] == "" {
		return nil
	}
	var (
		parts []daybook.ImportPart
		file  daybook.Digest
		size  int64
	)
	if json.Unmarshal([]byte(values["parts"]), &parts) != nil || json.Unmarshal([]byte(values["file"]), &file) != nil || json.Unmarshal([]byte(values["size"]), &size) != nil {
		return bad{where, "what it tells of a file is not what such an entry tells"}
	}
	r := reading{where: where}
	lies := map[string]string{} // files by digest
	for _, m := range r.objects(record, "media") {
		lies[r.text(m, "sha256")] = take[string](&r, m, "file", true)
	}
	if r.err != nil {
		return r.err
	}
	whole := sha256.New()
	var n int64
	for _, p := range parts {
		name, named := lies[p.Digest.String()]
		if !named {
			return bad{where, "a piece of the file is none of its fields blob.*"}
		}
		if name == "" {
			return nil
		}
		if c.files.sizes[folder+name] != p.Bytes {
			return bad{folder + name, "it is not as long as the entry says"}
		}
		if err := c.files.copy(whole, folder+name); err != nil {
			return err
		}
		n += p.Bytes
	}
	if hex.EncodeToString(whole.Sum(nil)) != file.String() || n != size {
		return bad{where, "its pieces are not the file that the entry names"}
	}
	c.report.Files++
	return nil
}
