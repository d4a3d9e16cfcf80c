package twitter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/twitter"
)

func archived(nativeID, raw string) daybook.Capture {
	return daybook.Capture{Platform: twitter.Platform, Lane: twitter.LaneArchive, NativeID: nativeID, Raw: []byte(raw), Offset: -1, Origin: daybook.Imported}
}

func TestParseArchive(t *testing.T) {
	const (
		at   = `"createdAt":"2026-10-03T10:00:00.123Z"`
		talk = mara + "-" + ruben
	)
	sent := daybook.When{At: time.Date(2026, 10, 3, 10, 0, 0, 123e6, time.UTC)}
	for _, tt := range []struct {
		name, native, raw string
		want              []daybook.ReadMessage
	}{
		{"a message that came", talk + "/5", `{"messageCreate":{"id":"5","senderId":"` + ruben + `","recipientId":"` + mara + `","text":"hello",` + at + `}}`, []daybook.ReadMessage{{
			Key: "x:dm/5", Native: "5", Kind: daybook.KindDirectMessage, Direction: daybook.In, Sender: twitter.User(ruben, "", ""), Sent: sent, Text: "hello", Thread: talk,
		}}},
		{"a message that went", talk + "/5", `{"messageCreate":{"id":"5","senderId":"` + mara + `","recipientId":"` + ruben + `","text":"hello",` + at + `}}`, []daybook.ReadMessage{{
			Key: "x:dm/5", Native: "5", Kind: daybook.KindDirectMessage, Direction: daybook.Out, Sender: twitter.User(mara, "", ""),
			To: []daybook.Handle{twitter.User(ruben, "", "")}, Sent: sent, Text: "hello", Thread: talk,
		}}},
		{"a short address of which nothing is said", talk + "/5", `{"messageCreate":{"id":"5","senderId":"` + ruben + `","text":"https://t.co/a https://t.co/b",` + at + `,"urls":[{"url":"https://t.co/a","expanded":"https://a.example"}]}}`, []daybook.ReadMessage{{
			Key: "x:dm/5", Native: "5", Kind: daybook.KindDirectMessage, Direction: daybook.In, Sender: twitter.User(ruben, "", ""), Sent: sent,
			Text: "https://a.example https://t.co/b", Thread: talk, Incomplete: true,
		}}},
		{"a log-in", "logins/2026-10-03T10:00:00.123Z/203.0.113.77", `{"ipAudit":{"accountId":"` + mara + `","loginIp":"203.0.113.77",` + at + `}}`, []daybook.ReadMessage{{
			Key: "x:login/203.0.113.77/20261003T100000.123Z", Kind: daybook.KindLogin, Direction: daybook.Out, Sender: twitter.User(mara, "", ""), Sent: sent, Text: "203.0.113.77", Thread: "logins",
		}}},
		{"the person was added", "9/participantsJoin/a/b", `{"participantsJoin":{"initiatingUserId":"` + ruben + `","userIds":["` + mara + `","` + tilda + `"],` + at + `}}`, []daybook.ReadMessage{{
			Key:  daybook.MessageKey("x:dm/9/" + twitter.EventID("participantsJoin", []byte(`{"initiatingUserId":"`+ruben+`","userIds":["`+mara+`","`+tilda+`"],`+at+`}`))),
			Kind: daybook.KindSystem, Direction: daybook.In, Sender: twitter.User(ruben, "", ""), To: []daybook.Handle{twitter.User(tilda, "", "")}, Sent: sent, Text: "added to the conversation", Thread: "9",
		}}},
		{"a block is no message", "blocked/" + ruben, `{"blocking":{"accountId":"` + ruben + `"}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := twitter.ParseArchive(maraAccount(), archived(tt.native, tt.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(daybook.Reading{Parser: twitter.Version, Messages: tt.want}, got); diff != "" {
				t.Errorf("reading (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseArchiveRefuses(t *testing.T) {
	const good = `{"messageCreate":{"id":"5","senderId":"1","text":"hello","createdAt":"2026-10-03T10:00:00Z"}}`
	for _, tt := range []struct{ name, native, raw string }{
		{"nothing", "1-2/5", ""},
		{"no JSON", "1-2/5", "hello"},
		{"cut", "1-2/5", good[:40]},
		{"no object", "1-2/5", `["messageCreate"]`},
		{"two members", "1-2/5", good[:len(good)-1] + `,"tweet":{}}`},
		{"one member twice", "1-2/5", `{"messageCreate":{"id":"5","id":"5","senderId":"1","createdAt":"2026-10-03T10:00:00Z"}}`},
		{"another kind", "1-2/5", `{"somethingElse":{}}`},
		{"no place", "", good},
		{"a place without an end", "1-2/", good},
		{"another number than its place", "1-2/6", good},
		{"no sender", "1-2/5", strings.Replace(good, `"senderId":"1",`, "", 1)},
		{"no time", "1-2/5", strings.Replace(good, "2026", "x", 1)},
		{"a time beyond the calendar", "1-2/5", strings.Replace(good, "2026", "12026", 1)},
		{"a text that is none", "1-2/5", strings.Replace(good, `"hello"`, "{}", 1)},
		{"a message among the posts", "posts/5/mention", good},
		{"a post in a conversation", "1-2/5", `{"tweet":{"id_str":"5","full_text":"a","created_at":"Tue Oct 06 18:00:00 +0000 2026"}}`},
		{"a long text of no post", "posts/5/other", `{"noteTweet":{"createdAt":"2026-10-03T10:00:00Z","core":{"text":"a"}}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := twitter.ParseArchive(maraAccount(), archived(tt.native, tt.raw))
			if err == nil {
				t.Fatalf("got %+v, want an error", got)
			}
			if strings.Contains(err.Error(), "hello") || strings.Contains(err.Error(), "somethingElse") {
				t.Errorf("the error holds content: %v", err)
			}
		})
	}
}

func TestArchiveMedia(t *testing.T) {
	for _, tt := range []struct{ name, address, id, file string }{
		{"picture", "https://ton.twitter.com/dm/2097676157246767110/2097676157246767111/q1.jpg", "2097676157246767111", "q1.jpg"},
		{"film", "https://video.twimg.com/dm_video/2097676157246767111/vid/720x1280/a.mp4?tag=1", "2097676157246767111", "a.mp4"},
		{"moving picture", "https://video.twimg.com/dm_gif/2097676157246767111/a.mp4", "2097676157246767111", "a.mp4"},
		{"no number", "https://pbs.twimg.com/media/EgX.jpg", "EgX.jpg", "EgX.jpg"},
		{"no path", "https://pbs.twimg.com", "", ""},
		{"no address", "http://[::1", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if id, file := twitter.ArchiveMedia(tt.address); id != tt.id || file != tt.file {
				t.Errorf("got %q and %q, want %q and %q", id, file, tt.id, tt.file)
			}
		})
	}
}

// FuzzParseArchive holds that elements are read or refused, and that what is read
// can be kept.
func FuzzParseArchive(f *testing.F) {
	f.Add("1-2/5", `{"messageCreate":{"id":"5","senderId":"1","text":"hello","createdAt":"2026-10-03T10:00:00Z","mediaUrls":["https://ton.twitter.com/dm/5/66666/a.jpg"]}}`)
	f.Add("1-2/5/reaction/6", `{"senderId":"1","reactionKey":"sad","createdAt":"2026-10-03T10:00:00Z"}`)
	f.Add("9/participantsLeave/a/b", `{"participantsLeave":{"userIds":["1"],"createdAt":"2026-10-03T10:00:00Z"}}`)
	f.Add("posts/5", `{"tweet":{"id_str":"5","full_text":"@a b","created_at":"Tue Oct 06 18:00:00 +0000 2026","entities":{"user_mentions":[{"id_str":"7"}]},"edit_info":{"edit":{"initialTweetId":"1800000000000000000"}}}}`)
	f.Add("posts/5/reply", `{"noteTweet":{"createdAt":"2026-10-03T10:00:00Z","core":{"text":"a"}}}`)
	f.Add("logins/a/b", `{"ipAudit":{"createdAt":"2026-10-03T10:00:00Z","loginIp":"203.0.113.77"}}`)
	f.Fuzz(func(t *testing.T, native, raw string) {
		c := archived(native, raw)
		r, err := twitter.ParseArchive(maraAccount(), c)
		if err != nil {
			return
		}
		for _, m := range r.Messages {
			if m.Key == "" || m.Kind == "" || m.Direction == "" || m.Sent.At.IsZero() {
				t.Fatalf("half a message: %+v", m)
			}
			for _, a := range m.Media {
				if a.URL != "" {
					t.Fatalf("an attachment could be asked for at %q", a.URL)
				}
			}
		}
		it := daybook.Item{Capture: c, Reading: &r}
		back, err := daybook.ParseItem(it.Record())
		if err != nil || back.CaptureKey() != it.CaptureKey() {
			t.Fatalf("from the log it is another: %v", err)
		}
	})
}

// What X puts in the place of a picture is the same in an old archive as by its
// interface today; addresses that somebody wrote stay as they are.
func TestAttachmentInAText(t *testing.T) {
	tests := []struct{ name, long, want string }{
		{"picture of a message, before", "https://twitter.com/messages/media/5", "https://x.com/messages/media/5"},
		{"picture of a message", "https://x.com/messages/media/5", "https://x.com/messages/media/5"},
		{"picture of a post, before", "https://twitter.com/r_1/status/12/photo/1", "https://x.com/r_1/status/12/photo/1"},
		{"video of a post, before", "https://twitter.com/r_1/status/12/video/1", "https://x.com/r_1/status/12/video/1"},
		{"a post", "https://twitter.com/r_1/status/12", "https://twitter.com/r_1/status/12"},
		{"another host", "https://twitter.com.example/messages/media/5", "https://twitter.com.example/messages/media/5"},
		{"with more", "https://twitter.com/messages/media/5?a=1", "https://twitter.com/messages/media/5?a=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := twitter.Text("look https://t.co/pic", []twitter.Link{{Short: "https://t.co/pic", Long: tt.long}}); got != "look "+tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
