package check

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// checkBag compares every file with the manifests (BagIt 1.0, RFC 8493 §2).
func (c *checker) checkBag() error {
	text, err := c.files.read("bagit.txt", maxNote)
	if err != nil {
		return err
	}
	if string(text) != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		c.broken("bagit.txt", "it is not that of a bag")
	}
	payload, err := c.manifest("manifest-sha256.txt")
	if err != nil {
		return err
	}
	tags, err := c.manifest("tagmanifest-sha256.txt")
	if err != nil {
		return err
	}
	var count, size int64
	for _, name := range c.files.names() {
		if name == "tagmanifest-sha256.txt" {
			continue
		}
		listed := tags
		if isPayload(name) {
			listed = payload
			count, size = count+1, size+c.files.sizes[name]
		}
		want, ok := listed[name]
		if delete(listed, name); !ok {
			c.broken(name, "the manifest does not have it")
			continue
		}
		got, err := c.files.digest(name)
		if err != nil {
			return err
		}
		if got.String() != want {
			c.broken(name, "its SHA-256 is not the one in the manifest")
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	for _, listed := range []map[string]string{payload, tags} {
		for _, name := range slices.Sorted(maps.Keys(listed)) {
			c.broken(name, "the manifest has it, and it is missing")
		}
	}
	info, err := c.files.read("bag-info.txt", 1<<20)
	if err != nil {
		return err
	}
	if found := oxum.FindAllSubmatch(info, -1); len(found) != 1 || !bytes.Equal(found[0][1], fmt.Appendf(nil, "%d.%d", size, count)) {
		c.broken("bag-info.txt", "the Payload-Oxum is not the one of the payload")
	}
	return nil
}

var (
	oxum         = regexp.MustCompile(`(?m)^Payload-Oxum: (.*)$`)
	manifestLine = regexp.MustCompile(`^([0-9a-f]{64})  ([!-~]+)$`)
)

// manifest returns the digests that a manifest has, by name.
func (c *checker) manifest(name string) (map[string]string, error) {
	out := map[string]string{}
	err := c.files.lines(name, func(line []byte) error {
		m := manifestLine.FindSubmatch(line)
		if m == nil || out[string(m[2])] != "" {
			return bad{name, "it has a line that a manifest does not have"}
		}
		out[string(m[2])] = string(m[1])
		return nil
	})
	return out, err
}

// A description is what is used of bundle.json.
type description struct {
	kind, origin, root, key, fingerprint string
	size                                 uint64
	items                                []uint64 // ascending, below size
	timeStamps, earlier                  []object
}

func (c *checker) readBundle() error {
	const where = "data/bundle.json"
	v, err := c.files.json(where)
	if err != nil {
		return err
	}
	o, ok := v.(object)
	if !ok {
		return bad{where, "it is not JSON as a bundle has it"}
	}
	r := reading{where: where}
	if format := r.text(o, "format"); r.err == nil && format != "daybook-bundle/v1" {
		return bad{where, "it is of a format that this program does not know"}
	}
	b := description{kind: r.text(o, "kind")}
	if r.err == nil && b.kind != "complete" && b.kind != "selection" {
		return bad{where, "it has no fitting kind"}
	}
	b.origin, b.size, b.root = r.text(o, "origin"), r.number(o, "size"), r.text(o, "root")
	b.key, b.fingerprint = r.text(o, "key"), r.text(o, "fingerprint")
	items := take[[]any](&r, o, "items", false)
	b.timeStamps, b.earlier = r.objects(o, "time_stamps"), r.objects(o, "earlier")
	if r.err != nil {
		return r.err
	}
	for i, v := range items {
		n, ok := whole(v)
		if !ok || n >= b.size || i > 0 && n <= b.items[i-1] {
			return bad{where, "its items are not numbers of entries in ascending order"}
		}
		b.items = append(b.items, n)
		c.here[n] = true
	}
	c.bundle, c.report.Kind = b, b.kind
	return nil
}

func (c *checker) same(name string, want []byte, what string) error {
	got, err := c.files.read(name, maxNote)
	if err == nil && !bytes.Equal(got, want) {
		c.broken(name, "%s", what)
	}
	return err
}
