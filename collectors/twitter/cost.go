package twitter

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/collectors"
)

// X charges for what its interface hands out, by resource, and for the same one
// once in a day of UTC. What that comes to is counted here, so that it can be
// shown and kept below a cap. It is daybook's own count: the bill is X's.

// Money is an amount in millionths of a US dollar.
type Money int64

// Dollar is one US dollar.
const Dollar Money = 1_000_000

// String writes an amount as people do: "$0.40", or "$0.001" where cents are too
// coarse.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	cents := fmt.Sprintf("%06d", m%Dollar)
	cents = cents[:2] + strings.TrimRight(cents[2:], "0")
	return sign + "$" + strconv.FormatInt(int64(m/Dollar), 10) + "." + cents
}

// A Resource is what X has a price for.
type Resource string

// The resources. A mention or a block is the person's own, which is cheaper if
// they own the app as well. A profile is a user that stands beside posts or
// messages unasked for: whether X charges for that is not said.
const (
	ReadPost    Resource = "post"
	ReadMention Resource = "mention"
	ReadUser    Resource = "user"
	ReadProfile Resource = "profile"
	ReadMessage Resource = "message"
	ReadBlock   Resource = "block"
)

// Prices is what one of each resource costs.
type Prices map[Resource]Money

// PricesOf is the month of the published prices that DefaultPrices returns.
const PricesOf = "2026-08"

// DefaultPrices returns X's published prices for apps that pay for what they use.
// owned says that the person owns the app themselves.
func DefaultPrices(owned bool) Prices {
	p := Prices{
		ReadPost: 5_000, ReadMention: 5_000, ReadUser: 10_000, ReadProfile: 0,
		ReadMessage: 10_000, ReadBlock: 1_000,
	}
	if owned {
		p[ReadMention] = 1_000
	}
	return p
}

// A Meter counts what is read of an account and says when it is enough. A source
// calls Allow before each request that has a price, and Read after each answer
// with the identifiers of all that it held. It may be used by several goroutines.
type Meter interface {
	// Allow returns nil if the account may be read further. Once its cap for
	// the month is reached, the error is a *collectors.RateLimitError whose
	// Cause says so.
	Allow(ctx context.Context, a daybook.Account, now time.Time) error
	// Read adds what an answer held. An identifier that was read before on the
	// same day of UTC costs nothing again.
	Read(ctx context.Context, a daybook.Account, now time.Time, what Resource, ids ...string) error
}

// CauseCap is why an account is not read whose cap is reached.
const CauseCap = "the spending cap for the month was reached"

// askAgain is how soon an account whose cap is reached is looked at again: the
// cap may have been raised.
const askAgain = time.Hour

// Spending keeps amounts by account and day. *store.DB implements it.
type Spending interface {
	// AddSpent adds each to what an account cost on the UTC day of at, once for
	// every identifier of what that was not added on that day before.
	AddSpent(ctx context.Context, a daybook.Account, at time.Time, what string, ids []string, each int64) error
	// Spent returns what an account cost on the UTC days from from on, up to
	// but not including that of until.
	Spent(ctx context.Context, a daybook.Account, from, until time.Time) (millionths int64, err error)
}

// A Counter is the Meter that stands between the sources and where amounts are
// kept. It remembers what it has added on a day, so that most looks at an account
// where nothing is new write nothing.
type Counter struct {
	spending Spending
	prices   Prices
	cap      Money // for each account and month of UTC; 0: nothing may be read that has a price

	mu   sync.Mutex
	day  string
	seen map[seenResource]bool
}

type seenResource struct {
	account daybook.AccountID
	what    Resource
	id      string
}

// NewCounter makes a Counter.
func NewCounter(s Spending, p Prices, cap Money) *Counter {
	return &Counter{spending: s, prices: p, cap: cap, seen: map[seenResource]bool{}}
}

// Cap returns the cap for each account and month.
func (c *Counter) Cap() Money { return c.cap }

// Month returns the first day of the month of t and that of the next one, in UTC.
func Month(t time.Time) (first, next time.Time) {
	t = t.UTC()
	first = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, 1, 0)
}

// ThisMonth returns what an account has cost in the month of now.
func (c *Counter) ThisMonth(ctx context.Context, a daybook.Account, now time.Time) (Money, error) {
	first, next := Month(now)
	m, err := c.spending.Spent(ctx, a, first, next)
	return Money(m), err
}

// Allow implements Meter.
func (c *Counter) Allow(ctx context.Context, a daybook.Account, now time.Time) error {
	spent, err := c.ThisMonth(ctx, a, now)
	if err != nil {
		return err
	}
	if spent < c.cap {
		return nil
	}
	_, next := Month(now)
	if soon := now.Add(askAgain); soon.Before(next) {
		next = soon
	}
	return &collectors.RateLimitError{Until: next, Cause: CauseCap}
}

// Read implements Meter.
func (c *Counter) Read(ctx context.Context, a daybook.Account, now time.Time, what Resource, ids ...string) error {
	price, known := c.prices[what]
	if !known {
		return fmt.Errorf("%w: there is no price for %q", daybook.ErrInvalid, what)
	}
	if price == 0 {
		return nil
	}
	if what == ReadMention { // whatever list it stood in
		what = ReadPost
	}
	fresh := c.fresh(a.ID, now, what, ids)
	if len(fresh) == 0 {
		return nil
	}
	native := make([]string, len(fresh))
	for i, f := range fresh {
		native[i] = f.id
	}
	if err := c.spending.AddSpent(ctx, a, now, string(what), native, int64(price)); err != nil {
		c.forget(fresh)
		return fmt.Errorf("count what was read: %w", err)
	}
	return nil
}

// fresh returns what this process has not added on the day of now, and takes it as
// added.
func (c *Counter) fresh(id daybook.AccountID, now time.Time, what Resource, ids []string) (out []seenResource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := now.UTC().Format(time.DateOnly); day != c.day {
		c.day = day
		clear(c.seen)
	}
	for _, native := range ids {
		if key := (seenResource{id, what, native}); !c.seen[key] {
			c.seen[key] = true
			out = append(out, key)
		}
	}
	return out
}

func (c *Counter) forget(keys []seenResource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		delete(c.seen, k)
	}
}

// Estimate returns what an account costs in a month of 30 days at the rate of the
// last 30 days, and whether there is anything to go by. Of an account that has
// been read for less than that, the days since it was first read count.
func (c *Counter) Estimate(ctx context.Context, a daybook.Account, since, now time.Time) (Money, bool, error) {
	const day = 24 * time.Hour
	now = now.UTC()
	until := now.Truncate(day).Add(day)
	from := until.Add(-30 * day)
	if began := since.UTC().Truncate(day); began.After(from) {
		from = began
	}
	spent, err := c.spending.Spent(ctx, a, from, until)
	if err != nil {
		return 0, false, err
	}
	days := int64(until.Sub(from) / day)
	if spent == 0 || days <= 0 {
		return 0, false, nil
	}
	return Money(spent * 30 / days), true, nil
}

// Price returns what one of a resource costs.
func (c *Counter) Price(what Resource) Money { return c.prices[what] }

// Idle returns what an account costs in a month of 30 days if nothing comes: the
// newest message is handed out again whenever the list of messages is looked at,
// and charged once in a day. How often it is looked at makes no difference.
// Mentions that are not there cost nothing.
func (c *Counter) Idle() Money { return 30 * (c.prices[ReadMessage] + c.prices[ReadProfile]) }
