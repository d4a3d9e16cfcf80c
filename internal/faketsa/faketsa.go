// Package faketsa is a time-stamp authority (RFC 3161) on a loopback port, for
// tests: `openssl ts -reply` behind HTTP, with a root and certificates that are
// made anew at each start. What answers is thus another's implementation, not
// ours. It can be told to answer wrongly in the ways that a client has to notice.
//
// Its tokens bear the time of this machine's clock.
package faketsa

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"daybook/internal/need"
)

// A Fault is a way in which an authority answers wrongly.
type Fault string

const (
	None         Fault = ""
	Silent       Fault = "silent"        // takes the request and never answers
	OtherImprint Fault = "other imprint" // a token over other bytes
	OtherNonce   Fault = "other nonce"   // a token for another request
	NoNonce      Fault = "no nonce"      // a token for no request in particular
	Untrusted    Fault = "untrusted"     // signed under a root that nobody was given
	Expired      Fault = "expired"       // signed with a certificate that has ended
	Refused      Fault = "refused"       // an answer that says no (RFC 3161 §2.4.2)
	Status500    Fault = "status 500"
	Garbage      Fault = "garbage"   // bytes that are no answer
	Endless      Fault = "endless"   // more bytes than any answer has
	Elsewhere    Fault = "elsewhere" // sends the client to another host, which would answer
)

// Policy is the policy under which tokens are given.
const Policy = "1.3.6.1.4.1.99999.1"

// A TSA is a running authority. Its methods may be called from several
// goroutines.
type TSA struct {
	URL      string
	Name     string // of its certificate
	RootPEM  []byte // what a client has to trust
	RootFile string // a file with RootPEM, for `openssl ts -verify -CAfile`

	// Asked holds something once a request has come that nobody has taken out
	// yet: a test waits for it before it ends a request to a silent authority.
	Asked chan struct{}

	openssl string
	dir     string
	server  *httptest.Server
	other   *httptest.Server // where Elsewhere leads
	done    chan struct{}

	mu       sync.Mutex // openssl rewrites its file of serial numbers
	fault    Fault
	requests int
}

// maxRequest bounds what a client may send, in bytes.
const maxRequest = 64 << 10

// Start starts an authority, which ends with the test. It needs openssl.
func Start(t testing.TB) *TSA {
	t.Helper()
	a, err := Open(need.Tool(t, "openssl"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// Open starts an authority that keeps what it needs in an empty folder. Close
// stops it.
func Open(openssl, dir string) (*TSA, error) {
	a := &TSA{Name: "time.example", openssl: openssl, dir: dir, done: make(chan struct{}), Asked: make(chan struct{}, 1)}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	a.other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.reply(w, r, None) }))
	a.URL = a.server.URL + "/tsr"
	return a, nil
}

// Close stops the authority and sends away whoever it kept waiting.
func (a *TSA) Close() {
	close(a.done)
	a.server.Close()
	a.other.Close()
}

// Set makes every answer from now on wrong in one way; None makes them right.
func (a *TSA) Set(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = f
}

// Requests returns how often the authority was asked.
func (a *TSA) Requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

func (a *TSA) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests++
	fault := a.fault
	a.mu.Unlock()
	select {
	case a.Asked <- struct{}{}:
	default:
	}
	// What a test does with an answer that does not arrive is its own affair:
	// errors of writing are dropped here and below.
	switch fault {
	case Silent:
		select {
		case <-a.done:
		case <-r.Context().Done():
		}
	case Status500:
		http.Error(w, "the clock is being wound", http.StatusInternalServerError)
	case Garbage:
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = io.WriteString(w, "0\x82\x04\xe0 this is no answer") // see above
	case Endless:
		w.Header().Set("Content-Type", "application/timestamp-reply")
		for b := bytes.Repeat([]byte{0x30}, 64<<10); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	case Elsewhere:
		http.Redirect(w, r, a.other.URL+"/tsr", http.StatusTemporaryRedirect)
	default:
		a.reply(w, r, fault)
	}
}

// reply answers as openssl does.
func (a *TSA) reply(w http.ResponseWriter, r *http.Request, fault Fault) {
	query, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err == nil {
		query, err = alter(query, fault)
	}
	if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "this is no query", http.StatusBadRequest)
		return
	}
	who := "good"
	if fault == Untrusted || fault == Expired {
		who = string(fault)
	}
	answer, err := a.sign(query, who)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer) // whether it arrives is the affair of whoever asked
}

// sign lets openssl answer a query.
func (a *TSA) sign(query []byte, who string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	file := filepath.Join(a.dir, "query")
	if err := os.WriteFile(file, query, 0o600); err != nil {
		return nil, fmt.Errorf("keep a query: %w", err)
	}
	c := exec.Command(a.openssl, "ts", "-reply", "-config", "tsa.cnf", "-section", who, "-queryfile", file)
	c.Dir = a.dir
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("openssl ts -reply: %w: %s", err, &problems)
	}
	return out.Bytes(), nil
}
