package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/internal/faketsa"
)

// othersVariable names a folder in which .ci/bundle wants bundles, to check them
// with programs of others.
const othersVariable = "DAYBOOK_BUNDLES"

// Bundles, and what a reader may have from elsewhere. They are checked here with
// daybook verify; .ci/bundle checks them without it.
func TestBundlesForOthers_B4(t *testing.T) {
	dir := os.Getenv(othersVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	do := func(want int, args ...string) string {
		t.Helper()
		var out, problems bytes.Buffer
		code := run(t.Context(), args, process{input: strings.NewReader(""), out: &out, err: &problems, cwd: dir,
			env: func(string) string { return "" }, clock: time.Now, program: "daybook"})
		if code != want {
			t.Fatalf("daybook %q: status %d, want %d: %s%s", args, code, want, &out, &problems)
		}
		return out.String()
	}
	// instance plays the demo with an authority of its own and returns what
	// comes before a command, and the case.
	instance := func(name string) (command func(want int, args ...string) string, id string) {
		folder, a := filepath.Join(t.TempDir(), name), faketsa.Start(t)
		do(statusDone, "demo", "--keep", folder, "--no-serve")
		config := filepath.Join(folder, "config.toml")
		f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(f, "\n[[time_stamps.authority]]\nname = \"example-tsa\"\nurl = %q\nroots = %q\n", a.URL, a.RootFile); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-roots.pem"), a.RootPEM, 0o600); err != nil {
			t.Fatal(err)
		}
		command = func(want int, args ...string) string {
			t.Helper()
			return do(want, append([]string{"--config", config}, args...)...)
		}
		var all []struct {
			Case string `json:"case"`
		}
		if err := json.Unmarshal([]byte(command(statusDone, "case", "list", "--json")), &all); err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return command, all[0].Case
	}
	ours, id := instance("true")
	var signed struct {
		Fingerprint string `json:"fingerprint"`
	}
	if err := json.Unmarshal([]byte(ours(statusDone, "checkpoint", "--case", id, "--json")), &signed); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fingerprint"), []byte(signed.Fingerprint+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	ours(statusDone, "checkpoint", "--case", id, "--out", at("anchor"))
	ours(statusDone, "export", "--case", id, "--out", at("bundle.zip"))
	ours(statusDone, "export", "--case", id, "--entry", "20", "--entry", "30", "--redact", "text=20", "--out", at("redacted.zip"))
	forger, other := instance("forged")
	forger(statusDone, "export", "--case", other, "--out", at("forged.zip"))

	for _, tt := range []struct {
		want int
		args []string
	}{
		{statusPartial, []string{"bundle.zip"}},
		{statusDone, []string{"bundle.zip", "--key", signed.Fingerprint}},
		{statusDone, []string{"bundle.zip", "--anchor", at("anchor")}},
		{statusDone, []string{"bundle.zip", "--roots", at("true-roots.pem")}},
		{statusPartial, []string{"bundle.zip", "--roots", at("forged-roots.pem")}},
		{statusDone, []string{"redacted.zip", "--roots", at("true-roots.pem")}},
		{statusPartial, []string{"forged.zip"}},
		{statusPartial, []string{"forged.zip", "--roots", at("true-roots.pem")}},
		{statusBroken, []string{"forged.zip", "--key", signed.Fingerprint}},
		{statusBroken, []string{"forged.zip", "--anchor", at("anchor")}},
	} {
		do(tt.want, append([]string{"verify"}, tt.args...)...)
	}
}
