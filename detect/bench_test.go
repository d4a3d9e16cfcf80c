package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"daybook"
	"daybook/detect"
)

// manyContacts is a made-up case of four years: a group of three handles, and
// others that wrote now and then.
func manyContacts(tb testing.TB, contacts, handles int) detect.Facts {
	names := make([]string, handles)
	for i := range names {
		names[i] = fmt.Sprintf("bird%d", i)
	}
	from := date(1, 0, 0).AddDate(-4, 0, 0)
	s := newStory(zone(tb, "Europe/London"), date(31, 0, 0), names...)
	s.Groups = [][]int{{0, 1, 2}}
	s.watched(from, date(31, 0, 0))
	about := uint64(contacts / 2)
	s.Marks = []detect.Mark{{What: daybook.MarkStop, Handle: 0, About: &about, At: date(1, 0, 0), Entry: 900_000_000}}
	s.Blocks = []detect.Block{{Handle: 1, Seen: date(1, 0, 0).AddDate(-1, 0, 0), Entry: 900_000_001}}
	s.Contacts = make([]detect.Contact, 0, contacts)
	r := rand.New(rand.NewPCG(1, 2))
	step := date(31, 0, 0).Sub(from) / time.Duration(contacts)
	for i := range contacts {
		h := min(r.IntN(3)+r.IntN(2)*r.IntN(handles), handles-1)
		s.message(h, from.Add(time.Duration(i)*step), func(c *detect.Contact) {
			if i%5 == 0 {
				c.Kind, c.Direction = daybook.KindReply, daybook.Out
			}
		})
	}
	r.Shuffle(contacts/100, func(i, j int) { // older ones were added later
		s.Contacts[i].Entry, s.Contacts[j].Entry = s.Contacts[j].Entry, s.Contacts[i].Entry
	})
	return s.Facts
}

func BenchmarkContact(b *testing.B) {
	for _, size := range []struct{ contacts, handles int }{{100_000, 20}, {100_000, 5000}, {400_000, 20}} {
		b.Run(fmt.Sprintf("%dk-%d", size.contacts/1000, size.handles), func(b *testing.B) {
			f := manyContacts(b, size.contacts, size.handles)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (detect.RepeatedContact{}).Detect(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCalendar(b *testing.B) {
	for _, size := range []struct{ contacts, handles int }{{100_000, 20}, {100_000, 5000}, {400_000, 20}} {
		b.Run(fmt.Sprintf("%dk-%d", size.contacts/1000, size.handles), func(b *testing.B) {
			f := manyContacts(b, size.contacts, size.handles)
			b.ReportAllocs()
			for b.Loop() {
				detect.NewCalendar(f, 42)
			}
		})
	}
}

func BenchmarkCalendarSince(b *testing.B) {
	c := detect.NewCalendar(manyContacts(b, 400_000, 20), 42)
	for b.Loop() {
		c.Since(date(25, 0, 0))
	}
}
