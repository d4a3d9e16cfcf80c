package twitter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"daybook"
	"daybook/collectors"
)

// v11ConnectCalls is every call that connecting an account by v1.1 makes, and
// taking its token back.
func v11ConnectCalls() []collectors.Rule {
	return allow(v11Host,
		"GET /1.1/account/verify_credentials.json?include_entities&skip_status&include_email",
		"POST /1.1/oauth/invalidate_token.json",
	)
}

func (c Config) v11Connecting(s v11Secret) *collectors.Transport {
	return collectors.NewTransport(collectors.TransportOptions{
		Allow: v11ConnectCalls(), Now: c.Now, Resolver: c.Resolver, AuthorizationHost: v11Host, Sign: s.sign,
	}, c.Exception)
}

// fromKeys connects an account of v1.1 with the four keys of a file.
func (c Config) fromKeys(ctx context.Context, b []byte) (daybook.Account, []byte, error) {
	s, err := readV11Secret(b)
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("the file: %w", err)
	}
	t := c.v11Connecting(s)
	defer t.Close()
	a, err := t.Do(ctx, http.MethodGet, "https://"+v11Host+"/1.1/account/verify_credentials.json?include_entities=false&skip_status=true", nil,
		http.StatusOK, http.StatusUnauthorized, http.StatusForbidden)
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("ask whose keys they are: %w", err)
	}
	if a.Exchange.Status != http.StatusOK {
		return daybook.Account{}, nil, fmt.Errorf("ask whose keys they are: %w", collectors.ErrRefused)
	}
	var me struct {
		ID     string `json:"id_str"`
		Name   string `json:"name"`
		Screen string `json:"screen_name"`
	}
	if err := json.Unmarshal(a.Body, &me); err != nil || !isNumber(me.ID) {
		return daybook.Account{}, nil, fmt.Errorf("%w: X's answer names no account", daybook.ErrInvalid)
	}
	kept, err := json.Marshal(map[string]v11Secret{"v1.1": s})
	if err != nil {
		return daybook.Account{}, nil, fmt.Errorf("keep the keys: %w", err)
	}
	return daybook.Account{Platform: Platform, Server: Server, Handle: User(me.ID, me.Screen, me.Name), State: daybook.Active}, kept, nil
}

// revokeKeys takes the token of v1.1 back. X's status 401 says that it does not
// know it any more, or has never done so.
func (c Config) revokeKeys(ctx context.Context, s v11Secret) error {
	t := c.v11Connecting(s)
	defer t.Close()
	if _, err := t.Do(ctx, http.MethodPost, "https://"+v11Host+"/1.1/oauth/invalidate_token.json", nil, http.StatusOK, http.StatusUnauthorized); err != nil {
		return fmt.Errorf("revoke the token: %w", err)
	}
	return nil
}
