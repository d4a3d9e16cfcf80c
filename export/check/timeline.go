package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// readingField is a field of a reading that the table of messages shows.
var readingField = regexp.MustCompile(`^m[0-9]+\.(key|kind|direction|sender|text)$`)

func tableMembers() []string { return []string{"key", "kind", "direction", "sender", "text"} }

// checkTimeline compares what the table says of messages with the entries.
func (c *checker) checkTimeline() error {
	const where = "data/timeline.json"
	v, err := c.files.json(where)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		return bad{where, "it is not JSON as a bundle has it"}
	}
	told := map[uint64]bool{}
	for _, v := range list {
		m, ok := v.(object)
		if !ok {
			return bad{where, "it is not JSON as a bundle has it"}
		}
		if err := c.checkExhibit(where, m, told); err != nil {
			return err
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c.items)) {
		if it := c.items[n]; it.kind == "item" && !told[n] && it.showsMessage() {
			c.broken(where, "entry %d shows a message, and it is not there", n)
		}
	}
	return nil
}

func (it *item) showsMessage() bool {
	for _, fields := range []map[string]string{it.values, it.withheld} {
		for name := range fields {
			if strings.HasSuffix(name, ".key") && readingField.MatchString(name) {
				return true
			}
		}
	}
	return false
}

func (c *checker) checkExhibit(where string, m object, told map[uint64]bool) error {
	r := reading{where: where}
	exhibit, entries, covered := r.number(m, "exhibit"), take[[]any](&r, m, "entries", false), r.optional(m, "covered")
	if r.err != nil {
		return r.err
	}
	var items []*item
	found := false
	for _, v := range entries {
		n, ok := whole(v)
		if !ok || !c.here[n] {
			return badf(where, "exhibit %d is not an entry of the bundle", exhibit)
		}
		found = found || n == exhibit
		told[n] = true
		items = append(items, c.items[n])
	}
	if !found {
		return badf(where, "exhibit %d is not an entry of the bundle", exhibit)
	}
	if slices.Contains(items, nil) {
		return nil // an entry that is broken: that was said
	}
	for _, name := range tableMembers() {
		value, there := m[name]
		fits := !there || value == ""
		if _, hidden := covered[name]; hidden {
			fits = slices.ContainsFunc(items, func(it *item) bool { return has(it.withheld, name, nil) })
		} else if !fits {
			fits = slices.ContainsFunc(items, func(it *item) bool { return has(it.values, name, value) })
		}
		if !fits {
			c.broken(where, "exhibit %d: the %s is not the one in its entries", exhibit, name)
		}
	}
	return nil
}

// has reports whether a message of an entry has a field, with that value unless
// it is nil.
func has(fields map[string]string, name string, value any) bool {
	for field, v := range fields {
		_, of, _ := strings.Cut(field, ".")
		if of == name && readingField.MatchString(field) && (value == nil || value == v) {
			return true
		}
	}
	return false
}
