package twitter

import (
	"context"
	"fmt"
	"time"

	"daybook"
	"daybook/collectors"
)

// The interfaces that X has, for Config.API.
const (
	V2  = "v2"
	V11 = "v1.1"
)

// How X's interface calls its fields, for Config.Names. Its documentation says
// "tweet", its published schema "post". What is asked for is called so; what
// comes back is understood either way.
const (
	NamesTweet = "tweet"
	NamesPost  = "post"
)

// Hosts that are called. Attachments of posts and pictures of accounts lie on X's
// delivery hosts, attachments of direct messages behind the interface itself.
const (
	apiHost   = "api.x.com"
	imageHost = "pbs.twimg.com"
	videoHost = "video.twimg.com"
)

// Config is what a driver needs.
type Config struct {
	Now       func() time.Time      // required
	Exception *collectors.Exception // nil except in demo and tests
	Resolver  collectors.Resolver   // nil means the system's

	API   string // V2 if empty
	Names string // NamesTweet if empty

	ClientID     string // of the operator's app
	ClientSecret string // "" if the app is a public client
	Meter        Meter  // nil: nothing is counted and nothing is capped
}

// Driver returns the driver for the Runner.
func Driver(c Config) collectors.Driver {
	return collectors.Driver{
		Platform: Platform,
		Title:    "X",
		Open:     c.open,
		Parse:    Parse,
		Profiles: Profiles,
		Revoke:   c.revoke,
		Refresh:  c.refresh,
		Ends:     ends,
	}
}

// open makes a source for the interface that the operator's app has.
func (c Config) open(_ context.Context, a daybook.Account, secret []byte) (collectors.Source, error) {
	switch c.API {
	case "", V2:
		return c.openV2(a, secret)
	case V11:
		return c.openV11(a, secret)
	}
	return nil, fmt.Errorf("%w: there is no reader for this interface of X", daybook.ErrInvalid)
}
