package twitter

import (
	"context"
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

// ErrApp says that X does not know the operator's app: not the person's doing,
// and nothing that they could mend.
var ErrApp = errors.New("the app's client ID or its secret is not taken by X; look at both in the configuration")

// refresh gets a fresh pair of tokens by the refresh token, which X takes once.
func (c Config) refresh(ctx context.Context, _ daybook.Account, b []byte) ([]byte, error) {
	s, err := readSecret(b)
	if err != nil {
		return nil, err
	}
	if s.ClientID != "" && s.ClientID != c.ClientID {
		return nil, fmt.Errorf("%w: it was given to another app than that of the configuration", collectors.ErrRefused)
	}
	fresh, err := c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.Refresh}})
	if err != nil {
		return nil, fmt.Errorf("refresh the token: %w", err)
	}
	if fresh.Refresh == "" {
		fresh.Refresh = s.Refresh // RFC 6749 §6: then the old one goes on
	}
	return fresh.bytes()
}

// ends is when the access token of a secret ends; zero if it cannot be refreshed.
func ends(b []byte) time.Time {
	s, err := readSecret(b)
	if err != nil || s.Refresh == "" {
		return time.Time{}
	}
	return s.Expires
}

// usualLife is how long an access token lasts if X does not say.
const usualLife = 2 * time.Hour

// token asks for tokens. Errors: collectors.ErrRefused if X does not take the code
// or the refresh token; others are temporary, or ErrApp.
func (c Config) token(ctx context.Context, form url.Values) (secret, error) {
	asked := c.Now()
	body, err := c.post(ctx, "/2/oauth2/token", form)
	if err != nil {
		return secret{}, err
	}
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Access == "" {
		return secret{}, errors.New("the answer of X holds no token")
	}
	life := time.Duration(answer.Seconds) * time.Second
	if answer.Seconds <= 0 || answer.Seconds > int64(365*24*time.Hour/time.Second) {
		life = usualLife
	}
	return secret{Access: answer.Access, Refresh: answer.Refresh, Expires: asked.Add(life).UTC(), ClientID: c.ClientID}, nil
}

// post makes one call as the app.
func (c Config) post(ctx context.Context, path string, form url.Values) ([]byte, error) {
	opts := collectors.TransportOptions{Allow: connectCalls(), Now: c.Now, Resolver: c.Resolver}
	if c.ClientSecret != "" {
		basic := url.QueryEscape(c.ClientID) + ":" + url.QueryEscape(c.ClientSecret) // RFC 6749 §2.3.1
		opts.Authorization, opts.AuthorizationHost = "Basic "+base64.StdEncoding.EncodeToString([]byte(basic)), apiHost
	} else {
		form.Set("client_id", c.ClientID)
	}
	t := collectors.NewTransport(opts, c.Exception)
	defer t.Close()
	a, err := t.Do(ctx, http.MethodPost, "https://"+apiHost+path, form, http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized)
	if err != nil {
		return nil, err
	}
	if a.Exchange.Status != http.StatusOK {
		return nil, refusal(a)
	}
	return a.Body, nil
}

// refusal reads the answer of a call that was refused (RFC 6749 §5.2). Only what
// says that the token is no good is ErrRefused: an app that is set up wrongly, or
// an answer that says nothing, does not end a connection.
func refusal(a collectors.Answer) error {
	var why struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(a.Body, &why); err != nil {
		return &collectors.StatusError{Status: a.Exchange.Status, Exchange: a.Exchange}
	}
	switch {
	case why.Error == "invalid_grant",
		// X's own words for a token that was used or revoked: "Value passed for
		// the token was invalid."; for a code, "… for the authorization code …".
		why.Error == "invalid_request" && strings.HasPrefix(why.Description, "Value passed for the "):
		return collectors.ErrRefused
	case why.Error == "invalid_client", why.Error == "unauthorized_client":
		return ErrApp
	}
	return &collectors.StatusError{Status: a.Exchange.Status, Exchange: a.Exchange}
}

// revoke takes both tokens back (RFC 7009). Tokens that X says it does not know
// have been taken back.
func (c Config) revoke(ctx context.Context, _ daybook.Account, b []byte) error {
	if keys, err := readV11Secret(b); err == nil {
		return c.revokeKeys(ctx, keys)
	}
	s, err := readSecret(b)
	if err != nil {
		return err
	}
	return c.revokeSecret(ctx, s)
}

func (c Config) revokeSecret(ctx context.Context, s secret) error {
	if s.ClientID != "" {
		c.ClientID = s.ClientID
	}
	for _, t := range []struct{ token, kind string }{{s.Refresh, "refresh_token"}, {s.Access, "access_token"}} {
		if t.token == "" {
			continue
		}
		_, err := c.post(ctx, "/2/oauth2/revoke", url.Values{"token": {t.token}, "token_type_hint": {t.kind}})
		if err != nil && !errors.Is(err, collectors.ErrRefused) {
			return fmt.Errorf("revoke the token: %w", err)
		}
	}
	return nil
}
