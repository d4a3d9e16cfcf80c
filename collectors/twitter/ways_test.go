package twitter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/collectors/twitter"
)

// The accounts of these tests: the person, and those who write to them.
const (
	mara  = "176094604296841106"
	ruben = "472890266221039285"
	tilda = "23891700742367428"
)

func maraAccount() daybook.Account {
	return daybook.Account{ID: "account", Case: "case", Platform: twitter.Platform, Handle: twitter.User(mara, "maralindqvist", "")}
}

// shown is one message as one way shows it.
type shown struct {
	way      string
	lane     daybook.Lane
	nativeID string
	raw      string
}

func (s shown) read(t *testing.T) daybook.ReadMessage {
	t.Helper()
	r, err := twitter.Parse(maraAccount(), daybook.Capture{
		Account: "account", Platform: twitter.Platform, Lane: s.lane, NativeID: s.nativeID, Raw: []byte(s.raw), Offset: -1,
	})
	if err != nil {
		t.Fatalf("%s: %v", s.way, err)
	}
	if len(r.Messages) != 1 || r.Parser != twitter.Version {
		t.Fatalf("%s: %d messages by %q, want one by %q", s.way, len(r.Messages), r.Parser, twitter.Version)
	}
	return r.Messages[0]
}

func activity(kind, payload, includes string) string {
	if includes != "" {
		includes = `,"includes":` + includes
	}
	return `{"data":{"event_type":"` + kind + `","event_uuid":"1146654567674912769","filter":{"user_id":"` + mara + `"},"payload":` + payload + includes + `}}`
}

// One message has the same key, kind, sender, thread, text and time whatever way it
// came.
func TestEveryWayReadsTheSame(t *testing.T) {
	const (
		dmID   = "2110358595357900850"
		postID = "2110389104620339252"
	)
	user := `{"id":"` + ruben + `","username":"ruben_kestrel74","name":"Ruben"}`
	oldUser := `{"id":472890266221039285,"id_str":"` + ruben + `","screen_name":"ruben_kestrel74","name":"Ruben"}`
	oldMessage := func(sender, recipient, text, more string) string {
		return `{"type":"message_create","id":"` + dmID + `","created_timestamp":"1791983672357","message_create":{"target":{"recipient_id":"` + recipient +
			`"},"sender_id":"` + sender + `","message_data":{"text":"` + text + `","entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[` +
			`{"url":"https://t.co/AbCdEf1234","expanded_url":"https://lake.example/door?a=1&b=2","display_url":"lake.example/door","indices":[0,23]}]}` + more + `}}}`
	}
	sent := time.Date(2026, 10, 14, 13, 14, 32, 357e6, time.UTC)
	const text = `a &lt;b&gt; &amp; c: https://t.co/AbCdEf1234`
	const plain = `a <b> & c: https://lake.example/door?a=1&b=2`
	message := daybook.ReadMessage{
		Key: twitter.MessageKey(dmID), Native: dmID, Kind: daybook.KindDirectMessage, Direction: daybook.In,
		Sender: twitter.User(ruben, "", ""), Sent: daybook.When{At: sent}, Text: plain, Thread: mara + "-" + ruben,
	}
	own := message
	own.Direction, own.Sender, own.To = daybook.Out, twitter.User(mara, "", ""), []daybook.Handle{twitter.User(ruben, "", "")}
	post := daybook.ReadMessage{
		Key: twitter.PostKey(postID), Native: postID, Kind: daybook.KindMention, Direction: daybook.In,
		Sender: twitter.User(ruben, "", ""), To: []daybook.Handle{twitter.User(tilda, "", "")}, Sent: daybook.When{At: twitter.Made(postID).Truncate(time.Second)},
		Text: "@maralindqvist @tildawren " + plain, Lang: "en", Thread: postID, URL: "https://x.com/i/status/" + postID,
	}
	v2Message := func(sender string) string {
		return `{"data":{"id":"` + dmID + `","event_type":"MessageCreate","text":"` + text + `","sender_id":"` + sender +
			`","dm_conversation_id":"` + mara + "-" + ruben + `","created_at":"2026-10-14T13:14:32.357Z","entities":{"urls":[` +
			`{"start":0,"end":23,"url":"https://t.co/AbCdEf1234","expanded_url":"https://lake.example/door?a=1&b=2","display_url":"lake.example/door"}]}},"includes":{"users":[` + user + `]}}`
	}
	archived := func(sender, recipient string) string {
		return `{"messageCreate":{"recipientId":"` + recipient + `","reactions":[],"urls":[{"url":"https://t.co/AbCdEf1234","expanded":"https://lake.example/door?a=1&b=2","display":"lake.example/door"}],` +
			`"text":"` + text + `","mediaUrls":[],"senderId":"` + sender + `","id":"` + dmID + `","createdAt":"2026-10-14T13:14:32.357Z"}}`
	}
	v2Post := `{"id":"` + postID + `","text":"@maralindqvist @tildawren ` + text + `","author_id":"` + ruben + `","created_at":"2026-10-14T15:15:46.000Z","lang":"en",` +
		`"edit_history_tweet_ids":["` + postID + `"],"conversation_id":"` + postID + `","entities":{"mentions":[{"id":"` + mara + `","username":"maralindqvist"},{"id":"` + tilda +
		`","username":"tildawren"}],"urls":[{"url":"https://t.co/AbCdEf1234","expanded_url":"https://lake.example/door?a=1&b=2"}]}}`
	oldPost := `{"created_at":"Wed Oct 14 15:15:46 +0000 2026","id":2110389104620339252,"id_str":"` + postID + `","full_text":"@maralindqvist @tildawren ` + text +
		`","truncated":false,"display_text_range":[0,70],"entities":{"hashtags":[],"symbols":[],"user_mentions":[{"screen_name":"maralindqvist","name":"Mara","id":176094604296841106,"id_str":"` + mara +
		`","indices":[0,14]},{"screen_name":"tildawren","name":"Tilda","id":23891700742367428,"id_str":"` + tilda + `","indices":[15,25]}],"urls":[{"url":"https://t.co/AbCdEf1234",` +
		`"expanded_url":"https://lake.example/door?a=1&b=2","display_url":"lake.example/door","indices":[0,23]}]},"lang":"en","user":` + oldUser + `}`
	legacy := func(events string) string {
		return `{"direct_message_events":[` + events + `],"users":{"` + ruben + `":{"id":"` + ruben + `","screen_name":"ruben_kestrel74","name":"Ruben"}}}`
	}
	for _, tc := range []struct {
		name string
		want daybook.ReadMessage
		ways []shown
	}{
		{"a message", message, []shown{
			{"v2", twitter.LaneMessages, dmID, v2Message(ruben)},
			{"v1.1", twitter.LaneMessages, dmID, oldMessage(ruben, mara, text, "")},
			{"activity", twitter.LaneActivity, "dm.received/1", activity("dm.received", legacy(oldMessage(ruben, mara, text, "")), "")},
			{"archive", twitter.LaneArchive, mara + "-" + ruben + "/" + dmID, archived(ruben, mara)},
		}},
		{"a message of the person's", own, []shown{
			{"v2", twitter.LaneMessages, dmID, v2Message(mara)},
			{"v1.1", twitter.LaneMessages, dmID, oldMessage(mara, ruben, text, "")},
			{"activity", twitter.LaneActivity, "dm.sent/1", activity("dm.sent", legacy(oldMessage(mara, ruben, text, "")), "")},
			{"archive", twitter.LaneArchive, mara + "-" + ruben + "/" + dmID, archived(mara, ruben)},
		}},
		{"a mention", post, []shown{
			{"v2", twitter.LaneMentions, postID, `{"data":` + v2Post + `,"includes":{"users":[` + user + `]}}`},
			{"v1.1", twitter.LaneMentions, postID, oldPost},
			{"activity", twitter.LaneActivity, "post.mention.create/1", activity("post.mention.create", v2Post, `{"users":[`+user+`]}`)},
			{"second look of v1.1", twitter.LanePosts, postID, oldPost},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, way := range tc.ways {
				got := way.read(t)
				if way.way != "archive" && tc.want.Direction == daybook.In && strings.TrimPrefix(got.Sender.Shown(), "@") != "ruben_kestrel74" && way.lane != twitter.LaneMessages {
					t.Errorf("%s: the sender is shown as %q", way.way, got.Sender.Shown())
				}
				if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(daybook.Handle{}, "Names"), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", way.way, diff)
				}
			}
		})
	}
}

// What stands in v1.1 and in the stream, and how it is read.
func TestOlderForms(t *testing.T) {
	post := func(more string) string {
		return `{"created_at":"Wed Oct 14 15:15:46 +0000 2026","id_str":"2110389104620339252","user":{"id_str":"` + ruben + `","screen_name":"r"},` + more + `}`
	}
	message := func(more string) string {
		return `{"type":"message_create","id":"2110358595357900850","created_timestamp":"1791983672357","message_create":{"target":{"recipient_id":"` + mara +
			`"},"sender_id":"` + ruben + `","message_data":{"text":"look https://t.co/pic"` + more + `}}}`
	}
	picture := `{"id":1,"id_str":"1010","media_url_https":"https://pbs.twimg.com/media/a.jpg","url":"https://t.co/pic","expanded_url":"https://x.com/r/status/1/photo/1","type":"photo"}`
	for _, tc := range []struct {
		name string
		lane daybook.Lane
		raw  string
		want func(*daybook.ReadMessage)
	}{
		{"text that was cut", twitter.LaneMentions, post(`"truncated":true,"text":"the whole thing is… https://t.co/abc"`), func(m *daybook.ReadMessage) {
			m.Text, m.Incomplete = "the whole thing is… https://t.co/abc", true
		}},
		{"whole text beside the one that was cut", twitter.LaneMentions, post(`"truncated":true,"text":"the wh…","extended_tweet":{"full_text":"the whole thing is here"}`), func(m *daybook.ReadMessage) {
			m.Text = "the whole thing is here"
		}},
		{"long post", twitter.LaneMentions, post(`"full_text":"` + strings.Repeat("a", 275) + `…"`), func(m *daybook.ReadMessage) {
			m.Text, m.Incomplete = strings.Repeat("a", 275)+"…", true
		}},
		{"answer", twitter.LaneMentions, post(`"full_text":"no","in_reply_to_status_id_str":"2110","in_reply_to_user_id_str":"` + mara + `"`), func(m *daybook.ReadMessage) {
			m.Kind, m.ReplyTo, m.Text, m.Thread = daybook.KindReply, "2110", "no", ""
		}},
		{"answer to somebody else", twitter.LaneMentions, post(`"full_text":"no","in_reply_to_status_id_str":"2110","in_reply_to_user_id":23891700742367428`), func(m *daybook.ReadMessage) {
			m.ReplyTo, m.Text, m.Thread, m.To = "2110", "no", "", []daybook.Handle{twitter.User(tilda, "", "")}
		}},
		{"quote", twitter.LaneMentions, post(`"full_text":"ha","quoted_status":{"id_str":"9","user":{"id_str":"` + mara + `"}}`), func(m *daybook.ReadMessage) {
			m.Kind, m.Text = daybook.KindQuote, "ha"
		}},
		{"time that cannot be read", twitter.LaneMentions, `{"created_at":"soon","id_str":"2110389104620339252","user":{"id_str":"` + ruben + `","screen_name":"r"},"full_text":"x"}`, func(m *daybook.ReadMessage) {
			m.Text, m.Sent.At = "x", twitter.Made("2110389104620339252")
		}},
		{"pictures", twitter.LaneMentions, post(`"full_text":"look https://t.co/pic","extended_entities":{"media":[` + picture + `]}`), func(m *daybook.ReadMessage) {
			m.Text = "look https://x.com/r/status/1/photo/1"
			m.Media = []daybook.Media{{Native: "1010", Type: "photo", URL: "https://pbs.twimg.com/media/a.jpg"}}
		}},
		{"film", twitter.LaneMentions, post(`"full_text":"f","extended_entities":{"media":[{"id_str":"7","type":"video","media_url_https":"https://pbs.twimg.com/t.jpg","video_info":{"variants":[` +
			`{"content_type":"application/x-mpegURL","url":"https://video.twimg.com/a.m3u8"},{"bitrate":100,"content_type":"video/mp4","url":"https://video.twimg.com/small.mp4"},` +
			`{"bitrate":900,"content_type":"video/mp4","url":"https://video.twimg.com/large.mp4"}]}}]}`), func(m *daybook.ReadMessage) {
			m.Text, m.Media = "f", []daybook.Media{{Native: "7", Type: "video", URL: "https://video.twimg.com/large.mp4"}}
		}},
		{"picture elsewhere", twitter.LaneMentions, post(`"full_text":"f","entities":{"media":[{"id_str":"7","type":"photo","media_url_https":"https://nest.example/pixel.gif"}]}`), func(m *daybook.ReadMessage) {
			m.Text, m.Media = "f", []daybook.Media{{Native: "7", Type: "photo", State: daybook.MediaRefused}}
		}},
		{"message with a picture", twitter.LaneMessages, message(`,"attachment":{"type":"media","media":{"id_str":"33","type":"photo","url":"https://t.co/pic","expanded_url":"https://twitter.com/messages/media/5",` +
			`"media_url_https":"https://ton.twitter.com/1.1/ton/data/dm/2110358595357900850/33/q1.jpg"}}`), func(m *daybook.ReadMessage) {
			m.Text = "look https://x.com/messages/media/5"
			m.Media = []daybook.Media{{Native: "33", Type: "photo", URL: "https://api.x.com/2/dm_conversations/media/2110358595357900850/33/q1.jpg"}}
		}},
		{"message whose time cannot be read", twitter.LaneMessages, strings.Replace(message(""), "1791983672357", "soon", 1), func(m *daybook.ReadMessage) {
			m.Text, m.Sent.At = "look https://t.co/pic", twitter.Made("2110358595357900850")
		}},
		{"answer that the stream alone calls one", twitter.LaneActivity, activity("post.reply.create", `{"id":"2110389104620339252","author_id":"`+ruben+`","text":"no","created_at":"2026-10-14T15:15:46.000Z"}`, ""), func(m *daybook.ReadMessage) {
			m.Kind, m.Text, m.Thread = daybook.KindReply, "no", ""
		}},
		{"quote that the stream alone calls one", twitter.LaneActivity, activity("post.quote.create",
			`{"id":"2110389104620339252","author_id":"`+ruben+`","text":"ha","referenced_tweets":[{"type":"quoted","id":"9"}],"created_at":"2026-10-14T15:15:46.000Z"}`, ""), func(m *daybook.ReadMessage) {
			m.Kind, m.Text, m.Thread, m.ReplyTo = daybook.KindQuote, "ha", "", "9"
		}},
		{"post of the stream without what its short addresses stand for", twitter.LaneActivity,
			activity("post.mention.create", `{"id":"2110389104620339252","author_id":"`+ruben+`","text":"look https://t.co/abc","created_at":"2026-10-14T15:15:46.000Z"}`, ""), func(m *daybook.ReadMessage) {
				m.Text, m.Thread, m.Incomplete = "look https://t.co/abc", "", true
			}},
		{"encrypted", twitter.LaneActivity, activity("chat.received", `{"id":"77","sender_id":"`+ruben+`","conversation_id":"c1","created_at":"2026-10-14T15:15:46Z","encoded_event":"Zm9v"}`, ""), func(m *daybook.ReadMessage) {
			*m = daybook.ReadMessage{Key: "x:chat/77", Kind: twitter.KindEncrypted, Direction: daybook.In, Sender: twitter.User(ruben, "", ""),
				Sent: daybook.When{At: time.Date(2026, 10, 14, 15, 15, 46, 0, time.UTC)}, Thread: "c1"}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := daybook.ReadMessage{
				Key: twitter.PostKey("2110389104620339252"), Native: "2110389104620339252", Kind: daybook.KindMention, Direction: daybook.In,
				Sender: twitter.User(ruben, "", ""), Sent: daybook.When{At: twitter.Made("2110389104620339252").Truncate(time.Second)}, Thread: "2110389104620339252",
				URL: "https://x.com/i/status/2110389104620339252",
			}
			if tc.lane == twitter.LaneMessages {
				want = daybook.ReadMessage{Key: twitter.MessageKey("2110358595357900850"), Native: "2110358595357900850", Kind: daybook.KindDirectMessage, Direction: daybook.In,
					Sender: twitter.User(ruben, "", ""), Sent: daybook.When{At: time.UnixMilli(1791983672357).UTC()}, Thread: mara + "-" + ruben}
			}
			tc.want(&want)
			got := shown{tc.name, tc.lane, "1", tc.raw}.read(t)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(daybook.Handle{}, "Names"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be read is an error or a reading without messages; go-twitter has no
// message for an event that it does not know, and no user for a post without one.
func TestOlderFormsUnknown_B11(t *testing.T) {
	for _, tc := range []struct {
		name string
		lane daybook.Lane
		raw  string
		ok   bool
	}{
		{"event of a new type", twitter.LaneMessages, `{"type":"message_edit","id":"5","created_timestamp":"1791983672357","message_edit":{"text":"x"}}`, true},
		{"message without data", twitter.LaneMessages, `{"type":"message_create","id":"5","message_create":{"sender_id":"7"}}`, true},
		{"message of null", twitter.LaneMessages, `{"type":"message_create","id":"5","message_create":null}`, true},
		{"message without a sender", twitter.LaneMessages, `{"type":"message_create","id":"5","message_create":{"message_data":{"text":"x"}}}`, false},
		{"post without a user", twitter.LaneMentions, `{"id_str":"5","full_text":"x"}`, false},
		{"post whose user has no number", twitter.LaneMentions, `{"id_str":"5","full_text":"x","user":{}}`, false},
		{"post of another form", twitter.LaneMentions, `{"id_str":"5","full_text":["x"],"user":{"id_str":"7"}}`, false},
		{"event of the stream of a new type", twitter.LaneActivity, activity("spaces.start", `{"id":"1"}`, ""), true},
		{"encrypted and without a sender", twitter.LaneActivity, activity("chat.received", `{"encoded_event":"Zm9v"}`, ""), true},
		{"event of another account", twitter.LaneActivity, strings.Replace(activity("dm.received", `{"direct_message_events":[]}`, ""), mara, tilda, 1), false},
		{"event without a type", twitter.LaneActivity, `{"data":{"filter":{"user_id":"` + mara + `"}}}`, false},
		{"message of another form in the stream", twitter.LaneActivity, activity("dm.received", `[]`, ""), false},
		{"message without a number in the stream", twitter.LaneActivity, activity("dm.received", `{"text":"x"}`, ""), false},
		{"post of another form in the stream", twitter.LaneActivity, activity("post.mention.create", `"x"`, ""), false},
		{"no payload", twitter.LaneActivity, `{"data":{"event_type":"dm.received","filter":{"user_id":"` + mara + `"}}}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := daybook.Capture{Lane: tc.lane, NativeID: "5", Raw: []byte(tc.raw)}
			r, err := twitter.Parse(maraAccount(), c)
			if (err == nil) != tc.ok || len(r.Messages) != 0 {
				t.Errorf("%d messages, %v", len(r.Messages), err)
			}
			if err != nil && strings.Contains(err.Error(), "\"x\"") {
				t.Errorf("the error shows what stood there: %v", err)
			}
			twitter.Profiles(maraAccount(), c)
		})
	}
}

func TestOlderProfiles(t *testing.T) {
	raw := `{"id_str":"5","full_text":"x","user":{"id_str":"` + ruben + `","screen_name":"ruben_kestrel74","name":"Ruben","description":"birds &amp; https://t.co/one","location":"by the lake",` +
		`"url":"https://t.co/two","created_at":"Sun Jun 01 00:00:00 +0000 2014","profile_image_url_https":"https://pbs.twimg.com/profile_images/1/a.jpg",` +
		`"entities":{"url":{"urls":[{"url":"https://t.co/two","expanded_url":"https://ruben.example"}]},"description":{"urls":[{"url":"https://t.co/one","expanded_url":"https://birds.example"}]}}}}`
	want := []daybook.Profile{{
		Handle: twitter.User(ruben, "", ""), Account: "ruben_kestrel74", Display: "Ruben", Note: "birds & https://birds.example",
		Links: []string{"https://ruben.example", "https://birds.example"}, Fields: []string{"location: by the lake"},
		Created: time.Date(2014, 6, 1, 0, 0, 0, 0, time.UTC), AvatarAt: "https://pbs.twimg.com/profile_images/1/a.jpg",
	}}
	if diff := cmp.Diff(want, twitter.Profiles(maraAccount(), daybook.Capture{Lane: twitter.LaneMentions, Raw: []byte(raw)})); diff != "" {
		t.Errorf("v1.1 (-want +got):\n%s", diff)
	}
	line := activity("post.mention.create", `{"id":"5","author_id":"`+ruben+`"}`, `{"users":[{"id":"`+ruben+`","username":"ruben_kestrel74","name":"Ruben"},{"id":"`+mara+`"}]}`)
	want = []daybook.Profile{{Handle: twitter.User(ruben, "", ""), Account: "ruben_kestrel74", Display: "Ruben"}}
	if diff := cmp.Diff(want, twitter.Profiles(maraAccount(), daybook.Capture{Lane: twitter.LaneActivity, Raw: []byte(line)})); diff != "" {
		t.Errorf("the stream (-want +got):\n%s", diff)
	}
}

func FuzzOlderForms(f *testing.F) {
	for _, raw := range []string{
		`{"type":"message_create","id":"5","created_timestamp":"1","message_create":{"target":{"recipient_id":"1"},"sender_id":"2","message_data":{"text":"x","attachment":{"media":{"id":1}}}}}`,
		`{"id_str":"5","full_text":"x","user":{"id_str":"7"},"entities":{"urls":[{"url":"https://t.co/a","expanded_url":"b"}],"media":[{}]}}`,
		activity("dm.received", `{"direct_message_events":[{"type":"message_create"}],"users":{"1":null}}`, ""),
		activity("post.mention.create", `{"id":"5","author_id":"7","text":"x"}`, `{"users":[{}]}`),
		activity("chat.received", `{"id":"5","sender_id":"7"}`, ""),
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, lane := range []daybook.Lane{twitter.LaneMessages, twitter.LaneMentions, twitter.LaneActivity, twitter.LanePosts} {
			c := daybook.Capture{Account: "account", Platform: twitter.Platform, Lane: lane, NativeID: "1", Raw: raw}
			r, err := twitter.Parse(maraAccount(), c)
			again, err2 := twitter.Parse(maraAccount(), c)
			if diff := cmp.Diff(r, again); diff != "" || (err == nil) != (err2 == nil) {
				t.Errorf("two readings differ:\n%s", diff)
			}
			twitter.Profiles(maraAccount(), c)
			daybook.Item{Capture: c, Reading: &r}.Record()
		}
		if e, err := twitter.ReadActivity(raw); err == nil && (e.User == "" || string(e.Capture.Raw) != string(raw)) {
			t.Errorf("event %+v", e)
		}
	})
}
