package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Example returns a configuration file in which every setting stands as a
// comment with its default, on Linux: taken as it is, it changes nothing.
func Example() string {
	home := func(name string) string {
		if name == "HOME" {
			return "~"
		}
		return ""
	}
	var b strings.Builder
	b.WriteString("# Configuration of daybook. Every setting stands here with its default; to change\n" +
		"# one, take away the # in front of it. Where an environment variable is named in\n" +
		"# brackets, it can be set there too, and the variable goes first.\n")
	table(&b, reflect.ValueOf(Defaults("linux", home)), "")
	return b.String()
}

func table(b *strings.Builder, v reflect.Value, name string) {
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		doc, key := f.Tag.Get("doc"), f.Tag.Get("toml")
		if env := f.Tag.Get("env"); env != "" {
			doc += " (" + env + ")"
		}
		b.WriteByte('\n')
		comment(b, doc)
		switch {
		case value.Kind() == reflect.Struct:
			fmt.Fprintf(b, "[%s]\n", key)
			table(b, value, key)
		case isTables(f.Type):
			tables(b, f.Type.Elem(), name+"."+key)
		case key != "-":
			fmt.Fprintf(b, "#%s = %s\n", key, literal(value))
		}
	}
}

// isTables reports whether a field is a table that can be there several times.
func isTables(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// tables writes a table that can be there several times, and by default is not:
// as words, with made-up values.
func tables(b *strings.Builder, t reflect.Type, name string) {
	fmt.Fprintf(b, "#\n#   [[%s]]\n", name)
	for i := range t.NumField() {
		f := t.Field(i)
		value := f.Tag.Get("example")
		if f.Type.Kind() == reflect.String {
			value = strconv.Quote(value)
		}
		b.WriteString("#\n")
		comment(b, f.Tag.Get("doc"))
		fmt.Fprintf(b, "#   %s = %s\n", f.Tag.Get("toml"), value)
	}
}

// comment writes words as lines of at most 80 characters.
func comment(b *strings.Builder, words string) {
	line := "#"
	for _, w := range strings.Fields(words) {
		if len(line)+1+len(w) > 80 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + w
	}
	b.WriteString(line + "\n")
}

// literal returns a value as TOML. Only the kinds that Config is made of are
// known; another one is a programmer's error and panics.
func literal(v reflect.Value) string {
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := t.MarshalText()
		if err != nil {
			panic("config: example: " + err.Error())
		}
		return strconv.Quote(string(text))
	}
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Bool, reflect.Int, reflect.Int64:
		return fmt.Sprint(v.Interface())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = literal(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	panic("config: example: no TOML for " + v.Type().String())
}
