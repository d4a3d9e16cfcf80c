package daybook_test

import (
	"testing"
	"time"

	"daybook"
)

// Where it is not known whether a message stands in a file, it may.
func TestMayHold_B6(t *testing.T) {
	made := time.Date(2026, 11, 18, 8, 0, 0, 0, time.UTC)
	file := daybook.DigestOf([]byte("file"))
	i := daybook.Import{Account: "a", File: file, Made: made, Parts: []daybook.ImportPart{{Bytes: 1}}}
	direct := daybook.Shown{Account: "a", Kind: daybook.KindDirectMessage, Direction: daybook.In, Sent: made.AddDate(0, -1, 0)}
	tests := []struct {
		name   string
		change func(i *daybook.Import, m *daybook.Shown)
		want   bool
	}{
		{"a direct message from before", func(*daybook.Import, *daybook.Shown) {}, true},
		{"only what was chosen is kept", func(i *daybook.Import, _ *daybook.Shown) { i.Parts = nil }, false},
		{"of another account", func(_ *daybook.Import, m *daybook.Shown) { m.Account = "b" }, false},
		{"of another account, read from it", func(_ *daybook.Import, m *daybook.Shown) { m.Account, m.File = "b", file }, true},
		{"read from another file", func(_ *daybook.Import, m *daybook.Shown) { m.File = daybook.Digest{1} }, true},
		{"sent a week after", func(_ *daybook.Import, m *daybook.Shown) { m.Sent = made.AddDate(0, 0, 7) }, false},
		{"sent a day after: clocks differ", func(_ *daybook.Import, m *daybook.Shown) { m.Sent = made.AddDate(0, 0, 1) }, true},
		{"sent a week after, and read from it all the same", func(_ *daybook.Import, m *daybook.Shown) { m.Sent, m.File = made.AddDate(0, 0, 7), file }, true},
		{"the file does not say when it was made", func(i *daybook.Import, m *daybook.Shown) { i.Made, m.Sent = time.Time{}, made.AddDate(0, 0, 7) }, true},
		{"no time of sending", func(_ *daybook.Import, m *daybook.Shown) { m.Sent = time.Time{} }, true},
		{"a mention by somebody else", func(_ *daybook.Import, m *daybook.Shown) { m.Kind = daybook.KindMention }, false},
		{"a mention that was read from a file", func(_ *daybook.Import, m *daybook.Shown) { m.Kind, m.File = daybook.KindMention, daybook.Digest{1} }, true},
		{"the person's own post", func(_ *daybook.Import, m *daybook.Shown) { m.Kind, m.Direction = daybook.KindMention, daybook.Out }, true},
		{"somebody joined a conversation", func(_ *daybook.Import, m *daybook.Shown) { m.Kind = daybook.KindSystem }, true},
		{"a kind that is not known", func(_ *daybook.Import, m *daybook.Shown) { m.Kind = "wave" }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, m := i, direct
			tt.change(&i, &m)
			if got := i.MayHold(m); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
