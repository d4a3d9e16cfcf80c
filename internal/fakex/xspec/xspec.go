// Package xspec checks calls and answers against X's published OpenAPI document,
// which lies outside the repository. Only tests import it: neither the checker
// nor the document is part of any program.
//
// The document is taken at its word and a little further: a parameter or a member
// that it does not name is a mistake. It names the fields of posts in one of the
// two ways that are in use; calls in the other way are checked as their
// translation. What it does not say, although prose and samples do, stands in
// deviations.go, each with its reason.
package xspec

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"daybook/internal/need"
)

// A Document is X's OpenAPI document. It may be used by several goroutines.
type Document struct {
	spec *openapi3.T

	mu      sync.Mutex
	allowed map[[sha256.Size]byte]bool // exchanges that were checked: tests make the same ones many times
}

// Open reads the document, once in a process. A test without it is skipped, or
// fails, as need.TestData says.
func Open(t testing.TB) *Document {
	t.Helper()
	d, err := opened(filepath.Join(need.TestData(t), "facts", "x-openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Hook is for fakex.Options.Check: it fails the test at each call and each answer
// that the document does not allow. Without the document it is nil, and the test
// goes on.
func Hook(t testing.TB) func(r *http.Request, status int, header http.Header, body []byte) {
	t.Helper()
	if os.Getenv("DAYBOOK_TESTDATA") == "" && os.Getenv("DAYBOOK_REQUIRE") != "all" {
		return nil
	}
	d := Open(t)
	return func(r *http.Request, status int, header http.Header, body []byte) {
		t.Helper()
		if err := d.Check(r, status, header, body); err != nil {
			t.Error(err)
		}
	}
}

// opened keeps what it has read: the document is large.
var opened = once(func(file string) (*Document, error) {
	spec, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	for _, s := range spec.Components.Schemas {
		closeObjects(s, map[*openapi3.Schema]bool{})
	}
	return &Document{spec: spec, allowed: map[[sha256.Size]byte]bool{}}, nil
})

func once(read func(string) (*Document, error)) func(string) (*Document, error) {
	var mu sync.Mutex
	kept := map[string]*Document{}
	return func(file string) (*Document, error) {
		mu.Lock()
		defer mu.Unlock()
		if d := kept[file]; d != nil {
			return d, nil
		}
		d, err := read(file)
		if err == nil {
			kept[file] = d
		}
		return d, err
	}
}

// closeObjects lets an object have no members but those that it names.
func closeObjects(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		closeObjects(p, seen)
	}
	closeObjects(s.Items, seen)
	for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, x := range list {
			closeObjects(x, seen)
		}
	}
}

// Check checks a call and its answer. A call that was refused as wrong is not
// checked itself.
func (d *Document) Check(r *http.Request, status int, header http.Header, body []byte) error {
	exchange := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %s\n%s", r.Method, r.URL.RequestURI(), status, header.Get("Content-Type"), body))
	d.mu.Lock()
	known := d.allowed[exchange]
	d.mu.Unlock()
	if known {
		return nil
	}
	var errs []error
	if status != http.StatusBadRequest {
		errs = append(errs, d.Request(r))
	}
	err := errors.Join(append(errs, d.Answer(r, status, header, body))...)
	if err == nil {
		d.mu.Lock()
		d.allowed[exchange] = true
		d.mu.Unlock()
	}
	return err
}

// Request checks a call.
func (d *Document) Request(r *http.Request) error {
	in, err := d.input(r)
	if err != nil {
		return err
	}
	for name := range in.QueryParams {
		if in.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("%s %s: the document has no parameter %q", r.Method, in.Route.Path, name)
		}
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.RequestURI(), err)
	}
	return nil
}

// Answer checks what a call was answered with.
func (d *Document) Answer(r *http.Request, status int, header http.Header, body []byte) error {
	in, err := d.input(r)
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: not JSON: %w", in.Route.Path, err)
	}
	if undocumented(status, v) {
		return nil
	}
	b, err := json.Marshal(translated(v))
	if err != nil {
		return fmt.Errorf("write the translation: %w", err)
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(b)), Options: in.Options,
	})
	if err != nil {
		return fmt.Errorf("answer of %s with %d: %w", in.Route.Path, status, err)
	}
	return nil
}

// input finds what the document says about a call.
func (d *Document) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	path, params, ok := d.find(r.URL.Path)
	if !ok {
		return nil, fmt.Errorf("the document has no path %s", r.URL.Path)
	}
	item := d.spec.Paths.Value(path)
	op := item.GetOperation(r.Method)
	if op == nil {
		return nil, fmt.Errorf("the document has no %s %s", r.Method, path)
	}
	query := asPosts(r.URL.Query())
	u := *r.URL
	u.RawQuery = query.Encode()
	clone := r.Clone(r.Context())
	clone.URL, clone.Body = &u, http.NoBody
	return &openapi3filter.RequestValidationInput{
		Request: clone, PathParams: params, QueryParams: query,
		Route:   &routers.Route{Spec: d.spec, Path: path, PathItem: item, Method: r.Method, Operation: op},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}, nil
}

// find finds the template of a path: one without parameters first.
func (d *Document) find(path string) (template string, params map[string]string, ok bool) {
	if d.spec.Paths.Value(path) != nil {
		return path, nil, true
	}
	got := strings.Split(path, "/")
	for _, t := range slices.Sorted(slices.Values(d.spec.Paths.InMatchingOrder())) {
		want := strings.Split(t, "/")
		if len(want) != len(got) {
			continue
		}
		params := map[string]string{}
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				params[strings.Trim(w, "{}")] = got[i]
			} else if w != got[i] {
				params = nil
				break
			}
		}
		if params != nil {
			return t, params, true
		}
	}
	return "", nil, false
}

// asPosts is a query as it would be with the names of the document.
func asPosts(q url.Values) url.Values {
	out := url.Values{}
	for name, values := range q {
		for _, v := range values {
			var kept []string
			if !strings.HasSuffix(name, ".fields") && name != "expansions" {
				out.Add(name, v)
				continue
			}
			for x := range strings.SplitSeq(v, ",") {
				if _, drop := notInDocument[name+" "+x]; !drop {
					kept = append(kept, word(x))
				}
			}
			if len(kept) > 0 {
				out.Add(word(name), strings.Join(kept, ","))
			}
		}
	}
	return out
}

// word writes a name in the way of the document.
func word(name string) string {
	if w, ok := words[name]; ok {
		return w
	}
	return name
}

// translated is a body with the names of the document.
func translated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			if s, ok := x.(string); ok && name == "type" {
				x = strings.Replace(s, "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/", 1)
			}
			if _, isProblem := v["detail"]; isProblem && name == "errors" {
				continue // see deviations
			}
			out[word(name)] = translated(x)
		}
		return out
	case []any:
		list := []any{}
		for _, x := range v {
			list = append(list, translated(x))
		}
		return list
	}
	return v
}

// Value checks a value against one of the document's schemas: "Post".
func (d *Document) Value(schema string, body []byte) error {
	ref := d.spec.Components.Schemas[schema]
	if ref == nil {
		return fmt.Errorf("the document has no schema %s", schema)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: not JSON: %w", schema, err)
	}
	if err := ref.Value.VisitJSON(translated(v)); err != nil {
		return fmt.Errorf("%s: %w", schema, err)
	}
	return nil
}
