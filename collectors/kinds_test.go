package collectors_test

import (
	"strings"
	"testing"

	"daybook"
)

// Of kinds that the person does not want kept, nothing is: not a byte.
func TestRunnerKinds_D5(t *testing.T) {
	b := newBench(t)
	b.connect(func(a *daybook.Account, _ *daybook.Consent) { a.Kinds = []daybook.Kind{daybook.KindDirectMessage} })
	b.birds.send("rook", "a private word").Type = "direct_message"
	b.birds.send("rook", "something new").Type = "wingbeat"
	rep := b.mustRead()
	if rep.NotChosen == 0 || rep.New != 2 {
		t.Errorf("left out %d, new %d; want some, and two: the direct message, and the one of a kind that nobody knows", rep.NotChosen, rep.New)
	}
	for _, r := range b.Records() {
		for _, f := range r.Fields {
			if strings.Contains(string(f.Value), "seen at the lake") {
				t.Fatalf("a record of kind %s holds what was not to be kept", r.Kind)
			}
		}
	}
}
