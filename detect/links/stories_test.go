package links_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"daybook"
	"daybook/detect"
	"daybook/detect/links"
)

// slip is a misspelling that people make.
const slip = "defin" + "ately"

// A moment is one thing that happens in a story.
type moment func(s *stage)

func says(name string, at time.Time, text string) moment {
	return func(s *stage) { s.says(name, at, text) }
}
func wrote(name string, at time.Time, text string) moment {
	return func(s *stage) { s.wrote(name, at, text) }
}
func shows(name string, at time.Time, p links.Profile) moment {
	return func(s *stage) { s.shows(name, at, p) }
}
func blocks(name string, at time.Time) moment { return func(s *stage) { s.blocks(name, at) } }
func asks(name string, at time.Time) moment {
	return func(s *stage) { s.mark(daybook.MarkStop, name, at) }
}

// play plays a story and looks after every moment. It returns at which message
// of a handle each suggestion was first made.
func play(t *testing.T, story []moment, allowed ...string) map[string]int {
	t.Helper()
	s := newStage(t)
	first := map[string]int{}
	for i, m := range story {
		m(s)
		for _, f := range s.detect(t) {
			name := suggested([]detect.Finding{f})[0]
			if !slices.Contains(allowed, name) {
				t.Fatalf("after moment %d: %s", i, about(f))
			}
			if _, ok := first[name]; !ok {
				first[name] = s.facts.Senders[s.who(strings.Split(name, ">")[0])].Messages()
			}
		}
	}
	return first
}

// aHarsherSender begins mild, is asked to stop, goes on and is blocked on the
// 12th.
func aHarsherSender(name string) []moment {
	return []moment{
		shows(name, on(1, 9, 0), links.Profile{Account: name + "@birds.example", Display: "Tern", Note: "sea and wind", Created: on(1, 9, 0).AddDate(-3, 0, 0)}),
		says(name, on(1, 9, 30), "Good morning! Saw your garden pictures, they are lovely."),
		says(name, on(2, 20, 10), "You never write back, i keep thinking about the old boathouse"),
		says(name, on(4, 21, 0), "the old boathouse, you and me.. "+slip+" the best summer"),
		wrote(name, on(5, 8, 0), "Please do not write to me any more."),
		asks(name, on(5, 8, 0)),
		says(name, on(5, 8, 20), "you dont mean that. nobody knows you like i do"),
		says(name, on(7, 23, 50), "i walked past the yellow gate tonight, nobody knows you like i do"),
		says(name, on(9, 23, 40), "answer me or i will come by"),
		says(name, on(11, 22, 5), "last chance to be nice to me"),
		blocks(name, on(12, 10, 0)),
	}
}

// A friend opens a new account the day after somebody else was blocked, and says
// so: she is nobody's successor. Nor is her old account.
func TestStory_AFriendsNewAccount_E15(t *testing.T) {
	story := slices.Concat(
		[]moment{
			shows("juniper_books", on(1, 8, 0), links.Profile{Account: "juniper_books@birds.example", Display: "Juniper", Created: on(1, 8, 0).AddDate(-2, 0, 0)}),
			says("juniper_books", on(1, 10, 0), "Book club moved to Thursday, same place as last time"),
			wrote("juniper_books", on(1, 10, 5), "Perfect, I will bring the cake"),
			says("juniper_books", on(3, 10, 0), "You still have my umbrella by the way"),
		},
		aHarsherSender("tern_watcher"),
		[]moment{
			shows("rosalind_k", on(13, 9, 0), links.Profile{Account: "rosalind_k@birds.example", Display: "Rosalind", Note: "new here, was on the old server", Created: on(13, 8, 50)}),
			says("rosalind_k", on(13, 9, 30), "Hi Mara, it's Rosalind! I finally made an account here."),
			wrote("rosalind_k", on(13, 9, 45), "Welcome! Good to see you."),
			says("rosalind_k", on(13, 9, 50), "Saw your garden pictures, the roses are so much further than mine"),
			says("rosalind_k", on(14, 19, 0), "How was the market? i walked past it but it was raining"),
			says("juniper_books", on(14, 20, 0), "Rosalind is here too now, have you seen?"),
			says("rosalind_k", on(16, 18, 0), "Nobody knows the back road like you do, shall we go on Sunday?"),
			says("rosalind_k", on(19, 18, 0), "Definitely the best pie of the summer, thank you"),
		},
	)
	play(t, story)
}

// Two who have nothing to do with each other wrote one phrase that nobody else
// did, and both misspell a word.
func TestStory_TwoStrangersOnePhrase_E15(t *testing.T) {
	story := slices.Concat(aHarsherSender("tern_watcher"), []moment{
		shows("harbour_news", on(2, 9, 0), links.Profile{Account: "harbour_news@birds.example", Display: "Harbour News", Created: on(2, 9, 0).AddDate(-5, 0, 0)}),
		says("harbour_news", on(6, 9, 0), "From our archive: the old boathouse before the storm of 1962"),
		says("harbour_news", on(8, 9, 0), "Council votes on the new pier this week, what do you think?"),
		says("old_salt", on(15, 11, 0), "Does anybody remember the old boathouse? I learned to swim there"),
		says("old_salt", on(15, 11, 5), slip+" worth a visit, even now"),
		says("old_salt", on(18, 11, 0), "I have two photographs of it somewhere in the attic"),
	})
	play(t, story)
}

// A friend writes very often, at the same hours, quotes what the person was sent,
// and tells the other off.
func TestStory_AChattyFriend_E15(t *testing.T) {
	story := []moment{
		shows("wilma_b", on(1, 7, 0), links.Profile{Account: "wilma_b@birds.example", Display: "Wilma B.", Created: on(1, 7, 0).AddDate(-4, 0, 0)}),
	}
	chat := []string{"good morning you", "did you sleep well?", "the train is late again, i keep thinking about coffee", "lunch at one?",
		"you wont believe what the neighbour said", "send me the picture of the roses please", "i am on my way, be there in ten minutes", "sleep well, talk to you tomorrow"}
	for day := 1; day <= 20; day++ {
		for i, text := range chat {
			story = append(story, says("wilma_b", on(day, 7+2*i, 13), fmt.Sprintf("%s %d", text, day)))
		}
		story = append(story, wrote("wilma_b", on(day, 7, 20), "Morning! All well here."))
		if day == 10 {
			story = append(story, aHarsherSender("tern_watcher")...)
			story = append(story,
				says("wilma_b", on(12, 10, 5), "He wrote “nobody knows you like i do”? How dare he"),
				says("wilma_b", on(12, 10, 6), "and "+slip+" no walking past the yellow gate tonight alone"),
			)
		}
	}
	play(t, story)
}

// Roles exchanged: the one who was blocked is the person's friend in every other
// respect, and it is the new one who is harsh. And here the new handle follows:
// it is suggested, and only it.
func TestStory_ItComesBack_E15(t *testing.T) {
	story := slices.Concat(aHarsherSender("tern_watcher"), []moment{
		says("hedgehog_hq", on(12, 11, 0), "New hedgehog pictures on our page today!"),
		shows("sea_glass_9", on(12, 22, 0), links.Profile{Account: "sea_glass_9@birds.example", Display: "Glass", Created: on(12, 21, 50)}),
		says("sea_glass_9", on(12, 22, 10), "hello, you do not know me"),
		says("sea_glass_9", on(12, 22, 20), "i walked past the yellow gate tonight"),
		says("hedgehog_hq", on(13, 11, 0), "And one more, because it is Sunday"),
		says("sea_glass_9", on(13, 22, 20), "nobody knows you like i do"),
	})
	first := play(t, story, "sea_glass_9>tern_watcher")
	if n := first["sea_glass_9>tern_watcher"]; n == 0 || n > 3 {
		t.Errorf("suggested from message %d on, want 3 at the latest", n)
	}
}

// Many come at once after a block, all with the same words: a crowd that was sent
// by somebody, or that read the same call. None of them is the one who was
// blocked because of that.
func TestStory_AFlood(t *testing.T) {
	s := newStage(t)
	for _, m := range aHarsherSender("tern_watcher") {
		m(s)
	}
	for i := range 200 {
		name := fmt.Sprintf("newcomer%03d", i*7919%1000)
		at := on(12, 10, 1).Add(time.Duration(i) * 20 * time.Second)
		s.shows(name, at, links.Profile{Account: name + "@birds.example", Created: at.Add(-time.Minute), Avatar: 0x0f0f0f0f0f0f0f0f})
		s.says(name, at, "shame on you for the old boathouse, you know what you did there")
		s.says(name, at.Add(time.Hour), fmt.Sprintf("shame shame shame %d", i))
	}
	for _, f := range s.detect(t) {
		t.Errorf("a crowd: %s", about(f))
	}
	if text := about(s.explain(t, "newcomer919", "tern_watcher")); !strings.Contains(text, "other handles first contacted you around that time") {
		t.Errorf("the crowd is not said: %s", text)
	}
}

// Names that look alike, turn the direction of the text or cannot be seen are
// reasons, are written out, and are never enough by themselves.
func TestStory_HostileNames_E3(t *testing.T) {
	s := newStage(t)
	for _, m := range aHarsherSender("tern_watcher") {
		m(s)
	}
	hostile := map[string]string{"cyrillic": "tern_wаtcher", "rtl": "\u202erehctaw_nret", "hidden": "tern\u200b_watcher", "long": strings.Repeat("tern_watcher", 500), "broken": "tern_\xff\xfewatcher", "empty": "\u200b\u200b"}
	for i, name := range []string{"cyrillic", "rtl", "hidden", "long", "broken", "empty"} {
		at := on(3, 9, i)
		s.shows(name, at, links.Profile{Account: hostile[name] + "@birds.example", Display: hostile[name]})
		s.says(name, at, "hello "+hostile[name])
	}
	for _, f := range s.detect(t) {
		if slices.ContainsFunc(f.Handles, func(h daybook.Handle) bool { return strings.HasSuffix(h.Native, "tern_watcher") }) {
			t.Errorf("by its name alone: %s", about(f))
		}
	}
	f := s.explain(t, "cyrillic", "tern_watcher")
	text := about(f)
	if !strings.Contains(text, "look the same") || !strings.Contains(text, "U+0430") {
		t.Errorf("the look of the name is not said: %s", text)
	}
	for _, name := range []string{"rtl", "hidden", "long", "broken", "empty"} {
		text := about(s.explain(t, name, "tern_watcher"))
		if strings.ContainsAny(text, "\u202e\u200b") || !utf8.ValidString(text) || len(text) > 3000 {
			t.Errorf("%s: %q", name, text)
		}
	}
}
