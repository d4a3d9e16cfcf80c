package daybook_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	sqlVerb      = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (TABLE|INDEX|UNIQUE)|ALTER TABLE|DROP TABLE|WITH)\s`)
	placeholder  = regexp.MustCompile(`\$(\d+)`)
	notPortable  = regexp.MustCompile(`(?i)->>|\bjson_|\bnow\(\)|CURRENT_(TIMESTAMP|DATE|TIME)\b|datetime\(|BEGIN IMMEDIATE|::\w|\bILIKE\b|\bINSERT OR\b|\?\d*\s*[,)]`)
	wrongTypes   = regexp.MustCompile(`(?i)^\s*[a-z_]+\s+(SERIAL|BIGSERIAL|TIMESTAMP\w*|DATETIME|JSONB?|INTEGER|INT|BLOB|REAL|FLOAT|DOUBLE|VARCHAR)\b|\b(AUTOINCREMENT|STRICT)\b`)
	sqlComment   = regexp.MustCompile(`--[^\n]*`)
	unknownText  = "\x00"                                                                    // stands for a part of a statement that is not a literal
	sqlCallNames = map[string]int{"QueryContext": 1, "QueryRowContext": 1, "ExecContext": 1} // which argument is the statement
)

func TestSQLStandsInStoreAlone(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || within(f.pkg, "store") || f.pkg == "internal/pgtest" {
			continue
		}
		for _, s := range statements(f) {
			if sqlVerb.MatchString(s.text) && strings.ToUpper(s.verb()) == s.verb() {
				t.Errorf("%s: SQL outside package store: %.40q", f.at(s.node), s.text)
			}
		}
	}
}

// ncruces/go-sqlite3 takes $1, $2, … as names and numbers them as they come:
// "$2 … $1" silently swaps the values there, and does not on PostgreSQL.
func TestPlaceholdersAreInOrderOfFirstUse(t *testing.T) {
	seen := 0
	for _, f := range goFiles(t) {
		if !within(f.pkg, "store") {
			continue
		}
		for _, s := range statements(f) {
			if placeholder.MatchString(s.text) {
				seen++
			}
			if err := checkPlaceholders(s.text); err != nil {
				t.Errorf("%s: %v in %.60q", f.at(s.node), err, s.text)
			}
		}
		for _, c := range sqlCalls(f) {
			if err := c.checkCount(); err != nil {
				t.Errorf("%s: %v", f.at(c.node), err)
			}
		}
	}
	if seen == 0 {
		t.Error("package store has no statement with a placeholder: the test looks in the wrong place")
	}
}

func TestSQLIsTheSameForBothEngines(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || !within(f.pkg, "store") {
			continue
		}
		for _, s := range statements(f) {
			if !sqlVerb.MatchString(s.text) {
				continue
			}
			if bad := notPortable.FindString(s.text); bad != "" {
				t.Errorf("%s: %q does not mean the same on both engines", f.at(s.node), bad)
			}
		}
	}
	walk(t, func(file, text string) {
		if path.Dir(file) != "store/migrations" {
			return
		}
		for i, line := range strings.Split(text, "\n") {
			line = sqlComment.ReplaceAllString(line, "")
			if bad := wrongTypes.FindString(line); bad != "" {
				t.Errorf("%s:%d: %s: columns are TEXT, BIGINT, BYTEA or BOOLEAN", file, i+1, bad)
			}
		}
	})
}

func TestPlaceholderRule(t *testing.T) {
	for _, tc := range []struct {
		name, sql string
		ok        bool
	}{
		{"in order", "SELECT a FROM b WHERE c = $1 AND d = $2", true},
		{"repeated", "UPDATE a SET b = $1 WHERE c = $2 AND b < $1", true},
		{"swapped", "UPDATE a SET b = $2 WHERE c = $1", false},
		{"not from one", "SELECT a FROM b WHERE c = $2", false},
		{"one left out", "SELECT a FROM b WHERE c = $1 AND d = $3", false},
		{"after a part made in Go", "INSERT INTO a VALUES " + unknownText + " ON CONFLICT DO UPDATE SET b = $7", true},
		{"swapped after a part made in Go", "DELETE FROM a WHERE b IN " + unknownText + " AND c = $4 AND d = $3", false},
		{"a piece of a statement", " AND sent >= $3 AND sent < $4", true},
		{"a piece that is swapped", " AND sent >= $4 AND sent < $3", false},
		{"a price in a text", "about $0 a month", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := checkPlaceholders(tc.sql); (err == nil) != tc.ok {
				t.Errorf("checkPlaceholders(%q) = %v, want ok %v", tc.sql, err, tc.ok)
			}
		})
	}
}

// checkPlaceholders says what is wrong with the order of the placeholders in a
// statement or in a piece of one. A piece may begin with any number, and after
// unknownText the numbers may jump; they never go back to one that is new.
func checkPlaceholders(sql string) error {
	last, whole := 0, sqlVerb.MatchString(sql)
	known := map[int]bool{}
	for i, part := range strings.Split(sqlComment.ReplaceAllString(sql, ""), unknownText) {
		for _, m := range placeholder.FindAllStringSubmatch(part, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return err
			}
			if n == 0 || known[n] {
				continue
			}
			known[n] = true
			jump := i > 0 || !whole && last == 0
			if n <= last || n != last+1 && !jump {
				return fmt.Errorf("$%d follows $%d", n, last)
			}
			last = n
		}
	}
	return nil
}

// A statement is a string literal, or several that are joined with +.
type statement struct {
	node ast.Node
	text string
}

func (s statement) verb() string {
	verb, _, _ := strings.Cut(strings.TrimSpace(s.text), " ")
	return verb
}

// statements returns the string literals of a file, joined where they are
// joined with +.
func statements(f goFile) []statement {
	var all []statement
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if e.Kind == token.STRING {
				all = append(all, statement{e, literal(e)})
			}
		case *ast.BinaryExpr:
			if text, found := fold(e); found {
				all = append(all, statement{e, text})
				return false
			}
		}
		return true
	})
	return all
}

// fold joins an expression of literals and other things; found says whether
// there is a string literal in it.
func fold(e ast.Expr) (text string, found bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return literal(e), true
		}
	case *ast.ParenExpr:
		return fold(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			x, inX := fold(e.X)
			y, inY := fold(e.Y)
			return x + y, inX || inY
		}
	}
	return unknownText, false
}

func literal(e *ast.BasicLit) string {
	// The parser has checked that it is a quoted string.
	s, _ := strconv.Unquote(e.Value)
	return s
}

// An sqlCall is a call of the database with all its arguments spelled out.
type sqlCall struct {
	node ast.Node
	sql  string
	args int
}

func sqlCalls(f goFile) []sqlCall {
	var calls []sqlCall
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || call.Ellipsis.IsValid() {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		at, ok := sqlCallNames[sel.Sel.Name]
		if !ok || len(call.Args) <= at {
			return true
		}
		if text, found := fold(call.Args[at]); found {
			calls = append(calls, sqlCall{call, text, len(call.Args) - at - 1})
		}
		return true
	})
	return calls
}

// checkCount compares the number of placeholders with the number of values. A
// part that is made in Go may hold placeholders of its own.
func (c sqlCall) checkCount() error {
	highest := 0
	for _, m := range placeholder.FindAllStringSubmatch(sqlComment.ReplaceAllString(c.sql, ""), -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			highest = max(highest, n)
		}
	}
	if highest > c.args || highest < c.args && !strings.Contains(c.sql, unknownText) {
		return fmt.Errorf("%d placeholders, %d values in %.60q", highest, c.args, c.sql)
	}
	return nil
}
