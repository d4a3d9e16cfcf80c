// Command requirements prints which requirements of docs/requirements.md have a
// test that carries their ID in its name, and which have none. Run it in the
// repository's root: go run ./internal/requirements
//
// Exit status: 0, also when some have none; 1 if a test names an ID that is not
// on the list, or the list cannot be read.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

const list = "docs/requirements.md"

var (
	line   = regexp.MustCompile(`^- ([A-E]-\d+) (.+)$`)
	nameID = regexp.MustCompile(`_([A-E])(\d+)(?:_|$)`)
)

type requirement struct{ id, text string }

func main() {
	if err := run(os.DirFS("."), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(repo fs.FS, out io.Writer) error {
	text, err := fs.ReadFile(repo, list)
	if err != nil {
		return err
	}
	wanted, err := parse(text)
	if err != nil {
		return err
	}
	tests, err := find(repo)
	if err != nil {
		return err
	}
	with := 0
	for _, r := range wanted {
		names := tests[r.id]
		delete(tests, r.id)
		mark := "-"
		if len(names) > 0 {
			mark = "+"
			with++
		}
		if _, err := fmt.Fprintf(out, "%s %-5s %s\n", mark, r.id, r.text); err != nil {
			return err
		}
		for _, name := range names {
			if _, err := fmt.Fprintf(out, "        %s\n", name); err != nil {
				return err
			}
		}
	}
	if _, err := fmt.Fprintf(out, "\n%d of %d requirements have a test, %d have none\n", with, len(wanted), len(wanted)-with); err != nil {
		return err
	}
	if len(tests) > 0 {
		id := slices.Min(slices.Collect(maps.Keys(tests)))
		return fmt.Errorf("%s is not in %s but in the name of %s", id, list, tests[id][0])
	}
	return nil
}

// parse reads the list, in its order.
func parse(text []byte) ([]requirement, error) {
	var all []requirement
	seen := map[string]bool{}
	s := bufio.NewScanner(bytes.NewReader(text))
	for s.Scan() {
		m := line.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		if seen[m[1]] {
			return nil, fmt.Errorf("%s stands twice in %s", m[1], list)
		}
		seen[m[1]] = true
		all = append(all, requirement{m[1], m[2]})
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", list, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no requirements in %s", list)
	}
	return all, nil
}

// find returns the tests of each ID, as "package: name", sorted: functions
// whose names begin with Test or Fuzz, and testscript files.
func find(repo fs.FS) (map[string][]string, error) {
	tests := map[string][]string{}
	note := func(where, name string) {
		for _, id := range ids(name) {
			tests[id] = append(tests[id], where+": "+name)
		}
	}
	err := fs.WalkDir(repo, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case path.Ext(file) == ".txtar":
			note(path.Dir(file), strings.TrimSuffix(path.Base(file), ".txtar"))
		case strings.HasSuffix(file, "_test.go"):
			text, err := fs.ReadFile(repo, file)
			if err != nil {
				return err
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, decl := range syntax.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && isTest(fn.Name.Name) {
					note(path.Dir(file), fn.Name.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for tests: %w", err)
	}
	for _, names := range tests {
		slices.Sort(names)
	}
	return tests, nil
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// ids returns the requirement IDs in a test's name: "TestAppend_B1_B11" has B-1
// and B-11.
func ids(name string) []string {
	var found []string
	for {
		m := nameID.FindStringSubmatchIndex(name)
		if m == nil {
			return found
		}
		found = append(found, name[m[2]:m[3]]+"-"+name[m[4]:m[5]])
		name = name[m[5]:]
	}
}
