package daybook_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// A goFile is one parsed Go file of the module.
type goFile struct {
	path   string // from the module's root, with slashes
	pkg    string // its folder; "." for the root
	test   bool
	text   string
	syntax *ast.File
	set    *token.FileSet
}

func (f goFile) at(n ast.Node) string {
	p := f.set.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// goFiles parses every Go file of the module, in order of path.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	set := token.NewFileSet()
	walk(t, func(file, text string) {
		if path.Ext(file) != ".go" || inTestdata(file) {
			return
		}
		files = append(files, parse(t, set, file, text))
	})
	if len(files) < 10 {
		t.Fatalf("found %d Go files: the test looks in the wrong folder", len(files))
	}
	return files
}

func parse(t *testing.T, set *token.FileSet, file, text string) goFile {
	t.Helper()
	syntax, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return goFile{path: file, pkg: path.Dir(file), test: strings.HasSuffix(file, "_test.go"), text: text, syntax: syntax, set: set}
}

// walk calls fn with every text file of the repository that we write ourselves.
func walk(t *testing.T, fn func(file, text string)) {
	t.Helper()
	root := os.DirFS(".")
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "dist", "vendor", "node_modules":
				return fs.SkipDir
			}
			return nil
		}
		switch path.Ext(file) {
		case ".go", ".md", ".sql", ".html", ".css", ".js", ".toml", ".txtar", ".yml", ".yaml":
		default:
			if base := path.Base(file); base != "Makefile" && file != ".ci/run" {
				return nil
			}
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		fn(file, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func inTestdata(file string) bool { return strings.Contains("/"+file, "/testdata/") }
