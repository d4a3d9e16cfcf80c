package collectors_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"daybook/collectors"
)

// resolves answers with an address, or with an error that names the host.
type resolves struct{ to netip.Addr }

func (r resolves) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if !r.to.IsValid() {
		return nil, &net.DNSError{Err: "no such host", Name: host, Server: "192.0.2.53", IsNotFound: true}
	}
	return []netip.Addr{r.to}, nil
}

// Errors are logged: which platform an account is on, and which server, is not in
// their texts.
func TestTransport_ErrorsNameNoHost_E12(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	defer server.Close()
	host := "birds.example" + server.URL[strings.LastIndex(server.URL, ":"):]
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	for _, tt := range []struct {
		name     string
		resolver collectors.Resolver
		is       any
	}{
		{"an unknown host", resolves{}, &unknown},
		{"a certificate of another host", resolves{netip.MustParseAddr("127.0.0.1")}, &certificate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := collectors.NewTransport(collectors.TransportOptions{Allow: allowAll(host, []string{"GET /x"}), Now: fixed, Resolver: tt.resolver}, &collectors.Exception{Loopback: true})
			defer tr.Close()
			_, err := tr.Do(t.Context(), "GET", "https://"+host+"/x", nil, 200)
			_, _, streamed := tr.Stream(t.Context(), "https://"+host+"/x")
			for _, err := range []error{err, streamed} {
				if !errors.As(err, tt.is) || strings.Contains(err.Error(), "example") || strings.Contains(err.Error(), "/x") {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
