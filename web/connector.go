package web

import (
	"context"

	"daybook"
)

// A Connector lets a person agree at their own server, or at their platform,
// that an account is read. The drivers of package collectors are behind it.
type Connector interface {
	// Platforms returns the platforms that accounts are connected on, in the
	// order in which they are offered, those that are switched off here as well.
	Platforms() []Connectable
	// Scopes says in words what is asked for on a platform.
	Scopes(p daybook.Platform) []string
	// Begin returns the address where the person agrees, which has a parameter
	// state that nobody can guess, and what has to be kept, sealed, until they
	// come back to the address back with a code. If back is "", the server shows
	// the code, and the person types it; on a platform whose Connectable has not
	// Typed, back is needed. The error wraps daybook.ErrInvalid if server is not
	// the name of one, or if the platform is switched off.
	Begin(ctx context.Context, p daybook.Platform, server, back string) (address string, pending []byte, err error)
	// Finish turns the code that the person brought back into an account and its
	// token. The error wraps daybook.ErrInvalid if code or state are wrong.
	Finish(ctx context.Context, p daybook.Platform, pending []byte, code, state string) (daybook.Account, []byte, error)
	// GiveBack takes a token back at the platform that nobody is going to use.
	GiveBack(ctx context.Context, a daybook.Account, secret []byte) error
	// Cost tells what the reading of an account costs; nil if it costs nothing.
	Cost(ctx context.Context, a daybook.Account) (*Cost, error)
}

// A Connectable is a platform on which accounts are connected, in words.
type Connectable struct {
	Platform daybook.Platform
	Title    string // as the platform calls itself
	Off      bool   // whoever runs this instance has not switched it on
	Server   bool   // the person's own server has to be named
	Typed    bool   // the code can be typed if the person cannot be sent back
	Scopes   []string
	// Terms are the platform's terms in plain words, a paragraph each. They are
	// agreed to apart from the consent; none: there is nothing to agree to.
	// TermsText is the version of these words: it is added to the Text of the
	// consent, after "; ".
	Terms     []string
	TermsText string
	Cost      string // what reading costs, in a sentence; "": nothing
}

// A Cost is what the reading of an account costs, each amount as it is shown:
// "$0.40".
type Cost struct {
	Month    string // in this month so far
	Estimate string // in a month at the rate of late; "" if there is nothing to go by
	Cap      string // for each month
	Reached  bool   // the cap is: nothing is read until the next month, or until it is raised
}
