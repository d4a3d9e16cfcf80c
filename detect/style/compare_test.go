package style_test

import (
	"strings"
	"testing"

	"daybook/detect/style"
)

// Three made-up writers.
var (
	ann = []string{
		"i dont know if thats going to work tbh", "yeah im on my way, wont be long", "lol no way :D", "cant you just ask her?? she said its fine",
		"ok whatever, i didnt want to go anyway", "hey are you up", "im sorry but thats not what i said", "you never told me that...",
		"i saw your sister today, she didnt say hi", "why wont you answer me", "lol ok then", "its not fair, i dont get it",
		"thats what they all say :D", "im at the station, cant find the bus", "dont be like that", "u know i didnt mean it",
		"yeah well i cant help it", "its raining again lol", "i wont wait for ever", "im just saying, thats all",
	}
	bob = []string{
		"I do not think that this will work. We should wait.", "Thank you for the message; I shall reply tomorrow.", "It is a question of time, I suppose.",
		"Good morning. Did you receive the letter which I sent on Monday?", "I would prefer to meet on Thursday, if that is convenient.",
		"Perhaps you could let me know by the end of the week.", "That was not my intention, as you know.", "I have spoken with your brother; he agrees.",
		"Please do not write to this address again.", "The weather has been rather poor, I am afraid.", "Nevertheless, I remain hopeful.",
		"It would be kind of you to answer.", "I am surprised that you have not replied.", "However, that is for you to decide.",
		"You will find the book on the second shelf.", "I have always been honest with you.", "Kindly return the key at your earliest convenience.",
		"That is all I wished to say.", "I shall be in the library until six o'clock.", "It is, as I said, a matter of principle.",
	}
	cyd = []string{
		"anyone here used the new build yet? mine crashes - a lot", "@ann: try turning it off and on again ;-)", "hmm, that's odd... works for me (on the old one)",
		"so I've got two of these, and neither will start!", "@bob, did you see <url> ?", "ah, right - my mistake, it's the other cable",
		"I'll have a look later, gotta run now", "well... it's better than nothing, isn't it? ;-)", "thanks!! that fixed it", "no idea, sorry - never tried that",
	}
)

func TestCompare(t *testing.T) {
	m := shipped(t)
	half := func(all []string, from int) style.Writing {
		p := m.NewProfile()
		for i := from; i < len(all); i += 2 {
			p.Add(all[i])
		}
		return m.Writing(p, nil)
	}
	alike := m.Compare(half(ann, 0), half(ann, 1))
	unlike := m.Compare(half(ann, 0), half(bob, 1))
	if !alike.Enough || !unlike.Enough {
		t.Fatalf("not enough text: %v, %v", alike, unlike)
	}
	if alike.Millibits <= 1000 || unlike.Millibits >= -1000 {
		t.Errorf("one writer's halves: %d, two writers': %d millibits", alike.Millibits, unlike.Millibits)
	}
}

func TestTooLittle(t *testing.T) {
	m := shipped(t)
	full := m.Writing(profileOf(m, bob), nil)
	for _, tc := range []struct {
		name     string
		messages []string
		why      string
	}{
		{"nothing", nil, "There are no messages with text."},
		{"two messages", bob[:2], "There is too little text: 2 messages with 101 characters."},
		{"a script", repeat("Это сообщение написано по-русски, и довольно длинное притом.", 30), "The messages are written mostly in a script that the model was not trained on."},
		{"a language", repeat("Ich habe dir doch gesagt, dass ich heute nicht kommen kann, weil der Zug ausfällt.", 30), "The messages are written mostly in a language that the model was not trained on."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := m.Writing(profileOf(m, tc.messages), nil)
			c := m.Compare(full, w)
			if c.Enough || c.Millibits != 0 || c.Why != tc.why {
				t.Errorf("got %+v, want %q", c, tc.why)
			}
			if h := m.Habits(full, w); h != nil {
				t.Errorf("got sentences: %v", h)
			}
		})
	}
}

// A sentence counts; it never quotes, and it says nothing of what both share
// with everybody.
func TestHabits_A10(t *testing.T) {
	m := shipped(t)
	back := m.NewBackground("made-up", profileOf(m, bob), profileOf(m, cyd))
	a, b := m.Writing(profileOf(m, ann[:10]), back), m.Writing(profileOf(m, ann[10:]), back)
	found := false
	for _, h := range m.Habits(a, b) {
		found = found || h.Key == "no-apostrophe" && h.For && strings.HasPrefix(h.Text, "Both leave out the apostrophe in words such as dont and cant: ")
		if h.For != (h.Millibits > 0) {
			t.Errorf("%+v", h)
		}
	}
	if !found {
		t.Errorf("the apostrophe is not among %v", m.Habits(a, b))
	}
	usual := m.NewBackground("all like ann", manyOf(m, ann, 300)...)
	for _, h := range m.Habits(m.Writing(profileOf(m, ann[:10]), usual), m.Writing(profileOf(m, ann[10:]), usual)) {
		if h.Key == "no-apostrophe" && h.For {
			t.Errorf("what everybody does is a reason: %v", h)
		}
	}
}

func manyOf(m *style.Model, messages []string, n int) (all []*style.Profile) {
	p := profileOf(m, messages)
	for range n {
		all = append(all, p)
	}
	return all
}

func repeat(text string, n int) (all []string) {
	for range n {
		all = append(all, text)
	}
	return all
}
