package twitter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"daybook"
	"daybook/collectors"
)

// Server is what accounts on X bear as their server.
const Server = "https://x.com"

// authorizeURL is where a person lets X know that they agree.
const authorizeURL = "https://x.com/i/oauth2/authorize"

// CodeLife is how long X takes a code.
const CodeLife = 30 * time.Second

// scopes are what is asked for: reading, and to go on after two hours.
func scopes() []string {
	return []string{"tweet.read", "users.read", "dm.read", "block.read", "offline.access"}
}

// Scopes returns the scopes in words, for the person's consent.
func Scopes() []string {
	return []string{
		"read the posts that mention you, answer you or quote you",
		"read your direct messages, but not those of encrypted chats",
		"read the names, descriptions and pictures of the accounts that wrote them, and of yours",
		"read whom you block",
		"go on reading until you end it: X asks you once",
	}
}

// connectCalls is every call that connecting an account makes, and refreshing and
// revoking its token. The last three are the only ones that are no GET.
func connectCalls() []collectors.Rule {
	return allow(apiHost, "GET /2/users/me?user.fields", "POST /2/oauth2/token", "POST /2/oauth2/revoke")
}

// A secret is what connecting an account leaves behind.
type secret struct {
	Access   string    `json:"access"`
	Refresh  string    `json:"refresh,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`    // of Access
	ClientID string    `json:"client_id,omitempty"` // the app that they were given to
}

func readSecret(b []byte) (secret, error) {
	var s secret
	if err := json.Unmarshal(b, &s); err != nil || s.Access == "" {
		return secret{}, fmt.Errorf("%w: the secret of the account holds no token", daybook.ErrInvalid)
	}
	return s, nil
}

func (s secret) bytes() ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("keep the token: %w", err)
	}
	return b, nil
}

// Pending is a connection that waits for the person's word at X. It holds
// secrets: keep it sealed, and throw it away after Finish.
type Pending struct {
	Redirect string `json:"redirect"`
	ClientID string `json:"client_id"`
	State    string `json:"state"`
	Verifier string `json:"verifier"` // PKCE, RFC 7636
	URL      string `json:"url"`      // where the person says yes
}

// Begin returns where to send the person. redirect is where X sends them back:
// an address that stands in the app's settings at X, exactly like that. Nothing is
// asked of X yet. The error wraps daybook.ErrInvalid if the app is not set up.
func (c Config) Begin(redirect string) (Pending, error) {
	switch {
	case c.API == V11:
		return Pending{}, fmt.Errorf("%w: for the older interface of X, connect with a file that holds the four keys", daybook.ErrInvalid)
	case c.ClientID == "":
		return Pending{}, fmt.Errorf("%w: the app at X is not set up here: client_id is empty", daybook.ErrInvalid)
	case redirect == "":
		return Pending{}, fmt.Errorf("%w: X shows no code: it has to know where to send the person back to", daybook.ErrInvalid)
	}
	p := Pending{Redirect: redirect, ClientID: c.ClientID, State: randomText(), Verifier: randomText()}
	sum := sha256.Sum256([]byte(p.Verifier))
	p.URL = authorizeURL + "?" + url.Values{
		"response_type":         {"code"},
		"client_id":             {p.ClientID},
		"redirect_uri":          {redirect},
		"scope":                 {strings.Join(scopes(), " ")},
		"state":                 {p.State},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}.Encode()
	return p, nil
}

// randomText returns 256 random bits in 43 characters, which suits a verifier
// (RFC 7636 §4.1).
func randomText() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Finish turns the code into an account and its secret, within CodeLife of the
// person's yes. state is what came back with the code. The caller sets the
// account's ID and Case. The error wraps daybook.ErrInvalid if code or state are
// wrong or too old. A token that turns out to be of no use is given back.
func (c Config) Finish(ctx context.Context, p Pending, code, state string) (daybook.Account, []byte, error) {
	if subtle.ConstantTimeCompare([]byte(state), []byte(p.State)) != 1 {
		return daybook.Account{}, nil, fmt.Errorf("%w: this answer belongs to another attempt; start again", daybook.ErrInvalid)
	}
	c.ClientID = p.ClientID
	s, err := c.token(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {strings.TrimSpace(code)},
		"redirect_uri":  {p.Redirect},
		"code_verifier": {p.Verifier},
	})
	if errors.Is(err, collectors.ErrRefused) {
		return daybook.Account{}, nil, fmt.Errorf("%w: X does not take this code, which is good for %v; start again", daybook.ErrInvalid, CodeLife)
	}
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("exchange the code: %w", err)
	}
	account, err := c.whose(ctx, s)
	if err == nil && s.Refresh == "" {
		err = fmt.Errorf("%w: X gave access for two hours alone; the app's settings at X have to allow offline access", daybook.ErrInvalid)
	}
	b, keepErr := s.bytes()
	if err = errors.Join(err, keepErr); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
		defer cancel()
		return daybook.Account{}, nil, errors.Join(err, c.revokeSecret(ctx, s))
	}
	return account, b, nil
}

// giveBackTime is how long a token may take to be given back that is of no use.
const giveBackTime = 20 * time.Second

// FromToken connects with a pair of tokens that was got elsewhere, as JSON with
// the members access and refresh, which were given to the app of this instance; or,
// for v1.1, with the four keys of OAuth 1.0a.
func (c Config) FromToken(ctx context.Context, b []byte) (daybook.Account, []byte, error) {
	if c.API == V11 {
		return c.fromKeys(ctx, b)
	}
	s, err := readSecret(b)
	if err != nil || s.Refresh == "" {
		return daybook.Account{}, nil, fmt.Errorf(`%w: the file should hold {"access": "…", "refresh": "…"}`, daybook.ErrInvalid)
	}
	if s.ClientID == "" {
		s.ClientID = c.ClientID
	}
	if s.Expires.IsZero() {
		s.Expires = c.Now().UTC() // nobody knows: it is refreshed before it is used again
	}
	account, err := c.whose(ctx, s)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	if b, err = s.bytes(); err != nil {
		return daybook.Account{}, nil, err
	}
	return account, b, nil
}

// whose asks whose token it is.
func (c Config) whose(ctx context.Context, s secret) (daybook.Account, error) {
	t := collectors.NewTransport(collectors.TransportOptions{
		Allow: connectCalls(), Now: c.Now, Resolver: c.Resolver,
		Authorization: "Bearer " + s.Access, AuthorizationHost: apiHost,
	}, c.Exception)
	defer t.Close()
	a, err := t.Do(ctx, http.MethodGet, "https://"+apiHost+"/2/users/me", nil, http.StatusOK, http.StatusUnauthorized, http.StatusForbidden)
	if err != nil {
		return daybook.Account{}, fmt.Errorf("ask whose token it is: %w", err)
	}
	if a.Exchange.Status != http.StatusOK {
		return daybook.Account{}, fmt.Errorf("ask whose token it is: %w", collectors.ErrRefused)
	}
	var answer struct {
		Data struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			Username string `json:"username"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || !isNumber(answer.Data.ID) {
		return daybook.Account{}, fmt.Errorf("%w: X's answer names no account", daybook.ErrInvalid)
	}
	me := answer.Data
	return daybook.Account{Platform: Platform, Server: Server, Handle: User(me.ID, me.Username, me.Name), State: daybook.Active}, nil
}

// isNumber reports whether an identifier is one of X: digits alone.
func isNumber(id string) bool {
	return id != "" && len(id) <= 20 && !strings.ContainsFunc(id, func(r rune) bool { return r < '0' || r > '9' })
}
