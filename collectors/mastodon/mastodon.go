// Package mastodon reads the person's own account on a server that speaks the
// Mastodon client interface: Mastodon, GoToSocial, Pleroma, Akkoma.
//
// It asks for what reached the person, and for nothing else: notifications,
// requests of filtered senders, conversations and what was said in them before,
// and the list of accounts that the person blocks. It keeps the bytes of each
// item as they came. It goes from page to page by the server's own links,
// because an empty page is not the end, and never by its own reckoning with
// identifiers, which are opaque.
//
// github.com/mattn/go-mastodon gives the types, the registration of the app and
// the revocation of tokens. Its paging and its streaming are not used: the
// first loses items, the second asks again without pause.
package mastodon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gomastodon "github.com/mattn/go-mastodon"

	"daybook"
	"daybook/collectors"
)

// Platform is the name that handles, accounts and captures bear.
const Platform daybook.Platform = "mastodon"

// Version is the parser's name and version. Another version causes all that is
// archived to be read again.
const Version = "mastodon/1"

// The lanes, the most important first. Statuses is not fetched by page: it
// holds what second looks find.
const (
	LaneNotifications daybook.Lane = "notifications"
	LaneRequests      daybook.Lane = "requests"
	LaneConversations daybook.Lane = "conversations"
	LaneContexts      daybook.Lane = "contexts"
	LaneBlocks        daybook.Lane = "blocks"
	LaneStatuses      daybook.Lane = "statuses"
)

// Config is what a driver needs.
type Config struct {
	Now       func() time.Time      // required
	Exception *collectors.Exception // nil except in demo and tests
	Resolver  collectors.Resolver   // nil means the system's
}

// Driver returns the driver for the Runner.
func Driver(c Config) collectors.Driver {
	return collectors.Driver{
		Platform: Platform,
		Title:    "Mastodon",
		Open:     c.open,
		Profiles: Profiles,
		Parse:    Parse,
		Revoke:   c.revoke,
	}
}

// A secret is what connecting an account leaves behind. Of a secret that is
// not JSON the whole is the token.
type secret struct {
	Token        string `json:"token"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
}

func readSecret(b []byte) (secret, error) {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] != '{' {
		return secret{Token: string(b)}, nil
	}
	var s secret
	if err := json.Unmarshal(b, &s); err != nil || s.Token == "" {
		return secret{}, fmt.Errorf("%w: the secret of the account holds no token", daybook.ErrInvalid)
	}
	return s, nil
}

// readCalls is every call that a source may make to the person's server.
// Rules for media are apart: see mediaCalls.
var readCalls = []string{
	"GET /api/v2/instance",
	"GET /api/v1/instance",
	"GET /api/v1/notifications?limit&max_id&min_id&since_id&include_filtered",
	"GET /api/v1/notifications/requests?limit&max_id&min_id&since_id",
	"GET /api/v1/conversations?limit&max_id&min_id&since_id",
	"GET /api/v1/statuses?id[]",
	"GET /api/v1/statuses/{id}",
	"GET /api/v1/statuses/{id}/context",
	"GET /api/v1/statuses/{id}/history",
	"GET /api/v1/blocks?limit&max_id&min_id&since_id",
}

// connectCalls is every call that connecting an account may make beside.
var connectCalls = []string{
	"GET /.well-known/oauth-authorization-server",
	"GET /api/v2/instance",
	"GET /api/v1/instance",
	"GET /api/v1/accounts/verify_credentials",
	"POST /api/v1/apps",
	"POST /oauth/token",
}

// revokeCalls is the one call that takes the token back.
var revokeCalls = []string{"POST /oauth/revoke"}

// mediaCalls are the places where servers of these kinds put copies of
// attachments, on the server's own host.
var mediaCalls = []string{
	"GET /system/**?*",      // Mastodon
	"GET /media_proxy/**?*", // Mastodon, for what it has not copied yet
	"GET /cache/**?*",
	"GET /fileserver/**?*", // GoToSocial
	"GET /media/**?*",      // Pleroma
	"GET /proxy/**?*",      // Pleroma
}

func rules(host string, lists ...[]string) []collectors.Rule {
	var all []collectors.Rule
	for _, calls := range lists {
		for _, call := range calls {
			all = append(all, collectors.Allow(host, call))
		}
	}
	return all
}

func (c Config) transport(server *url.URL, token string, allow []collectors.Rule) *collectors.Transport {
	opts := collectors.TransportOptions{Allow: allow, Now: c.Now, Resolver: c.Resolver}
	if token != "" {
		opts.Authorization, opts.AuthorizationHost = "Bearer "+token, server.Host
	}
	return collectors.NewTransport(opts, c.Exception)
}

func (c Config) open(_ context.Context, a daybook.Account, b []byte) (collectors.Source, error) {
	server, err := c.serverURL(a.Server)
	if err != nil {
		return nil, err
	}
	s, err := readSecret(b)
	if err != nil {
		return nil, err
	}
	media := rules(server.Host, mediaCalls)
	for _, host := range a.Media {
		if !strings.EqualFold(host, server.Host) {
			media = append(media, collectors.Allow(host, "GET /**?*"))
		}
	}
	return &source{
		account: a,
		server:  server,
		api:     c.transport(server, s.Token, rules(server.Host, readCalls)),
		media:   c.transport(server, "", media),
	}, nil
}

// revoke takes the token back (RFC 7009). A server that says that it does not
// know the token any more has taken it back.
func (c Config) revoke(ctx context.Context, a daybook.Account, b []byte) error {
	server, err := c.serverURL(a.Server)
	if err != nil {
		return err
	}
	s, err := readSecret(b)
	if err != nil {
		return err
	}
	t := c.transport(server, s.Token, rules(server.Host, revokeCalls))
	defer t.Close()
	client := gomastodon.NewClient(&gomastodon.Config{
		Server: server.String(), ClientID: s.ClientID, ClientSecret: s.ClientSecret, AccessToken: s.Token,
	})
	client.Client = *t.Client()
	if err := client.RevokeToken(ctx); err != nil {
		var refused *gomastodon.APIError
		if errors.As(err, &refused) {
			if refused.StatusCode == http.StatusUnauthorized {
				return nil
			}
			err = &collectors.StatusError{Status: refused.StatusCode}
		}
		return fmt.Errorf("revoke the token: %w", err)
	}
	return nil
}
