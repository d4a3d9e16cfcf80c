package daybook_test

import (
	"go/token"
	"testing"
)

// TestRulesFindBreaches gives every rule a made-up file that breaks it, and one
// that does not: a rule that finds nothing must not look like a kept one.
func TestRulesFindBreaches(t *testing.T) {
	globals := func(f goFile) []string { return mutableGlobals(f.pkg, []goFile{f}) }
	for _, tc := range []struct {
		name string
		rule func(goFile) []string
		file string
		code string
		want int
	}{
		{"store imports what it may", importProblems, "store/a.go", `package store; import ("daybook"; "daybook/cases"; "daybook/internal/work")`, 0},
		{"archive imports a sibling", importProblems, "archive/a.go", `package archive; import "daybook/cases"`, 1},
		{"web imports the store", importProblems, "web/a.go", `package web; import "daybook/store"`, 1},
		{"a driver imports its parent", importProblems, "collectors/mastodon/a.go", `package mastodon; import "daybook/collectors"`, 0},
		{"a driver imports another", importProblems, "collectors/mastodon/a.go", `package mastodon; import "daybook/collectors/twitter"`, 1},
		{"a parent imports its driver", importProblems, "collectors/a.go", `package collectors; import "daybook/collectors/mastodon"`, 1},
		{"the domain in internal", importProblems, "internal/work/a.go", `package work; import "daybook"`, 1},
		{"the domain in a fake platform", importProblems, "internal/fakemastodon/a.go", `package fakemastodon; import "daybook"`, 0},
		{"SQL elsewhere", importProblems, "cases/a.go", `package cases; import "database/sql"`, 1},
		{"another major version", importProblems, "cases/a.go", `package cases; import "github.com/blevesearch/bleve/v2"`, 1},
		{"an unknown room", importProblems, "tools/a.go", `package tools`, 1},
		{"a test", importProblems, "cases/a_test.go", `package cases_test; import "daybook/store"`, 0},

		{"a clock in detect", impurities, "detect/a.go", `package detect; import "time"; var _ = time.Now()`, 1},
		{"times in detect", impurities, "detect/a.go", `package detect; import "time"; var _ = time.Hour`, 0},
		{"chance in detect", impurities, "detect/a.go", `package detect; import _ "math/rand/v2"`, 1},
		{"files in detect", impurities, "detect/a.go", `package detect; import _ "os"`, 1},
		{"a program below detect", impurities, "detect/eval/a.go", `package main; import _ "os"`, 0},

		{"a search that asks elsewhere", callers, "index/a.go", `package index; import "net/http"; var _ = http.Post`, 1},
		{"a client", callers, "web/a.go", `package web; import "net/http"; func f() { _ = http.Client{} }`, 1},
		{"a dialler", callers, "export/report/a.go", `package report; import "net"; func f() { var d net.Dialer; _ = d }`, 1},
		{"a server", callers, "web/a.go", `package web; import "net/http"; func f() { _ = http.Server{} }`, 0},
		{"a platform", callers, "collectors/mastodon/a.go", `package mastodon; import "net/http"; func f() { _ = http.Client{} }`, 0},

		{"an error", globals, "a/a.go", `package a; import "errors"; var ErrX = errors.New("x")`, 0},
		{"a table", globals, "a/a.go", `package a; var table = map[string]int{"a": 1}; func f() int { return table["a"] }`, 0},
		{"a table that is written to", globals, "a/a.go", `package a; var table = map[string]int{}; func f() { table["a"] = 1 }`, 1},
		{"a table that is emptied", globals, "a/a.go", `package a; var table = map[string]int{"a": 1}; func f() { clear(table) }`, 1},
		{"a local of the same name", globals, "a/a.go", `package a; var n = 1; func f() { n := 2; n++; _ = n }`, 0},
		{"a counter", globals, "a/a.go", `package a; var n = 1; func f() { n++ }`, 1},
		{"no value", globals, "a/a.go", `package a; var n int`, 1},
		{"a lock", globals, "a/a.go", `package a; import "sync"; var mu = sync.Mutex{}`, 1},
		{"an empty map", globals, "a/a.go", `package a; var m = make(map[string]int)`, 1},
		{"worked out once", globals, "a/a.go", `package a; import "sync"; var table = sync.OnceValue(func() int { return 1 })`, 0},
		{"an exported variable", globals, "a/a.go", `package a; var Limit = 1`, 1},
		{"its address", globals, "a/a.go", `package a; var n = 1; func f() *int { return &n }`, 1},
		{"an embedded file", globals, "a/a.go", "package a\nimport \"embed\"\n//go:embed x\nvar files embed.FS", 0},

		{"an error that is dropped", droppedErrors, "a/a.go", "package a\nfunc f() {\n\t_ = g()\n}", 1},
		{"one with a reason", droppedErrors, "a/a.go", "package a\nfunc f() {\n\t// it is closed already\n\t_ = g()\n}", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := parse(token.NewFileSet(), tc.file, tc.code)
			if err != nil {
				t.Fatal(err)
			}
			got := tc.rule(f)
			if len(got) != tc.want {
				t.Errorf("got %q, want %d problems", got, tc.want)
			}
		})
	}
}
