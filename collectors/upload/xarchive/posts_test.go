package xarchive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/twitter"
)

func posts(elements ...string) made {
	return made{types: map[string][]string{"tweets": {"[" + strings.Join(elements, ",") + "]"}}}
}

func post(id, text string, more ...string) string {
	members := append([]string{fmt.Sprintf(`"id_str":%q,"full_text":%q,"created_at":"Tue Oct 06 18:00:00 +0000 2026","lang":"en"`, id, text)}, more...)
	return `{"tweet":{` + strings.Join(members, ",") + `}}`
}

const (
	namesRuben   = `"entities":{"user_mentions":[{"name":"Ruben","screen_name":"ruben_kestrel74","id_str":"` + ruben + `"}]}`
	answersRuben = `"in_reply_to_user_id_str":"` + ruben + `","in_reply_to_screen_name":"ruben_kestrel74","in_reply_to_status_id_str":"400"`
	answersMe    = `"in_reply_to_user_id_str":"` + me + `","in_reply_to_status_id_str":"400"`
)

// long is as long as X lets a text be that it cuts off.
var long = strings.TrimSpace(strings.Repeat("on and on ", 27))

func TestPosts(t *testing.T) {
	at := time.Date(2026, 10, 6, 18, 0, 0, 0, time.UTC)
	known := []daybook.Handle{twitter.User(ruben, "ruben_kestrel74", "Ruben")}
	base := func(kind daybook.Kind, text string, change func(*daybook.ReadMessage)) []daybook.ReadMessage {
		m := daybook.ReadMessage{
			Key: "x:post/500", Native: "500", Kind: kind, Direction: daybook.Out, Sender: twitter.User(me, "", ""), To: known,
			Sent: daybook.When{At: at}, Text: text, Lang: "en", URL: "https://x.com/i/status/500",
		}
		if change != nil {
			change(&m)
		}
		return []daybook.ReadMessage{m}
	}
	const first, second = "1800000000000000000", "1800000010000000000"
	for _, tt := range []struct {
		name, element string
		want          []daybook.ReadMessage
		left          string // what is counted instead
	}{
		{"names somebody", post("500", "@ruben_kestrel74 stop", namesRuben), base(daybook.KindMention, "@ruben_kestrel74 stop", nil), ""},
		{"answers somebody", post("500", "stop", answersRuben), base(daybook.KindReply, "stop", func(m *daybook.ReadMessage) {
			m.ReplyTo, m.To = "400", []daybook.Handle{twitter.User(ruben, "ruben_kestrel74", "")}
		}), ""},
		{"answers one's own and names somebody", post("500", "stop", answersMe, namesRuben), base(daybook.KindMention, "stop", func(m *daybook.ReadMessage) { m.ReplyTo = "400" }), ""},
		{"edited", post(second, "stop", namesRuben, `"edit_info":{"edit":{"initialTweetId":"`+first+`"}}`), base(daybook.KindMention, "stop", func(m *daybook.ReadMessage) {
			m.Key, m.Native, m.URL, m.Edited, m.Sent = "x:post/"+first, second, "https://x.com/i/status/"+second, at, daybook.When{At: twitter.Made(first).Truncate(time.Second)}
		}), ""},
		{"not edited", post(first, "stop", namesRuben, `"edit_info":{"initial":{"editTweetIds":["`+first+`"]}}`), base(daybook.KindMention, "stop", func(m *daybook.ReadMessage) {
			m.Key, m.Native, m.URL = "x:post/"+first, first, "https://x.com/i/status/"+first
		}), ""},
		{"cut off", post("500", long+"… https://t.co/abc", namesRuben), base(daybook.KindMention, long+"… https://t.co/abc", func(m *daybook.ReadMessage) { m.Incomplete = true }), ""},
		{"ends so without being cut", post("500", "well…", namesRuben), base(daybook.KindMention, "well…", nil), ""},
		{"no language", post("500", "stop", namesRuben, `"possibly_sensitive":false`), base(daybook.KindMention, "stop", nil), ""},
		{"names nobody", post("500", "good morning", `"entities":{}`), nil, "posts of the person's own that name nobody"},
		{"answers one's own", post("500", "and more", answersMe), nil, "posts of the person's own that name nobody"},
		{"passes another's on", post("500", "RT @ruben_kestrel74: look", namesRuben), nil, "posts of others that the person passed on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sum, items := open(t, posts(tt.element).file(t))
			var got []daybook.ReadMessage
			for _, it := range items {
				if it.Thread != "posts" {
					t.Errorf("it is in %q", it.Thread)
				}
				got = append(got, it.Item.Reading.Messages...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if taken := sum.Report.NotTaken; tt.left != "" && (len(taken) != 1 || taken[0].What != tt.left || taken[0].Count != 1) || tt.left == "" && len(taken) != 0 {
				t.Errorf("not taken: %+v, want %q", taken, tt.left)
			}
			if len(sum.Report.NotRead) != 0 {
				t.Errorf("not read: %+v", sum.Report.NotRead)
			}
		})
	}
}

func TestPostMedia(t *testing.T) {
	a := posts(post("500", "@ruben_kestrel74 look https://t.co/pic", namesRuben,
		`"extended_entities":{"media":[{"id_str":"77777","url":"https://t.co/pic","expanded_url":"https://x.example/photo/1","media_url_https":"https://pbs.twimg.com/media/EgX.jpg","type":"photo"}]}`))
	a.others = map[string]string{"data/tweets_media/500-EgX.jpg": "bytes"}
	_, items := open(t, a.file(t))
	if len(items) != 1 || len(items[0].Media) != 1 {
		t.Fatalf("%d items, want one with one attachment", len(items))
	}
	if got := items[0].Media[0]; got.Member != "data/tweets_media/500-EgX.jpg" || got.Media.Native != "77777" || got.Media.Type != "photo" || got.Media.URL != "" {
		t.Errorf("attachment %+v", got)
	}
	if got := texts(items); !slices.Equal(got, []string{"@ruben_kestrel74 look https://x.example/photo/1"}) {
		t.Errorf("got %q", got)
	}
}

func note(at, text string) string {
	return fmt.Sprintf(`{"noteTweet":{"noteTweetId":"9","createdAt":%q,"core":{"text":%q,"urls":[],"mentions":[]}}}`, at, text)
}

// TestLongPosts holds that a text that was cut off is found whole, under the
// post's own key.
func TestLongPosts(t *testing.T) {
	const second = "2026-10-06T18:00:00.000Z"
	for _, tt := range []struct {
		name, note string
		post       string
		want       string // "" if it belongs to no post that is taken
		left       string
	}{
		{"found", note(second, long+" and on"), post("500", "@ruben_kestrel74 "+long+"… https://t.co/abc", answersRuben), long + " and on", ""},
		{"another second", note("2026-10-06T18:00:01.000Z", long+" and on"), post("500", long+"…", answersRuben), "", "long texts whose post is not known"},
		{"another beginning", note(second, "something else altogether"), post("500", long+"…", answersRuben), "", "long texts whose post is not known"},
		{"names nobody", note(second, long+" and on"), post("500", long+"…"), "", "long texts of posts that name nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := posts(tt.post)
			a.types["noteTweet"] = []string{"[" + tt.note + "]"}
			sum, items := open(t, a.file(t))
			var got []daybook.ReadMessage
			for _, it := range items {
				if strings.HasPrefix(string(it.Item.Capture.Raw), `{"noteTweet"`) {
					got = append(got, it.Item.Reading.Messages...)
				}
			}
			left := ""
			for _, n := range sum.Report.NotTaken {
				if n.Member == "data/note-tweet.js" {
					left = n.What
				}
			}
			if left != tt.left || len(got) != bit(tt.want != "") {
				t.Fatalf("%d messages, left out %q, want %q", len(got), left, tt.left)
			}
			if tt.want != "" && (got[0].Text != tt.want || got[0].Key != "x:post/500" || got[0].Kind != daybook.KindReply || got[0].Incomplete) {
				t.Errorf("got %+v", got[0])
			}
		})
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
