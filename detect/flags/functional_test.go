package flags_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"daybook/detect/flags"
)

// A tally is how a flag did on a set.
type tally struct{ should, found, harmless, wrong int }

// tallies counts what is found in a set of testdata.
func tallies(t *testing.T, file string) map[flags.Flag]*tally {
	t.Helper()
	var own flags.Own
	data, err := os.ReadFile("testdata/functional_own.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &own); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	finder := flags.New(own)
	of := map[flags.Flag]*tally{}
	for _, flag := range flags.All() {
		of[flag] = &tally{}
	}
	for line := range strings.Lines(string(data)) {
		var text struct {
			Flags []flags.Flag `json:"flags"`
			Text  string       `json:"text"`
		}
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			t.Fatal(err)
		}
		found := finder.Find(text.Text, "en")
		check(t, text.Text, found, own)
		for flag, c := range of {
			has := slices.ContainsFunc(found, func(f flags.Found) bool { return f.Flag == flag })
			switch {
			case slices.Contains(text.Flags, flag):
				c.should++
				if has {
					c.found++
				}
			case len(text.Flags) == 0:
				c.harmless++
				if has {
					c.wrong++
				}
			}
		}
	}
	return of
}

// The functional set was written apart from the rules, by another hand. Its table
// was looked at while rules were widened: these are floors below which they must
// not fall.
func TestFunctionalSet(t *testing.T) {
	of := tallies(t, "testdata/functional.jsonl")
	for flag, limit := range map[flags.Flag]struct{ found, wrong int }{
		flags.Threat: {800, 100}, flags.Presence: {600, 70}, flags.Surveillance: {500, 70}, flags.SelfHarm: {700, 60},
		flags.ThirdParties: {600, 80}, flags.Sexual: {700, 70}, flags.Impersonation: {650, 70}, flags.Doxxing: {850, 20},
	} {
		if c := of[flag]; thousandths(c.found, c.should) < limit.found || thousandths(c.wrong, c.harmless) > limit.wrong {
			t.Errorf("%s: found %d of %d, marked %d of %d harmless ones", flag, c.found, c.should, c.wrong, c.harmless)
		}
	}
}

// No rule was ever tried on the fresh set: what people are told of a flag is how
// it did there.
func TestMeasured(t *testing.T) {
	of := tallies(t, "testdata/fresh.jsonl")
	for _, flag := range flags.All() {
		c, want := of[flag], flags.Measured(flag)
		recall, wrong := thousandths(c.found, c.should), thousandths(c.wrong, c.harmless)
		if recall != want.Recall || wrong != want.False || c.should != want.Should || c.harmless != want.Harmless {
			t.Errorf("%s: recall %d of %d, false %d of %d; Measured says %+v", flag, recall, c.should, wrong, c.harmless, want)
		}
	}
}

func thousandths(n, of int) int { return int(math.Round(1000 * float64(n) / float64(of))) }
