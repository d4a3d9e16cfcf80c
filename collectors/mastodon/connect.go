package mastodon

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gomastodon "github.com/mattn/go-mastodon"

	"daybook"
	"daybook/collectors"
)

// AppName is what the server shows on the person's page of authorised apps. It
// says nothing: somebody else may see that page.
const AppName = "Reading list"

// OutOfBand is the redirect address of an app without a web page: the server
// shows the code, and the person copies it.
const OutOfBand = "urn:ietf:wg:oauth:2.0:oob"

// scopes are what is asked for: reading, and no more than the lanes need.
// Direct messages are statuses.
var scopes = []string{"read:notifications", "read:statuses", "read:accounts", "read:blocks", "read:mutes"}

// Scopes returns the scopes in words, for the person's consent.
func Scopes() []string {
	return []string{
		"read your notifications",
		"read the posts and direct messages that you can see",
		"read the name and picture of your account",
		"read whom you block and mute",
	}
}

// Pending is a connection that waits for the person's word at their server. It
// holds secrets: keep it sealed, and throw it away after Finish.
type Pending struct {
	Server       string `json:"server"`
	Redirect     string `json:"redirect"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	State        string `json:"state"`
	Verifier     string `json:"verifier,omitempty"` // PKCE, RFC 7636; "" if the server does not offer it
	URL          string `json:"url"`                // where the person says yes
}

// Begin registers the app at the person's server and returns where to send
// them. redirect is our page, or OutOfBand.
func (c Config) Begin(ctx context.Context, typed, redirect string) (Pending, error) {
	server, err := c.serverURL(typed)
	if err != nil {
		return Pending{}, err
	}
	t := c.transport(server, "", rules(server.Host, connectCalls))
	defer t.Close()

	pkce, err := offersPKCE(ctx, t, server)
	if err != nil {
		return Pending{}, err
	}
	app, err := gomastodon.RegisterApp(ctx, &gomastodon.AppConfig{
		Client:       *t.Client(),
		Server:       server.String(),
		ClientName:   AppName,
		RedirectURIs: redirect,
		Scopes:       strings.Join(scopes, " "),
	})
	if err != nil {
		return Pending{}, fmt.Errorf("register at the server: %w", err)
	}
	p := Pending{
		Server:       server.String(),
		Redirect:     redirect,
		ClientID:     app.ClientID,
		ClientSecret: app.ClientSecret,
		State:        randomText(),
	}
	q := url.Values{
		"response_type": {"code"},
		"client_id":     {p.ClientID},
		"redirect_uri":  {redirect},
		"scope":         {strings.Join(scopes, " ")},
		"state":         {p.State},
	}
	if pkce {
		p.Verifier = randomText()
		sum := sha256.Sum256([]byte(p.Verifier))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	}
	p.URL = server.String() + "/oauth/authorize?" + q.Encode()
	return p, nil
}

// offersPKCE reads the server's metadata (RFC 8414). Servers without it offer
// nothing.
func offersPKCE(ctx context.Context, t *collectors.Transport, server *url.URL) (bool, error) {
	a, err := t.Do(ctx, http.MethodGet, server.String()+"/.well-known/oauth-authorization-server", nil,
		http.StatusOK, http.StatusNotFound)
	if err != nil {
		return false, fmt.Errorf("ask how to sign in: %w", err)
	}
	var meta struct {
		Methods []string `json:"code_challenge_methods_supported"`
	}
	if a.Exchange.Status != http.StatusOK || json.Unmarshal(a.Body, &meta) != nil {
		return false, nil // some servers answer every path with a page
	}
	return slices.Contains(meta.Methods, "S256"), nil
}

// randomText returns 256 random bits in 43 characters, which suits a verifier
// (RFC 7636 §4.1).
func randomText() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Finish turns the code into an account and its secret. state is what came back
// with the code; with OutOfBand nothing comes back, and state is "". The caller
// sets the account's ID and Case. The error wraps daybook.ErrInvalid if code or
// state are wrong.
func (c Config) Finish(ctx context.Context, p Pending, code, state string) (daybook.Account, []byte, error) {
	if p.Redirect != OutOfBand && state != p.State {
		return daybook.Account{}, nil, fmt.Errorf("%w: this answer belongs to another attempt; start again", daybook.ErrInvalid)
	}
	server, err := c.serverURL(p.Server)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {strings.TrimSpace(code)},
		"client_id":     {p.ClientID},
		"client_secret": {p.ClientSecret},
		"redirect_uri":  {p.Redirect},
		"scope":         {strings.Join(scopes, " ")},
	}
	if p.Verifier != "" {
		form.Set("code_verifier", p.Verifier) // go-mastodon cannot send it
	}
	t := c.transport(server, "", rules(server.Host, connectCalls))
	defer t.Close()
	a, err := t.Do(ctx, http.MethodPost, server.String()+"/oauth/token", form,
		http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized)
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("exchange the code: %w", err)
	}
	var answer struct {
		Token string `json:"access_token"`
		Scope string `json:"scope"`
	}
	if a.Exchange.Status != http.StatusOK || json.Unmarshal(a.Body, &answer) != nil || answer.Token == "" {
		return daybook.Account{}, nil, fmt.Errorf("%w: the server does not take this code; start again", daybook.ErrInvalid)
	}
	return c.account(ctx, server, secret{Token: answer.Token, ClientID: p.ClientID, ClientSecret: p.ClientSecret})
}

// FromToken connects with a token that the person made at their server.
func (c Config) FromToken(ctx context.Context, typed, token string) (daybook.Account, []byte, error) {
	server, err := c.serverURL(typed)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	return c.account(ctx, server, secret{Token: strings.TrimSpace(token)})
}

// account asks whose token it is.
func (c Config) account(ctx context.Context, server *url.URL, s secret) (daybook.Account, []byte, error) {
	t := c.transport(server, s.Token, rules(server.Host, connectCalls))
	defer t.Close()
	in, err := askInstance(ctx, t, server)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	a, err := t.Do(ctx, http.MethodGet, server.String()+"/api/v1/accounts/verify_credentials", nil,
		http.StatusOK, http.StatusUnauthorized, http.StatusForbidden)
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("ask whose token it is: %w", err)
	}
	if a.Exchange.Status != http.StatusOK {
		return daybook.Account{}, nil, fmt.Errorf("ask whose token it is: %w", collectors.ErrRefused)
	}
	var me gomastodon.Account
	if err := json.Unmarshal(a.Body, &me); err != nil || me.Acct == "" {
		return daybook.Account{}, nil, fmt.Errorf("%w: the server's answer names no account", daybook.ErrInvalid)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("keep the token: %w", err)
	}
	return daybook.Account{
		Platform: Platform,
		Server:   server.String(),
		Handle:   handleOf(me.URI, me.Acct, me.DisplayName, in.domain(server)),
		State:    daybook.Active,
		Media:    mediaHosts(server, me.Avatar, me.AvatarStatic, me.Header, me.HeaderStatic),
	}, b, nil
}

// mediaHosts returns where the person's server keeps copies of files: its own
// host, and the hosts of the person's own pictures.
func mediaHosts(server *url.URL, pictures ...string) []string {
	hosts := []string{strings.ToLower(server.Host)}
	for _, p := range pictures {
		u, err := url.Parse(p)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			continue
		}
		if h := strings.ToLower(u.Host); !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
