package twitter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	gotwitter "github.com/dghubble/go-twitter/twitter"

	"daybook"
	"daybook/collectors"
)

// fromV11Token is FromToken for v1.1: the file holds the four keys, which are kept
// as the account's secret. They do not end.
func (c Config) fromV11Token(ctx context.Context, b []byte) (daybook.Account, []byte, error) {
	s, err := readV11Secret(b)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	t := c.v11Transport(v11Host, v11Calls(), s)
	defer t.Close()
	source := &v11Source{config: c, api: t}
	a, err := source.ask(ctx, func(g *gotwitter.Client) error {
		_, _, err := g.Accounts.VerifyCredentials(&gotwitter.AccountVerifyParams{SkipStatus: gotwitter.Bool(true), IncludeEmail: gotwitter.Bool(false)}) //nolint:bodyclose // go-twitter closes it
		return err
	})
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("ask whose token it is: %w", source.named(err))
	}
	var me gotwitter.User
	if err := json.Unmarshal(a.Body, &me); err != nil || !userNumber(me.IDStr) {
		return daybook.Account{}, nil, fmt.Errorf("%w: X's answer names no account", daybook.ErrInvalid)
	}
	kept, err := json.Marshal(map[string]v11Secret{"v1.1": s})
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("keep the token: %w", err)
	}
	return daybook.Account{
		Platform: Platform, Server: Server, State: daybook.Active,
		Handle: v11Handle(me.IDStr, me.ScreenName, me.Name),
	}, kept, nil
}

// revokeV11 makes X forget the token. One that X does not know any more is gone.
func (c Config) revokeV11(ctx context.Context, b []byte) error {
	s, err := readV11Secret(b)
	if err != nil {
		return err
	}
	const call = "/1.1/oauth/invalidate_token.json"
	t := c.v11Transport(v11Host, allow(v11Host, "POST "+call), s)
	defer t.Close()
	_, err = t.Do(ctx, http.MethodPost, "https://"+v11Host+call, nil, http.StatusOK, http.StatusUnauthorized)
	if err != nil {
		return fmt.Errorf("revoke the token: %w", err)
	}
	return nil
}

// isV11Secret reports whether a secret is one of v1.1.
func isV11Secret(b []byte) bool {
	_, err := readV11Secret(b)
	return err == nil
}

// v11Transport makes a transport whose calls are signed.
func (c Config) v11Transport(host string, rules []collectors.Rule, s v11Secret) *collectors.Transport {
	return collectors.NewTransport(collectors.TransportOptions{
		Allow: rules, Now: c.Now, Resolver: c.Resolver, LimitByCall: true, AuthorizationHost: host, Sign: s.sign,
	}, c.Exception)
}

var errNoSignature = errors.New("the keys do not make a signature")
