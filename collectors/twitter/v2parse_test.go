package twitter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/twitter"
)

// Numbers of the story's people.
const (
	maraID  = "176094604296841106"
	rubenID = "472890266221039285"
	tildaID = "23891700742367428"
)

func maraOnX() daybook.Account {
	return daybook.Account{ID: "account", Case: "case", Platform: twitter.Platform, State: daybook.Active,
		Handle: twitter.User(maraID, "maralindqvist", "Mara Lindqvist")}
}

const rubenJSON = `{"id":"472890266221039285","name":"Ruben","username":"ruben_kestrel74"}`

// postJSON is the envelope of a post of Ruben's.
func postJSON(more, includes string) string {
	return `{"data":{"id":"2105944840213626882","author_id":"472890266221039285","created_at":"2026-10-02T08:55:51.127Z",` +
		`"conversation_id":"2105932104326971392","lang":"en","text":"@maralindqvist nice"` + more + `},"includes":{"users":[` + rubenJSON + `]` + includes + `}}`
}

func eventJSON(more string) string {
	return `{"data":{"id":"2106035761299062788","event_type":"MessageCreate","created_at":"2026-10-02T14:57:08.403Z",` +
		`"dm_conversation_id":"176094604296841106-472890266221039285","sender_id":"472890266221039285","text":"hello Mara"` + more + `},"includes":{"users":[` + rubenJSON + `]}}`
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestParse(t *testing.T) {
	ruben := twitter.User(rubenID, "ruben_kestrel74", "Ruben")
	mention := func(change func(*daybook.ReadMessage)) daybook.ReadMessage {
		m := daybook.ReadMessage{
			Key: "x:post/2105944840213626882", Native: "2105944840213626882", Kind: daybook.KindMention, Direction: daybook.In, Sender: ruben,
			Sent: daybook.When{At: at("2026-10-02T08:55:51.127Z")}, Text: "@maralindqvist nice", Lang: "en", Thread: "2105932104326971392",
			URL: "https://x.com/i/status/2105944840213626882",
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	message := func(change func(*daybook.ReadMessage)) daybook.ReadMessage {
		m := daybook.ReadMessage{
			Key: "x:dm/2106035761299062788", Native: "2106035761299062788", Kind: daybook.KindDirectMessage, Direction: daybook.In, Sender: ruben,
			Sent: daybook.When{At: at("2026-10-02T14:57:08.403Z")}, Text: "hello Mara", Thread: "176094604296841106-472890266221039285",
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	system := func(text string, change func(*daybook.ReadMessage)) daybook.ReadMessage {
		return message(func(m *daybook.ReadMessage) {
			m.Kind, m.Native, m.Text = daybook.KindSystem, "", text
			change(m)
		})
	}
	ownPost := `{"id":"2105932104326971392","author_id":"176094604296841106","created_at":"2026-10-02T08:05:14.655Z","text":"Kiln opens at four today"}`
	own := daybook.ReadMessage{
		Key: "x:post/2105932104326971392", Native: "2105932104326971392", Kind: daybook.KindPost, Direction: daybook.Out, Sender: twitter.User(maraID, "", ""),
		Sent: daybook.When{At: at("2026-10-02T08:05:14.655Z")}, Text: "Kiln opens at four today", URL: "https://x.com/i/status/2105932104326971392",
	}
	long := strings.Repeat("the lake, the train, ", 20)
	tests := []struct {
		name string
		lane daybook.Lane
		raw  string
		want []daybook.ReadMessage
	}{
		{"mention", "mentions", postJSON("", ""), []daybook.ReadMessage{mention(nil)}},
		{"reply, with the post that it answers", "mentions", postJSON(
			`,"in_reply_to_user_id":"176094604296841106","referenced_tweets":[{"type":"replied_to","id":"2105932104326971392"}]`, `,"tweets":[`+ownPost+`]`),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Kind, m.ReplyTo = daybook.KindReply, "2105932104326971392" }), own}},
		{"the same in newer words", "mentions", postJSON(
			`,"in_reply_to_user_id":"176094604296841106","referenced_posts":[{"type":"replied_to","id":"2105932104326971392"}]`, `,"posts":[`+ownPost+`]`),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Kind, m.ReplyTo = daybook.KindReply, "2105932104326971392" }), own}},
		{"quote of the person's post", "mentions", postJSON(`,"referenced_tweets":[{"type":"quoted","id":"2105932104326971392"}]`, `,"tweets":[`+ownPost+`]`),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Kind, m.ReplyTo = daybook.KindQuote, "2105932104326971392" }), own}},
		{"quote of another's post", "mentions", postJSON(`,"referenced_tweets":[{"type":"quoted","id":"2105932104326971399"}]`, ""),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.ReplyTo = "2105932104326971399" })}},
		{"in the lane of quotes", "quotes", postJSON(`,"referenced_tweets":[{"type":"quoted","id":"2105932104326971399"}]`, ""),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Kind, m.ReplyTo = daybook.KindQuote, "2105932104326971399" })}},
		{"others named", "mentions", postJSON(`,"entities":{"mentions":[{"start":0,"end":14,"username":"maralindqvist","id":"176094604296841106"},`+
			`{"start":15,"end":25,"username":"tildawren","id":"23891700742367428"}]}`, ""),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.To = []daybook.Handle{twitter.User(tildaID, "tildawren", "")} })}},
		{"HTML and short addresses", "mentions", strings.Replace(postJSON(`,"entities":{"urls":[{"start":1,"end":24,"url":"https://t.co/abc","expanded_url":"https://clips.example/r?a=1&b=2"}]}`, ""),
			"@maralindqvist nice", "a &lt;b&gt; &amp;amp; https://t.co/abc", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Text = "a <b> &amp; https://clips.example/r?a=1&b=2" })}},
		{"long post", "mentions", strings.Replace(postJSON(`,"note_tweet":{"text":"`+long+`"}`, ""), "@maralindqvist nice", long[:275]+"…", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Text = long })}},
		{"long post in newer words", "mentions", strings.Replace(postJSON(`,"note_post":{"text":"`+long+`","entities":{"urls":null}}`, ""), "@maralindqvist nice", long[:275]+"…", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Text = long })}},
		{"cut, and the whole is not there", "mentions", strings.Replace(postJSON("", ""), "@maralindqvist nice", long[:275]+"… https://t.co/abc", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Text, m.Incomplete = long[:275]+"… https://t.co/abc", true })}},
		{"short, and ends like a cut one", "mentions", strings.Replace(postJSON("", ""), "@maralindqvist nice", "well…", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) { m.Text = "well…" })}},
		{"later version", "mentions", postJSON(`,"edit_history_tweet_ids":["2105937267531972609","2105944840213626882"]`, ""),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) {
				m.Key, m.Edited, m.Sent.At = "x:post/2105937267531972609", m.Sent.At, at("2026-10-02T08:25:45.659Z")
			})}},
		{"later version in newer words, times in seconds", "posts", strings.Replace(postJSON(`,"edit_history_post_ids":["2105937267531972609","2105944840213626882"]`, ""), "51.127Z", "51.000Z", 1),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) {
				m.Key, m.Edited, m.Sent.At = "x:post/2105937267531972609", at("2026-10-02T08:55:51Z"), at("2026-10-02T08:25:45Z")
			})}},
		{"first version of two", "posts", postJSON(`,"edit_history_tweet_ids":["2105944840213626882","2105944840213626899"]`, ""), []daybook.ReadMessage{mention(nil)}},
		{"attachments", "mentions", postJSON(`,"attachments":{"media_keys":["3_11","7_12","3_13","3_14"]}`,
			`,"media":[{"media_key":"3_11","type":"photo","url":"https://pbs.twimg.com/media/a.jpg","alt_text":"two bowls"},`+
				`{"media_key":"7_12","type":"video","duration_ms":10000,"preview_image_url":"https://pbs.twimg.com/p.jpg","variants":[`+
				`{"content_type":"application/x-mpegURL","url":"https://video.twimg.com/x.m3u8"},`+
				`{"bit_rate":256000,"content_type":"video/mp4","url":"https://video.twimg.com/small.mp4"},`+
				`{"bit_rate":2176000,"content_type":"video/mp4","url":"https://video.twimg.com/best.mp4"},`+
				`{"bit_rate":99000000,"content_type":"video/mp4","url":"https://video.twimg.com/toolarge.mp4"}]},`+
				`{"media_key":"3_13","type":"photo","url":"https://clips.example/a.jpg"}]`),
			[]daybook.ReadMessage{mention(func(m *daybook.ReadMessage) {
				m.Media = []daybook.Media{
					{Native: "11", Type: "photo", URL: "https://pbs.twimg.com/media/a.jpg", Description: "two bowls"},
					{Native: "12", Type: "video", URL: "https://video.twimg.com/best.mp4"},
					{Native: "13", Type: "photo", State: daybook.MediaRefused},
					{Native: "14", State: daybook.MediaMissing},
				}
			})}},
		{"direct message", "dm_events", eventJSON(""), []daybook.ReadMessage{message(nil)}},
		{"own direct message", "dm_events", strings.Replace(eventJSON(""), `"sender_id":"472890266221039285"`, `"sender_id":"176094604296841106"`, 1),
			[]daybook.ReadMessage{message(func(m *daybook.ReadMessage) {
				m.Direction, m.Sender, m.To = daybook.Out, twitter.User(maraID, "", ""), []daybook.Handle{ruben}
			})}},
		{"in a group", "dm_events", strings.Replace(eventJSON(""), `176094604296841106-472890266221039285`, `2112332970193846281`, 1),
			[]daybook.ReadMessage{message(func(m *daybook.ReadMessage) { m.Thread = "2112332970193846281" })}},
		{"added to a group", "dm_events", strings.Replace(eventJSON(`,"participant_ids":["176094604296841106","23891700742367428"]`), "MessageCreate", "ParticipantsJoin", 1),
			[]daybook.ReadMessage{system("added to the conversation", func(m *daybook.ReadMessage) { m.To = []daybook.Handle{twitter.User(tildaID, "", "")} })}},
		{"left a group", "dm_events", strings.NewReplacer("MessageCreate", "ParticipantsLeave", `"sender_id":"472890266221039285",`, "").Replace(eventJSON(`,"participant_ids":["23891700742367428"]`)),
			[]daybook.ReadMessage{system("left the conversation", func(m *daybook.ReadMessage) { m.Sender = twitter.User(tildaID, "", "") })}},
		{"an event of a type that is not known", "dm_events", strings.Replace(eventJSON(""), "MessageCreate", "MoonWalk", 1),
			[]daybook.ReadMessage{message(func(m *daybook.ReadMessage) { m.Kind, m.Native = "MoonWalk", "" })}},
		{"attachment of a direct message", "dm_events", strings.Replace(eventJSON(`,"attachments":{"media_keys":["3_21"]}`), `"includes":{`,
			`"includes":{"media":[{"media_key":"3_21","type":"photo","url":"https://ton.twitter.com/1.1/ton/data/dm/2106035761299062788/21/a_B-c.jpg"}],`, 1),
			[]daybook.ReadMessage{message(func(m *daybook.ReadMessage) {
				m.Media = []daybook.Media{{Native: "21", Type: "photo", URL: "https://api.x.com/2/dm_conversations/media/2106035761299062788/21/a_B-c.jpg"}}
			})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := twitter.Parse(maraOnX(), daybook.Capture{Lane: tt.lane, NativeID: "1", Raw: []byte(tt.raw)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(daybook.Reading{Parser: "x/1", Messages: tt.want}, got); diff != "" {
				t.Errorf("reading (-want +got):\n%s", diff)
			}
		})
	}
}

// What X says it could not hand out is kept and is no message; what cannot be read
// is an error that does not quote it.
func TestParse_NoMessage(t *testing.T) {
	tests := []struct {
		name, lane, id, raw string
		fails               bool
	}{
		{"an error beside the data", "mentions", "error/tweet/1/resource-not-found", `{"resource_id":"1","type":"https://api.twitter.com/2/problems/resource-not-found"}`, false},
		{"not JSON", "mentions", "1", `hidden words`, true},
		{"no data", "mentions", "1", `{"includes":{}}`, true},
		{"no id", "mentions", "1", `{"data":{"author_id":"1","text":"hidden words"}}`, true},
		{"no author", "mentions", "1", `{"data":{"id":"1","text":"hidden words"}}`, true},
		{"no sender", "dm_events", "1", `{"data":{"id":"1","event_type":"MessageCreate","text":"hidden words"}}`, true},
		{"another form", "mentions", "1", `{"data":{"id":"1","author_id":"2","text":["hidden words"]}}`, true},
		{"a post among messages", "dm_events", "1", `{"data":{"id":"1","author_id":"2","text":"hidden words"}}`, true},
		{"an unknown lane", "elsewhere", "1", `{"data":{"id":"1","author_id":"2"}}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := twitter.Parse(maraOnX(), daybook.Capture{Lane: daybook.Lane(tt.lane), NativeID: tt.id, Raw: []byte(tt.raw)})
			if (err != nil) != tt.fails || len(got.Messages) != 0 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "hidden words") {
				t.Errorf("the error quotes what it could not read: %v", err)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	user := `{"id":"472890266221039285","name":"Ruben","username":"ruben_kestrel74","created_at":"2014-06-01T00:00:00.000Z","protected":true,` +
		`"verified_type":"blue","location":"Harbour","description":"see https://t.co/a &amp; wait","url":"https://t.co/b",` +
		`"profile_image_url":"https://pbs.twimg.com/profile_images/9/x_normal.jpg","entities":{"url":{"urls":[{"url":"https://t.co/b","expanded_url":"https://kestrel.example"}]},` +
		`"description":{"urls":[{"url":"https://t.co/a","expanded_url":"https://clips.example"}]}}}`
	own := `{"id":"176094604296841106","name":"Mara Lindqvist","username":"maralindqvist"}`
	plain := `{"id":"23891700742367428","name":"Tilda","username":"tildawren","profile_image_url":"https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"}`
	c := daybook.Capture{Lane: "mentions", Raw: []byte(`{"data":{},"includes":{"users":[` + strings.Join([]string{user, own, plain, user}, ",") + `]}}`)}
	want := []daybook.Profile{
		{
			Handle: twitter.User(rubenID, "", ""), Account: "ruben_kestrel74", Display: "Ruben", Note: "see https://clips.example & wait",
			Links: []string{"https://kestrel.example", "https://clips.example"}, Fields: []string{"location: Harbour", "protected: yes", "verified: blue"},
			Created: at("2014-06-01T00:00:00Z"), AvatarAt: "https://pbs.twimg.com/profile_images/9/x_normal.jpg",
		},
		{Handle: twitter.User(tildaID, "", ""), Account: "tildawren", Display: "Tilda"},
	}
	if diff := cmp.Diff(want, twitter.Profiles(maraOnX(), c)); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// FuzzParse holds the parser to its word: anything gives an error or a reading,
// never a panic, and each message has a key.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{postJSON("", ""), eventJSON(""), `{"data":{"id":"1","author_id":"2","edit_history_tweet_ids":["x","0"]}}`, `{"data":null}`} {
		f.Add("mentions", "1", []byte(raw))
		f.Add("dm_events", "error/1", []byte(raw))
	}
	f.Fuzz(func(t *testing.T, lane, id string, raw []byte) {
		c := daybook.Capture{Lane: daybook.Lane(lane), NativeID: id, Raw: raw}
		r, err := twitter.Parse(maraOnX(), c)
		if err != nil && len(r.Messages) > 0 {
			t.Error("an error and messages")
		}
		for _, m := range r.Messages {
			if m.Key == "" || m.Kind == "" || m.Direction == "" {
				t.Errorf("message %+v", m)
			}
		}
		twitter.Profiles(maraOnX(), c)
	})
}
