package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/config"
	"daybook/web"
)

// errXOff says what whoever runs the instance has to do before accounts on X are
// read by its interface.
var errXOff = fmt.Errorf("%w: accounts on X are not read by its interface here. Whoever runs this instance can switch that on: enabled = true under [x] in the configuration, with an app of theirs at X (docs/collecting-x.md). An account archive needs none of this: daybook import", daybook.ErrInvalid)

// causeXOff is why an account on X is not read that was connected before.
const causeXOff = "reading accounts on X by its interface was switched off"

// xPrices are the prices of the configuration.
func xPrices(x config.X) twitter.Prices {
	p := twitter.Prices{
		twitter.ReadPost: twitter.Money(x.PricePost), twitter.ReadMention: twitter.Money(x.PricePost),
		twitter.ReadUser: twitter.Money(x.PriceUser), twitter.ReadProfile: twitter.Money(x.PriceProfile),
		twitter.ReadMessage: twitter.Money(x.PriceMessage), twitter.ReadBlock: twitter.Money(x.PriceBlock),
	}
	if x.OwnedApp {
		p[twitter.ReadMention] = twitter.Money(x.PriceOwned)
	}
	return p
}

// openX sets up what reads accounts on X. The older interface has no prices.
func (a *app) openX(exception *collectors.Exception) collectors.Driver {
	x := a.cfg.X
	a.x = twitter.Config{Now: a.clock, Exception: exception, API: x.API, Names: x.Names, ClientID: x.ClientID, ClientSecret: x.ClientSecret.Reveal()}
	a.spend = twitter.NewCounter(a.db, xPrices(x), twitter.Money(x.MonthlyCap))
	if x.API == twitter.V2 {
		a.x.Meter = a.spend
	}
	d := twitter.Driver(a.x)
	if !x.Enabled {
		// It still revokes, and reads what is archived.
		d.Open = func(context.Context, daybook.Account, []byte) (collectors.Source, error) {
			return nil, &collectors.RateLimitError{Until: a.clock().Add(time.Hour), Cause: causeXOff}
		}
		d.Refresh = nil
	}
	return d
}

// xConnectable is how X is offered to whoever connects an account.
func (a *app) xConnectable() web.Connectable {
	c := web.Connectable{
		Platform: twitter.Platform, Title: "X", Off: !a.cfg.X.Enabled || a.cfg.X.API != twitter.V2 || a.cfg.X.ClientID == "",
		Scopes: a.xScopes(), Terms: twitter.Terms(), TermsText: twitter.TermsText,
	}
	times := twitter.Money(1 + a.looksOnOtherDays())
	c.Cost = fmt.Sprintf("X charges for what its interface hands out, and whoever runs this instance pays it: about %s a month if nothing comes, and about %s for each direct message and %s for each mention, with the second looks at them. What came in the weeks before costs once as well, at the beginning. Reading stops at %s for each account and month, and the record says so.",
		a.spend.Idle(), times*a.spend.Price(twitter.ReadMessage), times*a.spend.Price(twitter.ReadMention), a.spend.Cap())
	return c
}

// looksOnOtherDays is how many days a message is looked at again on, beside the one
// on which it came: X charges for each day.
func (a *app) looksOnOtherDays() int {
	days := map[time.Duration]bool{}
	for _, d := range a.cfg.Collect.SecondLooks {
		if day := time.Duration(d).Truncate(24 * time.Hour); day > 0 {
			days[day] = true
		}
	}
	return len(days)
}

// xCost tells what the reading of an account on X costs; nil if it is not read.
func (a *app) xCost(ctx context.Context, account daybook.Account) (*web.Cost, error) {
	if account.Platform != twitter.Platform || account.State == daybook.Named || !a.cfg.X.Enabled || a.x.Meter == nil {
		return nil, nil
	}
	now := a.clock()
	month, err := a.spend.ThisMonth(ctx, account, now)
	if err != nil {
		return nil, err
	}
	_, consent, _, err := a.db.Account(ctx, account.ID)
	if err != nil && !errors.Is(err, daybook.ErrNotFound) {
		return nil, err
	}
	estimate, known, err := a.spend.Estimate(ctx, account, consent.Given, now)
	if err != nil {
		return nil, err
	}
	c := &web.Cost{Month: month.String(), Cap: a.spend.Cap().String(), Reached: month >= a.spend.Cap()}
	if known {
		c.Estimate = estimate.String()
	}
	return c, nil
}
