package daybook_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"
)

// longFiles are the files that may be longer than maxLines, each with the reason
// why it is not split.
var longFiles = map[string]string{}

// In lines. Tests are read by name, and their tables are long.
const (
	maxLines     = 500
	maxTestLines = 800
)

// mutable names the package-level variables that may change, with the reason.
var mutable = map[string]string{
	"index.hooks": "bleve seals its files through two function variables of its own: there can be one pair in a process",
}

// vagueNames say nothing about what a package holds.
var vagueNames = []string{"util", "utils", "common", "helpers", "helper", "manager", "service", "model", "models", "misc", "base"}

func TestFileLength(t *testing.T) {
	for _, f := range goFiles(t) {
		n, most := strings.Count(f.text, "\n"), maxLines
		if f.test {
			most = maxTestLines
		}
		_, excused := longFiles[f.path]
		if n > most && !excused && !ast.IsGenerated(f.syntax) {
			t.Errorf("%s has %d lines: split it by what it holds, or say in longFiles why not", f.path, n)
		}
	}
}

func TestPackageNames(t *testing.T) {
	for _, f := range goFiles(t) {
		if name := strings.TrimSuffix(f.syntax.Name.Name, "_test"); slices.Contains(vagueNames, name) {
			t.Errorf("%s: package %s: name it after its one idea", f.path, name)
		}
	}
}

func TestNoHiddenStart(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init: make it explicit in cmd/daybook", f.at(fn))
			}
		}
		if slices.Contains(imports(f), "log") {
			t.Errorf("%s imports log: pass a *slog.Logger in", f.path)
		}
	}
}

// TestNoDroppedErrors finds statements such as "_ = f.Close()" and "_, _ = f()"
// that do not say why the result is of no interest.
func TestNoDroppedErrors(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, problem := range droppedErrors(f) {
			t.Error(problem)
		}
	}
}

func droppedErrors(f goFile) (problems []string) {
	if f.test {
		return nil
	}
	commented := map[int]bool{}
	for _, group := range f.syntax.Comments {
		for line := f.set.Position(group.Pos()).Line; line <= f.set.Position(group.End()).Line+1; line++ {
			commented[line] = true
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || slices.ContainsFunc(a.Lhs, func(e ast.Expr) bool { return !isIdent(e, "_") }) {
			return true
		}
		if _, call := a.Rhs[0].(*ast.CallExpr); call && !commented[f.set.Position(a.Pos()).Line] {
			problems = append(problems, f.at(a)+": a result is dropped without a comment that says why")
		}
		return true
	})
	return problems
}

func TestNothingLeftOpen(t *testing.T) {
	marks := []string{"TODO", "FIXME", "XXX"}
	for _, f := range goFiles(t) {
		for _, group := range f.syntax.Comments {
			for _, mark := range marks {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s: a comment with %s: do it, or say plainly what is not done", f.at(group), mark)
				}
			}
		}
	}
}

// TestNoMutableGlobals allows package-level variables that are set where they
// are declared and never again: errors, tables, patterns, embedded files.
func TestNoMutableGlobals(t *testing.T) {
	packages := map[string][]goFile{}
	for _, f := range goFiles(t) {
		if !f.test {
			packages[f.pkg] = append(packages[f.pkg], f)
		}
	}
	for pkg, files := range packages {
		for _, problem := range mutableGlobals(pkg, files) {
			t.Error(problem)
		}
	}
}

func mutableGlobals(pkg string, files []goFile) (problems []string) {
	info, global := resolve(pkg, files)
	report := func(f goFile, n ast.Node, name, what string) {
		if _, excused := mutable[pkg+"."+name]; !excused {
			problems = append(problems, f.at(n)+": package-level variable "+name+" "+what)
		}
	}
	for _, f := range files {
		for _, decl := range f.syntax.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec)
					for _, name := range v.Names {
						if why := doubtful(pkg, d, v, name.Name); why != "" {
							report(f, name, name.Name, why)
						}
					}
				}
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			for _, target := range changed(n) {
				if id := root(target); id != nil && global(info.Uses[id]) {
					report(f, n, id.Name, "is changed: pass it in")
				}
			}
			return true
		})
	}
	return problems
}

// doubtful says what is wrong with a variable's declaration, "" if nothing is.
func doubtful(pkg string, d *ast.GenDecl, v *ast.ValueSpec, name string) string {
	embedded := d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
	embedded = embedded || v.Doc != nil && slices.ContainsFunc(v.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
	switch {
	case embedded || name == "_":
		return ""
	case len(v.Values) == 0:
		return "has no value: it can only be there to be changed"
	case ast.IsExported(name) && !strings.HasPrefix(name, "Err") && !forTests(pkg):
		return "is exported: any package could change it; make it a function or a constant"
	}
	for _, e := range append(slices.Clone(v.Values), v.Type) {
		lock := false
		if e != nil {
			ast.Inspect(e, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				lock = lock || ok && (isIdent(sel.X, "sync") && !strings.HasPrefix(sel.Sel.Name, "Once") || isIdent(sel.X, "atomic"))
				return true
			})
		}
		if lock {
			return "is a lock, a pool or a counter: put it into the type that owns it"
		}
		if call, ok := e.(*ast.CallExpr); ok && isIdent(call.Fun, "make") {
			return "is made empty: it can only be there to be filled"
		}
	}
	return ""
}

// forTests reports whether a package is there for tests: no program holds what
// it exports.
func forTests(pkg string) bool {
	return strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "internal/fake")
}

// changed returns the expressions that a statement writes to.
func changed(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			if _, literal := n.X.(*ast.CompositeLit); !literal {
				return []ast.Expr{n.X}
			}
		}
	case *ast.CallExpr:
		if (isIdent(n.Fun, "delete") || isIdent(n.Fun, "clear")) && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// root returns the variable that an expression such as v.f[i] belongs to.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// resolve finds out what each name in a package means. Other packages are left
// empty: their names stay unknown, which is no matter here.
func resolve(pkg string, files []goFile) (types.Info, func(types.Object) bool) {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: emptyPackages{}, Error: func(error) {}}
	var syntax []*ast.File
	for _, f := range files {
		syntax = append(syntax, f.syntax)
	}
	// The error says that names of other packages are unknown.
	p, _ := conf.Check(pkg, files[0].set, syntax, &info)
	return info, func(o types.Object) bool {
		v, ok := o.(*types.Var)
		return ok && v.Parent() == p.Scope()
	}
}

type emptyPackages struct{}

func (emptyPackages) Import(p string) (*types.Package, error) {
	name := path.Base(p)
	if len(name) > 1 && name[0] == 'v' && name[1] >= '0' && name[1] <= '9' {
		name = path.Base(path.Dir(p))
	}
	return types.NewPackage(p, name), nil
}
