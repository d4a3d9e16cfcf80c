package daybook_test

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the architecture: for each package, the packages of this module
// that it may import. Every package may also import the root package and
// internal/. A subpackage (collectors/mastodon) has its parent's rights, and may
// import its parent.
var mayImport = map[string][]string{
	".":            {},
	"config":       {},
	"archive":      {},
	"detect":       {},
	"detect/links": {"detect", "detect/style"},
	"detect/train": {"detect", "detect/flags", "detect/links", "detect/style"},
	"detect/eval":  {"detect", "detect/flags", "detect/links", "detect/style"},
	"collectors":   {},

	// An account archive holds the same messages as the platform's interface:
	// one room reads them, whatever way they came.
	"collectors/upload":            {"collectors", "collectors/twitter"},
	"collectors/upload/uploadtest": {"collectors", "collectors/collectorstest", "collectors/upload"},
	"cases":                        {},
	"index":                        {"archive"},
	"alerts":                       {"archive", "cases", "detect"},
	"export":                       {"archive", "cases", "detect", "detect/links", "detect/flags"},
	"export/report":                {"export", "archive", "cases", "detect", "detect/links", "detect/flags"},
	"export/bundle":                {"export", "archive", "cases", "detect", "detect/links", "detect/flags", "export/report", "export/check"},
	"export/check":                 {"export", "archive"},
	"store":                        {"alerts", "archive", "cases", "collectors", "detect", "detect/flags", "detect/links", "detect/style", "signin"},
	"signin":                       {"cases"},
	"web":                          {"alerts", "archive", "cases", "config", "detect", "detect/flags", "detect/links", "export", "export/report", "export/bundle", "export/check", "index", "signin"},
	"cmd/daybook":                  {"*"},
}

// onlyIn names modules and packages that one room alone may import, so that
// there is one place to look when they change.
var onlyIn = map[string][]string{
	"database/sql":                  {"store", "internal/pgtest"},
	"github.com/jackc/pgx":          {"store", "internal/pgtest"},
	"github.com/ncruces/go-sqlite3": {"store", "internal/powerloss"},
	"github.com/pressly/goose":      {"store"},
	"github.com/blevesearch":        {"index"},
	"github.com/mattn/go-mastodon":  {"collectors/mastodon"},
	"github.com/dghubble":           {"collectors/twitter"},
	"github.com/wneessen/go-mail":   {"alerts/email"},
	"github.com/go-text":            {"internal/pdf"},
	"github.com/go-webauthn":        {"signin"},
	"github.com/pquerna/otp":        {"signin", "cmd/daybook"}, // the demo shows the codes of its made-up people
	"golang.org/x/crypto/argon2":    {"signin"},
	"github.com/alecthomas/kong":    {"cmd/daybook"},
	"github.com/getkin/kin-openapi": {"internal/fakex/xspec"}, // which only tests import
	"filippo.io/age":                {"export/bundle"},
	"github.com/BurntSushi/toml":    {"config"},
	"html/template":                 {"web", "internal"},
}

// pure packages do no I/O: the same input gives the same output on every
// machine. Programs below them (detect/eval, detect/train) may read files.
var pure = map[string][]string{
	".":            {"net", "os", "math/rand"},
	"detect":       {"net", "os", "math/rand", "crypto/rand", "runtime", "syscall"},
	"detect/flags": {"net", "os", "math/rand", "crypto/rand", "runtime", "syscall"},
	"detect/links": {"net", "os", "math/rand", "crypto/rand", "runtime", "syscall"},
	"detect/style": {"net", "os", "math/rand", "crypto/rand", "runtime", "syscall"},
}

// callsOut names the rooms that may open a connection, with what goes out by it.
// What messages say goes nowhere else: to no service that reads, translates or
// summarises, whoever runs it.
var callsOut = map[string]string{
	"collectors":    "calls on a driver's list, to the person's own platform",
	"alerts/email":  "mails without content, to the operator's own mail server",
	"archive/stamp": "hashes of checkpoints, to authorities for time stamps",
	"cmd/daybook":   "this machine's own socket and loopback addresses",
	"internal":      "what tests start on loopback addresses",
}

// dials are what opens connections, by package. Modules that do so themselves
// stand in onlyIn.
var dials = map[string][]string{
	"net":      {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "Dialer"},
	"tls":      {"Dial", "DialWithDialer", "Dialer"},
	"http":     {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
	"smtp":     {"Dial", "SendMail", "NewClient"},
	"rpc":      {"Dial", "DialHTTP"},
	"httputil": {"ReverseProxy", "NewSingleHostReverseProxy"},
}

// The tests parse the files themselves: a test that runs "go list" would be
// answered from the test cache after a breach in another package.
func TestImports(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, problem := range importProblems(f) {
			t.Error(problem)
		}
	}
}

// importProblems says which imports of a file the architecture does not allow.
// Tests may import what they like.
func importProblems(f goFile) (problems []string) {
	if f.test {
		return nil
	}
	allowed, known := rights(f.pkg)
	if !known {
		return []string{f.path + ": package " + f.pkg + " is not in the architecture; add it to mayImport and to docs/architecture.md"}
	}
	for _, imp := range imports(f) {
		ours, isOurs := strings.CutPrefix(imp, "daybook/")
		switch {
		case imp == "daybook":
			if strings.HasPrefix(f.pkg, "internal/") && !strings.HasPrefix(f.pkg, "internal/fake") {
				problems = append(problems, f.path+" imports the root package: of internal/, only fake platforms know the domain")
			}
		case !isOurs:
			for _, limited := range slices.Sorted(maps.Keys(onlyIn)) {
				if within(imp, limited) && !slices.ContainsFunc(onlyIn[limited], func(room string) bool { return within(f.pkg, room) }) {
					problems = append(problems, f.path+" imports "+imp+", which only "+strings.Join(onlyIn[limited], " and ")+" may")
				}
			}
		case ours == "internal/fakex/xspec":
			problems = append(problems, f.path+" imports "+imp+", which only tests may: it would grow the program")
		case strings.HasPrefix(ours, "internal/"):
		case !slices.ContainsFunc(allowed, func(room string) bool { return room == "*" || ours == room }):
			problems = append(problems, f.path+" imports "+imp+", which "+f.pkg+" may not")
		}
	}
	return problems
}

// rights returns what a package may import of this module. A package that is
// not named has the rights of the nearest parent that is, and may import the
// parents on the way.
func rights(pkg string) (allowed []string, known bool) {
	if strings.HasPrefix(pkg, "internal/") {
		return nil, true
	}
	for p := pkg; ; p = path.Dir(p) {
		if rooms, ok := mayImport[p]; ok && (p != "." || pkg == ".") {
			return append(allowed, rooms...), true
		}
		if p == "." {
			return nil, false
		}
		allowed = append(allowed, path.Dir(p))
	}
}

func TestRightsOfSubpackages(t *testing.T) {
	for _, tc := range []struct {
		pkg   string
		want  []string
		known bool
	}{
		{"store", []string{"alerts", "archive", "cases", "collectors", "detect", "detect/flags", "detect/links", "detect/style", "signin"}, true},
		{"detect/links", []string{"detect", "detect/style"}, true},
		{"collectors/mastodon", []string{"collectors"}, true},
		{"collectors/upload/whatsapp", []string{"collectors/upload", "collectors", "collectors/twitter"}, true},
		{"alerts/email", []string{"alerts", "archive", "cases", "detect"}, true},
		{"internal/durable", nil, true},
		{"util", nil, false},
		{"cmd/other", nil, false},
	} {
		t.Run(tc.pkg, func(t *testing.T) {
			got, known := rights(tc.pkg)
			if known != tc.known || !slices.Equal(got, tc.want) {
				t.Errorf("rights(%q) = %v, %v; want %v, %v", tc.pkg, got, known, tc.want, tc.known)
			}
		})
	}
}

func TestPurePackages(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, problem := range impurities(f) {
			t.Error(problem)
		}
	}
}

func impurities(f goFile) (problems []string) {
	banned, ok := pure[f.pkg]
	if !ok || f.test {
		return nil
	}
	for _, imp := range imports(f) {
		if slices.ContainsFunc(banned, func(b string) bool { return within(imp, b) }) {
			problems = append(problems, f.path+" imports "+imp+": package "+f.pkg+" does no I/O")
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && isIdent(sel.X, "time") && slices.Contains([]string{"Now", "Since", "Until", "Local"}, sel.Sel.Name) {
			problems = append(problems, f.at(n)+": time."+sel.Sel.Name+": package "+f.pkg+" gets its times from its caller")
		}
		return true
	})
	return problems
}

func TestWhoCallsOut_E17(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, problem := range callers(f) {
			t.Error(problem)
		}
	}
}

// callers says where a file opens a connection that its room may not.
func callers(f goFile) (problems []string) {
	for room := range callsOut {
		if f.test || within(f.pkg, room) {
			return nil
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(dials[pkg.Name], sel.Sel.Name) {
			problems = append(problems, f.at(n)+": "+pkg.Name+"."+sel.Sel.Name+": package "+f.pkg+" opens no connections; callsOut says who may")
		}
		return true
	})
	return problems
}

func imports(f goFile) []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		// The parser has checked that it is a quoted string.
		p, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// within reports whether the import path p is root or lies below it; a major
// version counts as below.
func within(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
