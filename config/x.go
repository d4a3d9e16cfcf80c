package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// X says whether and how accounts on X are read by its interface. The archive of
// an account, which a person adds as a file, needs none of this.
type X struct {
	Enabled  bool   `toml:"enabled" doc:"Whether accounts on X are read by its interface. It costs money, needs an app of yours at X, and is subject to X's terms for developers: read docs/collecting-x.md first. What people add as files needs none of this."`
	API      string `toml:"api" doc:"v2: the interface that every app has. v1.1: the older one, for apps that still have it."`
	Names    string `toml:"names" doc:"How fields are called when v2 is asked: tweet or post. Both are understood in what comes back."`
	ClientID string `toml:"client_id" doc:"The app's OAuth 2.0 client ID."`

	ClientSecretFile string `toml:"client_secret_file" doc:"File that holds the app's OAuth 2.0 client secret. Empty: the app is a public client and has none."`
	ClientSecret     Secret `toml:"-" env:"DAYBOOK_X_CLIENT_SECRET" doc:"The secret is never written here: it comes from client_secret_file or the environment."`

	Back       string  `toml:"back" doc:"Where X sends people back to who connect an account on the command line: an address of this machine. It stands in the app's settings at X exactly like this, beside that of the pages, which is web.url with /back."`
	MonthlyCap Dollars `toml:"monthly_cap" doc:"US dollars that the reading of one account may cost in a month of UTC, by daybook's own count. When they are spent the account waits for the next month, and its record says so. Set a limit at X as well: the bill is theirs."`
	OwnedApp   bool    `toml:"owned_app" doc:"Whether the app belongs to the person whose accounts are read: then what is their own costs less."`

	PricePost    Dollars `toml:"price_post" doc:"What X charges for a post. These are its published prices of August 2026."`
	PriceUser    Dollars `toml:"price_user" doc:"What X charges for a user who was asked for."`
	PriceProfile Dollars `toml:"price_profile" doc:"What X charges for a user that came beside a post or message. X does not say that it does."`
	PriceMessage Dollars `toml:"price_message" doc:"What X charges for a direct message."`
	PriceBlock   Dollars `toml:"price_block" doc:"What X charges for an account in the list of those that the person blocks."`
	PriceOwned   Dollars `toml:"price_owned" doc:"What X charges for a mention if owned_app is true."`

	Activity   bool   `toml:"activity" doc:"Whether the stream of X Activity is listened to as well. It shows messages that are deleted seconds later. The app has to subscribe to it first: docs/collecting-x.md says how."`
	BearerFile string `toml:"bearer_file" doc:"File that holds the app's bearer token, for that stream alone."`
	Bearer     Secret `toml:"-" env:"DAYBOOK_X_BEARER" doc:"The token is never written here: it comes from bearer_file or the environment."`

	Approval string `toml:"approval" doc:"Reference of X's written approval that what its interface gave is shown to people who work for public bodies. Empty: there is none, and it is not shown to them."`
}

// defaultX is what holds of X when nothing is set.
func defaultX() X {
	return X{
		API: "v2", Names: "tweet", Back: "http://127.0.0.1:8766/back", MonthlyCap: 10_000_000,
		PricePost: 5_000, PriceUser: 10_000, PriceMessage: 10_000, PriceBlock: 1_000, PriceOwned: 1_000,
	}
}

// maxDollars is more than any account costs.
const maxDollars = 10_000

// Dollars is an amount of US dollars in millionths: "2.00", "0.005".
type Dollars int64

// UnmarshalText reads an amount that is not negative, with at most six digits
// behind the point.
func (d *Dollars) UnmarshalText(b []byte) error {
	whole, part, point := strings.Cut(string(b), ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || n > maxDollars || point && (part == "" || len(part) > 6) {
		return fmt.Errorf("%q is not an amount of dollars from 0 to %d; write it as \"2.00\"", b, maxDollars)
	}
	millionths, err := strconv.ParseUint((part + "000000")[:6], 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not an amount of dollars; write it as \"2.00\"", b)
	}
	*d = Dollars(n*1_000_000 + millionths)
	return nil
}

// MarshalText writes at least two digits behind the point.
func (d Dollars) MarshalText() ([]byte, error) {
	part := fmt.Sprintf("%06d", int64(d)%1_000_000)
	return fmt.Appendf(nil, "%d.%s%s", int64(d)/1_000_000, part[:2], strings.TrimRight(part[2:], "0")), nil
}

func (x X) check() error {
	var problems []error
	add := func(key, format string, args ...any) {
		problems = append(problems, problem("x."+key, format, args...))
	}
	for _, err := range []error{oneOf("x.api", x.API, "v2", "v1.1"), oneOf("x.names", x.Names, "tweet", "post")} {
		if err != nil {
			problems = append(problems, err)
		}
	}
	u, err := url.Parse(x.Back)
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) || u.Port() == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		add("back", "%q is not an address of this machine; write it as http://127.0.0.1:8766/back", x.Back)
	}
	if strings.ContainsFunc(x.ClientID, func(r rune) bool { return r <= ' ' || r > '~' }) || len(x.ClientID) > 200 {
		add("client_id", "it should be the identifier alone, as the app's settings at X show it")
	}
	if len(x.Approval) > 500 || !utf8.ValidString(x.Approval) || strings.ContainsFunc(x.Approval, unicode.IsControl) {
		add("approval", "it should be one line of at most 500 bytes")
	}
	return errors.Join(problems...)
}
