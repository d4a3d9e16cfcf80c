package fakex_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/internal/fakex"
	"daybook/internal/fakex/xspec"
)

// everything is a story in which all that can be shown is there.
func everything(o fakex.Options) (s *fakex.Server, token string, targets []string) {
	s, mara, ruben := world(o)
	tilda := s.Person("tildawren", "Tilda Wren")
	mara.Lives("Harbour", "https://mara.example/pots")
	photo, film := s.File([]byte("x"), "image/jpeg", "two bowls"), s.File([]byte("y"), "video/mp4", "")
	post := mara.Post("bowls #kiln", fakex.With(photo))
	first := ruben.Reply(post, "nice & <late> https://clips.example/r?a=1&b=2")
	s.Wait(time.Minute)
	first.Edit("nice, @tildawren")
	quote := ruben.Quote(post, "@maralindqvist look", fakex.With(film))
	ruben.Mention(mara, strings.Repeat("the lake, the train https://lake.example ", 20))
	deleted := ruben.Mention(mara, "gone")
	ruben.Reply(deleted, "@maralindqvist again")
	deleted.Delete()
	tilda.Protect()
	hidden := tilda.Post("only for friends")
	ruben.Message(mara, "hello https://clips.example", fakex.With(photo))
	one := ruben.Share(mara, post, "this one")
	ruben.Message(mara, "with a link", fakex.With(film), fakex.MediaLinks)
	g := ruben.Group([]*fakex.Person{mara, tilda})
	g.Message(tilda, "hello both")
	g.Leave([]*fakex.Person{tilda})
	gone := s.Person("quietkiln_q", "Q")
	gone.Message(mara, "you will thank me")
	gone.Mention(mara, "one day")
	gone.Suspend()
	mara.Block(ruben)
	mara.Unblock(ruben)
	mara.Block(tilda)
	posts := "&user.fields=created_at,description,location,url,entities,profile_image_url,protected,public_metrics,verified,verified_type,connection_status,receives_your_dm" +
		"&media.fields=url,variants,preview_image_url,alt_text,type,width,height,duration_ms"
	if o.Names == fakex.NamesPost {
		posts += "&post.fields=created_at,conversation_id,entities,attachments,edit_controls,note_post,public_metrics,lang,reply_settings,possibly_sensitive,source"
	} else {
		posts += "&tweet.fields=created_at,conversation_id,entities,attachments,edit_controls,note_tweet,public_metrics,lang,reply_settings,possibly_sensitive,source," +
			"author_id,in_reply_to_user_id,referenced_tweets,edit_history_tweet_ids"
	}
	expand := "&expansions=author_id,in_reply_to_user_id,attachments.media_keys,entities.mentions.username,"
	messages := "&dm_event.fields=attachments,created_at,dm_conversation_id,entities,event_type,id,text&expansions=sender_id,participant_ids,attachments.media_keys,"
	if o.Names == fakex.NamesPost {
		expand += "referenced_posts,edit_history_post_ids"
		messages += "referenced_posts"
	} else {
		expand += "referenced_tweets.id,referenced_tweets.id.author_id,edit_history_tweet_ids"
		messages += "referenced_tweets.id"
	}
	users := strings.Split(posts, "&media")[0]
	all := posts + expand
	targets = []string{
		"/2/users/me?" + users[1:],
		"/2/users/me",
		"/2/users?ids=" + ruben.ID + "," + gone.ID + ",1999999999999999999" + users,
		"/2/users/" + ruben.ID + "?" + users[1:],
		"/2/users/" + gone.ID,
		"/2/users/" + mara.ID + "/mentions?max_results=5" + all,
		"/2/users/" + mara.ID + "/mentions?max_results=100" + all,
		"/2/users/" + mara.ID + "/mentions?since_id=9000000000000000000",
		"/2/users/1999999999999999999/mentions",
		"/2/users/" + mara.ID + "/mentions?max_results=1",
		"/2/users/abc/mentions",
		"/2/users/" + mara.ID + "/mentions?pagination_token=zzzz",
		"/2/users/" + mara.ID + "/blocking?max_results=1000" + users,
		"/2/users/" + mara.ID + "/muting",
		"/2/tweets?ids=" + strings.Join([]string{post.ID, first.ID, quote.ID, deleted.ID, hidden.ID}, ",") + all,
		"/2/tweets/" + hidden.ID,
		"/2/tweets/" + quote.ID + "?" + all[1:],
		"/2/tweets/" + post.ID + "/quote_tweets?max_results=10" + all,
		"/2/dm_events?max_results=100" + messages + posts,
		"/2/dm_events?max_results=2" + messages,
		"/2/dm_events/" + one.ID + "?" + messages[1:],
		"/2/dm_events/1999999999999999999",
		"/2/dm_conversations/" + one.Conversation() + "/dm_events?max_results=1" + messages,
		"/2/dm_conversations/with/" + ruben.ID + "/dm_events?max_results=1" + messages,
		"/2/dm_conversations/" + g.ID + "/dm_events",
	}
	return s, s.Token(mara, append(fakex.Scopes(), "mute.read")...), targets
}

// All that the server is asked and answers is what X's document allows.
func TestCallsAndAnswersAreThoseOfTheDocument(t *testing.T) {
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		t.Run(names, func(t *testing.T) {
			document := xspec.Open(t)
			checked := 0
			s, token, targets := everything(fakex.Options{Names: names, Check: func(r *http.Request, status int, h http.Header, body []byte) {
				checked++
				if err := document.Check(r, status, h, body); err != nil {
					t.Errorf("%s\n%v\n%s", r.URL, err, body)
				}
			}})
			for _, target := range targets {
				if w := call(t, s, "GET", target, token, nil); w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
					t.Errorf("%s: got %d %s", target, w.Code, w.Body)
				}
			}
			call(t, s, "GET", "/2/users/me", "", nil)
			call(t, s, "GET", "/2/users/me", s.Bearer(), nil)
			if checked != len(targets)+2 {
				t.Errorf("%d of %d calls were checked", checked, len(targets)+2)
			}
			if v := s.Violations(); v != nil {
				t.Errorf("violations: %v", v)
			}
		})
	}
}
