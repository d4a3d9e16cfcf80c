package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/detect"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// zones have days of 23, 24 and 25 hours, offsets of half an hour, and clocks
// that change at midnight.
var zones = []string{"UTC", "Europe/London", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati"}

// drawCase makes facts that use everything there is, around a change of the
// clocks.
func drawCase(rt *rapid.T) detect.Facts {
	name := rapid.SampledFrom(zones).Draw(rt, "zone")
	z, err := time.LoadLocation(name)
	if err != nil {
		rt.Fatal(err)
	}
	from := time.Date(2018, 10, 20, 0, 0, 0, 0, time.UTC)
	moment := func(name string) time.Time {
		return from.Add(time.Duration(rapid.IntRange(0, 24*24*60).Draw(rt, name)) * time.Minute)
	}
	s := newStory(z, moment("now"), "kestrel", "sparrow", "wren", "heron", "dipper")
	s.Groups = rapid.SampledFrom([][][]int{nil, {{0, 1}}, {{2, 0, 1}}, {{4, 3}, {1, 0}}, {{2}}, {{1, 9}}}).Draw(rt, "groups")
	s.entry = 100
	for range rapid.IntRange(0, 40).Draw(rt, "n") {
		s.message(rapid.IntRange(-1, 5).Draw(rt, "handle"), moment("at"), func(c *detect.Contact) {
			c.Kind = rapid.SampledFrom([]daybook.Kind{daybook.KindMention, daybook.KindReply, daybook.KindPoll, daybook.KindDiary, "new"}).Draw(rt, "kind")
			c.Direction = rapid.SampledFrom([]daybook.Direction{daybook.In, daybook.In, daybook.In, daybook.Out, ""}).Draw(rt, "direction")
			c.Precision = rapid.SampledFrom([]daybook.Precision{daybook.Exact, daybook.Exact, daybook.Minute, daybook.Day, daybook.About, daybook.Span}).Draw(rt, "precision")
			if c.Precision == daybook.Span {
				c.Until = c.At.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "lasting")) * time.Minute)
			}
			c.Gone, c.Logged = rapid.Bool().Draw(rt, "gone"), moment("logged")
		})
		if rapid.IntRange(0, 9).Draw(rt, "several in one entry") == 0 {
			s.entry--
		}
	}
	for range rapid.IntRange(0, 4).Draw(rt, "marks") {
		m := detect.Mark{Handle: rapid.IntRange(-1, 5).Draw(rt, "marked"), Entry: s.entry, At: moment("marked at"),
			What: rapid.SampledFrom([]daybook.Mark{daybook.MarkStop, daybook.MarkStop, daybook.MarkAllowed, daybook.MarkUnwanted}).Draw(rt, "what")}
		if rapid.Bool().Draw(rt, "dated") {
			m.When = daybook.When{At: moment("when"), Precision: rapid.SampledFrom([]daybook.Precision{daybook.Exact, daybook.Minute, daybook.Day, daybook.About}).Draw(rt, "how exactly")}
			if rapid.Bool().Draw(rt, "ends") {
				m.When.Until = m.When.At.Add(time.Duration(rapid.IntRange(0, 9000).Draw(rt, "for")) * time.Minute)
			}
		} else if about := uint64(rapid.IntRange(90, 145).Draw(rt, "about")); rapid.Bool().Draw(rt, "about one") {
			m.About = &about
		}
		s.entry++
		s.Marks = append(s.Marks, m)
	}
	if rapid.Bool().Draw(rt, "blocked") {
		s.Blocks = []detect.Block{{Handle: rapid.IntRange(-1, 5).Draw(rt, "whom"), Seen: moment("seen"), Entry: s.entry}}
	}
	slices.SortStableFunc(s.Contacts, func(a, b detect.Contact) int { return a.At.Compare(b.At) })
	return s.Facts
}

// shown is what a finding says of what a series counts.
type shown struct {
	Handles                                []daybook.Handle
	Contacts, AfterStop, Allowed           int64
	Days, DaysAfterStop, BusiestDay, Diary int64
	From, To                               time.Time
}

func shownByFinding(f detect.Finding) shown {
	v := func(key string) int64 { return f.Figures[key].Value }
	return shown{f.Handles, v("messages"), v("after-stop"), v("allowed"), v("days"), v("days-after-stop"), v("busiest-day"), v("kind.diary"), f.From, f.To}
}

func shownByCalendar(f detect.Facts, s detect.Series) shown {
	out := shown{Contacts: int64(s.Total.Contacts), AfterStop: int64(s.Total.AfterStop), Allowed: int64(s.Total.Allowed), Diary: int64(s.Total.Diary), From: s.First, To: s.Last}
	for _, h := range s.Handles {
		out.Handles = append(out.Handles, f.Handles[h])
	}
	days, after := s.DaysWithContact()
	out.Days, out.DaysAfterStop = int64(days), int64(after)
	for _, d := range s.Days {
		out.BusiestDay = max(out.BusiestDay, int64(d.Contacts))
	}
	return out
}

// If the days hold everything, the calendar says what the findings say.
func TestCalendar_SaysWhatTheFindingsSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawCase(rt)
		f.Now = time.Date(2018, 11, 20, 0, 0, 0, 0, time.UTC)
		findings := detectOrFail(rt, f)
		c := detect.NewCalendar(f, 60)
		groups := 0
		var hours [7][24]int
		for _, finding := range findings {
			var s detect.Series
			if len(finding.Handles) > 1 {
				s = c.Series[groups]
				groups++
			} else {
				i := slices.IndexFunc(f.Handles, finding.Handles[0].Same)
				s = c.Handles[i]
				for h := range 168 {
					key := fmt.Sprintf("hour.%s-%02d", []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[h/24], h%24)
					hours[h/24][h%24] += int(finding.Figures[key].Value)
				}
			}
			if diff := cmp.Diff(shownByFinding(finding), shownByCalendar(f, s)); diff != "" {
				rt.Fatalf("finding and calendar differ:\n%s", diff)
			}
			if finding.Figures["after-stop"].Value > 0 && len(c.Markers) == 0 {
				rt.Fatal("contact after a request to stop, and no marker of it")
			}
		}
		for _, m := range f.Contacts { // the diary is not in the hours
			if m.Kind == daybook.KindDiary && m.Direction == daybook.In && m.Handle >= 0 && m.Handle < len(f.Handles) && m.Precision != daybook.Day && m.Precision != daybook.About && m.Precision != daybook.Span &&
				!detect.NewStandings(f).Of(m).Allowed {
				local := m.At.In(f.Zone)
				hours[(local.Weekday()+6)%7][local.Hour()]--
			}
		}
		if diff := cmp.Diff(hours, c.Hours); diff != "" {
			rt.Fatalf("hours differ: %s", diff)
		}
		for _, s := range c.Series[groups:] {
			if len(s.Handles) != 1 || s.Group != -1 {
				rt.Fatalf("a group comes after a handle: %+v", s)
			}
		}
		for h, s := range c.Handles {
			wrote := s.Total.Contacts+s.Total.Allowed > 0
			found := slices.ContainsFunc(findings, func(g detect.Finding) bool { return len(g.Handles) == 1 && g.Handles[0].Same(f.Handles[h]) })
			if wrote != found {
				rt.Fatalf("handle %d: wrote is %v, a finding is %v", h, wrote, found)
			}
		}
	})
}

// What lies on fewer days is what the findings say of the contacts of those
// days alone.
func TestCalendar_DaysAreAWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawCase(rt)
		days := rapid.IntRange(0, 20).Draw(rt, "days")
		c := detect.NewCalendar(f, days)
		local := func(t time.Time) string { return t.In(f.Zone).Format(time.DateOnly) }
		if days > 0 && (local(c.From) != c.First.Format(time.DateOnly) || local(c.From.Add(-time.Second)) == local(c.From) || local(c.To.Add(-time.Second)) != local(f.Now) || local(c.To) == local(f.Now)) {
			rt.Fatalf("%d days from %s to %s, now %s", days, local(c.From), local(c.To), local(f.Now))
		}
		date := map[string]int{}
		for i := range days {
			date[c.First.AddDate(0, 0, i).Format(time.DateOnly)] = i
		}
		standings := detect.NewStandings(f)
		want := detect.Series{Group: -1}
		var wantNews detect.News
		since := c.From.Add(36 * time.Hour)
		newHandles := map[int]bool{}
		rough := 0
		diary := make([]int, days)
		perDay := make([]detect.Count, days)
		for _, m := range f.Contacts {
			place, on := date[local(m.At)]
			isDiary := m.Kind == daybook.KindDiary && m.Direction != daybook.Out
			if isDiary && on {
				diary[place]++
			}
			if isDiary && !m.Logged.Before(since) {
				wantNews.Diary++
			}
			if m.Direction != daybook.In || m.Handle < 0 || m.Handle > 4 || !m.Kind.Contact() {
				continue
			}
			st := standings.Of(m)
			n := detect.Count{Contacts: 1}
			if st.Allowed {
				n = detect.Count{Allowed: 1}
			} else {
				if st.AfterStop {
					n.AfterStop = 1
				}
				if isDiary {
					n.Diary = 1
				}
				if !m.At.Before(since) {
					wantNews.Contacts++
					newHandles[m.Handle] = true
				} else if !m.Logged.Before(since) {
					wantNews.Older++
				}
			}
			to := &want.Within
			switch {
			case on:
				perDay[place] = plus(perDay[place], n)
				if n.Contacts > 0 && n.Diary == 0 && m.Precision != daybook.Exact && m.Precision != daybook.Minute {
					rough++
				}
			case m.At.Before(c.From):
				to = &want.Before
			default:
				to = &want.After
			}
			*to = plus(*to, n)
			want.Total = plus(want.Total, n)
		}
		wantNews.Handles = len(newHandles)
		got := c.All
		if got.Days != nil {
			want.Days = perDay
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(detect.Series{}, "Handles", "First", "Last", "Week", "WeekBefore")); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(diary, c.Diary); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(wantNews, c.Since(since)); diff != "" {
			rt.Fatal(diff)
		}
		inHours := 0
		for _, d := range c.Hours {
			for _, n := range d {
				inHours += n
			}
		}
		if _, of := c.Night(); of != inHours || c.Rough != rough || inHours != want.Within.Contacts-want.Within.Diary-rough {
			rt.Fatalf("%d in hours (%d by Night), %d rough (want %d), of %+v", inHours, of, c.Rough, rough, want.Within)
		}
		fortnight := detect.NewCalendar(f, 14).All
		week := detect.NewCalendar(f, 7).All.Within.Contacts
		if got.Week != week || got.WeekBefore != fortnight.Within.Contacts-week {
			rt.Fatalf("got %d in a week and %d before, want %d and %d", got.Week, got.WeekBefore, week, fortnight.Within.Contacts-week)
		}
		for _, s := range append(slices.Clone(c.Series), c.Handles...) {
			if s.Days != nil && len(s.Days) != days {
				rt.Fatalf("%d days, want %d", len(s.Days), days)
			}
			sum := detect.Count{}
			for _, n := range s.Days {
				sum = plus(sum, n)
			}
			if sum != s.Within || plus(plus(s.Before, s.Within), s.After) != s.Total {
				rt.Fatalf("does not add up: %+v", s)
			}
		}
	})
}

func plus(a, b detect.Count) detect.Count {
	return detect.Count{Contacts: a.Contacts + b.Contacts, AfterStop: a.AfterStop + b.AfterStop, Diary: a.Diary + b.Diary, Allowed: a.Allowed + b.Allowed}
}

func TestCalendar_OrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawCase(rt)
		want := detect.NewCalendar(f, 14)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		f.Contacts = slices.Clone(f.Contacts)
		r.Shuffle(len(f.Contacts), func(i, j int) { f.Contacts[i], f.Contacts[j] = f.Contacts[j], f.Contacts[i] })
		opts := cmp.Options{cmpopts.IgnoreUnexported(detect.Calendar{}), cmp.Comparer(func(a, b *time.Location) bool { return a == b })}
		if diff := cmp.Diff(want, detect.NewCalendar(f, 14), opts); diff != "" {
			rt.Fatal(diff)
		}
	})
}
