package xarchive_test

import (
	"bytes"
	"testing"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
	"daybook/collectors/upload/xarchive"
)

func TestContract(t *testing.T) {
	uploadtest.Run(t, suite(t))
}

func suite(t testing.TB) uploadtest.Suite {
	t.Helper()
	f := uploadtest.Fixture{
		File:  fixture(t, recorded),
		Owner: twitter.User("1480000101", "", ""),
		Others: map[daybook.Kind]int{
			daybook.KindDirectMessage: 1, daybook.KindReaction: 2, daybook.KindSystem: 4, daybook.KindMention: 1, daybook.KindLogin: 1,
		},
	}
	for _, m := range truth(t) {
		want := uploadtest.Truth{
			Key: twitter.MessageKey(m.NativeID), Sender: m.Sender, Direction: daybook.In,
			Thread: m.Conversation, Sent: m.Time, Text: m.Text, Attachment: m.Attachment,
		}
		if m.Sender == f.Owner.Native {
			want.Direction = daybook.Out
		}
		f.Truth = append(f.Truth, want)
	}
	return uploadtest.Suite{
		Format:   xarchive.Format(),
		Parse:    twitter.ParseArchive,
		Fixtures: []uploadtest.Fixture{f},
		Lead:     func(member []byte) int { return bytes.IndexByte(member, '=') + 1 },
		Large:    func(t testing.TB, n int) upload.File { return large(t, n) },
	}
}
