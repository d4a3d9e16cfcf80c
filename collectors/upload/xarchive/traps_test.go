package xarchive_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

const talk = me + "-" + ruben

func direct(elements ...string) made {
	return made{types: map[string][]string{"directMessages": {conversation(talk, elements...)}}}
}

func TestTexts(t *testing.T) {
	for _, tt := range []struct {
		name, element, want string
	}{
		{"plain", message("5", ruben, "hello"), "hello"},
		{"html escaped", message("5", ruben, "&lt;b&gt; &amp;amp; &quot;"), `<b> &amp; &quot;`},
		{"short address", message("5", ruben, "see https://t.co/AbC", `"urls":[{"url":"https://t.co/AbC","expanded":"https://clips.example/r?a=1&b=2","display":"clips.example/r"}]`), "see https://clips.example/r?a=1&b=2"},
		{"one short address begins another", message("5", ruben, "https://t.co/A https://t.co/AB", `"urls":[{"url":"https://t.co/A","expanded":"https://a.example"},{"url":"https://t.co/AB","expanded":"https://b.example"}]`), "https://a.example https://b.example"},
		{"an address that is not short", message("5", ruben, "https://bank.example", `"urls":[{"url":"https://bank.example","expanded":"https://other.example"}]`), "https://bank.example"},
		{"numbers that are numbers", `{"messageCreate":{"id":5,"senderId":` + ruben + `,"text":"hello","createdAt":"2026-10-03T10:00:00.000Z"}}`, "hello"},
		{"half a character", strings.Replace(message("5", ruben, "a_b"), "_", `\ud83d`, 1), "a\uFFFDb"},
		{"turned", message("5", ruben, "\u202edrawkcab"), "\u202edrawkcab"},
		{"decomposed", message("5", ruben, "cafe\u0301"), "caf\u00e9"},
		{"members that are not known", message("5", ruben, "hello", `"new":{"a":[1,2]}`), "hello"},
		{"no text", `{"messageCreate":{"id":"5","senderId":"` + ruben + `","createdAt":"2026-10-03T10:00:00.000Z"}}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sum, items := open(t, direct(tt.element).file(t))
			if got := texts(items); !slices.Equal(got, []string{tt.want}) || len(sum.Report.NotRead) != 0 {
				t.Errorf("got %q, %+v, want %q", got, sum.Report.NotRead, tt.want)
			}
		})
	}
}

// TestNumericIDs holds that nobody is called by another name than their number.
func TestNumericIDs(t *testing.T) {
	sum, items := open(t, fixture(t, recorded))
	for _, it := range items {
		for _, m := range it.Item.Reading.Messages {
			if it.Thread != "posts" && (len(m.Sender.Names) > 0 || m.Sender.Native == "") {
				t.Errorf("%s is by %+v", m.Key, m.Sender)
			}
		}
		if it.Thread == "logins" {
			break // what is blocked comes next, and is no message
		}
	}
	if want := twitter.User(me, "maralindqvist", "Mara Lindqvist"); !cmp.Equal(sum.Owner, want) {
		t.Errorf("owner %+v, want %+v", sum.Owner, want)
	}
	if !slices.ContainsFunc(sum.Report.Never, func(s string) bool { return strings.Contains(s, "only their numbers") }) {
		t.Errorf("the report does not say that names are missing: %q", sum.Report.Never)
	}
}

func TestFormsOfFiles(t *testing.T) {
	one := conversation(talk, message("5", ruben, "hello"))
	for _, tt := range []struct {
		name string
		made made
		want []string
	}{
		{"byte order mark", made{types: map[string][]string{"directMessages": {""}},
			others: map[string]string{"data/direct-messages.js": "\uFEFFwindow.YTD.direct_messages.part0 = " + one}}, []string{"hello"}},
		{"a semicolon at the end", made{types: map[string][]string{"directMessages": {one + " ;\n"}}}, []string{"hello"}},
		{"a top folder", made{top: "twitter-2026-11-18/", types: map[string][]string{"directMessages": {one}}}, []string{"hello"}},
		{"parts", made{types: map[string][]string{"directMessages": {one, conversation(talk, message("6", ruben, "again"))}}}, []string{"hello", "again"}},
		{"names of files that are not the usual ones", made{types: map[string][]string{"directMessages": {one}}, files: map[string]string{"directMessages": "data/dm.js"}}, []string{"hello"}},
		{"an old name of the data type", made{types: map[string][]string{"direct_message": {one}}}, []string{"hello"}},
		{"a file that two data types name", made{types: map[string][]string{"directMessages": {one}, "direct_message": {one}},
			files: map[string]string{"directMessages": "data/dm.js", "direct_message": "data/dm.js"}}, []string{"hello"}},
		{"the number after the messages", made{types: map[string][]string{"directMessages": {
			`[{"dmConversation":{"messages":[` + message("5", ruben, "hello") + `],"conversationId":"` + talk + `"}}]`}}}, []string{"hello"}},
		{"two conversations", made{types: map[string][]string{"directMessages": {
			strings.TrimSuffix(one, "]") + "," + strings.TrimPrefix(conversation("1-2", message("6", "2", "other")), "[")}}}, []string{"hello", "other"}},
		{"an empty conversation", made{types: map[string][]string{"directMessages": {conversation(talk), conversation(talk, message("5", ruben, "hello"))}}}, []string{"hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sum, items := open(t, tt.made.file(t))
			if got := texts(items); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, it := range items {
				if m := it.Item.Reading.Messages[0]; m.Text != "other" && (it.Thread != talk || m.Thread != talk || !strings.HasPrefix(it.Item.Capture.NativeID, talk+"/")) {
					t.Errorf("%q is in %q and %q, want %q", it.Item.Capture.NativeID, it.Thread, m.Thread, talk)
				}
			}
			if i := slices.IndexFunc(sum.Threads, func(th upload.Thread) bool { return th.ID == talk }); i < 0 || !sum.Threads[i].Usual {
				t.Errorf("threads %+v, want %s in them", sum.Threads, talk)
			}
			if len(sum.Report.NotRead) > 0 || len(sum.Report.Incomplete) > 0 || !sum.Whole {
				t.Errorf("not read %+v, incomplete %q, whole: %t", sum.Report.NotRead, sum.Report.Incomplete, sum.Whole)
			}
		})
	}
}

func TestNewestFirst(t *testing.T) {
	sum, items := open(t, direct(
		strings.Replace(message("6", ruben, "later"), "10:00", "11:00", 1),
		message("5", me, "earlier"),
	).file(t))
	if got := texts(items); !slices.Equal(got, []string{"later", "earlier"}) {
		t.Errorf("got %q, want them as they stand in the file", got)
	}
	from, to := time.Date(2026, 10, 3, 10, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)
	want := []upload.Thread{{ID: talk, Kind: upload.ThreadDirect, With: []daybook.Handle{twitter.User(ruben, "", "")}, Messages: 2, In: 1, Out: 1, From: from, To: to, Usual: true}}
	if diff := cmp.Diff(want, sum.Threads); diff != "" {
		t.Errorf("threads (-want +got):\n%s", diff)
	}
}

func TestGroups(t *testing.T) {
	const group = "1700000000000000123"
	sum, items := open(t, fixture(t, recorded))
	type event struct {
		Text   string
		Sender string
		To     []string
		Key    string
	}
	var got []event
	for _, it := range items {
		if it.Thread != group || it.Item.Reading.Messages[0].Kind != daybook.KindSystem {
			continue
		}
		m := it.Item.Reading.Messages[0]
		e := event{Text: m.Text, Sender: m.Sender.Native, Key: strings.Split(string(m.Key), "/")[2]}
		for _, h := range m.To {
			e.To = append(e.To, h.Native)
		}
		got = append(got, e)
	}
	want := []event{
		{"added to the conversation", ruben, []string{"3330000101"}, "participantsJoin"},
		{"we talk", ruben, nil, "conversationNameUpdate"},
		{"joined the conversation", ruben, nil, "joinConversation"},
		{"left the conversation", me, nil, "participantsLeave"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(sum.Threads, func(th upload.Thread) bool { return th.ID == group })
	if i < 0 || sum.Threads[i].Kind != upload.ThreadGroup || sum.Threads[i].Messages != 5 || sum.Threads[i].In != 1 || sum.Threads[i].Title != "we talk" {
		t.Errorf("threads %+v, want the group with five messages", sum.Threads)
	}
}

func TestReactions(t *testing.T) {
	_, items := open(t, direct(message("5", me, "hello", `"reactions":[{"senderId":"`+ruben+`","reactionKey":"sad","eventId":"9","createdAt":"2026-10-03T10:01:00.000Z"},`+
		`{"senderId":"`+ruben+`","reactionKey":"like","createdAt":"2026-10-03T10:02:00.000Z"}]`)).file(t))
	if len(items) != 3 {
		t.Fatalf("%d items, want 3", len(items))
	}
	m := items[1].Item.Reading.Messages[0]
	want := daybook.ReadMessage{
		Key: "x:dm/9", Kind: daybook.KindReaction, Direction: daybook.In, Sender: twitter.User(ruben, "", ""),
		Sent: daybook.When{At: time.Date(2026, 10, 3, 10, 1, 0, 0, time.UTC)}, Text: "sad", Thread: talk, ReplyTo: "5",
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("reaction (-want +got):\n%s", diff)
	}
	if c := items[1].Item.Capture; c.NativeID != talk+"/5/reaction/9" || !strings.HasPrefix(string(c.Raw), `{"senderId"`) {
		t.Errorf("capture %q of %q", c.NativeID, c.Raw)
	}
	if other := items[2].Item.Reading.Messages[0]; other.Text != "like" || other.Key == m.Key {
		t.Errorf("the reaction without a number is %q, %q", other.Key, other.Text)
	}
}

func TestMedia(t *testing.T) {
	for _, tt := range []struct {
		name, url, file string
		folder          string
		want            daybook.Media
		found           bool
	}{
		{"picture", "https://ton.twitter.com/dm/55555/66666/q1.jpg", "data/direct_messages_media/55555-q1.jpg", "",
			daybook.Media{Native: "66666", Type: "photo", State: daybook.MediaPending}, true},
		{"a folder of another year", "https://ton.twitter.com/dm/55555/66666/q1.jpg", "data/direct_message_media/55555-q1.jpg", "",
			daybook.Media{Native: "66666", Type: "photo", State: daybook.MediaPending}, true},
		{"a folder that only the list names", "https://ton.twitter.com/dm/55555/66666/q1.jpg", "data/pictures/55555-q1.jpg", "data/pictures",
			daybook.Media{Native: "66666", Type: "photo", State: daybook.MediaPending}, true},
		{"a folder that nothing names", "https://ton.twitter.com/dm/55555/66666/q1.jpg", "data/elsewhere/55555-q1.jpg", "",
			daybook.Media{Native: "66666", Type: "photo", State: daybook.MediaPending}, false},
		{"moving picture", "https://video.twimg.com/dm_gif/66666/abc.mp4", "data/direct_messages_media/55555-xyz.gif", "",
			daybook.Media{Native: "66666", Type: "animated_gif", State: daybook.MediaPending}, true},
		{"film", "https://video.twimg.com/dm_video/66666/vid/720x1280/abc.mp4?tag=1", "data/direct_messages_media/55555-abc.mp4", "",
			daybook.Media{Native: "66666", Type: "video", State: daybook.MediaPending}, true},
		{"another message's", "https://ton.twitter.com/dm/55555/66666/q1.jpg", "data/direct_messages_media/55556-q1.jpg", "",
			daybook.Media{Native: "66666", Type: "photo", State: daybook.MediaPending}, false},
		{"no address", "::", "data/direct_messages_media/1-q1.jpg", "", daybook.Media{State: daybook.MediaPending}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := direct(message("55555", ruben, "look", `"mediaUrls":["`+tt.url+`"]`))
			a.others = map[string]string{tt.file: "bytes"}
			a.folders = map[string]string{"directMessages": tt.folder}
			sum, items := open(t, a.file(t))
			if len(items) != 1 || len(items[0].Media) != 1 {
				t.Fatalf("%d items, want one with one attachment", len(items))
			}
			got := items[0].Media[0]
			if diff := cmp.Diff(tt.want, got.Media); diff != "" {
				t.Errorf("attachment (-want +got):\n%s", diff)
			}
			if found := got.Member == tt.file; found != tt.found || (got.Open != nil) != tt.found {
				t.Errorf("found in %q, want %q: %t", got.Member, tt.file, tt.found)
			}
			want := daybook.ImportMedia{Missing: 1}
			if tt.found {
				want = daybook.ImportMedia{Present: 1}
			}
			if diff := cmp.Diff(want, sum.Report.Media); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			if missing := slices.ContainsFunc(sum.Report.Incomplete, func(s string) bool { return strings.Contains(s, "1 picture or video is") }); missing == tt.found {
				t.Errorf("incomplete: %q", sum.Report.Incomplete)
			}
		})
	}
}

// TestMediaOfSeveral holds that a file with another name is given to nothing if
// there are two attachments that it could be.
func TestMediaOfSeveral(t *testing.T) {
	a := direct(message("55555", ruben, "look", `"mediaUrls":["https://ton.twitter.com/dm/55555/66666/a.jpg","https://ton.twitter.com/dm/55555/77777/b.jpg"]`))
	a.others = map[string]string{"data/direct_messages_media/55555-b.jpg": "bytes"}
	sum, items := open(t, a.file(t))
	if m := items[0].Media; len(m) != 2 || m[0].Member != "" || m[1].Member != "data/direct_messages_media/55555-b.jpg" || sum.Report.Media != (daybook.ImportMedia{Present: 1, Missing: 1}) {
		t.Errorf("attachments %+v, %+v", m, sum.Report.Media)
	}
}

// TestHeaders holds that a message of which only the time is in the archive is
// missed.
func TestHeaders(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	header := func(id string) string {
		return `{"messageCreate":{"id":"` + id + `","senderId":"` + ruben + `","createdAt":"2026-10-03T10:00:00.000Z"}}`
	}
	a.types["directMessageHeaders"] = []string{conversation(talk, header("5"), header("6"), header("7"))}
	sum, items := open(t, a.file(t))
	if len(items) != 1 || sum.Whole {
		t.Errorf("%d items, whole: %t, want one, and that others are missing", len(items), sum.Whole)
	}
	want := []string{"2 messages are named with a time and without a text: the text is not in the archive."}
	if diff := cmp.Diff(want, sum.Report.Incomplete); diff != "" {
		t.Errorf("incomplete (-want +got):\n%s", diff)
	}
	if sum, _ := open(t, fixture(t, recorded)); !sum.Whole || len(sum.Report.Incomplete) != 0 {
		t.Errorf("recorded: whole: %t, incomplete: %q", sum.Whole, sum.Report.Incomplete)
	}
}

func TestBlockedAndMuted(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	a.types["block"] = []string{`[{"blocking":{"accountId":"` + ruben + `","userLink":"https://twitter.com/intent/user?user_id=` + ruben + `"}}]`}
	a.types["mute"] = []string{`[{"muting":{"accountId":"77"}},{"muting":{}}]`}
	sum, items := open(t, a.file(t))
	var got []daybook.Observation
	for _, it := range items {
		if it.Observed != nil {
			got = append(got, *it.Observed)
			if it.Thread != "blocked" || it.Item.Reading != nil {
				t.Errorf("%+v is in %q", it.Observed, it.Thread)
			}
		}
	}
	at := time.Date(2026, 11, 18, 8, 0, 0, 0, time.UTC)
	want := []daybook.Observation{
		{What: daybook.SeenBlocked, Handle: twitter.User(ruben, "", ""), At: at},
		{What: daybook.SeenMuted, Handle: twitter.User("77", "", ""), At: at},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(daybook.Observation{}, "Detail")); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	if n := len(sum.Report.NotRead); n != 1 || sum.Report.NotRead[0].Where != "/1" {
		t.Errorf("not read: %+v, want the one without a number", sum.Report.NotRead)
	}
}
