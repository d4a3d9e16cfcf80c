package config

import (
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// knownKeys lists every key that the file may hold, with dots, in order.
func knownKeys() []string {
	var keys []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := f.Tag.Get("toml")
			if name == "-" {
				continue
			}
			keys = append(keys, prefix+name)
			switch {
			case f.Type.Kind() == reflect.Struct:
				walk(f.Type, prefix+name+".")
			case isTables(f.Type):
				walk(f.Type.Elem(), prefix+name+".")
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
	return keys
}

// nearest says what may have been meant by a key that is not known.
func nearest(key toml.Key) string {
	whole, last := key.String(), strings.ToLower(key[len(key)-1])
	best, far := "", 1<<30
	for _, k := range knownKeys() {
		if k == whole+"_file" {
			return "a secret does not stand in this file: name the file that holds it with " + k
		}
		// A key in the wrong table is as near as its last part, and a little
		// farther than the same key in the right one.
		n := min(distance(strings.ToLower(whole), k), distance(last, k[strings.LastIndex(k, ".")+1:])+1)
		if n < far {
			best, far = k, n
		}
	}
	if far <= 1+len(last)/2 {
		return "did you mean " + best + "?"
	}
	return "there are " + strings.Join(siblings(key), ", ")
}

// siblings lists the known keys of the table that a key stands in; those of the
// whole file if the table is not known.
func siblings(key toml.Key) []string {
	var in, top []string
	for _, k := range knownKeys() {
		table, last := "", k
		if i := strings.LastIndex(k, "."); i >= 0 {
			table, last = k[:i], k[i+1:]
		}
		if table == "" {
			top = append(top, last)
		}
		if table == key[:len(key)-1].String() {
			in = append(in, last)
		}
	}
	if len(in) > 0 {
		return in
	}
	return top
}

// distance is the number of characters to insert, delete or replace to turn a
// into b (Levenshtein). It looks at no more than the first 64 bytes.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
