package collectors_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/collectors"
)

// A stream hands over what was written before the platform is done.
func TestTransport_StreamIsReadWhileItComes(t *testing.T) {
	step := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer secret-token" {
			t.Errorf("Authorization %q", got)
		}
		w.Header().Set("Server", "birds/1")
		for {
			select {
			case <-r.Context().Done():
				return
			case <-step:
				fmt.Fprintln(w, `{"chirp":1}`)
				w.(http.Flusher).Flush()
			}
		}
	})
	begin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		handler(w, r)
	})
	server := httptest.NewServer(begin)
	defer server.Close()
	for _, tc := range []struct {
		name, url, host string
		exception       collectors.Exception
	}{
		{"in this process", "https://birds.example/stream", "birds.example",
			collectors.Exception{Hosts: map[string]http.Handler{"birds.example": begin}}},
		{"over a connection", server.URL + "/stream", strings.TrimPrefix(server.URL, "http://"), collectors.Exception{Loopback: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := collectors.NewTransport(collectors.TransportOptions{
				Allow: []collectors.Rule{collectors.Allow(tc.host, "GET /stream")}, Now: fixed,
				Authorization: "Bearer secret-token", AuthorizationHost: tc.host,
			}, &tc.exception)
			defer tr.Close()
			x, body, err := tr.Stream(t.Context(), tc.url)
			if err != nil {
				t.Fatal(err)
			}
			if x.Status != 200 || !x.Start.Equal(noon) {
				t.Errorf("exchange %+v", x)
			}
			lines := bufio.NewScanner(body)
			for range 3 {
				step <- struct{}{}
				if !lines.Scan() || lines.Text() != `{"chirp":1}` {
					t.Fatalf("line %q, %v", lines.Text(), lines.Err())
				}
			}
			if err := body.Close(); err != nil {
				t.Fatal(err)
			}
			if lines.Scan() {
				t.Error("a closed stream went on")
			}
		})
	}
}

// The end of its context ends a stream, also while nothing comes.
func TestTransport_StreamEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	tr := inProcess(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-release // a handler that does not look at its context
	}, "GET /stream")
	ctx, cancel := context.WithCancel(t.Context())
	_, body, err := tr.Stream(ctx, "https://birds.example/stream")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a context that has ended", err)
	}
	close(release)
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

func TestTransport_StreamIsGuarded_E5(t *testing.T) {
	var asked int
	tr := inProcess(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("X-Rate-Limit-Reset", fmt.Sprint(noon.Add(time.Hour).Unix()))
		w.WriteHeader(http.StatusTooManyRequests)
	}, "GET /stream")
	var not *collectors.NotAllowedError
	if _, _, err := tr.Stream(t.Context(), "https://birds.example/other"); !errors.As(err, &not) {
		t.Errorf("a call that is not on the list: %v", err)
	}
	var limit *collectors.RateLimitError
	for range 2 {
		_, _, err := tr.Stream(t.Context(), "https://birds.example/stream")
		if !errors.As(err, &limit) || !limit.Until.Equal(noon.Add(time.Hour)) {
			t.Errorf("got %v, want a limit of an hour", err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times while the limit held, want once", asked)
	}
	for _, status := range []int{204, 301, 401, 402, 403, 404, 500, 503} {
		tr := inProcess(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, "GET /stream")
		var e *collectors.StatusError
		if _, _, err := tr.Stream(t.Context(), "https://birds.example/stream"); !errors.As(err, &e) || e.Status != status {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

// What a signature adds goes to the one host, and stands in nothing that is kept.
func TestTransport_Signature_E1(t *testing.T) {
	got := map[string]string{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got[r.Host] = r.Header.Get("Authorization")
		fmt.Fprint(w, "{}")
	})
	signed := 0
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: []collectors.Rule{collectors.Allow("birds.example", "GET /x?n"), collectors.Allow("nest.example", "GET /x?n")},
		Now:   fixed, AuthorizationHost: "birds.example",
		Sign: func(r *http.Request) error {
			signed++
			if r.URL.Query().Get("n") == "" {
				return errors.New("nothing to sign")
			}
			r.Header.Set("Authorization", "OAuth oauth_signature=SEALED-"+r.URL.Query().Get("n"))
			return nil
		},
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": h, "nest.example": h}})
	for _, u := range []string{"https://birds.example/x?n=7", "https://nest.example/x?n=7"} {
		a, err := tr.Do(t.Context(), "GET", u, nil, 200)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := json.Marshal(a.Exchange)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(kept), "SEALED") || strings.Contains(fmt.Sprintf("%+v", a.Header), "SEALED") {
			t.Errorf("the signature stands in %s", kept)
		}
	}
	if got["birds.example"] != "OAuth oauth_signature=SEALED-7" || got["nest.example"] != "" || signed != 1 {
		t.Errorf("signatures %v, signed %d times", got, signed)
	}
	if _, err := tr.Do(t.Context(), "GET", "https://birds.example/x", nil, 200); err == nil || got["birds.example"] != "OAuth oauth_signature=SEALED-7" {
		t.Errorf("a call that could not be signed was made: %v", err)
	}
}
