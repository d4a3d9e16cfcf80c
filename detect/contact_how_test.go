package detect_test

import (
	"strings"
	"testing"

	"daybook/detect"
)

func TestHowCounted_EveryFigure(t *testing.T) {
	for _, f := range append(fullStory(t).find(t), busyStory(t).find(t)...) {
		for key := range f.Figures {
			if how := detect.HowCounted(key); !strings.HasSuffix(how, ".") {
				t.Errorf("%s: %q is no sentence", key, how)
			}
		}
	}
	for _, key := range []string{"", "kind", "kind.", "other", "other.x", "."} {
		if how := detect.HowCounted(key); how != "" {
			t.Errorf("%q: got %q, want nothing", key, how)
		}
	}
}
