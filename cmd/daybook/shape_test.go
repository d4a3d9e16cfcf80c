package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A shape says what a JSON value looks like. It is JSON itself: an object has
// exactly the members that are named ("name?" may be missing, "*" is any name),
// an array has elements like its one element, and a string names a kind of
// value, below.
func (st *stage) shape(ts *testscript.TestScript, args []string) error {
	var want any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &want); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if text == "" {
		return errors.New("nothing was printed")
	}
	var errs []error
	for i, line := range strings.Split(text, "\n") {
		var got any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			return fmt.Errorf("line %d is not JSON: %w", i+1, err)
		}
		for _, problem := range unlike(fmt.Sprintf("line %d", i+1), got, want) {
			errs = append(errs, errors.New(problem))
		}
	}
	return errors.Join(errs...)
}

var (
	identifier = regexp.MustCompile(`^[a-z2-7]{26}$`)
	hexDigest  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// unlike says where got does not have the shape.
func unlike(at string, got, shape any) []string {
	wrong := func() []string { return []string{fmt.Sprintf("%s: got %v, want %v", at, got, shape)} }
	switch shape := shape.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return wrong()
		}
		return unlikeObject(at, object, shape)
	case []any:
		list, ok := got.([]any)
		if !ok {
			return wrong()
		}
		var problems []string
		for i, v := range list {
			problems = append(problems, unlike(fmt.Sprintf("%s[%d]", at, i), v, shape[0])...)
		}
		return problems
	case string:
		if shape != "any" && !hasKind(got, shape) {
			return wrong()
		}
		return nil
	}
	if got != shape { // a number or a truth value stands for itself
		return wrong()
	}
	return nil
}

func unlikeObject(at string, got, shape map[string]any) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(shape)) {
		bare := strings.TrimSuffix(name, "?")
		if _, ok := got[bare]; !ok && bare == name && name != "*" {
			problems = append(problems, fmt.Sprintf("%s: %s is missing", at, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		want, ok := shape[name]
		for _, other := range []string{name + "?", "*"} {
			if !ok {
				want, ok = shape[other]
			}
		}
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: %s is not documented", at, name))
			continue
		}
		problems = append(problems, unlike(at+"."+name, got[name], want)...)
	}
	return problems
}

func hasKind(v any, kind string) bool {
	switch v := v.(type) {
	case float64:
		return kind == "number"
	case bool:
		return kind == "bool"
	case string:
		switch kind {
		case "string":
			return true
		case "id":
			return identifier.MatchString(v)
		case "sha256":
			return hexDigest.MatchString(v)
		case "time", "time or nothing":
			_, err := time.Parse(time.RFC3339Nano, v)
			return err == nil && strings.HasSuffix(v, "Z") || v == "" && kind != "time"
		}
		return slices.Contains(strings.Split(kind, "|"), v)
	}
	return false
}

func TestShapes(t *testing.T) {
	for _, tc := range []struct {
		name, got, shape string
		want             int
	}{
		{"the same", `{"a":1,"b":["x"]}`, `{"a":"number","b":["string"]}`, 0},
		{"one is missing", `{"a":1}`, `{"a":"number","b":"string"}`, 1},
		{"one may be missing", `{"a":1}`, `{"a":"number","b?":"string"}`, 0},
		{"one too many", `{"a":1,"c":1}`, `{"a":"number"}`, 1},
		{"another kind", `{"a":"1"}`, `{"a":"number"}`, 1},
		{"within a list", `{"a":[{"b":1},{}]}`, `{"a":[{"b":"number"}]}`, 1},
		{"any name", `{"a":1,"b":2}`, `{"*":"number"}`, 0},
		{"a choice", `"in"`, `"in|out"`, 0},
		{"no choice", `"up"`, `"in|out"`, 1},
		{"a time", `"2026-10-05T12:00:00Z"`, `"time"`, 0},
		{"no time", `""`, `"time"`, 1},
		{"a list for an object", `[]`, `{}`, 1},
		{"null", `null`, `"string"`, 1},
		{"anything", `null`, `"any"`, 0},
		{"itself", `5`, `5`, 0},
		{"another number", `6`, `5`, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got, shape any
			if err := errors.Join(json.Unmarshal([]byte(tc.got), &got), json.Unmarshal([]byte(tc.shape), &shape)); err != nil {
				t.Fatal(err)
			}
			if problems := unlike("it", got, shape); len(problems) != tc.want {
				t.Errorf("got %q, want %d problems", problems, tc.want)
			}
		})
	}
}

// A told is one message as daybook list --json tells it.
type told struct {
	Entry     uint64    `json:"entry"`
	Kind      string    `json:"kind"`
	Direction string    `json:"direction"`
	SentAt    time.Time `json:"sent_at"`
	Sender    struct {
		Native string `json:"native"`
	} `json:"sender"`
}

type counted struct {
	Kind    string `json:"kind"`
	Handles []struct {
		Native string `json:"native"`
	} `json:"handles"`
	Figures map[string]struct {
		Value   int      `json:"value"`
		Unit    string   `json:"unit"`
		Entries []uint64 `json:"entries"`
	} `json:"figures"`
}

// recount counts a finding again from the list of messages, with nothing but
// what the two outputs say. A third argument is the moment from which on contact
// is after the request to stop, for the handle that was asked.
func (st *stage) recount(ts *testscript.TestScript, args []string) error {
	messages := map[uint64]told{}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var m told
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return err
		}
		messages[m.Entry] = m
	}
	var errs []error
	findings := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var f counted
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			return err
		}
		if f.Kind != "contact" {
			continue
		}
		findings++
		errs = append(errs, f.recount(messages, args[2:]))
	}
	if findings == 0 {
		return errors.New("there is no finding")
	}
	return errors.Join(errs...)
}

func (f counted) recount(messages map[uint64]told, stop []string) error {
	var errs []error
	same := func(figure string, want int) {
		if got := f.Figures[figure].Value; got != want {
			errs = append(errs, fmt.Errorf("%v: %s is %d, counted again %d", f.Handles, figure, got, want))
		}
	}
	from := func(m told) bool {
		return m.Direction == "in" && slices.ContainsFunc(f.Handles, func(h struct {
			Native string `json:"native"`
		}) bool {
			return h.Native == m.Sender.Native
		})
	}
	var in []told
	for _, m := range messages {
		if from(m) {
			in = append(in, m)
		}
	}
	slices.SortFunc(in, func(a, b told) int { return a.SentAt.Compare(b.SentAt) })
	same("messages", len(in))
	occasions, days, kinds := 0, map[string]bool{}, map[string]int{}
	var last time.Time
	for _, m := range in {
		if occasions == 0 || m.SentAt.Sub(last) > 6*time.Hour {
			occasions++
		}
		last = m.SentAt
		days[m.SentAt.Format(time.DateOnly)] = true
		kinds[m.Kind]++
	}
	same("occasions", occasions)
	same("days", len(days))
	for kind, n := range kinds {
		same("kind."+kind, n)
	}
	for _, s := range stop {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return err
		}
		if _, asked := f.Figures["after-stop"]; !asked {
			continue // somebody else
		}
		n := 0
		for _, m := range in {
			if m.SentAt.After(t) {
				n++
			}
		}
		same("after-stop", n)
	}
	for name, figure := range f.Figures {
		if figure.Unit != "messages" {
			continue
		}
		same(name, len(figure.Entries))
		for _, e := range figure.Entries {
			if m, ok := messages[e]; !ok || name != "answered" && !from(m) {
				errs = append(errs, fmt.Errorf("%v: %s counts entry %d, which the list does not show as theirs", f.Handles, name, e))
			}
		}
	}
	return errors.Join(errs...)
}

func TestRecount(t *testing.T) {
	const list = `{"entry":2,"kind":"mention","direction":"in","sent_at":"2026-10-01T10:00:00Z","sender":{"native":"k"}}
{"entry":3,"kind":"mention","direction":"in","sent_at":"2026-10-02T10:00:00Z","sender":{"native":"k"}}
{"entry":4,"kind":"mention","direction":"in","sent_at":"2026-10-02T10:00:00Z","sender":{"native":"other"}}`
	messages := map[uint64]told{}
	for line := range strings.Lines(list) {
		var m told
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		messages[m.Entry] = m
	}
	const right = `{"handles":[{"native":"k"}],"figures":{
		"messages":{"value":2,"unit":"messages","entries":[2,3]}, "kind.mention":{"value":2,"unit":"messages","entries":[2,3]},
		"after-stop":{"value":1,"unit":"messages","entries":[3]},
		"occasions":{"value":2,"unit":"occasions"}, "days":{"value":2,"unit":"days"}}}`
	for _, tc := range []struct{ name, old, new string }{
		{"right", "", ""},
		{"one too many", `"messages":{"value":2`, `"messages":{"value":3`},
		{"an occasion less", `"occasions":{"value":2`, `"occasions":{"value":1`},
		{"a day more", `"days":{"value":2`, `"days":{"value":3`},
		{"one after the stop more", `"after-stop":{"value":1`, `"after-stop":{"value":2`},
		{"an entry of somebody else", `"entries":[3]`, `"entries":[4]`},
		{"an entry that is not there", `"entries":[3]`, `"entries":[9]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var f counted
			if err := json.Unmarshal([]byte(strings.Replace(right, tc.old, tc.new, 1)), &f); err != nil {
				t.Fatal(err)
			}
			err := f.recount(messages, []string{"2026-10-01T12:00:00Z"})
			if got, want := err == nil, tc.old == ""; got != want {
				t.Errorf("got %v", err)
			}
		})
	}
}
