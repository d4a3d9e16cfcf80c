package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every key that a template names is in the catalogue: a page that is seldom seen
// must not fail for a word.
func TestWordsOfTemplates(t *testing.T) {
	keys := map[string]bool{}
	entry := regexp.MustCompile(`(?m)^([a-z0-9._-]+)(?:\[\w+\])? =`)
	each(t, "words/en/*.txt", func(_, text string) {
		for _, m := range entry.FindAllStringSubmatch(text, -1) {
			keys[m[1]] = true
		}
	})
	plain, voiced := regexp.MustCompile(`[{(\s]t "([^"]+)"`), regexp.MustCompile(`\.Say "([^"]+)"`)
	named := 0
	each(t, "templates/*.html", func(file, text string) {
		for _, m := range plain.FindAllStringSubmatch(text, -1) {
			named++
			if !keys[m[1]] {
				t.Errorf("%s: the catalogue has no %q", file, m[1])
			}
		}
		for _, m := range voiced.FindAllStringSubmatch(text, -1) {
			for _, key := range []string{m[1], m[1] + ".they"} {
				if !keys[key] {
					t.Errorf("%s: the catalogue has no %q", file, key)
				}
			}
		}
	})
	if named < 500 {
		t.Errorf("only %d keys were found in the templates", named)
	}
}

func each(t *testing.T, pattern string, do func(file, text string)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		do(file, strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
}
