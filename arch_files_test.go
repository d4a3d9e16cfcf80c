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
	"sync"
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

// goFiles returns every Go file of the module, parsed, in order of path.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	files, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found %d Go files: the test looks in the wrong folder", len(files))
	}
	return files
}

var parsed = sync.OnceValues(func() (files []goFile, err error) {
	set := token.NewFileSet()
	err = walkFiles(func(file, text string) error {
		if path.Ext(file) != ".go" || inTestdata(file) {
			return nil
		}
		f, err := parse(set, file, text)
		files = append(files, f)
		return err
	})
	return files, err
})

func parse(set *token.FileSet, file, text string) (goFile, error) {
	syntax, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	return goFile{path: file, pkg: path.Dir(file), test: strings.HasSuffix(file, "_test.go"), text: text, syntax: syntax, set: set}, err
}

// walk calls fn with every text file of the repository that we write ourselves.
func walk(t *testing.T, fn func(file, text string)) {
	t.Helper()
	err := walkFiles(func(file, text string) error {
		fn(file, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func walkFiles(fn func(file, text string) error) error {
	root := os.DirFS(".")
	return fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "dist", "dev", "vendor", "node_modules":
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
		return fn(file, string(text))
	})
}

func inTestdata(file string) bool { return strings.Contains("/"+file, "/testdata/") }
