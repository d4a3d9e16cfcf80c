package collectors

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"daybook"
)

// Limits that hold unless TransportOptions says otherwise.
const (
	maxBody      = 32 << 20 // bytes
	maxDuration  = time.Minute
	maxRedirects = 3
)

// userAgent says nothing about what the program is for: the operator of the
// sender's server may read the logs.
const userAgent = "Mozilla/5.0 (compatible; feed reader)"

// ErrTooLarge says that an answer was larger than the transport takes.
var ErrTooLarge = errors.New("the answer is larger than is taken")

// A NotAllowedError says that a call is not on the list and was not made.
type NotAllowedError struct {
	Method, Host, Path string
	Why                string
}

func (e *NotAllowedError) Error() string {
	// The path may hold identifiers and stays out of the text.
	return fmt.Sprintf("%s call refused before it was made: %s", e.Method, e.Why)
}

// A StatusError says that a platform answered with a status that the caller
// did not ask for. There is never a page in such an answer.
type StatusError struct {
	Status   int
	Exchange daybook.Exchange
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the platform answered with status %d", e.Status)
}

// TransportOptions are what NewTransport needs to know.
type TransportOptions struct {
	Allow []Rule           // every call that may be made; anything else never leaves
	Now   func() time.Time // required

	// Authorization is sent to AuthorizationHost (with its port, if the URL
	// has one) and to no other.
	Authorization     string
	AuthorizationHost string
	// Sign is called last, in the place of Authorization, for calls to
	// AuthorizationHost that need a signature of their own (OAuth 1.0a). What
	// it adds is neither recorded nor logged. It must not keep the request.
	Sign func(*http.Request) error

	// LimitByCall says that the platform counts the calls of each rule by
	// themselves: one that may not be made for a while does not keep the
	// others from being made.
	LimitByCall bool

	MaxBody  int64         // bytes; 0 means 32 MiB
	Timeout  time.Duration // of one call with its body and redirects; 0 means a minute
	Resolver Resolver      // nil means the system's
}

// An Exception is what demo and tests may reach beside the public network. It
// is an argument of constructors and never configuration.
type Exception struct {
	// Loopback allows 127.0.0.0/8 and ::1, on any port and without TLS.
	Loopback bool
	// Hosts are answered in this process, by their handler, and never
	// reach the network. The key is a host as it stands in URLs.
	Hosts map[string]http.Handler
}

// A Transport makes calls to a platform and to nothing else. In this order it
// checks the list of allowed calls, adds the authorisation, waits for nobody
// but refuses while the platform's rate limit holds, records the exchange, and
// connects to public addresses only. It sends no cookies and no Referer, takes
// no proxy from the environment, and follows a redirect only to a call that is
// on the list too.
//
// A Transport may be used by several goroutines. It is also an
// http.RoundTripper, for libraries; RoundTrip does not follow redirects.
type Transport struct {
	opts      TransportOptions
	exception Exception
	limits    limiter
	net       *http.Transport
}

// NewTransport makes a transport. exception is nil except in demo and tests.
func NewTransport(opts TransportOptions, exception *Exception) *Transport {
	if opts.MaxBody == 0 {
		opts.MaxBody = maxBody
	}
	if opts.Timeout == 0 {
		opts.Timeout = maxDuration
	}
	t := &Transport{opts: opts, limits: limiter{until: map[limited]time.Time{}}}
	if exception != nil {
		t.exception = *exception
	}
	t.net = &http.Transport{
		Proxy:                  nil, // none, whatever the environment says
		DialContext:            newDialler(opts.Resolver, t.exception.Loopback).DialContext,
		DisableCompression:     true, // the bytes that are kept are the bytes that came
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 256 << 10,
	}
	return t
}

// Close ends idle connections.
func (t *Transport) Close() error {
	t.net.CloseIdleConnections()
	return nil
}

// Client returns a client for libraries that want one. It follows no redirects
// and keeps no cookies.
func (t *Transport) Client() *http.Client {
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// An Answer is what came back: the exchange for the record, and the bytes.
type Answer struct {
	Exchange daybook.Exchange
	Header   http.Header
	Body     []byte
}

// Do makes one call and follows at most three redirects, each of which has to
// be on the list as well; the exchange is that of the last. form is the body of
// a POST, nil for a GET.
//
// Errors: *NotAllowedError (nothing was sent), *RateLimitError, *StatusError
// for any status that is not in accept, ErrPrivateAddress, ErrTooLarge; others
// are those of the network.
func (t *Transport) Do(ctx context.Context, method, rawURL string, form url.Values, accept ...int) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, t.opts.Timeout)
	defer cancel()
	for hop := 0; ; hop++ {
		var body io.Reader
		if form != nil {
			body = strings.NewReader(form.Encode())
		}
		req, err := http.NewRequestWithContext(ctx, method, rawURL, body)
		if err != nil {
			return Answer{}, &NotAllowedError{Method: method, Why: "the address cannot be read"}
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		a, err := t.send(req)
		if err != nil {
			return Answer{}, err
		}
		if slices.Contains(accept, a.Exchange.Status) {
			return a, nil
		}
		next, ok := redirect(req, a)
		if !ok || hop == maxRedirects {
			return Answer{}, &StatusError{Status: a.Exchange.Status, Exchange: a.Exchange}
		}
		rawURL = next
	}
}

// redirect returns where an answer sends a GET. A POST is never sent on: its
// body holds secrets.
func redirect(req *http.Request, a Answer) (string, bool) {
	switch a.Exchange.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return "", false
	}
	to, err := req.URL.Parse(a.Header.Get("Location"))
	if err != nil || req.Method != http.MethodGet || a.Header.Get("Location") == "" {
		return "", false
	}
	return to.String(), true
}

// RoundTrip makes one call with the same guards as Do. The response's body is
// in memory.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.opts.Timeout)
	defer cancel()
	a, err := t.send(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", a.Exchange.Status, http.StatusText(a.Exchange.Status)),
		StatusCode:    a.Exchange.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.Header,
		Body:          io.NopCloser(bytes.NewReader(a.Body)),
		ContentLength: int64(len(a.Body)),
		Request:       req,
	}, nil
}

// send makes one call: list, authorisation, limiter, recorder, network.
func (t *Transport) send(req *http.Request) (Answer, error) {
	host := strings.ToLower(req.URL.Host)
	out, err := t.outgoing(req)
	if err != nil {
		return Answer{}, err
	}
	start := t.opts.Now()
	resp, err := t.base(host).RoundTrip(out)
	if err != nil {
		return Answer{}, fmt.Errorf("call the platform: %w", withoutAddress(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.opts.MaxBody+1))
	if err != nil {
		return Answer{}, fmt.Errorf("read the platform's answer: %w", withoutAddress(err))
	}
	if int64(len(body)) > t.opts.MaxBody {
		return Answer{}, fmt.Errorf("%w (%d bytes)", ErrTooLarge, t.opts.MaxBody)
	}
	end := t.opts.Now()

	if err := t.noteLimit(req, resp, end); err != nil {
		return Answer{}, err
	}
	return Answer{
		Exchange: daybook.Exchange{
			Method:  req.Method,
			URL:     withoutSecrets(req.URL),
			Status:  resp.StatusCode,
			Headers: chosenHeaders(resp.Header),
			Start:   start.UTC(),
			End:     end.UTC(),
			Body:    daybook.DigestOf(body),
			Size:    int64(len(body)),
		},
		Header: resp.Header,
		Body:   body,
	}, nil
}

// outgoing returns a call as it is sent: checked, with the authorisation, and
// only if the platform's rate limit lets it pass.
func (t *Transport) outgoing(req *http.Request) (*http.Request, error) {
	if err := t.check(req.Method, req.URL); err != nil {
		return nil, err
	}
	host := strings.ToLower(req.URL.Host)
	out := req.Clone(req.Context())
	out.Header = http.Header{}
	for _, name := range []string{"Content-Type", "Accept"} {
		if v := req.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	if out.Header.Get("Accept") == "" {
		out.Header.Set("Accept", "*/*")
	}
	out.Header.Set("User-Agent", userAgent)
	if err := t.limits.check(t.limited(req), t.opts.Now()); err != nil {
		return nil, err
	}
	if host == strings.ToLower(t.opts.AuthorizationHost) {
		switch {
		case t.opts.Sign != nil:
			if err := t.opts.Sign(out); err != nil {
				return nil, fmt.Errorf("sign the call: %w", err)
			}
		case t.opts.Authorization != "":
			out.Header.Set("Authorization", t.opts.Authorization)
		}
	}
	return out, nil
}

// noteLimit takes note of what an answer says about the platform's rate limit.
func (t *Transport) noteLimit(req *http.Request, resp *http.Response, now time.Time) error {
	return t.limits.note(t.limited(req), resp, now)
}

// limited says which limit a call falls under.
func (t *Transport) limited(req *http.Request) limited {
	what := limited{host: strings.ToLower(req.URL.Host)}
	if t.opts.LimitByCall {
		if r := t.rule(req.Method, req.URL); r != nil {
			what.call = r.Path
		}
	}
	return what
}

func (t *Transport) base(host string) http.RoundTripper {
	if h, ok := t.exception.Hosts[host]; ok {
		return inProcess{h}
	}
	return t.net
}

// withoutAddress keeps the URL, which may hold a query, and the name of the host,
// which tells of the platform, out of error texts: those are logged.
func withoutAddress(err error) error {
	var (
		u           *url.Error
		lookup      *net.DNSError
		certificate *tls.CertificateVerificationError
	)
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.As(err, &lookup):
		return &namelessError{"the host's address could not be found", err}
	case errors.As(err, &certificate):
		return &namelessError{"the certificate of the host is not one for it", err}
	}
	return err
}

// A namelessError says what an error is whose own words name a host.
type namelessError struct {
	what string
	err  error
}

func (e *namelessError) Error() string { return e.what }
func (e *namelessError) Unwrap() error { return e.err }

// secretParams are query parameters whose values are never recorded.
var secretParams = []string{
	"access_token", "token", "code", "code_verifier", "client_secret", "refresh_token", "state",
	"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "Signature", "sig",
}

func withoutSecrets(u *url.URL) string {
	c := *u
	c.User = nil
	c.Fragment = ""
	pairs := strings.Split(c.RawQuery, "&")
	changed := false
	for i, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		if value == "" {
			continue
		}
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if slices.ContainsFunc(secretParams, func(s string) bool { return strings.EqualFold(s, name) }) {
			pairs[i] = url.QueryEscape(name) + "=REDACTED"
			changed = true
		}
	}
	if changed {
		c.RawQuery = strings.Join(pairs, "&")
	}
	return c.String()
}

// keptHeaders are the response headers that an exchange keeps, in this order:
// what helps to show later where and when the bytes came from. Link is not kept:
// it names other messages, and whoever is shown one message is shown this.
var keptHeaders = []string{"Date", "Server", "Content-Type", "Content-Length", "Last-Modified", "Etag", "X-Request-Id"}

func chosenHeaders(h http.Header) []daybook.Header {
	var kept []daybook.Header
	for _, name := range keptHeaders {
		for _, v := range h.Values(name) {
			kept = append(kept, daybook.Header{Name: name, Value: v})
		}
	}
	return kept
}
