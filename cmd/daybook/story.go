package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"time"

	"daybook/internal/fakemastodon"
	"daybook/internal/fakex"
)

// A story is six weeks in the life of made-up people on two made-up platforms:
// what daybook demo plays, and what the tests of the command line count.
type story struct {
	server *fakemastodon.Server
	wren   *fakemastodon.Person // the person
	x      *fakex.Server
	wrenX  *fakex.Person // the same, on X
	steps  []step        // in order of time
	end    time.Time

	// What is decided on the way: the entries are not known before.
	stop  *fakemastodon.Status // "please stop"
	other *fakex.Person        // the handle that appears after the block, on X
	onX   bool                 // it wrote: she connects her account there
	first *fakemastodon.Person // the handle that she asks to stop
}

// A step happens at a moment of the story.
type step struct {
	at time.Time
	do func()
}

const storyDays = 42

// newStory writes a story that ends at end. The same end gives the same story.
func newStory(end time.Time) *story {
	zone := time.UTC
	if london, err := time.LoadLocation("Europe/London"); err == nil {
		zone = london
	}
	y, m, d := end.In(zone).Date()
	begin := time.Date(y, m, d-storyDays, 0, 0, 0, 0, zone)
	st := &story{
		end: end, server: fakemastodon.New(fakemastodon.Options{Domain: "social.example", Start: begin.AddDate(0, 0, -200)}),
		x: fakex.New(fakex.Options{Start: begin.AddDate(0, 0, -200)}),
	}
	s := st.server

	st.wren = s.Person("wren", "Wren Aldous")
	st.wrenX = st.x.Person("wren_fires_clay", "Wren Aldous")
	lin := st.x.Person("lin_glazes", "Lin G.")
	kestrel := s.Person("kestrel_74@birds.example", "K")
	kestrel.Profile("K", "Birds. Honesty.")
	st.first = kestrel
	ana := s.Person("ana_p", "Ana P.")
	noor := s.Person("noor_h@salt.example", "نور")
	weekly := s.Person("potters_weekly@clay.example", "Potters Weekly 🏺")

	add := func(day, hour, minute int, do func()) {
		st.steps = append(st.steps, step{time.Date(y, m, d-storyDays+day, hour, minute, 0, 0, zone), do})
	}
	mention := func(p *fakemastodon.Person, text string, opts ...fakemastodon.PostOption) func() {
		return func() { p.Post("@wren "+text, opts...) }
	}
	direct := func(p *fakemastodon.Person, text string, opts ...fakemastodon.PostOption) func() {
		return func() { p.Direct(st.wren, text, opts...) }
	}

	// Ordinary life goes on all the time.
	var bowls *fakemastodon.Status
	add(1, 8, 10, func() { bowls = st.wren.Post("Six bowls into the kiln, two survivors.") })
	add(1, 9, 2, func() { ana.Reply(bowls, "the left one is mine, I am calling it now 😄") })
	add(1, 9, 30, func() { weekly.Boost(bowls) })
	add(3, 17, 40, mention(noor, "صباح الخير يا رين، هل الورشة مفتوحة يوم السبت؟", fakemastodon.Lang("ar")))
	add(3, 18, 5, func() { st.wren.Direct(noor, "yes, from ten") })
	for _, day := range []int{5, 12, 19, 26, 33, 40} {
		add(day, 12, 15, mention(ana, fmt.Sprintf("lunch on day %d? 🥣", day)))
	}
	add(20, 10, 0, func() { weekly.Favourite(bowls) })
	// On X: what is older than a month, the interface hands out no more.
	add(-20, 9, 15, func() { lin.Message(st.wrenX, "do you still have that recipe for the green glaze?") })
	add(-20, 9, 40, func() { st.wrenX.Message(lin, "yes, I will bring it") })
	add(25, 16, 10, func() { lin.Mention(st.wrenX, "the green one came out like glass 🏺") })

	// The contact that is not wanted.
	add(2, 19, 5, func() { kestrel.Reply(bowls, "nice bowls.. you always had good hands for it") })
	add(4, 21, 30, direct(kestrel, "it is me. I saw you are back online.. can we talk"))
	add(4, 22, 10, func() { st.wren.Direct(kestrel, "Hi. I would rather not. I wish you well.") })
	add(5, 7, 45, direct(kestrel, "you owe me one coffee.. after everything. I will be at the market on thursday"))
	add(6, 23, 50, func() {
		p := kestrel.Post("@wren I drove past your studio at nine, your light was on until late")
		st.steps = append(st.steps, step{s.Now().Add(10 * time.Hour), func() { p.Edit("@wren I hope you are well") }})
	})
	add(8, 20, 15, func() {
		p := kestrel.Direct(st.wren, "why do you not answer.. I know you read this")
		st.steps = append(st.steps, step{s.Now().Add(20 * time.Hour), p.Delete})
	})
	add(9, 22, 20, direct(kestrel, "the old photograph, you remember this evening", fakemastodon.With(s.File(picture(), "image/png", "a street at night"))))
	add(10, 20, 14, func() {
		st.stop = st.wren.Direct(kestrel, "Please do not contact me again. Not here and not in messages. I will not answer any more.")
	})
	add(11, 1, 20, direct(kestrel, "you do not mean this.. you are only upset"))
	add(12, 22, 5, mention(kestrel, "I keep your blue cup on my desk. It is safe with me.. for now", fakemastodon.Warning("about that cup")))
	add(13, 6, 55, mention(kestrel, "outside your window again, the yellow door"))
	add(14, 21, 0, direct(kestrel, "five minutes. that is all I ask for"))

	// She blocks; 36 minutes later there is a new handle, on X.
	add(15, 12, 0, func() { st.wren.Block(kestrel) })
	add(15, 12, 36, func() {
		st.other = st.x.Person("reed_by_the_pond", "Reed")
		st.other.Profile("Reed", "I like pottery.")
		st.other.Mention(st.wrenX, "your bowls are so good.. you always had good hands for it")
	})
	add(16, 18, 0, func() { st.onX = true })
	for i, text := range []string{"I only want five minutes..", "this one I still have, the blue cup", "I see you are awake", "thursday then, at the market"} {
		add(17+3*i, 22, 40+i, func() { st.other.Message(st.wrenX, text) })
	}
	add(21, 8, 5, func() {
		m := st.other.Message(st.wrenX, "you were at the market without me")
		st.steps = append(st.steps, step{s.Now().Add(20 * time.Hour), m.Unsend})
	})
	add(27, 23, 0, func() {
		for i := range 60 {
			st.x.At(st.x.Now().Add(20 * time.Second))
			texts := []string{"answer me..", "I see you are awake", "five minutes", "why", "the yellow door"}
			st.other.Mention(st.wrenX, fmt.Sprintf("%s (%d)", texts[i%len(texts)], i+1))
		}
	})
	add(35, 3, 12, func() { st.other.Message(st.wrenX, "I will find you. you can not hide for ever") })

	// She blocks that one too; in the same evening there is a third, which nobody
	// has confirmed or rejected at the end.
	add(38, 18, 0, func() { st.wrenX.Block(st.other) })
	add(38, 20, 45, func() {
		third := s.Person("quiet_mere@meres.example", "Q")
		third.Profile("Q", "")
		third.Post("@wren block who you want.. I have time")
		st.steps = append(st.steps, step{s.Now().Add(25 * time.Hour), func() {
			third.Direct(st.wren, "you always had good hands for it.. I only want five minutes")
		}})
	})

	// The server is out of reach for two days: a gap, caught up later.
	add(29, 0, 0, func() {
		s.Fault("/api", -1, fakemastodon.Answer(http.StatusBadGateway, "text/html", "<h1>Bad gateway</h1>"))
	})
	add(31, 0, 0, s.Heal)
	return st
}

// until plays what happens up to t and sets the clocks of the servers to it.
func (st *story) until(t time.Time) {
	for {
		next := -1
		for i, s := range st.steps {
			if !s.at.After(t) && (next < 0 || s.at.Before(st.steps[next].at)) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		s := st.steps[next]
		st.steps = append(st.steps[:next:next], st.steps[next+1:]...)
		st.to(s.at)
		s.do()
	}
	st.to(t)
}

// to sets the clocks of the servers, never back.
func (st *story) to(t time.Time) {
	if st.server.Now().Before(t) {
		st.server.At(t)
	}
	if st.x.Now().Before(t) {
		st.x.At(t)
	}
}

// picture is a small made-up photograph.
func picture() []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.SetGray(x, y, color.Gray{uint8((x*3 + y*5) % 256)})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("daybook: demo: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}
