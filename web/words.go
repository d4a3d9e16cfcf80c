package web

import (
	"bufio"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// The catalogue: every sentence of the pages, in files words/<language>/<page>.txt.
// A line is a key, " = " and the text; lines that begin with # are comments.
//
//	overview.title = Overview
//	overview.contacts[=0] = nothing
//	overview.contacts[one] = **%d** contact
//	overview.contacts[other] = **%d** contacts
//
// A key with brackets is chosen by its first argument, a number (CLDR plural
// forms, or =N for one number). Verbs are those of fmt; %[2]s names an argument.
// **words** are bold; nothing else is markup.

//go:embed words
var wordFiles embed.FS

type words struct {
	printer *message.Printer
	keys    map[string]bool
}

func readWords() (*words, error) {
	w := &words{keys: map[string]bool{}}
	forms := map[string][]any{}
	b := catalog.NewBuilder(catalog.Fallback(language.BritishEnglish))
	files, err := fs.Glob(wordFiles, "words/en/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the words: %w", err)
	}
	for _, name := range files {
		f, err := wordFiles.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the words: %w", err)
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, text, ok := strings.Cut(line, " = ")
			if !ok {
				return nil, fmt.Errorf("%s:%d: a line is \"key = text\"", name, n)
			}
			base, form, isForm := strings.Cut(strings.TrimSuffix(key, "]"), "[")
			if isForm {
				if slices.Contains(forms[base], any(form)) {
					return nil, fmt.Errorf("%s:%d: %s is there twice", name, n, key)
				}
				forms[base] = append(forms[base], form, markup(text))
				w.keys[base] = true
				continue
			}
			if w.keys[key] {
				return nil, fmt.Errorf("%s:%d: %s is there twice", name, n, key)
			}
			w.keys[key] = true
			if err := b.SetString(language.BritishEnglish, key, markup(text)); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	for key, f := range forms {
		if err := b.Set(language.BritishEnglish, key, plural.Selectf(1, "%d", f...)); err != nil {
			return nil, fmt.Errorf("word %s: %w", key, err)
		}
	}
	w.printer = message.NewPrinter(language.BritishEnglish, message.Catalog(b))
	return w, nil
}

// markup turns a text of the catalogue into HTML: escaped, **bold**.
func markup(text string) string {
	parts := strings.Split(template.HTMLEscapeString(text), "**")
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(p)
		switch {
		case i == len(parts)-1:
		case i%2 == 0:
			b.WriteString("<b>")
		default:
			b.WriteString("</b>")
		}
	}
	return b.String()
}

// html returns the text of a key with its arguments. Arguments are escaped, but
// for those that templates of this package made (a name, a time), which are
// template.HTML. A key that is not there is a programmer's error.
//
// This, partial and drawn are the three places that make template.HTML.
func (w *words) html(key string, args ...any) (template.HTML, error) {
	if !w.keys[key] {
		return "", fmt.Errorf("the catalogue has no %q", key)
	}
	safe := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case template.HTML:
			safe[i] = string(a)
		case string:
			safe[i] = template.HTMLEscapeString(a)
		default:
			safe[i] = a
		}
	}
	return template.HTML(w.printer.Sprintf(message.Key(key, key), safe...)), nil //nolint:gosec // every part is escaped above
}

// plain returns the text of a key for attributes and titles: without markup.
func (w *words) plain(key string, args ...any) (string, error) {
	if !w.keys[key] {
		return "", fmt.Errorf("the catalogue has no %q", key)
	}
	s := w.printer.Sprintf(message.Key(key, key), args...)
	for _, tag := range []struct{ html, text string }{{"<b>", ""}, {"</b>", ""}, {"&lt;", "<"}, {"&gt;", ">"}, {"&#34;", `"`}, {"&#39;", "'"}, {"&amp;", "&"}} {
		s = strings.ReplaceAll(s, tag.html, tag.text)
	}
	return s, nil
}
