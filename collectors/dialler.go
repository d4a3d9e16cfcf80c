package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// ErrPrivateAddress says that a host resolved to an address, or a port, that
// is not part of the public network. Nothing was sent.
var ErrPrivateAddress = errors.New("the host is not a public address")

// A Resolver finds the addresses of a host. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A dialler connects to public addresses. The address is checked when the
// connection is made, after resolution, so that a name that resolves to
// something else the second time gains nothing.
type dialler struct {
	resolver Resolver
	net      net.Dialer
}

func newDialler(r Resolver, loopback bool) *dialler {
	if r == nil {
		r = net.DefaultResolver
	}
	opts := []ssrf.Option{ssrf.WithPorts(443)}
	if loopback {
		opts = []ssrf.Option{
			ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")),
		}
	}
	return &dialler{
		resolver: r,
		net:      net.Dialer{Timeout: 15 * time.Second, Control: ssrf.New(opts...).Safe},
	}
}

func (d *dialler) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	ips := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		ips = append(ips, ip)
	} else if ips, err = d.resolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, fmt.Errorf("find host: %w", err)
	}
	last := errors.New("the host has no address")
	for _, ip := range ips {
		conn, err := d.net.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
			// A host with one address of this kind is not asked at the others.
			return nil, ErrPrivateAddress
		}
		last = err
	}
	return nil, fmt.Errorf("connect: %w", last)
}

// inProcess answers calls with a handler of this process.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	in := req.Clone(req.Context())
	in.Host = req.URL.Host
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &memory{header: http.Header{}}
	defer func() {
		if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // what a handler panics with is this very value
			resp, err = nil, io.ErrUnexpectedEOF // what a broken connection looks like
		} else if v != nil {
			panic(v)
		}
	}()
	p.handler.ServeHTTP(w, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	w.WriteHeader(http.StatusOK)
	return &http.Response{StatusCode: w.status, Header: w.sent, Body: io.NopCloser(&w.body), Request: req}, nil
}

// memory is a ResponseWriter that keeps what is written.
type memory struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 {
		m.status, m.sent = status, m.header.Clone()
	}
}

func (m *memory) Write(b []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(b)
}
