package labelled_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"daybook/internal/labelled"
)

const accounts = `{"account":"a1","platform":"irc","source":"made-up","messages":[{"time":"2026-01-02T03:04:05Z","text":"hello there"}]}

{"account":"a2","platform":"irc","source":"made-up","community":"c","person":"P1","in_dev":["d1"],"blocks":[0],"messages":[{"time":"2026-01-02T03:05:00Z","text":"hi"}]}
`

func set(t *testing.T, name, text string, packed bool) string {
	t.Helper()
	dir, data := t.TempDir(), []byte(text)
	if packed {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		name, data = name+".zst", w.EncodeAll(data, nil)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAccounts(t *testing.T) {
	want := []labelled.Account{
		{ID: "a1", Platform: "irc", Source: "made-up", Messages: []labelled.Post{{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Text: "hello there"}}},
		{ID: "a2", Platform: "irc", Source: "made-up", Community: "c", Person: "P1", InDev: []string{"d1"}, Blocks: []int{0},
			Messages: []labelled.Post{{Time: time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC), Text: "hi"}}},
	}
	for _, packed := range []bool{false, true} {
		got, err := labelled.Accounts(set(t, "accounts.jsonl", accounts, packed))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("packed %v (-want +got):\n%s", packed, diff)
		}
	}
}

func TestPairs(t *testing.T) {
	dir := set(t, "pairs.jsonl", `{"a":"a1","b":"a2","same":true,"kind":"split","src":"made-up"}`, false)
	got, err := labelled.Pairs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]labelled.Pair{{A: "a1", B: "a2", Same: true, Kind: "split", Source: "made-up"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHandlePairs(t *testing.T) {
	got, err := labelled.HandlePairs(set(t, "handles.jsonl", `{"a":"ann","b":"anna","same":true,"src":"made-up"}`, true))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]labelled.HandlePair{{A: "ann", B: "anna", Same: true, Source: "made-up"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMessages(t *testing.T) {
	yes, no := true, false
	got, err := labelled.Messages(set(t, "messages.jsonl", `{"id":"m1","source":"s","text":"hi","abusive":0,"threat":null,"detail":"none","split":"dev"}
{"id":"m2","source":"s","text":"ho","abusive":1,"threat":true}`, false))
	if err != nil {
		t.Fatal(err)
	}
	want := []labelled.Message{
		{ID: "m1", Source: "s", Text: "hi", Abusive: &no, Detail: "none", Split: "dev"},
		{ID: "m2", Source: "s", Text: "ho", Abusive: &yes, Threat: &yes},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, tc := range []struct{ name, text string }{
		{"no JSON", "{"},
		{"no account", `{"messages":[{"text":"a"}]}`},
		{"no messages", `{"account":"a1"}`},
		{"twice", accounts + accounts},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := labelled.Accounts(set(t, "accounts.jsonl", tc.text, false)); err == nil {
				t.Errorf("got %v and no error", got)
			}
		})
	}
	if _, err := labelled.Pairs(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := labelled.Messages(set(t, "messages.jsonl", `{"id":"m","source":"s","abusive":2}`, false)); err == nil {
		t.Error("a label of 2 is taken")
	}
}
