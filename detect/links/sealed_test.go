package links_test

import (
	"bytes"
	"strings"
	"testing"

	"daybook"
	"daybook/detect/links"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func fill(s *links.Sender) {
	for i, text := range []string{"I told the lighthouse keeper, allways", "call +44 20 7946 0123", "see https://shop.example/tern"} {
		s.Message(links.Message{Entry: uint64(i + 1), Key: uint64(i + 1), At: on(i+1, 9, 0), Text: text, Lang: "en-GB", Others: []string{"mastodon:a"}, Media: []daybook.Digest{{1}}})
	}
	s.Profile(links.Profile{Entry: 9, Account: "tern@birds.example", Display: "Tern", Created: on(1, 0, 0), Avatar: 0x0f1e2d3c4b5a6978, Server: "birds.example", Moved: "mastodon:b"})
}

// A sender that was put away and read again compares as before.
func TestSenderInBytes(t *testing.T) {
	model := shipped(t)
	d := links.Detector{Model: model}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt, 4)
		f := s.facts(model, nil)
		want, err := d.Explain(rt.Context(), f, 0, 1)
		if err != nil {
			rt.Fatal(err)
		}
		for i, sender := range f.Senders {
			data, err := sender.MarshalBinary()
			if err != nil {
				rt.Fatal(err)
			}
			f.Senders[i] = links.NewSender(model)
			if err := f.Senders[i].UnmarshalBinary(data); err != nil {
				rt.Fatal(err)
			}
			again, err := f.Senders[i].MarshalBinary()
			if err != nil || !bytes.Equal(again, data) {
				rt.Fatalf("other bytes, or %v", err)
			}
		}
		got, err := d.Explain(rt.Context(), f, 0, 1)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func FuzzSenderInBytes(f *testing.F) {
	model := shipped(f)
	s := links.NewSender(model)
	fill(s)
	data, err := s.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := links.NewSender(model)
		if err := s.UnmarshalBinary(data); err != nil {
			return
		}
		again, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := links.NewSender(model).UnmarshalBinary(again); err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
	})
}

// Whatever a message or a profile holds, comparing does not panic, sentences are
// valid text, short, and without characters that cannot be seen.
func FuzzMessage_E2(f *testing.F) {
	model := shipped(f)
	for _, text := range []string{"you allways had good hands for it", "\u202edrawkcab", "call +44 (0)20 7946 0123 or a@b.example", "https://a.example/x?y#z www.b.example/q",
		"\xff\xfe", strings.Repeat("a ", 5000), "<script>alert(1)</script>", "0000000000000000000000", "🐈👩‍👩‍👧‍👦"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		st := &stage{model: model, places: map[string]int{}}
		st.says("tern", on(1, 9, 0), first)
		st.says("gull", on(2, 9, 0), second)
		st.shows("tern", on(1, 9, 0), links.Profile{Account: first, Display: second, Note: first, Links: []string{second}, Fields: []string{first}, Server: second, Moved: first, Aliases: []string{second}})
		st.shows("gull", on(2, 9, 0), links.Profile{Account: second, Display: first, Note: second, Links: []string{first}, Server: second})
		st.detect(t)
		text := about(st.explain(t, "tern", "gull"))
		if len(text) > 6000 || strings.ToValidUTF8(text, "") != text || strings.ContainsAny(text, "\u202e\u200b\x00\x1b") {
			t.Errorf("got %q", text)
		}
	})
}
