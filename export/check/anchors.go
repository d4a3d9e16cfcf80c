package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"daybook"
	"daybook/archive"
)

// An Anchor is a checkpoint that somebody held elsewhere, or its size and root.
type Anchor struct {
	archive.Anchor
	Origin string // of a checkpoint; "" if it was given by hand
	Signed []byte // the checkpoint itself
}

// ReadAnchor reads a checkpoint file that was held elsewhere. Whoever hands it in
// trusts it: of its signature is asked only whether it is of the key of a bundle.
func ReadAnchor(signed []byte) (Anchor, error) {
	cp, err := parseCheckpoint("anchor", signed)
	if err != nil {
		return Anchor{}, fmt.Errorf("read an anchor: %w: it is not a signed checkpoint", daybook.ErrInvalid)
	}
	return Anchor{archive.Anchor{Where: "checkpoint file", Size: cp.size, Root: cp.root}, cp.origin, signed}, nil
}

var byHand = regexp.MustCompile(`^([0-9]{1,18})[ :]([0-9A-Fa-f ]+)( daybook/\S+)?$`)

// ParseAnchor reads "170:9f2c…" or "170 9f2c 4be0 … daybook/…", as it stands in
// a mail or a report: a number of entries and at least 16 digits of the root,
// perhaps in groups, and perhaps the name of the log.
func ParseAnchor(s string) (Anchor, error) {
	if m := byHand.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		root := strings.ToLower(strings.ReplaceAll(m[2], " ", ""))
		size, err := strconv.ParseUint(m[1], 10, 63)
		if err == nil && len(root) >= 16 && len(root) <= 64 {
			return Anchor{Anchor: archive.Anchor{Where: "given by hand", Size: size, Prefix: root}}, nil
		}
	}
	return Anchor{}, fmt.Errorf("%w: an anchor is SIZE:ROOT with at least 16 hexadecimal digits of the root", daybook.ErrInvalid)
}

// checkKeys compares the bundle with what the reader has from elsewhere.
func (c *checker) checkKeys() error {
	for _, k := range c.o.Keys {
		if k == c.key.fingerprint() {
			c.keySpokenFor = true
			c.report.Speaks = append(c.report.Speaks, "the fingerprint of the key that you gave")
		} else {
			c.broken("key", "the fingerprint that you gave is not that of the key that signed")
		}
	}
	for _, a := range c.o.Anchors {
		c.report.Anchors = append(c.report.Anchors, c.checkAnchor(a))
	}
	if len(c.report.Speaks) > 0 && !c.keySpokenFor {
		c.report.Remarks = append(c.report.Remarks, "nothing that you gave speaks for the key: with one of their own, somebody could put other reports, tables and drafts beside the same entries; --key settles it")
	}
	return nil
}

func (c *checker) checkAnchor(a Anchor) archive.Anchor {
	where, out := "anchor: "+a.Where, a.Anchor
	root, known := c.rootsAt[a.Size]
	want := a.Prefix
	if want == "" {
		want = a.Root.String()
	}
	switch {
	case a.Origin != "" && a.Origin != c.checkpoint.origin:
		c.broken(where, "it is of another log than this bundle")
	case known && !strings.HasPrefix(root.String(), want):
		c.broken(where, "root differs: the first %d entries are not those that it covers", a.Size)
	case len(a.Signed) > 0 && !c.signedBySame(a):
		c.broken(where, "it is not signed with the key of this bundle")
	case !known:
		why := "a selection does not have all leaves"
		if a.Size > c.checkpoint.size {
			why = fmt.Sprintf("the bundle covers %d", c.checkpoint.size)
		}
		c.report.Remarks = append(c.report.Remarks, fmt.Sprintf("the anchor over %d entries (%s) could not be compared: %s", a.Size, a.Where, why))
		if len(a.Signed) > 0 {
			c.keySpokenFor = true
			c.report.Speaks = append(c.report.Speaks, "the key that signed it has also signed the checkpoint that you hold")
		}
	default:
		out.Matches = true
		c.keySpokenFor = c.keySpokenFor || len(a.Signed) > 0
		if a.Size == c.checkpoint.size || c.last() < a.Size || len(a.Signed) > 0 {
			c.report.Speaks = append(c.report.Speaks, fmt.Sprintf("an anchor over %d entries that you gave (%s)", a.Size, a.Where))
		} else {
			c.report.Remarks = append(c.report.Remarks, fmt.Sprintf("the first %d entries are those of the anchor (%s); later ones are newer than it", a.Size, a.Where))
		}
	}
	return out
}

// last returns the highest number of an entry that is in the bundle.
func (c *checker) last() (n uint64) {
	for i := range c.items {
		n = max(n, i)
	}
	return n
}

func (c *checker) signedBySame(a Anchor) bool {
	return checkpoint{origin: a.Origin}.signedBy("anchor", a.Signed, c.key) == nil
}
