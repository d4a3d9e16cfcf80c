package collectors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
)

var noon = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

func fixed() time.Time { return noon }

// inProcess makes a transport whose host birds.example is a handler.
func inProcess(h http.HandlerFunc, allow ...string) *collectors.Transport {
	return collectors.NewTransport(collectors.TransportOptions{
		Allow: allowAll("birds.example", allow), Now: fixed,
		Authorization: "Bearer secret-token", AuthorizationHost: "birds.example",
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": h}})
}

func allowAll(host string, calls []string) []collectors.Rule {
	var rules []collectors.Rule
	for _, c := range calls {
		rules = append(rules, collectors.Allow(host, c))
	}
	return rules
}

func TestTransport_AllowList_A8(t *testing.T) {
	var calls atomic.Int64
	tr := inProcess(func(w http.ResponseWriter, _ *http.Request) { calls.Add(1) },
		"GET /api/v1/statuses/{id}/context", "GET /api/v1/notifications?limit&id[]", "GET /files/**", "POST /oauth/token")
	tests := []struct {
		name, method, url string
		ok                bool
	}{
		{"template", "GET", "https://birds.example/api/v1/statuses/01ABC-x_9/context", true},
		{"host in capitals", "GET", "https://Birds.Example/api/v1/statuses/9/context", true},
		{"listed parameters", "GET", "https://birds.example/api/v1/notifications?limit=5&id%5B%5D=1", true},
		{"rest of a path", "GET", "https://birds.example/files/a/b%20c.png", true},
		{"token", "POST", "https://birds.example/oauth/token", true},

		{"a write", "POST", "https://birds.example/api/v1/statuses", false},
		{"a read marker", "POST", "https://birds.example/api/v1/conversations/1/read", false},
		{"another method on a listed path", "POST", "https://birds.example/api/v1/notifications", false},
		{"delete", "DELETE", "https://birds.example/api/v1/statuses/1", false},
		{"unlisted path", "GET", "https://birds.example/api/v2/search", false},
		{"unlisted parameter", "GET", "https://birds.example/api/v1/notifications?limit=5&resolve=true", false},
		{"parameters that cannot be read", "GET", "https://birds.example/api/v1/notifications?limit=5;resolve=true", false},
		{"longer path", "GET", "https://birds.example/api/v1/statuses/9/context/more", false},
		{"no id", "GET", "https://birds.example/api/v1/statuses//context", false},
		{"slash in id", "GET", "https://birds.example/api/v1/statuses/a%2Fb/context", false},
		{"dots as id", "GET", "https://birds.example/api/v1/statuses/../context", false},
		{"dots in rest", "GET", "https://birds.example/files/../api/v1/x", false},
		{"coded dots in rest", "GET", "https://birds.example/files/%2e%2e/api", false},
		{"coded slash in rest", "GET", "https://birds.example/files/..%2fapi", false},
		{"other host", "GET", "https://nest.example/api/v1/notifications", false},
		{"other port", "GET", "https://birds.example:8443/api/v1/notifications", false},
		{"not encrypted", "GET", "http://birds.example/api/v1/notifications", false},
		{"user in address", "GET", "https://birds.example@nest.example/api/v1/notifications", false},
		{"no address", "GET", "://", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := calls.Load()
			var form url.Values
			if tt.method == "POST" {
				form = url.Values{}
			}
			_, err := tr.Do(t.Context(), tt.method, tt.url, form, http.StatusOK)
			var refused *collectors.NotAllowedError
			if got := !errors.As(err, &refused); got != tt.ok {
				t.Errorf("allowed: got %v, want %v (%v)", got, tt.ok, err)
			}
			if sent := calls.Load() > before; sent != tt.ok {
				t.Errorf("call left: got %v, want %v", sent, tt.ok)
			}
		})
	}
}

func TestTransport_HeadersSayNothing_E5(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	var got http.Header
	h := func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.Header().Set("Set-Cookie", "a=b")
	}
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: append(allowAll("birds.example", []string{"GET /x"}), allowAll("files.example", []string{"GET /x"})...),
		Now:   fixed, Authorization: "Bearer secret-token", AuthorizationHost: "birds.example",
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": http.HandlerFunc(h), "files.example": http.HandlerFunc(h)}})

	req, err := http.NewRequestWithContext(t.Context(), "GET", "https://birds.example/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Referer", "https://daybook.example/case/1")
	req.Header.Set("Cookie", "session=1")
	req.Header.Set("User-Agent", "daybook")
	req.Header.Set("Authorization", "Bearer of-the-library")
	for range 2 {
		resp, err := tr.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Referer", "Cookie", "X-Forwarded-For"} {
			if v := got.Get(name); v != "" {
				t.Errorf("%s: got %q, want none", name, v)
			}
		}
		if strings.Contains(strings.ToLower(got.Get("User-Agent")), "daybook") {
			t.Errorf("User-Agent names the program: %q", got.Get("User-Agent"))
		}
		if v := got.Get("Authorization"); v != "Bearer secret-token" {
			t.Errorf("Authorization: got %q, want that of the transport", v)
		}
	}
	if _, err := tr.Do(t.Context(), "GET", "https://files.example/x", nil, 200); err != nil {
		t.Fatal(err)
	}
	if v := got.Get("Authorization"); v != "" {
		t.Errorf("the token went to another host: %q", v)
	}
}

func TestTransport_Limiter(t *testing.T) {
	reset := noon.Add(4 * time.Minute)
	date := noon.Add(90 * time.Second)
	tests := []struct {
		name    string
		status  int
		headers map[string]string
		first   time.Time // of the error of the first call; zero: none
		second  time.Time // of the error of the second call; zero: none
	}{
		{"nothing said", 200, nil, time.Time{}, time.Time{}},
		{"some remain", 200, map[string]string{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "2026-09-14T12:04:00.000Z"}, time.Time{}, time.Time{}},
		{"none remain, RFC 3339", 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-09-14T12:04:00.000000Z"}, time.Time{}, reset},
		{"none remain, unix seconds", 200, map[string]string{"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1789387440"}, time.Time{}, reset},
		{"none remain, other name", 200, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "1789387440"}, time.Time{}, reset},
		{"none remain, but the count has started again", 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-09-14T11:00:00Z"}, time.Time{}, time.Time{}},
		{"429 with reset", 429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-09-14T12:04:00Z"}, reset, reset},
		{"429 with seconds", 429, map[string]string{"Retry-After": "240"}, reset, reset},
		{"429 with date", 429, map[string]string{"Retry-After": date.Format(http.TimeFormat)}, date, date},
		{"429 without a word", 429, nil, noon.Add(5 * time.Minute), noon.Add(5 * time.Minute)},
		{"429 with a time that has passed", 429, map[string]string{"X-RateLimit-Reset": "2020-01-01T00:00:00Z"}, noon.Add(5 * time.Minute), noon.Add(5 * time.Minute)},
		{"429 until never", 429, map[string]string{"X-RateLimit-Reset": "9999-01-01T00:00:00Z"}, noon.Add(24 * time.Hour), noon.Add(24 * time.Hour)},
		{"503 with seconds", 503, map[string]string{"Retry-After": "240"}, reset, reset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := noon
			calls := 0
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				if calls > 1 {
					return
				}
				for k, v := range tt.headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tt.status)
			})
			tr := collectors.NewTransport(collectors.TransportOptions{
				Allow: allowAll("birds.example", []string{"GET /x"}), Now: func() time.Time { return now },
			}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": h}})
			call := func() time.Time {
				_, err := tr.Do(t.Context(), "GET", "https://birds.example/x", nil, http.StatusOK)
				var limit *collectors.RateLimitError
				if err != nil && !errors.As(err, &limit) {
					t.Fatalf("got %v, want a rate limit or nothing", err)
				}
				if limit == nil {
					return time.Time{}
				}
				return limit.Until.UTC()
			}
			if got := call(); !got.Equal(tt.first) {
				t.Errorf("first call: got %v, want %v", got, tt.first)
			}
			if got := call(); !got.Equal(tt.second) {
				t.Errorf("second call: got %v, want %v", got, tt.second)
			}
			if want := 1; !tt.second.IsZero() && calls != want {
				t.Errorf("calls while limited: got %d, want %d", calls, want)
			}
			if now = tt.second; !tt.second.IsZero() {
				if got := call(); !got.IsZero() {
					t.Errorf("after the limit: got %v, want a call", got)
				}
			}
		})
	}
}

func TestTransport_Records_A1(t *testing.T) {
	now := noon
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now = now.Add(3 * time.Second)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Link", `<https://birds.example/x?max_id=3>; rel="next"`)
		w.Header().Set("Set-Cookie", "secret")
		io.WriteString(w, `[1,2]`)
	})
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: allowAll("birds.example", []string{"GET /x?max_id&access_token"}), Now: func() time.Time { return now },
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": h}})
	a, err := tr.Do(t.Context(), "GET", "https://birds.example/x?max_id=9&access_token=abc", nil, http.StatusOK)
	if err != nil {
		t.Fatal(err)
	}
	x := a.Exchange
	if x.URL != "https://birds.example/x?max_id=9&access_token=REDACTED" || x.Method != "GET" || x.Status != 200 {
		t.Errorf("exchange: got %s %s %d", x.Method, x.URL, x.Status)
	}
	if !x.Start.Equal(noon) || !x.End.Equal(noon.Add(3*time.Second)) {
		t.Errorf("times: got %v to %v", x.Start, x.End)
	}
	if x.Size != 5 || x.Body != daybook.DigestOf([]byte("[1,2]")) || string(a.Body) != "[1,2]" {
		t.Errorf("body: got %d bytes, %s", x.Size, a.Body)
	}
	want := []daybook.Header{{Name: "Content-Type", Value: "application/json"}} // neither the cookie nor what names other messages
	if !slices.Equal(x.Headers, want) {
		t.Errorf("headers: got %v, want %v", x.Headers, want)
	}
}

func TestTransport_UnknownStatusIsAnError(t *testing.T) {
	for _, status := range []int{201, 204, 304, 402, 403, 404, 500, 503} {
		tr := inProcess(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, "GET /x")
		_, err := tr.Do(t.Context(), "GET", "https://birds.example/x", nil, http.StatusOK)
		var e *collectors.StatusError
		if !errors.As(err, &e) || e.Status != status || e.Exchange.Status != status {
			t.Errorf("status %d: got %v, want a StatusError with it", status, err)
		}
	}
}

func TestTransport_Caps_E5(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, strings.Repeat("x", 101))
	})
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: allowAll("birds.example", []string{"GET /large", "GET /slow"}), Now: fixed, MaxBody: 100, Timeout: 20 * time.Millisecond,
	}, &collectors.Exception{Hosts: map[string]http.Handler{"birds.example": h}})
	if _, err := tr.Do(t.Context(), "GET", "https://birds.example/large", nil, 200); !errors.Is(err, collectors.ErrTooLarge) {
		t.Errorf("large: got %v, want %v", err, collectors.ErrTooLarge)
	}
	if _, err := tr.Do(t.Context(), "GET", "https://birds.example/slow", nil, 200); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: got %v, want %v", err, context.DeadlineExceeded)
	}
}

// addresses is a resolver that gives one answer after the other, the last one
// for ever.
type addresses struct {
	answers [][]netip.Addr
	asked   int
}

func (a *addresses) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := min(a.asked, len(a.answers)-1)
	a.asked++
	return a.answers[i], nil
}

func TestTransport_PrivateAddresses_E5(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	ip := func(s string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(s)} }
	tests := []struct {
		name, host string
		resolves   [][]netip.Addr
	}{
		{"loopback", "127.0.0.1", nil},
		{"loopback mapped into IPv6", "[::ffff:127.0.0.1]", nil},
		{"loopback in IPv6", "[::1]", nil},
		{"metadata service", "169.254.169.254", nil},
		{"private network", "10.0.0.1", nil},
		{"short form, as resolvers read it", "0x7f.1", [][]netip.Addr{ip("127.0.0.1")}},
		{"name of a private address", "inside.example", [][]netip.Addr{ip("192.168.1.1")}},
		{"name of the metadata service", "meta.example", [][]netip.Addr{ip("169.254.169.254")}},
		{"name with both kinds of address", "both.example", [][]netip.Addr{append(ip("127.0.0.1"), ip("192.0.2.1")...)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range []string{"", port} {
				tr := collectors.NewTransport(collectors.TransportOptions{
					Allow: allowAll(tt.host+p, []string{"GET /x"}), Now: fixed, Resolver: &addresses{answers: tt.resolves}, Timeout: 5 * time.Second,
				}, nil)
				_, err := tr.Do(t.Context(), "GET", "https://"+tt.host+p+"/x", nil, 200)
				if !errors.Is(err, collectors.ErrPrivateAddress) {
					t.Errorf("%s%s: got %v, want %v", tt.host, p, err, collectors.ErrPrivateAddress)
				}
			}
		})
	}

	t.Run("rebinding", func(t *testing.T) {
		// The first answer is what a check before the call would see, the
		// second what the call would be made with. There is no check before.
		r := &addresses{answers: [][]netip.Addr{ip("127.0.0.1"), ip("127.0.0.1")}}
		tr := collectors.NewTransport(collectors.TransportOptions{
			Allow: allowAll("rebind.example"+port, []string{"GET /x"}), Now: fixed, Resolver: r,
		}, nil)
		for range 2 {
			if _, err := tr.Do(t.Context(), "GET", "https://rebind.example"+port+"/x", nil, 200); !errors.Is(err, collectors.ErrPrivateAddress) {
				t.Errorf("got %v, want %v", err, collectors.ErrPrivateAddress)
			}
		}
		if r.asked != 2 {
			t.Errorf("resolved %d times for 2 calls: the address that is checked may not be the one that is called", r.asked)
		}
	})
	if n := calls.Load(); n != 0 {
		t.Errorf("the server behind a private address got %d calls, want 0", n)
	}

	// The exception shows that the server could have been reached.
	tr := collectors.NewTransport(collectors.TransportOptions{
		Allow: allowAll("127.0.0.1"+port, []string{"GET /x"}), Now: fixed,
	}, &collectors.Exception{Loopback: true})
	defer tr.Close()
	if _, err := tr.Do(t.Context(), "GET", server.URL+"/x", nil, 200); err != nil || calls.Load() != 1 {
		t.Errorf("with the exception: got %v and %d calls, want nil and 1", err, calls.Load())
	}
}

func TestTransport_Redirects_E5(t *testing.T) {
	var inside atomic.Int64
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer private.Close()
	h := func(w http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); {
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case to != "":
			http.Redirect(w, r, to, http.StatusFound)
		default:
			io.WriteString(w, "here")
		}
	}
	tr := inProcess(h, "GET /media?to", "GET /copy", "GET /loop", "POST /copy?to")
	tests := []struct {
		name, to string
		ok       bool
	}{
		{"to a listed call", "https://birds.example/copy", true},
		{"to a listed path", "/copy", true},
		{"to localhost", private.URL + "/copy", false},
		{"to localhost with TLS", strings.Replace(private.URL, "http:", "https:", 1) + "/copy", false},
		{"to another host", "https://nest.example/copy", false},
		{"to an unlisted path", "/oauth/revoke", false},
		{"without TLS", "http://birds.example/copy", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := tr.Do(t.Context(), "GET", "https://birds.example/media?to="+url.QueryEscape(tt.to), nil, 200)
			var refused *collectors.NotAllowedError
			switch {
			case tt.ok && (err != nil || string(a.Body) != "here" || a.Exchange.URL != "https://birds.example/copy"):
				t.Errorf("got %q from %s, %v", a.Body, a.Exchange.URL, err)
			case !tt.ok && !errors.As(err, &refused):
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
	var status *collectors.StatusError
	if _, err := tr.Do(t.Context(), "GET", "https://birds.example/loop", nil, 200); !errors.As(err, &status) {
		t.Errorf("loop: got %v, want an end", err)
	}
	if _, err := tr.Do(t.Context(), "POST", "https://birds.example/copy?to=/copy", url.Values{"a": {"b"}}, 200); !errors.As(err, &status) {
		t.Errorf("redirected POST: got %v, want an error", err)
	}
	if n := inside.Load(); n != 0 {
		t.Errorf("the private server got %d calls, want 0", n)
	}
}

func TestTransport_BrokenConnection(t *testing.T) {
	tr := inProcess(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	}, "GET /x")
	if _, err := tr.Do(t.Context(), "GET", "https://birds.example/x", nil, 200); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestReads(t *testing.T) {
	if !collectors.Reads(allowAll("a.example", []string{"GET /x"})) || collectors.Reads(allowAll("a.example", []string{"GET /x", "PUT /x"})) {
		t.Error("Reads does not tell lists with writes from lists without")
	}
}
