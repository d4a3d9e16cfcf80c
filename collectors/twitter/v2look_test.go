package twitter_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
	"daybook/internal/fakex/xspec"
)

func (w *world) look(refs ...collectors.Ref) []collectors.Look {
	w.Helper()
	looks, err := w.source.Look(w.Context(), refs)
	if err != nil || len(looks) != len(refs) {
		w.Fatalf("%d looks at %d messages, %v", len(looks), len(refs), err)
	}
	for i, l := range looks {
		if l.Ref.Key != refs[i].Key {
			w.Errorf("look %d is about another message", i)
		}
		for _, c := range l.Captures {
			w.check(collectors.Page{Exchange: *c.Exchange, Captures: []daybook.Capture{c}})
		}
	}
	return looks
}

func (w *world) postRef(p *fakex.Post) collectors.Ref {
	return collectors.Ref{Key: twitter.PostKey(p.First()), Native: p.ID, Sender: twitter.User(p.Author.ID, "", "")}
}

func (w *world) messageRef(m *fakex.Message) collectors.Ref {
	return collectors.Ref{Key: twitter.MessageKey(m.ID), Native: m.ID, Sender: twitter.User(m.Sender.ID, "", "")}
}

// Unchanged messages come back as captures that equal those that are archived.
func TestLook_Unchanged(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		post, message := w.ruben.Mention(w.mara, "look"), w.ruben.Message(w.mara, "hello")
		listed, _, _ := w.drain(twitter.LaneMessages, "")
		looks := w.look(w.postRef(post), w.messageRef(message), w.postRef(post))
		again := w.look(w.postRef(post), w.messageRef(message))
		if key(w, looks[1].Captures[0]) != key(w, listed[0]) {
			t.Error("a message is another capture than in its list")
		}
		if key(w, looks[0].Captures[0]) != key(w, again[0].Captures[0]) || len(looks[0].Captures) != 1 || len(looks[2].Captures) != 1 {
			t.Error("an unchanged post is another capture")
		}
		if got := looks[0].Captures[0]; got.Lane != twitter.LanePosts || got.NativeID != post.ID {
			t.Errorf("capture in %s, %s", got.Lane, got.NativeID)
		}
	})
}

func key(w *world, c daybook.Capture) string {
	w.Helper()
	r, err := w.driver.Parse(w.account, c)
	if err != nil {
		w.Fatal(err)
	}
	return daybook.Item{Capture: c, Reading: &r}.CaptureKey()
}

// Each version of an edited post is found from any of them.
func TestLook_Versions_A2(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		first := w.ruben.Mention(w.mara, "one")
		w.server.Wait(time.Minute)
		second := first.Edit("two")
		w.server.Wait(time.Minute)
		third := second.Edit("three")
		for _, from := range []*fakex.Post{first, second, third} {
			messages := w.read(w.look(w.postRef(from))[0].Captures)
			var texts []string
			for _, m := range messages {
				texts = append(texts, m.Text)
				if m.Key != twitter.PostKey(first.ID) || !m.Sent.At.Equal(first.At()) || m.Edited.IsZero() != (m.Native == first.ID) {
					t.Errorf("version %s: %s, sent %s, edited %s", m.Native, string(m.Key), m.Sent.At, m.Edited)
				}
			}
			slices.Sort(texts)
			want := []string{first.Text(), second.Text(), third.Text()}
			slices.Sort(want)
			if !slices.Equal(texts, want) {
				t.Errorf("versions %q, want %q", texts, want)
			}
		}
	})
}

// Quotes of the person's posts are found by a look at what answers them, also those
// that do not name the person.
func TestLook_Quotes(t *testing.T) {
	bothNames(t, func(t *testing.T, w *world) {
		hers := w.mara.Post("opens at four")
		answer := w.tilda.Reply(hers, "lovely")
		plain := w.tilda.Mention(w.mara, "hello")
		calls := func() (n int) {
			for _, r := range w.server.Requests() {
				if r.Path == "/2/tweets/"+hers.ID+"/quote_tweets" {
					n++
				}
			}
			w.server.Forget()
			return n
		}
		w.look(w.postRef(answer))
		if n := calls(); n != 0 {
			t.Errorf("nothing quotes it, and it was asked %d times", n)
		}
		quote := w.ruben.Quote(hers, "look at her pots")
		w.look(w.postRef(plain))
		if n := calls(); n != 0 {
			t.Errorf("another post, and it was asked %d times", n)
		}
		looks := w.look(w.postRef(answer), w.postRef(plain))
		if n := calls(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		found := false
		for _, c := range looks[0].Captures {
			if c.Lane != twitter.LaneQuotes {
				continue
			}
			for _, m := range w.read([]daybook.Capture{c}) {
				found = found || m.Key == twitter.PostKey(quote.ID) && m.Kind == daybook.KindQuote && m.Direction == daybook.In
			}
		}
		if !found {
			t.Errorf("the quote was not found in %d captures", len(looks[0].Captures))
		}
		// It is not worth the look: where X does not answer, the look stands.
		w.server.Fault("/2/tweets/{id}/quote_tweets", 1, fakex.TooMany(w.server.Now().Add(time.Minute)))
		w.look(w.postRef(answer))
	})
}

// What X could not hand out beside a post is kept with it.
func TestLook_ErrorsBesideDataAreKept(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	his := w.ruben.Post("I was there")
	answer, other := w.tilda.Reply(his, "@maralindqvist look at this"), w.ruben.Mention(w.mara, "gone")
	his.Delete()
	other.Delete()
	looks := w.look(w.postRef(other), w.postRef(answer))
	if !looks[0].Missing || len(looks[0].Captures) != 0 || len(looks[1].Captures) != 2 {
		t.Fatalf("looks %+v", looks)
	}
	if got := looks[1].Captures[1]; got.NativeID != "error/tweet/"+his.ID+"/resource-not-found" || len(w.read([]daybook.Capture{got})) != 0 {
		t.Errorf("kept %s", got.NativeID)
	}
}

// When X allows no more calls, what was found is given and the rest is left.
func TestLook_Limited(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	var refs []collectors.Ref
	for range 20 {
		refs = append(refs, w.messageRef(w.ruben.Message(w.mara, "hello")))
	}
	refs = append(refs, w.postRef(w.ruben.Mention(w.mara, "look")), collectors.Ref{Key: "x:post/1"})
	looks, err := w.source.Look(t.Context(), refs)
	var limit *collectors.RateLimitError
	if !errors.As(err, &limit) || len(looks) != 17 {
		t.Fatalf("%d looks, %v; want 15 messages, the post, and the one that cannot be asked for", len(looks), err)
	}
	for _, l := range looks {
		if l.Missing {
			t.Errorf("%s is missing", string(l.Ref.Key))
		}
	}
}

// Where an attachment does not lie on X's own hosts, nothing is asked.
func TestMedia_Refused_E5_E6(t *testing.T) {
	w := newWorld(t, fakex.Options{})
	for _, address := range []string{
		"", "https://t.co/abc", "https://clips.example/a.jpg", "http://pbs.twimg.com/media/a.jpg", "https://pbs.twimg.com.evil.example/a.jpg",
		"https://mara@pbs.twimg.com/a.jpg", "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg", "https://api.x.com/2/users/me", "https://api.x.com/2/dm_conversations/media/1/2/../../x",
		"https://x.com/i/status/1", "https://pbs.twimg.com:8443/a.jpg",
	} {
		if _, _, err := w.source.Media(t.Context(), daybook.Media{URL: address}); !errors.Is(err, collectors.ErrNotFetched) {
			t.Errorf("%s: got %v", address, err)
		}
	}
	w.server.Fault("/media/", 1, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("Location", "https://clips.example/a.jpg")
		rw.WriteHeader(http.StatusFound)
	})
	if _, _, err := w.source.Media(t.Context(), daybook.Media{URL: "https://pbs.twimg.com/media/a.jpg"}); !errors.Is(err, collectors.ErrNotFetched) {
		t.Errorf("a redirect elsewhere: %v", err)
	}
	if n := len(w.server.Requests()); n != 1 {
		t.Errorf("%d calls, want the one that was sent elsewhere", n)
	}
}

// All that is asked is what X's document allows, in both ways to name fields, and
// the answers as well.
func TestCallsAreThoseOfTheDocument(t *testing.T) {
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		t.Run(names, func(t *testing.T) {
			w := newWorld(t, fakex.Options{Names: names, Check: xspec.Hook(t)})
			photo := w.server.File([]byte("x"), "image/jpeg", "two bowls")
			hers := w.mara.Post("opens at four")
			answer := w.ruben.Reply(hers, "nice & late https://clips.example/r?a=1&b=2", fakex.With(photo))
			w.tilda.Quote(hers, "hers")
			edited := w.ruben.Mention(w.mara, "one")
			w.server.Wait(time.Minute)
			edited.Edit("two")
			gone := w.ruben.Mention(w.mara, "gone")
			message := w.ruben.Message(w.mara, "hello", fakex.With(photo))
			w.ruben.Group([]*fakex.Person{w.mara, w.tilda}).Message(w.tilda, "hello both")
			w.mara.Block(w.server.Person("quietkiln_q", "Q"))
			for _, lane := range w.source.Lanes() {
				captures, at, _ := w.drain(lane, "")
				if at != "" {
					w.drain(lane, at)
				}
				w.read(captures)
			}
			gone.Delete()
			looks := w.look(w.postRef(answer), w.postRef(edited), w.postRef(gone), w.messageRef(message))
			if !looks[2].Missing {
				t.Error("the post that is gone is there")
			}
			calls := map[string]bool{}
			for _, r := range w.server.Requests() {
				calls[r.Path] = true
			}
			if len(calls) < 7 {
				t.Errorf("%d different calls, want all that a source makes: %v", len(calls), calls)
			}
		})
	}
}

// FuzzAnswer gives any body as X's answer: the source says that it cannot be read,
// or cuts captures out of it that stand in it.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"data":[{"id":"2","author_id":"3","edit_history_tweet_ids":["1","2"]}],"includes":{"users":[{"id":"3"}],"tweets":[{"id":"1","author_id":"3"}]},"meta":{"next_token":"x"}}`,
		`{"meta":{"result_count":0}}`, `{"data":null,"errors":[{"resource_id":7}]}`, `{"data":{"id":1},"data":[[],"x"]}`, `{"includes":{"media":[{"media_key":"3_1"}]}}`, `[`,
	} {
		f.Add([]byte(body))
	}
	config := func(body []byte) twitter.Config {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body) // the test's own writer
		})
		return twitter.Config{Now: time.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"api.x.com": h}}}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		source, err := twitter.Driver(config(body)).Open(t.Context(), maraOnX(), []byte("any"))
		if err != nil {
			t.Fatal(err)
		}
		for _, lane := range source.Lanes() {
			p, err := source.Fetch(t.Context(), lane, "")
			if err != nil {
				continue
			}
			for _, c := range p.Captures {
				if c.NativeID == "" || !bytes.HasPrefix(body[c.Offset:], parts(t, c.Raw)[0]) {
					t.Errorf("capture %s at %d is not in the answer", c.Member, c.Offset)
				}
			}
		}
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
