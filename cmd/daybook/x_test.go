package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/config"
	"daybook/internal/fakex"
)

// The prices of the configuration are those that package twitter publishes.
func TestXPrices(t *testing.T) {
	x := config.Defaults("linux", func(string) string { return "" }).X
	for _, owned := range []bool{false, true} {
		t.Run(fmt.Sprintf("owned %t", owned), func(t *testing.T) {
			x.OwnedApp = owned
			got, want := xPrices(x), twitter.DefaultPrices(owned)
			for what, price := range want {
				if got[what] != price {
					t.Errorf("%s: %s, want %s", what, got[what], price)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d prices, want %d", len(got), len(want))
			}
		})
	}
}

// connected is a desk with an account on X that is connected.
func connected(t *testing.T, more string) (*desk, daybook.AccountID, *fakex.Person, *fakex.Person) {
	t.Helper()
	d := newDesk(t, "enabled = true\n"+more)
	me, other := d.x.Person("rook_9", "Rook"), d.x.Person("kestrel_74", "Kestrel")
	access, refresh := d.x.Pair(me, d.client())
	pair := d.write("pair.json", fmt.Sprintf(`{"access":%q,"refresh":%q}`, access, refresh))
	id := d.must(statusDone, "connect", "x", "--case", d.caseID, "--token-file", pair, "--agree", "--agree-terms")
	return d, daybook.AccountID(strings.TrimSpace(id)), me, other
}

// must runs a command that ends with a status, and returns what it says.
func (d *desk) must(want int, args ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	s := &screen{}
	if code := d.run(d.process(&out, s, nil), args...); code != want {
		d.t.Errorf("daybook %s: status %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), s.String())
	}
	if want != statusDone {
		return out.String() + s.String()
	}
	return out.String()
}

func (d *desk) account(id daybook.AccountID) (daybook.Account, []byte) {
	d.t.Helper()
	a := d.open()
	account, _, secret, err := a.db.Account(d.t.Context(), id)
	if err != nil {
		d.t.Error(err)
	}
	if err := a.Close(); err != nil {
		d.t.Error(err)
	}
	return account, secret
}

// An account is read for days; its token is refreshed on the way, and what is
// taken back in the end is the newest one.
func TestXIsReadForDays_D3(t *testing.T) {
	d, id, me, other := connected(t, "")
	var secrets [][]byte
	for day := range 3 {
		other.Message(me, fmt.Sprint("message ", day))
		other.Mention(me, fmt.Sprint("mention ", day))
		d.x.Wait(time.Minute)
		d.must(statusDone, "collect", "--case", d.caseID)
		_, secret := d.account(id)
		for _, s := range secrets {
			if bytes.Equal(s, secret) {
				t.Errorf("day %d: the token was not refreshed", day)
			}
		}
		secrets = append(secrets, secret)
		d.x.Wait(24 * time.Hour)
	}
	list := d.must(statusDone, "list", "--case", d.caseID, "--content")
	for day := range 3 {
		for _, text := range []string{fmt.Sprint("message ", day), fmt.Sprint("mention ", day)} {
			if strings.Count(list, text) != 1 {
				t.Errorf("%q is not there once:\n%s", text, list)
			}
		}
	}
	if got := d.must(statusDone, "doctor"); !strings.Contains(got, "has cost $0.0") || !strings.Contains(got, "a month at this rate") {
		t.Errorf("doctor does not say what it costs:\n%s", got)
	}
	d.must(statusDone, "renew", "--account", string(id), "--agree")
	d.see(id)
	d.must(statusDone, "withdraw", "--account", string(id))
	if n := d.x.Tokens(); n != 0 {
		t.Errorf("%d tokens are in force after it was withdrawn", n)
	}
}

// A rotation whose answer is lost: the person has to connect the account again,
// and then it goes on.
func TestXLosesARotation(t *testing.T) {
	d, id, me, other := connected(t, "")
	d.must(statusDone, "collect", "--case", d.caseID)
	d.x.Wait(3 * time.Hour)
	other.Message(me, "while nobody looks")
	d.x.Fault("/2/oauth2/token", 1, fakex.Lose)
	d.must(statusFailed, "collect", "--case", d.caseID)
	d.x.Wait(10 * time.Minute)
	if got := d.must(statusFailed, "collect", "--case", d.caseID); !strings.Contains(got, "connect the account again") {
		t.Errorf("the person is not asked:\n%s", got)
	}
	if got := d.must(statusPartial, "doctor"); !strings.Contains(got, "is stopped") || !strings.Contains(got, "connect it again") {
		t.Errorf("doctor says\n%s", got)
	}
	access, refresh := d.x.Pair(me, d.client())
	pair := d.write("pair.json", fmt.Sprintf(`{"access":%q,"refresh":%q}`, access, refresh))
	if got := d.must(statusDone, "connect", "x", "--case", d.caseID, "--token-file", pair, "--agree", "--agree-terms"); strings.TrimSpace(got) != string(id) {
		t.Errorf("connected again as %s, want %s", got, id)
	}
	if got := d.must(statusDone, "collect", "--case", d.caseID); !strings.Contains(got, "the platform refused the token") {
		t.Errorf("no gap is told of:\n%s", got)
	}
	if list := d.must(statusDone, "list", "--case", d.caseID, "--content"); !strings.Contains(list, "while nobody looks") {
		t.Errorf("it was not read:\n%s", list)
	}
}

// Switched off, an account waits, and its record says why; it can be ended.
func TestXIsSwitchedOff_A7(t *testing.T) {
	d, id, me, other := connected(t, "")
	d.must(statusDone, "collect", "--case", d.caseID)
	d.replace("enabled = true", "enabled = false")
	d.x.Wait(3 * time.Hour)
	other.Message(me, "while it is off")
	d.x.Forget()
	d.must(statusFailed, "collect", "--case", d.caseID)
	if n := len(d.x.Requests()); n != 0 {
		t.Errorf("%d calls to X", n)
	}
	if got := d.must(statusPartial, "doctor"); !strings.Contains(got, "switched off") {
		t.Errorf("doctor says\n%s", got)
	}
	d.x.Wait(3 * time.Hour)
	d.replace("enabled = false", "enabled = true")
	if got := d.must(statusDone, "collect", "--case", d.caseID); !strings.Contains(got, causeXOff) {
		t.Errorf("no gap is told of:\n%s", got)
	}
	d.replace("enabled = true", "enabled = false")
	d.must(statusDone, "withdraw", "--account", string(id))
	if n := d.x.Tokens(); n != 0 {
		t.Errorf("%d tokens are in force after it was withdrawn", n)
	}
}

// What it may cost is over: nothing is asked for, doctor says what to do, and a
// higher cap lets it go on.
func TestXReachesItsCap_A7(t *testing.T) {
	d, _, me, other := connected(t, "monthly_cap = \"0.02\"\n")
	for i := range 3 {
		other.Message(me, fmt.Sprint("message ", i))
	}
	d.must(statusPartial, "collect", "--case", d.caseID) // the messages, but no mentions
	d.x.Wait(2 * time.Hour)
	d.x.Forget()
	if got := d.must(statusFailed, "collect", "--case", d.caseID); !strings.Contains(got, twitter.CauseCap) {
		t.Errorf("it does not say why:\n%s", got)
	}
	for _, r := range d.x.Requests() {
		if r.Method == "GET" {
			t.Errorf("asked for %s", r.Path)
		}
	}
	if got := d.must(statusPartial, "doctor"); !strings.Contains(got, "its cap of $0.02 is reached") || !strings.Contains(got, "monthly_cap") {
		t.Errorf("doctor says\n%s", got)
	}
	other.Message(me, "after the cap")
	d.replace(`monthly_cap = "0.02"`, `monthly_cap = "3.00"`)
	d.x.Wait(2 * time.Hour)
	if got := d.must(statusDone, "collect", "--case", d.caseID); !strings.Contains(got, twitter.CauseCap) {
		t.Errorf("no gap is told of:\n%s", got)
	}
	if list := d.must(statusDone, "list", "--case", d.caseID, "--content"); !strings.Contains(list, "after the cap") {
		t.Errorf("it was not read:\n%s", list)
	}
}

func TestDoctorLooksAtX(t *testing.T) {
	for _, tt := range []struct {
		name, old, by string
		want          []string
	}{
		{"off", "enabled = true", "enabled = false", nil},
		{"no client", "", `client_id = ""`, []string{"set client_id under [x]"}},
		{"a stream without its token", "enabled = true", "enabled = true\nactivity = true", []string{"bearer_file under [x]"}},
		{"where people come back to", "enabled = true", "enabled = true", []string{"/back", "public bodies"}},
		{"approved", "enabled = true", "enabled = true\napproval = \"X-2026-11\"", []string{"/back"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "enabled = true\n")
			if tt.old == "" {
				tt.old = `client_id = "` + d.client() + `"`
			}
			d.replace(tt.old, tt.by)
			var out bytes.Buffer
			d.run(d.process(&out, &screen{}, nil), "doctor")
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("doctor does not say %q:\n%s", want, out.String())
				}
			}
			if tt.want == nil && strings.Contains(out.String(), "X") {
				t.Errorf("doctor speaks of X:\n%s", out.String())
			}
			if tt.name == "approved" && strings.Contains(out.String(), "public bodies") {
				t.Errorf("doctor asks for an approval that is there:\n%s", out.String())
			}
		})
	}
}

// What the pages show of X before and after an account is connected.
func TestConnectorOfX(t *testing.T) {
	d, id, me, other := connected(t, "")
	other.Message(me, "hello")
	d.must(statusDone, "collect", "--case", d.caseID)
	account, _ := d.account(id)
	named := account
	named.State = daybook.Named
	for _, tt := range []struct {
		name     string
		old, by  string
		account  daybook.Account
		off, has bool
	}{
		{"on", "enabled = true", "enabled = true", account, false, true},
		{"an account of files alone", "enabled = true", "enabled = true", named, false, false},
		{"off", "enabled = true", "enabled = false", account, true, false},
		{"the older interface", "enabled = true", "enabled = true\napi = \"v1.1\"", account, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.replace(tt.old, tt.by)
			a := d.open()
			c := connector{a}
			cost, err := c.Cost(t.Context(), tt.account)
			if err != nil || (cost != nil) != tt.has || cost != nil && (cost.Month != "$0.01" || cost.Estimate != "$0.30" || cost.Cap != "$10.00" || cost.Reached) {
				t.Errorf("cost %+v, %v", cost, err)
			}
			for _, p := range c.Platforms() {
				if p.Platform != twitter.Platform {
					continue
				}
				if p.Off != tt.off || p.Server || p.Typed || len(p.Terms) == 0 || p.TermsText != twitter.TermsText || !strings.Contains(p.Cost, "$0.30 a month") || !strings.Contains(p.Cost, "$0.03 for each direct message") {
					t.Errorf("X is offered as %+v", p)
				}
			}
			if _, _, err := c.Begin(t.Context(), twitter.Platform, "", "https://notes.charity.example/back"); (err == nil) == tt.off {
				t.Errorf("begin: %v", err)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			d.replace(tt.by, tt.old)
		})
	}
}
