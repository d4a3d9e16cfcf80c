package faketsa_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"daybook/internal/faketsa"
	"daybook/internal/need"
)

// ask sends a query that openssl made and returns the file with the answer.
func ask(t *testing.T, a *faketsa.TSA, data string) (answer string, status int) {
	t.Helper()
	query := filepath.Join(t.TempDir(), "query")
	if b, err := exec.Command(need.Tool(t, "openssl"), "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	b, err := os.ReadFile(query)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(a.URL, "application/timestamp-query", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	answer = filepath.Join(t.TempDir(), "answer")
	if err := os.WriteFile(answer, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return answer, resp.StatusCode
}

// What another program says of the answers: each fault is one.
func TestAnswers(t *testing.T) {
	a := faketsa.Start(t)
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, []byte("some bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		fault  faketsa.Fault
		status int
		ok     bool
	}{
		{faketsa.None, 200, true},
		{faketsa.OtherImprint, 200, false},
		{faketsa.Untrusted, 200, false},
		{faketsa.Refused, 200, false},
		{faketsa.Garbage, 200, false},
		{faketsa.Elsewhere, 200, true}, // this client follows
		{faketsa.Status500, 500, false},
	} {
		t.Run("fault "+string(tt.fault), func(t *testing.T) {
			a.Set(tt.fault)
			answer, status := ask(t, a, data)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			out, err := exec.Command(need.Tool(t, "openssl"), "ts", "-verify", "-data", data, "-in", answer, "-CAfile", a.RootFile).CombinedOutput()
			if ok := err == nil && strings.Contains(string(out), "Verification: OK"); ok != tt.ok {
				t.Errorf("verified: %v, want %v: %s", ok, tt.ok, out)
			}
		})
	}
	if n := a.Requests(); n != 7 {
		t.Errorf("%d requests, want 7", n)
	}
}

// The certificate of an answer with this fault is one that has ended.
func TestExpired(t *testing.T) {
	a := faketsa.Start(t)
	a.Set(faketsa.Expired)
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, []byte("some bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer, status := ask(t, a, data)
	out, err := exec.Command(need.Tool(t, "openssl"), "ts", "-verify", "-data", data, "-in", answer, "-CAfile", a.RootFile).CombinedOutput()
	if status != 200 || err == nil || !strings.Contains(string(out), "certificate has expired") {
		t.Errorf("status %d, %v: %s; want an expired certificate", status, err, out)
	}
}

func TestSilentEndsWithTheClient(t *testing.T) {
	a := faketsa.Start(t)
	a.Set(faketsa.Silent)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-a.Asked
		stop()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Error("there was an answer")
	}
}
