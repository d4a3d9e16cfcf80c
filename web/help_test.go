package web_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook/web"
)

func in(country string) func(*web.Config) {
	return func(c *web.Config) { c.Country = country }
}

// The numbers are those of the country, on every page, signed out too and when
// something is wrong; of a country without any, the international ones and never
// those of another.
func TestHelpNumbers(t *testing.T) {
	for _, tt := range []struct {
		country   string
		want, not []string
	}{
		{"GB", []string{"In danger now: 999", "Police, not an emergency: 101", "National Stalking Helpline: 0808 802 0300"}, []string{"0300 636 0300", "112", "911"}},
		{"US", []string{"In danger now: 911", "1-800-799-7233"}, []string{"999", "0808"}},
		{"IE", []string{"In danger now: 112 or 999"}, []string{"0808", "101"}},
		{"SE", []string{"In danger now: 112"}, []string{"999", "0808", "in most countries"}},
		{"CH", []string{"In danger now: 112 from a mobile phone in most countries"}, []string{"999", "0808", "Police, not"}},
		{"", []string{"In danger now: 112 from a mobile phone in most countries"}, []string{"999", "0808", "Police, not"}},
		{"gb", []string{"In danger now: 112 from a mobile phone in most countries"}, []string{"999", "0808"}},
	} {
		h := newHouse(t, in(tt.country))
		b := h.browser()
		b.post("/signin", "name", "x", "pass", "x")
		for _, path := range []string{"/signin", "/signin/code", "/recover", "/setup", "/safety", "/stored", "/nothing", "/static/"} {
			text := b.get(path).words()
			for _, want := range append(tt.want, "Urgent help", "Nobody watches this record as it happens.") {
				if !strings.Contains(text, want) {
					t.Errorf("%s in %q: %q is not there: %s", path, tt.country, want, text)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("%s in %q: %q is there", path, tt.country, not)
				}
			}
		}
		if a := b.get("/signin"); strings.Contains(a.Body, "tel:") {
			t.Errorf("%q: a number is called by a slip", tt.country)
		}
	}
}

func TestOldNumbersAreMarked_A11(t *testing.T) {
	const old = "The help numbers below were last checked more than a year ago."
	for _, country := range []string{"GB", "US", "IE", "SE", "CH"} {
		h := newHouse(t, in(country))
		b := h.browser()
		if strings.Contains(b.get("/signin").words(), old) {
			t.Errorf("%s: numbers that were just checked are called old", country)
		}
		b.shows(b.get("/safety"), 200, "Last checked on 23 Nov 2026")
		h.move(367 * 24 * time.Hour)
		b.shows(b.get("/signin"), 200, old)
		b.shows(b.get("/nothing"), 404, old)
	}
}

// Every entry says where it comes from and when it was looked at; files of help
// are for countries that exist, and cover the European Union.
func TestHelpFiles_A11(t *testing.T) {
	files, err := filepath.Glob("help/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	country := regexp.MustCompile(`^country = [A-Z]{2} [A-Z][A-Za-z]+/[A-Z][A-Za-z_]+ [A-Z][A-Za-z ]+$`)
	countries := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\n[")[1:] {
			for _, key := range []string{"\nnumber = ", "\nsource = ", "\nreviewed = 20"} {
				if strings.Count(block, key) != 1 {
					t.Errorf("%s: [%s has no%s", name, strings.SplitN(block, "\n", 2)[0], strings.TrimRight(key, "\n"))
				}
			}
		}
		lines := bufio.NewScanner(strings.NewReader(string(text)))
		for lines.Scan() {
			line := lines.Text()
			if !strings.HasPrefix(line, "country") {
				continue
			}
			if !country.MatchString(line) {
				t.Errorf("%s: %s", name, line)
				continue
			}
			part := strings.SplitN(line, " ", 5)
			countries[part[2]] = true
			if _, err := time.LoadLocation(part[3]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for code := range strings.FieldsSeq("GB US IE AT BE BG HR CY CZ DK EE FI FR DE GR HU IT LV LT LU MT NL PL PT RO SK SI ES SE") {
		if !countries[code] {
			t.Errorf("%s has no numbers", code)
		}
		delete(countries, code)
	}
	if len(countries) > 0 {
		t.Errorf("also %v", countries)
	}
}

// Every time zone of the list is one that Go knows.
func TestZones(t *testing.T) {
	h := newHouse(t)
	page := h.enter(h.maya).get("/settings").Body
	zones := regexp.MustCompile(`<option value="([A-Za-z_/-]+)"[^>]*>`).FindAllStringSubmatch(strings.Split(page, `id="country"`)[0], -1)
	if len(zones) < 400 {
		t.Fatalf("got %d zones", len(zones))
	}
	for _, z := range zones {
		if _, err := time.LoadLocation(z[1]); err != nil {
			t.Error(err)
		}
	}
}

// Both pages can be read by everybody, and say what does not hold.
func TestSafetyAndStored(t *testing.T) {
	h := newHouse(t)
	for name, b := range map[string]*browserClient{"nobody": h.browser(), "the person": h.enter(h.maya), "an adviser": h.enter(h.priya)} {
		b.shows(b.get("/safety"), 200, "A page that nobody uses for 5 minutes locks", "Source: suzylamplugh.org")
		a := b.get("/stored")
		b.shows(a, 200, "A backup, or a stolen disk with the data and without the key", "Somebody who controls the machine while the program runs can read everything.",
			"Somebody who can get into your accounts on a platform", "If your phone or computer is watched", "A court can order whoever holds the key")
		if in := strings.Contains(a.Body, `<nav class="side"`); in != (name != "nobody") {
			t.Errorf("%s: menu %v", name, in)
		}
	}
}
