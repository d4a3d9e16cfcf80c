package daybook_test

import (
	"testing"

	"daybook"
)

// A handle is shown as its platform shows it, and a number as one.
func TestShown(t *testing.T) {
	named := func(account, display string) []daybook.SeenName {
		return []daybook.SeenName{{Account: account, Display: display}}
	}
	tests := []struct {
		name string
		h    daybook.Handle
		want string
	}{
		{"Mastodon", daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/reed", Names: named("reed@birds.example", "Reed")}, "reed@birds.example"},
		{"X", daybook.Handle{Platform: "x", Native: "2220000101", Names: named("reed", "Reed")}, "@reed"},
		{"X, with its at", daybook.Handle{Platform: "x", Native: "2220000101", Names: named("@reed", "")}, "@reed"},
		{"X, a display name alone", daybook.Handle{Platform: "x", Native: "2220000101", Names: named("", "Reed")}, "Reed"},
		{"X, in an archive", daybook.Handle{Platform: "x", Native: "2220000101"}, "number 2220000101"},
		{"no name", daybook.Handle{Platform: "mastodon", Native: "reed@birds.example"}, "reed@birds.example"},
		{"nobody", daybook.Handle{Platform: "x"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.h.Shown(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
