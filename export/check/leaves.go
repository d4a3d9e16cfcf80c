package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// readEarlier reads a checkpoint over the first entries, which was stamped.
func (c *checker) readEarlier(e object) error {
	r := reading{where: "data/bundle.json"}
	if c.bundle.kind != "complete" {
		return bad{r.where, "a selection has no earlier checkpoints"}
	}
	size := r.number(e, "size")
	if r.err != nil {
		return r.err
	}
	name := fmt.Sprintf("data/log/earlier/%06d.checkpoint", size)
	c.kept[name] = true
	signed, err := c.files.read(name, maxNote)
	if err != nil {
		return err
	}
	cp, err := parseCheckpoint(name, signed)
	if err != nil {
		return err
	}
	if err := cp.signedBy(name, signed, c.key); err != nil {
		return err
	}
	_, twice := c.earlier[size]
	if cp.size != size || cp.root.String() != e["root"] || name != e["checkpoint"] || size == 0 || size >= c.checkpoint.size || twice {
		return bad{name, "it is not the checkpoint that bundle.json names"}
	}
	c.earlier[size] = earlierRoot{name, cp.root}
	return nil
}

var leafLine = regexp.MustCompile(`^daybook-leaf/v1 ([0-9]+) ([a-z]+) sha256:[0-9a-f]{64}$`)

// checkLeaves compares all leaves of a complete bundle with the root, with the
// entries that are shown and with earlier checkpoints.
func (c *checker) checkLeaves() error {
	const name = "data/log/leaves.txt"
	if c.bundle.kind != "complete" {
		if _, ok := c.files.sizes[name]; ok {
			c.broken(name, "a selection does not have it")
		}
		return nil
	}
	var t tree
	err := c.files.lines(name, func(line []byte) error {
		m := leafLine.FindSubmatch(line)
		if m == nil || string(m[1]) != strconv.FormatUint(t.size, 10) || t.size >= c.checkpoint.size {
			return badf(name, "line %d is not the leaf of entry %d", t.size+1, t.size)
		}
		if it := c.items[t.size]; it != nil && !bytes.Equal(it.leaf, line) {
			c.broken(name, "the leaf of entry %d is not the one of its proof", t.size)
		}
		t.add(line)
		c.kinds = append(c.kinds, string(m[2]))
		if c.wanted[t.size] {
			c.rootsAt[t.size] = t.root()
		}
		if e, ok := c.earlier[t.size]; ok && e.root != t.root() {
			c.broken(e.name, "the first %d entries are not those that it covers", t.size)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case t.size != c.checkpoint.size:
		return badf(name, "it has %d leaves, the checkpoint covers %d entries", t.size, c.checkpoint.size)
	case t.root() != c.checkpoint.root:
		return bad{name, "the leaves do not give the root of the checkpoint"}
	}
	return nil
}

// checkCompleteness sees to it that what is not here is said.
func (c *checker) checkCompleteness() error {
	const where = "data/completeness.json"
	v, err := c.files.object(where)
	if err != nil {
		return err
	}
	r := reading{where: where}
	if kind := r.text(v, "kind"); r.err == nil && kind != c.bundle.kind {
		c.broken(where, "its kind is not that of bundle.json")
	}
	said := r.optional(v, "not_included")
	gone := map[uint64]bool{}
	for _, e := range r.objects(v, "erased") {
		n, by := r.number(e, "entry"), r.number(e, "said_by")
		if r.err != nil {
			break
		}
		gone[n] = true
		if c.here[n] {
			c.broken(where, "entry %d is said to be erased, and is here", n)
		}
		switch speaker := c.items[by]; {
		case speaker != nil && !speaker.erases(n):
			c.broken(where, "entry %d does not say that entry %d was erased", by, n)
		case !c.here[by] && by < c.checkpoint.size && c.bundle.kind == "complete":
			c.broken(where, "the entry that says that entry %d was erased is not here", n)
		}
	}
	if r.err != nil {
		return r.err
	}
	c.report.Erased = len(gone)
	if c.bundle.kind != "complete" || uint64(len(c.kinds)) != c.checkpoint.size {
		return nil
	}
	for n, kind := range c.kinds {
		if !c.here[uint64(n)] && !gone[uint64(n)] {
			c.report.LeftOut[kind]++
		}
	}
	counts := map[string]int{}
	for kind, v := range said {
		n, ok := whole(v)
		if !ok {
			return bad{where, "it has no fitting not_included"}
		}
		if n != 0 {
			counts[kind] = int(n)
		}
	}
	if !maps.Equal(counts, c.report.LeftOut) {
		c.broken(where, "entries are missing, and it does not say so (missing: %s)", countsText(c.report.LeftOut))
	}
	return nil
}

// countsText is "2 of kind access, 1 of kind item".
func countsText(counts map[string]int) string {
	text := ""
	for i, kind := range slices.Sorted(maps.Keys(counts)) {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d of kind %s", counts[kind], kind)
	}
	if text == "" {
		return "none"
	}
	return text
}

// erases reports whether an entry says that another one was erased.
func (it *item) erases(n uint64) bool {
	var entries []uint64
	return it.kind == "erased" && json.Unmarshal([]byte(it.values["entries"]), &entries) == nil && slices.Contains(entries, n)
}
