package mastodon_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

// notified drains the notifications and returns the message that says text.
func (w *world) notified(text string) daybook.ReadMessage {
	w.Helper()
	captures, _ := w.drain(mastodon.LaneNotifications, "")
	for _, m := range w.read(captures) {
		if strings.Contains(m.Text, text) {
			return m
		}
	}
	w.Fatalf("no message says %q", text)
	return daybook.ReadMessage{}
}

// calls returns the calls that end in suffix.
func (w *world) calls(suffix string) (n int) {
	for _, r := range w.server.Requests() {
		if strings.HasSuffix(r.Path, suffix) {
			n++
		}
	}
	return n
}

func around(l collectors.Look) []daybook.Capture {
	return slices.DeleteFunc(slices.Clone(l.Captures), func(c daybook.Capture) bool { return c.Lane != mastodon.LaneContexts })
}

func (w *world) keys(captures []daybook.Capture) (keys []string) {
	w.Helper()
	for _, c := range captures {
		reading, err := w.driver.Parse(w.account, c)
		if err != nil {
			w.Fatal(err)
		}
		keys = append(keys, daybook.Item{Capture: c, Reading: &reading}.CaptureKey())
	}
	slices.Sort(keys)
	return keys
}

// What the person answers to a direct message after it was collected is found,
// under the same keys as in the lane of contexts.
func TestLook_DirectMessageWasAnswered(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		first := w.ruben.Direct(w.mara, "are you there")
		m := w.notified("are you there")
		if got := around(w.look(m)[0]); len(got) != 0 {
			t.Errorf("nothing stands around it: got %d captures", len(got))
		}
		w.server.Wait(time.Minute)
		answer := w.mara.Reply(first, "please do not write to me")
		w.server.Wait(time.Minute)
		w.ruben.Reply(answer, "why")
		again := w.notified("why")

		w.server.Forget()
		looks := w.look(m, again)
		if got := w.read(around(looks[0])); len(got) != 2 || got[0].Direction != daybook.Out || !strings.HasSuffix(got[0].Text, "please do not write to me") {
			t.Fatalf("around the first: got %+v", got)
		}
		if got := around(looks[1]); len(got) != 0 || w.calls("/context") != 1 {
			t.Errorf("what the same look has shown is not asked for again: got %d captures and %d calls", len(got), w.calls("/context"))
		}
		// The lane asks from the end of the conversation: it shows the first
		// two of the three.
		lane, _ := w.drain(mastodon.LaneContexts, "")
		if got, want := w.keys(around(w.look(again)[0])), w.keys(lane); len(want) != 2 || !slices.Equal(got, want) {
			t.Errorf("keys of the look %v, of the lane %v", got, want)
		}
	})
}

// Of a public reply the post that it answers is found and, if that is the
// person's, what they said below it; other people's talk is not. The sender's
// own post is never asked for its context.
func TestLook_PublicReply_E6(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		post := w.mara.Post("Market stall tomorrow from ten.")
		w.server.Wait(time.Minute)
		reply := w.ruben.Reply(post, "I will come")
		m := w.notified("I will come")
		w.server.Wait(time.Minute)
		w.mara.Reply(reply, "please do not")
		w.tilda.Reply(reply, "leave her alone")
		w.server.Forget()

		got := w.read(around(w.look(m)[0]))
		want := []string{"@kestrel_74 please do not", "@mara_lindqvist I will come", "Market stall tomorrow from ten."}
		if !slices.Equal(texts(got), want) {
			t.Errorf("got %q, want %q", texts(got), want)
		}
		for _, m := range got {
			if m.Text == "Market stall tomorrow from ten." && (m.Kind != daybook.KindPost || m.Direction != daybook.Out) {
				t.Errorf("the person's post: got %s, %s", m.Kind, m.Direction)
			}
		}
		if w.calls(reply.ID+"/context") != 0 || w.calls("/context") != 1 {
			t.Errorf("%d contexts were asked for, %d of them of the sender's post", w.calls("/context"), w.calls(reply.ID+"/context"))
		}
	})
}

func TestLook_PublicReplyToOthers(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		post := w.tilda.Post("Who has a kiln to lend?")
		w.server.Wait(time.Minute)
		w.ruben.Reply(post, "ask @mara_lindqvist")
		m := w.notified("ask")
		w.mara.Reply(post, "mine is taken")
		w.server.Forget()
		if got := texts(w.read(around(w.look(m)[0]))); !slices.Equal(got, []string{"Who has a kiln to lend?"}) {
			t.Errorf("got %q, want what was answered alone", got)
		}
		if n := w.calls("/context"); n != 0 {
			t.Errorf("%d contexts were asked for", n)
		}
	})
}

func TestLook_ManyRepliesToOnePost(t *testing.T) {
	w := newWorld(t, fakemastodon.Options{})
	post := w.mara.Post("Market stall tomorrow from ten.")
	for i := range 45 {
		w.ruben.Reply(post, fmt.Sprint(i))
	}
	captures, _ := w.drain(mastodon.LaneNotifications, "")
	w.server.Forget()
	w.look(w.read(captures)...)
	if n := len(w.server.Requests()); n != 3+2 {
		t.Errorf("got %d calls for 45 replies, want 3 for them and 2 for what they answer", n)
	}
}

// A limit that is met on the way leaves the looks that are whole.
func TestLook_LimitInTheMiddle(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.ruben.Direct(w.mara, "one")
		second := w.ruben.Direct(w.mara, "two")
		captures, _ := w.drain(mastodon.LaneNotifications, "")
		var refs []collectors.Ref
		for _, m := range w.read(captures) {
			refs = append(refs, collectors.Ref{Key: m.Key, Native: m.Native, Sender: m.Sender})
		}
		slices.SortFunc(refs, func(a, b collectors.Ref) int { return strings.Compare(a.Native, b.Native) })
		until := w.server.Now().Add(5 * time.Minute)
		w.server.Fault("/api/v1/statuses/"+second.ID+"/context", 1, w.server.TooMany(until))
		looks, err := w.source.Look(t.Context(), refs)
		var limit *collectors.RateLimitError
		if !errors.As(err, &limit) || len(looks) != 1 || looks[0].Ref.Key != refs[0].Key {
			t.Errorf("got %d looks and %v, want the first and a limit", len(looks), err)
		}
	})
}

func TestLook_ContextThatCannotBeRead(t *testing.T) {
	w := newWorld(t, gotosocial)
	sent := w.ruben.Direct(w.mara, "one")
	m := w.notified("one")
	w.server.Fault("/api/v1/statuses/"+sent.ID+"/context", 1, fakemastodon.Cut(9))
	looks, err := w.source.Look(t.Context(), []collectors.Ref{{Key: m.Key, Native: m.Native, Sender: m.Sender}})
	if err == nil || len(looks) != 0 {
		t.Errorf("got %d looks and %v, want an error", len(looks), err)
	}
}
