package xspec

import (
	"maps"
	"slices"
)

// Deviations lists what may be asked for although the document does not know it.
func Deviations() []string { return slices.Sorted(maps.Keys(notInDocument)) }

// Knows reports whether a parameter of a path takes a value by the document; both
// are translated into its names first.
func (d *Document) Knows(path, parameter, value string) bool {
	p := d.spec.Paths.Value(path).Get.Parameters.GetByInAndName("query", word(parameter))
	return slices.Contains(p.Schema.Value.Items.Value.Enum, any(word(value)))
}
