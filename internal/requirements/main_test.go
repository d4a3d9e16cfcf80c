package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const twoRequirements = "# List\n\n- A-1 Keep the bytes.\n- B-11 Keep them first.\nA-2 is only spoken of.\n"

func repo(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{list: {Data: []byte(twoRequirements)}}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
		err   string
	}{
		{
			name: "a test, a script, a function that is no test",
			files: map[string]string{
				"a/a_test.go":                "package a\nfunc TestKeeps_A1(t *T) {}\nfunc helper_B11() {}\n",
				"cmd/testdata/list_A1.txtar": "exec daybook list\n",
			},
			want: "+ A-1   Keep the bytes.\n        a: TestKeeps_A1\n        cmd/testdata: list_A1\n" +
				"- B-11  Keep them first.\n\n1 of 2 requirements have a test, 1 have none\n",
		},
		{
			name:  "two IDs in one name",
			files: map[string]string{"a/a_test.go": "package a\nfunc FuzzRead_A1_B11(f *F) {}\n"},
			want: "+ A-1   Keep the bytes.\n        a: FuzzRead_A1_B11\n" +
				"+ B-11  Keep them first.\n        a: FuzzRead_A1_B11\n\n2 of 2 requirements have a test, 0 have none\n",
		},
		{
			name:  "an ID that is not on the list",
			files: map[string]string{"a/a_test.go": "package a\nfunc TestKeeps_A2(t *T) {}\n"},
			err:   "A-2 is not in docs/requirements.md but in the name of a: TestKeeps_A2",
		},
		{
			name:  "a list that says a thing twice",
			files: map[string]string{list: "- A-1 One.\n- A-1 Two.\n"},
			err:   "A-1 stands twice in docs/requirements.md",
		},
		{
			name:  "an empty list",
			files: map[string]string{list: "# List\n"},
			err:   "no requirements in docs/requirements.md",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(repo(tc.files), &out)
			switch {
			case tc.err == "" && err != nil:
				t.Fatal(err)
			case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)):
				t.Fatalf("got error %v, want %s", err, tc.err)
			case tc.err == "":
				if diff := cmp.Diff(tc.want, out.String()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
