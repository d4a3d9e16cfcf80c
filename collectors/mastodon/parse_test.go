package mastodon_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

var self = daybook.Account{
	ID: "account", Platform: "mastodon", Server: "https://mastodon.example", Media: []string{"mastodon.example", "files.example"},
	Handle: daybook.Handle{Platform: "mastodon", Native: "https://mastodon.example/users/mara_lindqvist",
		Names: []daybook.SeenName{{Account: "mara_lindqvist@mastodon.example", Display: "Mara"}}},
}

const (
	ruben  = `{"id":"7","username":"kestrel_74","acct":"kestrel_74@birds.example","display_name":"Ruben","uri":"https://birds.example/users/kestrel_74","note":"<p>Birds</p>"}`
	mara   = `{"id":"1","username":"mara_lindqvist","acct":"mara_lindqvist","display_name":"Mara","uri":"https://mastodon.example/users/mara_lindqvist"}`
	named  = `{"id":"1","username":"mara_lindqvist","acct":"mara_lindqvist"}`
	friend = `{"id":"3","username":"tilda_w","acct":"tilda_w"}`
)

func statusJSON(author, visibility, more string) string {
	return `{"id":"9","created_at":"2026-11-23T17:09:00.123Z","edited_at":null,"in_reply_to_id":null,"in_reply_to_account_id":null,` +
		`"spoiler_text":"","visibility":"` + visibility + `","language":"en","uri":"https://birds.example/users/kestrel_74/statuses/9",` +
		`"url":"https://birds.example/@kestrel_74/9","content":"<p>hello</p>","account":` + author + `,"media_attachments":[]` + more + `}`
}

func notification(kind, from, status string) string {
	s := `{"id":"34","type":"` + kind + `","created_at":"2026-11-23T17:09:05.000Z","account":` + from
	if status != "" {
		s += `,"status":` + status
	}
	return s + "}"
}

func TestParse_Kinds(t *testing.T) {
	sender := daybook.Handle{Platform: "mastodon", Native: "https://birds.example/users/kestrel_74",
		Names: []daybook.SeenName{{Account: "kestrel_74@birds.example", Display: "Ruben"}}}
	me := daybook.Handle{Platform: "mastodon", Native: "https://mastodon.example/users/mara_lindqvist",
		Names: []daybook.SeenName{{Account: "mara_lindqvist@mastodon.example", Display: "Mara"}}}
	tilda := daybook.Handle{Platform: "mastodon", Native: "tilda_w@mastodon.example",
		Names: []daybook.SeenName{{Account: "tilda_w@mastodon.example"}}}
	sent := daybook.When{At: time.Date(2026, 11, 23, 17, 9, 0, 123e6, time.UTC)}
	noticed := daybook.When{At: time.Date(2026, 11, 23, 17, 9, 5, 0, time.UTC)}
	status := func(kind daybook.Kind, change func(*daybook.ReadMessage)) daybook.ReadMessage {
		m := daybook.ReadMessage{
			Key: "mastodon:https://birds.example/users/kestrel_74/statuses/9", Native: "9 7", Kind: kind, Direction: daybook.In,
			Sender: sender, Sent: sent, Text: "hello", Lang: "en", URL: "https://birds.example/@kestrel_74/9",
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	own := status(daybook.KindPost, func(m *daybook.ReadMessage) { m.Direction, m.Sender, m.Native = daybook.Out, me, "9 1" })
	event := func(kind daybook.Kind, replyTo string) daybook.ReadMessage {
		return daybook.ReadMessage{Key: "mastodon:mastodon.example/notifications/34", Kind: kind, Direction: daybook.In, Sender: sender, Sent: noticed, ReplyTo: replyTo}
	}
	mentionsMe := `,"mentions":[` + named + `]`
	tests := []struct {
		name string
		lane daybook.Lane
		id   string
		raw  string
		want []daybook.ReadMessage
	}{
		{"mention", "notifications", "34", notification("mention", ruben, statusJSON(ruben, "public", mentionsMe)),
			[]daybook.ReadMessage{status(daybook.KindMention, nil)}},
		{"reply", "notifications", "34", notification("mention", ruben, strings.Replace(strings.Replace(statusJSON(ruben, "public", mentionsMe),
			`"in_reply_to_account_id":null`, `"in_reply_to_account_id":"1"`, 1), `"in_reply_to_id":null`, `"in_reply_to_id":"8"`, 1)),
			[]daybook.ReadMessage{status(daybook.KindReply, func(m *daybook.ReadMessage) { m.ReplyTo = "8" })}},
		{"direct message to two", "notifications", "34", notification("mention", ruben, statusJSON(ruben, "direct", `,"mentions":[`+named+`,`+friend+`]`)),
			[]daybook.ReadMessage{status(daybook.KindDirectMessage, func(m *daybook.ReadMessage) { m.To = []daybook.Handle{tilda} })}},
		{"quote", "notifications", "34", notification("quote", ruben, statusJSON(ruben, "public", "")), []daybook.ReadMessage{status(daybook.KindQuote, nil)}},
		{"update of a mention", "notifications", "34", notification("update", ruben, statusJSON(ruben, "public", mentionsMe)),
			[]daybook.ReadMessage{status(daybook.KindMention, nil)}},
		{"update", "notifications", "34", notification("update", ruben, statusJSON(ruben, "public", "")), []daybook.ReadMessage{status("update", nil)}},
		{"follow", "notifications", "34", notification("follow", ruben, ""), []daybook.ReadMessage{event(daybook.KindFollow, "")}},
		{"follow request", "notifications", "34", notification("follow_request", ruben, ""), []daybook.ReadMessage{event(daybook.KindRequest, "")}},
		{"favourite", "notifications", "34", notification("favourite", ruben, statusJSON(mara, "public", "")),
			[]daybook.ReadMessage{event(daybook.KindFavourite, "9"), own}},
		{"boost", "notifications", "34", notification("reblog", ruben, statusJSON(mara, "public", "")),
			[]daybook.ReadMessage{event(daybook.KindBoost, "9"), own}},
		{"poll that ended", "notifications", "34", notification("poll", ruben, statusJSON(ruben, "public", mentionsMe)),
			[]daybook.ReadMessage{event(daybook.KindPoll, "9"), status(daybook.KindMention, nil)}},
		{"unknown type", "notifications", "34", notification("some_future_type", ruben, ""), []daybook.ReadMessage{event("some_future_type", "")}},
		{"own direct message", "conversations", "5", `{"id":"5","accounts":[` + ruben + `],"last_status":` +
			statusJSON(mara, "direct", `,"mentions":[{"id":"7","acct":"kestrel_74@birds.example"}]`) + `}`,
			[]daybook.ReadMessage{status(daybook.KindDirectMessage, func(m *daybook.ReadMessage) {
				m.Direction, m.Sender, m.Native, m.To, m.Thread = daybook.Out, me, "9 1", []daybook.Handle{sender}, "5"
			})}},
		{"conversation without a status", "conversations", "5", `{"id":"5","accounts":[],"last_status":null}`, nil},
		{"request", "requests", "6", `{"id":"6","created_at":"2026-11-23T17:09:05Z","notifications_count":"3","account":` + ruben + `,"last_status":` +
			statusJSON(ruben, "direct", mentionsMe) + `}`, []daybook.ReadMessage{status(daybook.KindDirectMessage, nil)}},
		{"somebody else's part of a conversation", "contexts", "9", statusJSON(ruben, "public", ""), []daybook.ReadMessage{status("status", nil)}},
		{"first version", "statuses", "9/history/0 https://birds.example/users/kestrel_74/statuses/9",
			`{"content":"<p>hello</p>","spoiler_text":"","created_at":"2026-11-23T17:09:00.123Z","account":` + ruben + `}`,
			[]daybook.ReadMessage{status(daybook.KindMention, func(m *daybook.ReadMessage) {
				m.Incomplete, m.URL, m.Lang = true, "", ""
			})}},
		{"later version", "statuses", "9/history/1 https://birds.example/users/kestrel_74/statuses/9",
			`{"content":"<p>hello</p>","spoiler_text":"","created_at":"2026-11-23T17:09:00.123Z","account":` + ruben + `}`,
			[]daybook.ReadMessage{status(daybook.KindMention, func(m *daybook.ReadMessage) {
				m.Incomplete, m.URL, m.Lang, m.Edited, m.Sent = true, "", "", m.Sent.At, daybook.When{}
			})}},
		{"warning, media, numbers as ids", "contexts", "9", strings.NewReplacer(
			`"spoiler_text":""`, `"spoiler_text":"look away"`, `"id":"9"`, `"id":9`,
			`"media_attachments":[]`, `"media_attachments":[{"id":4,"type":"image","url":"https://files.example/a.png","description":"bowls"},
				{"id":"5","type":"image","url":"https://birds.example/a.png","remote_url":"https://birds.example/a.png","description":null}]`,
		).Replace(statusJSON(ruben, "public", mentionsMe)),
			[]daybook.ReadMessage{status(daybook.KindMention, func(m *daybook.ReadMessage) {
				m.Text = "look away\nhello"
				m.Media = []daybook.Media{
					{Native: "4", Type: "image", URL: "https://files.example/a.png", Description: "bowls"},
					{Native: "5", Type: "image", State: daybook.MediaRefused},
				}
			})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mastodon.Parse(self, daybook.Capture{Lane: tt.lane, NativeID: tt.id, Raw: []byte(tt.raw)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(daybook.Reading{Parser: "mastodon/1", Messages: tt.want}, got); diff != "" {
				t.Errorf("reading (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse_WithoutActorURI(t *testing.T) {
	raw := notification("follow", `{"id":"7","acct":"Kestrel_74","display_name":"","note":""}`, "")
	got, err := mastodon.Parse(self, daybook.Capture{Lane: "notifications", Raw: []byte(raw)})
	if err != nil {
		t.Fatal(err)
	}
	want := daybook.Handle{Platform: "mastodon", Native: "kestrel_74@mastodon.example", Names: []daybook.SeenName{{Account: "Kestrel_74@mastodon.example"}}}
	if diff := cmp.Diff(want, got.Messages[0].Sender); diff != "" {
		t.Errorf("sender (-want +got):\n%s", diff)
	}
}

func TestParse_Hostile(t *testing.T) {
	deep := strings.Repeat(`{"status":`, 20000)
	for _, raw := range []string{
		"", "null", "[]", "1", `"x"`, "{}", `{"id":null}`, `{"id":{}}`, `{"id":[1]}`, deep, `{"id":"1","type":5}`,
		`{"id":"1","account":"x"}`, `{"id":"1","status":[]}`, "\xff\xfe", `{"id":"1"`, `{"id":"1"}}`,
	} {
		if r, err := mastodon.Parse(self, daybook.Capture{Lane: "notifications", Raw: []byte(raw)}); err == nil {
			t.Errorf("%.40q: got %+v, want an error", raw, r)
		} else if strings.Contains(err.Error(), `"x"`) {
			t.Errorf("%.40q: the error quotes what was sent: %v", raw, err)
		}
	}
	for _, lane := range []daybook.Lane{"", "stream", "blocks"} {
		if _, err := mastodon.Parse(self, daybook.Capture{Lane: lane, Raw: []byte(`{"id":"1"}`)}); err == nil {
			t.Errorf("lane %q was read", lane)
		}
	}
	if _, err := mastodon.Parse(self, daybook.Capture{Lane: "statuses", NativeID: "9/history/-1 x", Raw: []byte(`{"account":` + ruben + `}`)}); err == nil {
		t.Error("a version with a strange number was read")
	}
	// Bytes that are not UTF-8 and a member twice are read all the same.
	raw := `{"id":"1","id":"2","type":"follow","account":{"id":"7","acct":"a` + "\xff" + `"}}`
	r, err := mastodon.Parse(self, daybook.Capture{Lane: "notifications", Raw: []byte(raw)})
	if err != nil || len(r.Messages) != 1 || !utf8.ValidString(r.Messages[0].Sender.Native) {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"plain", "hello", "hello"},
		{"mention", `<p><span class="h-card"><a href="https://mastodon.example/@mara" class="u-url mention">@<span>mara</span></a></span> hello</p>`, "@mara hello"},
		{"breaks", "<p>one<br>two<br />three</p>", "one\ntwo\nthree"},
		{"paragraphs", "<p>one</p><p>two</p>", "one\n\ntwo"},
		{"link in parts", `<a href="https://long.example/abc"><span class="invisible">https://</span><span class="ellipsis">long.ex</span><span class="invisible">ample/abc</span></a>`, "https://long.example/abc"},
		{"entities", "a &lt;b&gt; &amp; &#x1F600; &nbsp;c", "a <b> & 😀 \u00a0c"},
		{"list", "<ul><li>one</li><li>two</li></ul>", "one\ntwo"},
		{"white space", "<p>  one \n two\t</p>  <p> three </p>", "one two\n\nthree"},
		{"preformatted", "<pre><code>a\n  b</code></pre>", "a\n  b"},
		{"emphasis", "<p><b>b</b><i>i</i> <u>u</u></p>", "bi u"},
		{"script", "a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"},
		{"unclosed svg hides nothing", "a<svg><p>b", "a\n\nb"},
		{"picture", `a <img src=x onerror=alert(1) alt="bowl"> b`, "a bowl b"},
		{"broken", "a<b<c</p", "a"},
		{"bidi is kept", "a\u202egnp.exe", "a\u202egnp.exe"},
		{"empty", "<p></p>", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mastodon.Text(tt.html); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("deep nesting", func(t *testing.T) {
		if got := mastodon.Text(strings.Repeat("<div>", 200000) + "x"); got != "x" {
			t.Errorf("got %d bytes", len(got))
		}
	})
	t.Run("composed", func(t *testing.T) {
		raw := strings.Replace(statusJSON(ruben, "public", ""), "hello", "cafe\u0301", 1)
		got, err := mastodon.Parse(self, daybook.Capture{Lane: "contexts", Raw: []byte(raw)})
		if err != nil || got.Messages[0].Text != "caf\u00e9" {
			t.Errorf("got %q, %v", got.Messages[0].Text, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, lane := range []string{"notifications", "conversations", "contexts", "requests", "statuses"} {
		f.Add(lane, "9", notification("mention", ruben, statusJSON(ruben, "direct", `,"mentions":[`+named+`]`)))
		f.Add(lane, "9/history/1 https://x.example/9", statusJSON(ruben, "public", ""))
		f.Add(lane, "", `{"id":"5","accounts":[`+ruben+`],"last_status":`+statusJSON(mara, "direct", "")+`}`)
		f.Add(lane, "", "{\"id\":1,\"content\":\"\xff\u202e<p><script>\"}")
	}
	f.Fuzz(func(t *testing.T, lane, id, raw string) {
		c := daybook.Capture{Lane: daybook.Lane(lane), NativeID: id, Raw: []byte(raw)}
		r, err := mastodon.Parse(self, c)
		again, err2 := mastodon.Parse(self, c)
		if (err == nil) != (err2 == nil) || !cmp.Equal(r, again) {
			t.Error("two readings differ")
		}
		for _, m := range r.Messages {
			if m.Key == "" || !utf8.ValidString(m.Text) {
				t.Errorf("key %q, text %q", m.Key, m.Text)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("<p>one<br>two</p>")
	f.Add("<pre>\x00</pre><script>")
	f.Fuzz(func(t *testing.T, s string) {
		if got := mastodon.Text(s); len(got) > 4*len(s)+16 {
			t.Errorf("%d bytes became %d", len(s), len(got))
		}
	})
}

// FuzzPage answers a fetch with any body: what comes back is captures that lie
// in the body where they say, or the whole body, or an error.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`[{"id":"1"}, {"id":2},null]`))
	f.Add([]byte(`[{"id":"1"`))
	f.Add([]byte("[{\"id\":\"\xff\"}]x"))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, gotosocial)
		w.server.Fault("/api/v1/notifications", 1, fakemastodon.Answer(200, "application/json", string(body)))
		p, err := w.source.Fetch(t.Context(), mastodon.LaneNotifications, "")
		if err != nil {
			return
		}
		if p.Whole != nil && string(p.Whole) != string(body) {
			t.Error("Whole is not the body")
		}
		for _, c := range p.Captures {
			if string(body[c.Offset:int(c.Offset)+len(c.Raw)]) != string(c.Raw) {
				t.Errorf("capture %s does not lie at %d", c.Member, c.Offset)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	s := fakemastodon.New(fakemastodon.Options{GoToSocial: true})
	w := s.Person("mara_lindqvist", "Mara Lindqvist")
	ruben := s.Person("kestrel_74", "Ruben")
	ruben.Profile("Ruben", "Birds. Honesty. ...")
	ruben.Direct(w, strings.Repeat("it is Ruben. I saw you are back online.. can we talk ", 6))
	raw := fakemastodon.Body(s, w, "/api/v1/notifications")
	raw = raw[1 : len(raw)-1] // the one item
	acc := self
	acc.Handle.Native = "mara_lindqvist@mastodon.example"
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mastodon.Parse(acc, daybook.Capture{Lane: "notifications", NativeID: "1", Raw: raw}); err != nil {
			b.Fatal(err)
		}
	}
}
