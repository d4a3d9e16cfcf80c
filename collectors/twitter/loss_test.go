package twitter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/twitter"
	"daybook/internal/fakex"
)

// A bench is a Runner that reads the world into a store in memory.
type bench struct {
	*world
	store  *collectorstest.Memory
	config collectors.Config
}

func newBench(t *testing.T, o fakex.Options) *bench {
	t.Helper()
	w := newWorld(t, o)
	b := &bench{world: w, store: collectorstest.NewMemory()}
	b.store.Connect(w.account, daybook.Consent{Account: w.account.ID, Given: w.server.Now(), Until: w.server.Now().AddDate(1, 0, 0)}, []byte(w.server.Token(w.mara)))
	start := w.server.Now()
	b.config = collectors.Config{
		Drivers: []collectors.Driver{w.driver}, Log: b.store, Ledger: b.store, Accounts: b.store, Queue: b.store,
		Owner: "test", Clock: w.server.Now, Elapsed: func() time.Duration { return w.server.Now().Sub(start) },
	}
	return b
}

func (b *bench) runner() *collectors.Runner { return collectors.NewRunner(b.config) }

// poll lets a minute pass and reads the account.
func (b *bench) poll() (collectors.Report, error) {
	b.server.Wait(time.Minute)
	return b.runner().Once(b.Context(), "account")
}

func (b *bench) mustPoll() collectors.Report {
	b.Helper()
	rep, err := b.poll()
	if err != nil {
		b.Fatalf("read the account: %v", err)
	}
	return rep
}

// later lets time pass and does the second looks that are due by then.
func (b *bench) later(d time.Duration) {
	b.Helper()
	b.server.Wait(d)
	if _, err := b.runner().Looks(b.Context(), "account"); err != nil {
		b.Fatalf("look again: %v", err)
	}
}

// texts are those of a message in the log, in order.
func (b *bench) texts(key daybook.MessageKey) []string {
	b.Helper()
	return b.allTexts()[key]
}

// allTexts are those of all messages in the log.
func (b *bench) allTexts() map[daybook.MessageKey][]string {
	b.Helper()
	out := map[daybook.MessageKey][]string{}
	for _, r := range b.store.Records() {
		if r.Kind != daybook.RecordItem {
			continue
		}
		it, err := daybook.ParseItem(r)
		if err != nil {
			b.Fatal(err)
		}
		if it.Reading == nil {
			continue
		}
		for _, m := range it.Reading.Messages {
			if !slices.Contains(out[m.Key], m.Text) {
				out[m.Key] = append(out[m.Key], m.Text)
			}
		}
	}
	return out
}

func recordsOf[T any](t *testing.T, s *collectorstest.Memory, kind daybook.RecordKind) (out []T) {
	t.Helper()
	for _, r := range s.Records() {
		if r.Kind != kind {
			continue
		}
		var v T
		if err := r.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// observed returns what was observed about a message.
func (b *bench) observed(key daybook.MessageKey) (out []daybook.Observation) {
	b.Helper()
	return slices.DeleteFunc(recordsOf[daybook.Observation](b.T, b.store, daybook.RecordObservation), func(o daybook.Observation) bool { return o.Message != key })
}

// The tests that follow are the column of X in the table of what can be lost.

// What is deleted after it was read stays, and the look says only that it is not
// there. What was deleted before leaves a trace where something refers to it.
func TestLoss_DeletedBeforePoll_A2(t *testing.T) {
	b := newBench(t, fakex.Options{})
	b.mustPoll()
	post, message := b.ruben.Mention(b.mara, "I know you read this"), b.ruben.Message(b.mara, "where are you")
	never := b.ruben.Post("seen by nobody")
	b.tilda.Reply(never, "@maralindqvist did you see that")
	never.Delete()
	b.mustPoll()
	post.Delete()
	message.Unsend()
	b.later(5 * time.Minute)
	for _, key := range []daybook.MessageKey{twitter.PostKey(post.ID), twitter.MessageKey(message.ID)} {
		if len(b.texts(key)) != 1 {
			t.Errorf("%s: its text is not kept", string(key))
		}
		seen := b.observed(key)
		if len(seen) != 1 || seen[0].What != daybook.SeenGone || strings.Contains(seen[0].Detail, "delete") || seen[0].Exchange == nil {
			t.Errorf("%s: observed %+v", string(key), seen)
		}
	}
	trace := false
	for _, r := range b.store.Records() {
		trace = trace || r.Kind == daybook.RecordItem && strings.HasPrefix(string(r.Value("native_id")), "error/tweet/"+never.ID+"/")
	}
	if !trace {
		t.Error("what X says of the deleted post is not kept")
	}
}

// An edit makes a further version of the same message: found among the mentions,
// and by the look after an hour if the list shows nothing.
func TestLoss_Edited_A2(t *testing.T) {
	bothBenches(t, func(t *testing.T, b *bench) {
		post := b.ruben.Mention(b.mara, "I hate you")
		b.mustPoll()
		if got := b.texts(twitter.PostKey(post.ID)); len(got) != 1 {
			t.Fatalf("texts %q", got)
		}
		b.server.Wait(10 * time.Minute)
		post.Edit("@maralindqvist have a good evening")
		b.server.Fault("/2/users/{id}/mentions", -1, fakex.Answer(200, "application/json", `{"meta":{"result_count":0}}`))
		b.mustPoll()
		if got := b.texts(twitter.PostKey(post.ID)); len(got) != 1 {
			t.Fatalf("texts %q, want the first alone: the list shows nothing", got)
		}
		b.later(65 * time.Minute)
		got := b.texts(twitter.PostKey(post.ID))
		if len(got) != 2 || !slices.Contains(got, "@maralindqvist I hate you") || !strings.Contains(got[0]+got[1], "have a good evening") {
			t.Errorf("texts %q, want both versions", got)
		}
	})
}

func bothBenches(t *testing.T, do func(t *testing.T, b *bench)) {
	for _, names := range []string{fakex.NamesTweet, fakex.NamesPost} {
		t.Run(names, func(t *testing.T) { do(t, newBench(t, fakex.Options{Names: names})) })
	}
}

// An edit before the first poll: the version that was there before comes along.
func TestLoss_EditedBeforePoll_A2(t *testing.T) {
	bothBenches(t, func(t *testing.T, b *bench) {
		b.mustPoll()
		post := b.ruben.Mention(b.mara, "I hate you")
		b.server.Wait(time.Minute)
		post.Edit("@maralindqvist good evening")
		b.mustPoll()
		if got := b.texts(twitter.PostKey(post.ID)); len(got) != 2 {
			t.Errorf("texts %q, want both versions", got)
		}
	})
}

// Of an account that is suspended, protected or blocked by the person nothing is
// said but that its post is not there, and whether the person blocks it. What its
// profile showed before is kept.
func TestLoss_SuspendedOrBlocked(t *testing.T) {
	tests := []struct {
		name     string
		do       func(b *bench)
		blocking bool
	}{
		{"suspended", func(b *bench) { b.ruben.Suspend() }, false},
		{"protected", func(b *bench) { b.ruben.Protect() }, false},
		{"blocks the person", func(b *bench) { b.ruben.Block(b.mara) }, false},
		{"protected, and blocked by the person", func(b *bench) { b.ruben.Protect(); b.mara.Block(b.ruben) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, fakex.Options{})
			b.ruben.Profile("Ruben", "birds & boats")
			post := b.ruben.Mention(b.mara, "look")
			b.mustPoll()
			tt.do(b)
			b.later(5 * time.Minute)
			seen := b.observed(twitter.PostKey(post.ID))
			if len(seen) != 1 || seen[0].What != daybook.SeenGone {
				t.Fatalf("observed %+v", seen)
			}
			if says := strings.Contains(seen[0].Detail, "blocks the sender"); says != tt.blocking {
				t.Errorf("detail %q", seen[0].Detail)
			}
			kept := false
			for _, r := range b.store.Records() {
				if r.Kind != daybook.RecordItem {
					continue
				}
				it, err := daybook.ParseItem(r)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range twitter.Profiles(b.account, it.Capture) {
					kept = kept || p.Note == "birds & boats"
				}
			}
			if !kept {
				t.Error("the profile is not kept")
			}
		})
	}
}

// Messages of strangers are taken as any others: the list is asked for whole, and
// what X calls requests is not told apart there. Whether X puts requests into that
// list is not documented.
func TestLoss_Requests(t *testing.T) {
	b := newBench(t, fakex.Options{})
	stranger := b.server.Person("quietkiln_q", "Q")
	m := stranger.Message(b.mara, "you do not know me")
	b.mustPoll()
	if got := b.texts(twitter.MessageKey(m.ID)); len(got) != 1 {
		t.Errorf("texts %q", got)
	}
	for _, r := range b.server.Requests() {
		if r.Path == "/2/dm_events" && r.Query["event_types"] != nil {
			t.Error("the list was asked for in part")
		}
	}
}

// Attachments are fetched when the message comes: what X deletes later is here.
func TestLoss_MediaGone(t *testing.T) {
	b := newBench(t, fakex.Options{})
	photo, film, sent, late := b.server.File([]byte("bowls"), "image/jpeg", "two bowls"), b.server.File([]byte("a film"), "video/mp4", ""),
		b.server.File([]byte("a door"), "image/jpeg", ""), b.server.File([]byte("too late"), "image/jpeg", "")
	b.ruben.Mention(b.mara, "look", fakex.With(photo, film))
	b.ruben.Message(b.mara, "and this", fakex.With(sent))
	b.ruben.Message(b.mara, "https://t.co/abc https://clips.example/x", fakex.With(late))
	b.mustPoll()
	b.server.Remove(late)
	if rep, err := b.runner().Media(t.Context(), "account"); err != nil || rep.Media != 3 {
		t.Fatalf("%d attachments, %v", rep.Media, err)
	}
	for _, want := range []string{"bowls", "a film", "a door"} {
		if got := b.store.Blob(daybook.DigestOf([]byte(want))); string(got) != want {
			t.Errorf("%q is not kept", want)
		}
	}
	missing := 0
	for _, m := range recordsOf[daybook.MediaRecord](t, b.store, daybook.RecordMedia) {
		if m.Media.State == daybook.MediaMissing {
			missing++
		}
	}
	if missing < 1 {
		t.Error("nothing says that one is gone")
	}
	for _, r := range b.server.Requests() {
		if !slices.Contains([]string{"api.x.com", "pbs.twimg.com", "video.twimg.com"}, r.Host) {
			t.Errorf("%s was asked", r.Host)
		}
	}
}

// X keeps 800 mentions and 30 days of messages: what has fallen out of that
// between two readings is a hole in the log, and nothing else is.
func TestLoss_Window_A7(t *testing.T) {
	holes := func(b *bench) (out []string) {
		for _, g := range recordsOf[daybook.Gap](b.T, b.store, daybook.RecordGap) {
			if g.Class == daybook.Hole {
				out = append(out, string(g.Lane)+": "+g.Cause)
			}
		}
		return out
	}
	tests := []struct {
		name   string
		happen func(b *bench)
		want   []string
	}{
		{"900 mentions", func(b *bench) { b.mentions(900, "again") },
			[]string{"mentions: daybook was not running; the platform no longer had all of it"}},
		{"700 mentions", func(b *bench) { b.mentions(700, "again") }, nil},
		{"31 days", func(b *bench) {
			b.messages(2, "lost")
			b.server.Wait(31 * 24 * time.Hour)
			b.messages(2, "still there")
		}, []string{"dm_events: daybook was not running; the platform no longer had all of it"}},
		{"29 days", func(b *bench) { b.server.Wait(29 * 24 * time.Hour); b.messages(2, "after a while") }, nil},
		{"31 days without a message, read all the time", func(b *bench) {
			for range 32 {
				b.server.Wait(24 * time.Hour)
				b.mustPoll()
			}
			b.messages(1, "again")
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, fakex.Options{NoLimits: true})
			b.messages(3, "before")
			b.mentions(3, "before")
			b.mustPoll()
			tt.happen(b)
			b.mustPoll()
			got := slices.DeleteFunc(holes(b), func(s string) bool { return !strings.Contains(s, "no longer had") })
			if len(got) != len(tt.want) || len(got) == 1 && !strings.Contains(got[0], strings.Split(tt.want[0], ":")[0]) {
				t.Errorf("holes %q, want %q", got, tt.want)
			}
		})
	}
}

// More than a page at once, while calls are limited: all of it is there in the
// end, and the log says that it came late.
func TestLoss_BurstLargerThanAPage(t *testing.T) {
	b := newBench(t, fakex.Options{})
	b.mustPoll()
	want := append(b.messages(300, "answer me"), b.mentions(250, "look outside")...)
	b.server.Fault("/2/dm_events", 1, fakex.TooMany(b.server.Now().Add(30*time.Minute)))
	if _, err := b.poll(); err == nil {
		t.Fatal("the limit was not met")
	}
	b.server.Wait(30 * time.Minute)
	b.mustPoll()
	texts := b.allTexts()
	for _, key := range want {
		if len(texts[key]) != 1 {
			t.Fatalf("%s is missing", string(key))
		}
	}
	late := slices.ContainsFunc(recordsOf[daybook.Gap](t, b.store, daybook.RecordGap), func(g daybook.Gap) bool {
		return g.Lane == twitter.LaneMessages && g.Class == daybook.Late
	})
	if !late {
		t.Error("no late gap")
	}
}

// An answer that looks well and holds only errors, or nothing, is no page: it is
// kept as it is, the lane has failed, and what comes is found afterwards.
func TestLoss_SilentErrors(t *testing.T) {
	for _, body := range []string{`{}`, `{"errors":[{"title":"Forbidden","type":"https://api.twitter.com/2/problems/not-authorized-for-resource"}]}`, `{"da`} {
		b := newBench(t, fakex.Options{})
		b.mustPoll()
		want := append(b.messages(2, "here"), b.mentions(2, "here")...)
		b.server.Fault("/2/dm_events", 1, fakex.Answer(200, "application/json", body))
		b.server.Fault("/2/users/{id}/mentions", 1, fakex.Answer(200, "application/json", body))
		if _, err := b.poll(); err == nil {
			t.Errorf("%s: no error", body)
		}
		kept := recordsOf[collectors.ExchangeRecord](t, b.store, daybook.RecordExchange)
		if len(kept) != 2 || string(kept[0].Body) != body {
			t.Errorf("%s: %d answers are kept", body, len(kept))
		}
		b.mustPoll()
		for _, key := range want {
			if len(b.texts(key)) != 1 {
				t.Errorf("%s: %s is missing", body, string(key))
			}
		}
	}
}

// Long posts are asked for whole.
func TestLoss_Truncation(t *testing.T) {
	bothBenches(t, func(t *testing.T, b *bench) {
		text := strings.TrimSpace(strings.Repeat("the lake, the train & the <yellow> door ", 20))
		post := b.ruben.Mention(b.mara, text)
		b.mustPoll()
		got := b.texts(twitter.PostKey(post.ID))
		if len(got) != 1 || got[0] != "@maralindqvist "+text {
			t.Errorf("texts %.90q", got)
		}
	})
}

// A token that is no longer taken, and credits that are used up, become entries of
// the log.
func TestLoss_TokenLapse_A7(t *testing.T) {
	b := newBench(t, fakex.Options{})
	b.mustPoll()
	b.server.Fault("/2/dm_events", 1, fakex.NoCredits)
	if _, err := b.poll(); err == nil {
		t.Fatal("no error")
	}
	if due, want := b.store.Due("account"), b.server.Now().Add(time.Hour); !due.Equal(want) {
		t.Errorf("due %s, want in an hour", due)
	}
	b.server.Wait(time.Hour)
	b.mustPoll()
	gaps := recordsOf[daybook.Gap](t, b.store, daybook.RecordGap)
	if !slices.ContainsFunc(gaps, func(g daybook.Gap) bool {
		return g.Cause == "the credits at the platform are used up" && g.Class == daybook.Late
	}) {
		t.Errorf("gaps %+v", gaps)
	}
	b.server.Revoke(b.mara)
	if _, err := b.poll(); err == nil {
		t.Fatal("no error")
	}
	gaps = recordsOf[daybook.Gap](t, b.store, daybook.RecordGap)
	if last := gaps[len(gaps)-1]; last.Class != daybook.Hole || last.Cause != "the platform refused the token" {
		t.Errorf("gap %+v", last)
	}
}

// 100 looks at an account where nothing is new cost one message in a day of UTC
// and, once a day, each account that the person blocks. docs/collecting-x.md says so.
func TestPollsWithNothingNew_Cost(t *testing.T) {
	b := newBench(t, fakex.Options{NoLimits: true})
	b.messages(5, "before")
	b.mentions(5, "before")
	b.mara.Block(b.server.Person("quietkiln_q", "Q"))
	b.server.At(time.Date(2026, 9, 15, 0, 30, 0, 0, time.UTC))
	b.mustPoll()
	before := b.server.Bill()
	b.server.Forget()
	for range 100 {
		b.mustPoll()
	}
	if spent := b.server.Bill().MicroDollars() - before.MicroDollars(); spent != 0 {
		t.Errorf("the same day: %d millionths of a dollar", spent)
	}
	calls := map[string]int{}
	for _, r := range b.server.Requests() {
		calls[strings.ReplaceAll(r.Path, b.mara.ID, "{id}")]++
	}
	if want := map[string]int{"/2/dm_events": 100, "/2/users/{id}/mentions": 100}; fmt.Sprint(calls) != fmt.Sprint(want) {
		t.Errorf("calls %v, want %v", calls, want)
	}
	b.server.At(time.Date(2026, 9, 16, 0, 30, 0, 0, time.UTC))
	b.mustPoll()
	for range 99 {
		b.mustPoll()
	}
	now := b.server.Bill()
	prices := twitter.DefaultPrices(false)
	want := int64(prices[twitter.ReadMessage] + prices[twitter.ReadBlock])
	if spent := now.MicroDollars() - before.MicroDollars(); spent != want || now[fakex.BillMessages]-before[fakex.BillMessages] != 1 {
		t.Errorf("the next day: %d millionths of a dollar, %v", spent, now)
	}
}

// A message and a mention that come at noon are read at once and looked at again
// on the same day, on the next one and after a week: each is paid for three times.
func TestOneMessage_Cost(t *testing.T) {
	b := newBench(t, fakex.Options{NoLimits: true})
	b.server.At(time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC))
	b.mustPoll()
	b.messages(1, "hello")
	b.mentions(1, "hello")
	b.mustPoll()
	b.later(5 * time.Minute)
	b.later(time.Hour)
	b.later(24 * time.Hour)
	b.later(7 * 24 * time.Hour)
	if got := b.server.Bill(); got[fakex.BillMessages] != 3 || got[fakex.BillPosts] != 3 || got[fakex.BillUsers] != 0 {
		t.Errorf("paid for %v, want three messages and three posts", got)
	}
	if rep, err := b.runner().Looks(t.Context(), "account"); err != nil || rep.Looked != 0 {
		t.Errorf("%d further looks, %v", rep.Looked, err)
	}
}
