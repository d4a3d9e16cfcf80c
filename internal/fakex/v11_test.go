package fakex_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // nothing else reads v1.1: docs/decisions/0021
	"github.com/dghubble/oauth1"

	"daybook/internal/fakex"
)

// direct makes calls without a network.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, in)
	return w.Result(), nil
}

func old(s http.Handler, t fakex.OldToken) *twitter.Client {
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: direct{s}})
	return twitter.NewClient(oauth1.NewConfig(t.ConsumerKey, t.ConsumerSecret).Client(ctx, oauth1.NewToken(t.Token, t.TokenSecret)))
}

func TestGoTwitterReadsV11(t *testing.T) {
	s, mara, ruben := world(fakex.Options{})
	photo := s.File([]byte("x"), "image/jpeg", "")
	post := mara.Post("bowls")
	answer := ruben.Reply(post, "nice & <late> https://clips.example/r", fakex.With(photo))
	long := ruben.Mention(mara, strings.Repeat("the lake ", 40))
	first := ruben.Message(mara, "hello & look https://clips.example/r", fakex.With(photo))
	second := mara.Message(ruben, "stop")
	odd := ruben.Message(mara, "x", fakex.OfType("ReactionCreate"))
	ruben.Group([]*fakex.Person{mara}).Message(ruben, "a group")
	c := old(s, s.OldToken(mara))

	me, _, err := c.Accounts.VerifyCredentials(nil)
	if err != nil || me.IDStr != mara.ID || me.ScreenName != "maralindqvist" {
		t.Fatalf("got %v, %v", me, err)
	}
	list, _, err := c.Timelines.MentionTimeline(&twitter.MentionTimelineParams{Count: 200, TweetMode: "extended"})
	if err != nil || len(list) != 2 || list[0].IDStr != long.ID || list[1].IDStr != answer.ID {
		t.Fatalf("got %v, %v", list, err)
	}
	x := list[1]
	if !strings.HasPrefix(x.FullText, "@maralindqvist nice &amp; &lt;late&gt; https://t.co/") || x.Text != "" || x.InReplyToStatusIDStr != post.ID ||
		x.User.IDStr != ruben.ID || len(x.Entities.Urls) != 1 || len(x.Entities.Media) != 1 || x.ExtendedEntities.Media[0].MediaURLHttps == "" {
		t.Errorf("got %+v", x)
	}
	if at, err := x.CreatedAtTime(); err != nil || !at.Equal(answer.At()) {
		t.Errorf("time: got %v, %v", at, err)
	}
	if got := []rune(html.UnescapeString(list[0].FullText)); len(got) != 280 || got[279] != '…' {
		t.Errorf("a long text: got %d characters", len(got))
	}
	cut, _, err := c.Timelines.MentionTimeline(&twitter.MentionTimelineParams{SinceID: number(t, answer.ID)})
	if err != nil || len(cut) != 1 || !cut[0].Truncated || len([]rune(cut[0].Text)) != 140 || !strings.Contains(cut[0].Text, "… https://t.co/") {
		t.Errorf("the older mode: got %v, %v", cut, err)
	}
	if older, _, err := c.Timelines.MentionTimeline(&twitter.MentionTimelineParams{MaxID: number(t, answer.ID)}); err != nil || len(older) != 1 {
		t.Errorf("up to one: got %v, %v", older, err)
	}

	var events []twitter.DirectMessageEvent
	cursor := ""
	for range 4 {
		page, _, err := c.DirectMessages.EventsList(&twitter.DirectMessageEventsListParams{Count: 1, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, page.Events...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if len(events) != 3 || events[0].ID != odd.ID || events[0].Message != nil || events[1].ID != second.ID || events[2].ID != first.ID {
		t.Fatalf("got %v", events)
	}
	m := events[2].Message
	if m.SenderID != ruben.ID || m.Target.RecipientID != mara.ID || !strings.HasPrefix(m.Data.Text, "hello &amp; look https://t.co/") ||
		m.Data.Entities.Urls[0].ExpandedURL != "https://clips.example/r" {
		t.Errorf("got %+v", m.Data)
	}
	if file := m.Data.Attachment.Media.MediaURLHttps; !strings.HasPrefix(file, "https://ton.twitter.com/1.1/ton/data/dm/"+first.ID) {
		t.Errorf("file: got %s", file)
	}
	shown, _, err := c.DirectMessages.EventsShow(first.ID, nil)
	if err != nil || shown.ID != first.ID {
		t.Errorf("got %v, %v", shown, err)
	}
	first.Unsend()
	if _, _, err := c.DirectMessages.EventsShow(first.ID, nil); err == nil {
		t.Error("taken back, and shown")
	}
	s.ExpirePages()
	if _, resp, err := c.DirectMessages.EventsList(&twitter.DirectMessageEventsListParams{Cursor: "abc"}); err == nil || resp.StatusCode != 400 {
		t.Errorf("a cursor that is none: got %v", err)
	}
	users, _, err := c.Users.Lookup(&twitter.UserLookupParams{UserID: []int64{number(t, ruben.ID), 5}})
	if err != nil || len(users) != 1 || users[0].IDStr != ruben.ID {
		t.Errorf("got %v, %v", users, err)
	}
}

func number(t *testing.T, id string) (n int64) {
	t.Helper()
	if err := json.Unmarshal([]byte(id), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignaturesOfV11(t *testing.T) {
	s, mara, _ := world(fakex.Options{})
	good := s.OldToken(mara)
	for _, tc := range []struct {
		name   string
		change func(*fakex.OldToken)
		ok     bool
	}{
		{"right", func(*fakex.OldToken) {}, true},
		{"another app", func(t *fakex.OldToken) { t.ConsumerKey = "x" }, false},
		{"another app's secret", func(t *fakex.OldToken) { t.ConsumerSecret = "x" }, false},
		{"another token", func(t *fakex.OldToken) { t.Token = "x" }, false},
		{"another token's secret", func(t *fakex.OldToken) { t.TokenSecret = "x" }, false},
	} {
		token := good
		tc.change(&token)
		_, resp, err := old(s, token).Timelines.MentionTimeline(&twitter.MentionTimelineParams{Count: 5, TweetMode: "extended"})
		if (err == nil) != tc.ok || (resp.StatusCode == 200) != tc.ok {
			t.Errorf("%s: got %d, %v", tc.name, resp.StatusCode, err)
		}
	}
	for range 75 {
		if _, resp, _ := old(s, good).Timelines.MentionTimeline(nil); resp.StatusCode == 429 {
			return
		}
	}
	t.Error("v1.1 has no limits")
}

// What makes go-twitter lose data: it takes these for an empty list.
func TestFaultsThatGoTwitterDoesNotSee(t *testing.T) {
	s, mara, ruben := world(fakex.Options{NoLimits: true})
	ruben.Mention(mara, "x")
	for name, f := range map[string]fakex.Fault{
		"402": fakex.NoCredits, "403": fakex.Problem(403), "404": fakex.Empty(404), "429": fakex.Empty(429), "503": fakex.Empty(503),
	} {
		s.Fault("/1.1/statuses/mentions_timeline.json", 1, f)
		list, resp, err := old(s, s.OldToken(mara)).Timelines.MentionTimeline(nil)
		if err != nil || len(list) != 0 || resp.StatusCode == 200 {
			t.Errorf("%s: got %d items, %d, %v", name, len(list), resp.StatusCode, err)
		}
	}
	s.Fault("/1.1/statuses/mentions_timeline.json", 1, fakex.NoAccess)
	if _, _, err := old(s, s.OldToken(mara)).Timelines.MentionTimeline(nil); err == nil || !strings.Contains(err.Error(), "453") {
		t.Errorf("no access: got %v", err)
	}
}
