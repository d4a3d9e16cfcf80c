package stamp_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/archive/stamp"
	"daybook/internal/faketsa"
	"daybook/internal/need"
)

func authority(t testing.TB, a *faketsa.TSA) stamp.Authority {
	t.Helper()
	return stamp.Authority{Name: "time", URL: a.URL, Roots: rootsOf(t, a.RootPEM)}
}

func TestRequest_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	data := []byte("a checkpoint\n")
	got, err := authority(t, tsa).Request(t.Context(), data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Authority != "time" || got.Signer != tsa.Name || got.Policy != faketsa.Policy || got.Accuracy != time.Second {
		t.Errorf("got %+v", got)
	}
	// openssl's clock has whole seconds.
	if got.Offset < -2*time.Second || got.Offset > 10*time.Second {
		t.Errorf("the same clock is %v off", got.Offset)
	}
	again, err := stamp.Check(got.Raw, data, rootsOf(t, tsa.RootPEM))
	if err != nil || !again.At.Equal(got.At) || !bytes.Equal(again.Chain, got.Chain) {
		t.Errorf("checked again: %+v, %v", again, err)
	}
	// And what another program says of it.
	dir := t.TempDir()
	for name, b := range map[string][]byte{"data": data, "tsr": got.Raw, "chain": got.Chain} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(need.Tool(t, "openssl"), "ts", "-verify", "-data", "data", "-in", "tsr", "-CAfile", tsa.RootFile, "-untrusted", "chain")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verification: OK") {
		t.Errorf("openssl: %v: %s", err, out)
	}
}

func TestWrongAnswers_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	for _, tt := range []struct {
		fault faketsa.Fault
		want  stamp.Failure
	}{
		{faketsa.OtherImprint, stamp.OtherBytes},
		{faketsa.OtherNonce, stamp.OtherRequest},
		{faketsa.NoNonce, stamp.OtherRequest},
		{faketsa.Untrusted, stamp.Untrusted},
		{faketsa.Expired, stamp.Untrusted},
		{faketsa.Refused, stamp.Refused},
		{faketsa.Status500, stamp.NoAnswer},
		{faketsa.Garbage, stamp.Unreadable},
		{faketsa.Endless, stamp.Unreadable},
		{faketsa.Elsewhere, stamp.NoAnswer},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			tsa.Set(tt.fault)
			_, err := authority(t, tsa).Request(t.Context(), []byte("x"), time.Now)
			var e *stamp.Error
			if !errors.As(err, &e) || e.Failure != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "asn1")) {
				t.Errorf("%q holds what came from outside", err)
			}
		})
	}
}

func TestSilence_B8(t *testing.T) {
	tsa := faketsa.Start(t)
	tsa.Set(faketsa.Silent)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-tsa.Asked
		stop()
	}()
	if _, err := authority(t, tsa).Request(ctx, []byte("x"), time.Now); stamp.FailureOf(err) != stamp.NoAnswer {
		t.Errorf("got %v, want %s", err, stamp.NoAnswer)
	}
	stop()
	a := authority(t, tsa)
	a.URL = "http://127.0.0.1:1/tsr"
	if _, err := a.Request(t.Context(), []byte("x"), time.Now); stamp.FailureOf(err) != stamp.NoAnswer {
		t.Errorf("nobody there: %v, want %s", err, stamp.NoAnswer)
	}
}

// The authority learns a hash, and nothing of what asks.
func TestWhatAnAuthorityLearns_B8(t *testing.T) {
	var header http.Header
	body := make([]byte, 4096)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		n, _ := r.Body.Read(body)
		body = body[:n]
		http.Error(w, "no", http.StatusServiceUnavailable)
	}))
	defer s.Close()
	_, err := stamp.Authority{Name: "time", URL: s.URL}.Request(t.Context(), []byte("daybook/3fk2/case/x81m\n"), time.Now)
	if stamp.FailureOf(err) != stamp.NoAnswer {
		t.Fatal(err)
	}
	for name, values := range header {
		for _, v := range values {
			if strings.Contains(strings.ToLower(name+v), "daybook") || name == "User-Agent" {
				t.Errorf("header %s: %s", name, v)
			}
		}
	}
	if bytes.Contains(body, []byte("daybook")) || len(body) > 100 {
		t.Errorf("%d bytes are sent: %q", len(body), body)
	}
}
