package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"

	"daybook"
	"daybook/collectors"
)

// The story is a made-up case of 135 contacts in six weeks: a main handle that is
// asked to stop on 26 October at 21:14 and blocked on 2 November at 23:40, a new
// one that first writes 36 minutes later, and somebody else. One message was
// edited, one is gone, one has a picture, one is Arabic, and there is a gap.

func person(native, account, display string) daybook.Handle {
	return daybook.Handle{Platform: "mastodon", Native: native, Names: []daybook.SeenName{{Account: account, Display: display}}}
}

var (
	nightjar = person("https://social.example/users/nightjar_42", "nightjar_42@social.example", "Nightjar")
	harbour  = person("https://masto.example/users/quietharbour", "quietharbour@masto.example", "Nightj\u0430r")
	bramble  = person("https://mastodon.example/users/bramble_co", "bramble_co@mastodon.example", "Bramble & Co")
	own      = person("https://social.example/users/maya", "maya@social.example", "Maya")
)

// A told is one message of the story.
type told struct {
	id      string
	from    daybook.Handle
	at      time.Time
	text    string
	kind    daybook.Kind
	out     bool
	lang    string
	media   []daybook.Media
	edited  time.Time
	version int // of an edit: another capture of the same message
}

func (h *house) item(m told) daybook.Record {
	seen := m.at.Add(time.Minute)
	if !m.edited.IsZero() {
		seen = m.edited.Add(time.Minute)
	}
	if m.kind == "" {
		m.kind = daybook.KindDirectMessage
	}
	direction, to := daybook.In, []daybook.Handle{own}
	if m.out {
		direction, to, m.from = daybook.Out, []daybook.Handle{m.from}, own
	}
	it := daybook.Item{
		Capture: daybook.Capture{
			Account: h.account.ID, Platform: "mastodon", Lane: "notifications", NativeID: fmt.Sprint(m.id, m.version), MediaType: "application/json",
			Raw: fmt.Appendf(nil, `{"id":%q,"content":%q}`, m.id, m.text), Offset: -1, Origin: daybook.Collected,
			Exchange: &daybook.Exchange{Method: "GET", URL: "https://social.example/api/v1/notifications", Status: 200, Start: seen.Add(-time.Second), End: seen},
		},
		Reading: &daybook.Reading{Parser: "mastodon/1", Messages: []daybook.ReadMessage{{
			Key: daybook.MessageKey("mastodon:https://social.example/statuses/" + m.id), Native: m.id, Kind: m.kind, Direction: direction, Sender: m.from, To: to,
			Sent: daybook.When{At: m.at}, Edited: m.edited, Text: m.text, Lang: m.lang, Media: m.media, Thread: m.from.Native, URL: "https://social.example/@x/" + m.id,
		}}},
	}
	r := it.Record()
	r.Logged = seen
	return r
}

func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			img.Set(x, y, color.RGBA{uint8(x * 4), uint8(y * 5), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
}

// tell puts the story into Maya's case, and two messages into Tom's.
func (h *house) tell() {
	h.t.Helper()
	ctx := h.t.Context()
	maya := h.actor(h.mayas)
	var err error
	h.account, err = h.cases.Connect(ctx, maya, daybook.Account{Case: h.mayas, Platform: "mastodon", Server: "https://social.example", Handle: own, Since: at(10, 12, 0, 0)},
		[]byte("token"), daybook.Consent{Scopes: []string{"read mentions", "read direct messages"}, Purpose: "keep a record", Text: "consent/2026-11", Given: at(9, 1, 9, 0), Until: at(11, 30, 9, 0)})
	h.ok(err)
	digest, err := h.log.PutBlob(ctx, h.mayas, picture())
	h.ok(err)

	var records []daybook.Record
	n := 0
	say := func(from daybook.Handle, t time.Time, text string) told {
		n++
		m := told{id: fmt.Sprint(n), from: from, at: t, text: text}
		records = append(records, h.item(m))
		return m
	}
	words := []string{"I know you read these.", "so you changed your Thursday. The library closes at eight, I checked", "as per always", "answer me", "no hard feelings, kiddo"}
	counts := map[int]int{0: 2, 1: 3, 2: 4, 3: 2, 6: 5, 7: 3, 9: 7, 10: 4, 12: 8, 13: 9, 14: 12, 15: 6, 16: 2, 18: 4, 20: 3, 21: 5}
	for day := range 42 {
		for i := range counts[day] {
			say(nightjar, at(10, 12+day, 19, 0).Add(time.Duration(i*17)*time.Minute), words[(day+i)%len(words)])
		}
		if day == 14 {
			records = append(records, h.item(told{id: "stop", from: nightjar, at: at(10, 26, 21, 14), text: "Please stop writing to me. I do not want any contact.", out: true}))
		}
	}
	edited := say(nightjar, at(11, 1, 22, 0), "see you soon")
	edited.text, edited.edited, edited.version = "see you soon, at the usual place", at(11, 1, 22, 4), 1
	records = append(records, h.item(edited))
	blocked := daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: h.account.ID, What: daybook.SeenBlocked, Handle: nightjar, At: at(11, 2, 23, 40), LastSeen: at(11, 2, 23, 39)})
	blocked.Logged = at(11, 2, 23, 40)
	records = append(records, blocked)
	for i := range 4 {
		say(harbour, at(11, 3, 0, 16).Add(time.Duration(i*3)*time.Minute), words[i])
	}
	for day := 4; day < 22; day += 2 {
		say(harbour, at(11, day, 20, 30), "lybrary was nice. as per always")
	}
	for i, day := range []int{14, 20, 30} {
		m := told{id: fmt.Sprint("b", i), from: bramble, at: at(10, day, 11, 5), text: "هل نلتقي في المكتبة يوم الخميس كالعادة؟", lang: "ar", kind: daybook.KindMention}
		records = append(records, h.item(m))
	}
	gap := daybook.NewRecord(daybook.RecordGap, daybook.Gap{Account: h.account.ID, Class: daybook.Hole, From: at(11, 10, 2, 10), To: at(11, 11, 14, 30), Cause: "the server did not answer"})
	gap.Logged = at(11, 11, 14, 30)
	records = append(records, gap)
	last := told{id: "pic", from: harbour, at: at(11, 22, 23, 10), text: "I will be at the library on Thursday, as per always.",
		media: []daybook.Media{{Digest: digest, Native: "m1", Type: "image/png", Bytes: int64(len(picture())), State: daybook.MediaKept, Description: "a bench"}}}
	r := h.item(last)
	r.Blobs = append(r.Blobs, digest)
	records = append(records, r)
	gone := daybook.NewRecord(daybook.RecordObservation, daybook.Observation{Account: h.account.ID, What: daybook.SeenGone, Message: "mastodon:https://social.example/statuses/3", At: at(11, 12, 9, 0), LastSeen: at(11, 11, 15, 0)})
	gone.Logged = at(11, 12, 9, 0)
	records = append(records, gone)
	for i := range records {
		if records[i].Actor.ID == "" {
			records[i].Actor = daybook.Actor{ID: "mastodon", Role: "collector", Via: "collector mastodon/1"}
		}
	}
	_, err = h.log.Append(ctx, h.mayas, records)
	h.ok(err)
	h.settle(h.mayas)
	found, _, err := h.db.List(ctx, h.mayas, daybook.MessageFilter{Direction: daybook.Out}, 1, "")
	h.ok(err)
	_, err = h.cases.Mark(ctx, maya, h.mayas, daybook.Decision{What: daybook.MarkStop, Handle: nightjar, Entry: &found[0].Captures[0]})
	h.ok(err)
	_, err = h.cases.Mark(ctx, maya, h.mayas, daybook.Decision{What: daybook.MarkUnwanted, Handle: nightjar})
	h.ok(err)
	h.settle(h.mayas)

	h.account.ID = ""
	_, err = h.log.Append(ctx, h.toms, []daybook.Record{
		h.item(told{id: "t1", from: bramble, at: at(11, 20, 8, 0), text: "a word to Tom alone: marzipan"}),
		h.item(told{id: "t2", from: bramble, at: at(11, 21, 8, 0), text: "another word to Tom"}),
	})
	h.ok(err)
	h.settle(h.toms)
	accounts, err := h.db.Accounts(ctx, h.mayas)
	h.ok(err)
	h.account = accounts[0]
}

// actor is the person whom a case is about.
func (h *house) actor(c daybook.CaseID) daybook.Actor {
	h.t.Helper()
	u := h.maya
	if c == h.toms {
		u = h.tom
	}
	a, err := h.cases.Actor(h.t.Context(), u, c, "web")
	h.ok(err)
	return a
}

// watch says that Maya's account was read without a pause, from before the story
// to its end, and names one of its days.
func (h *house) watch() {
	h.t.Helper()
	h.ok(h.db.SaveLane(h.t.Context(), h.account.ID, "notifications", collectors.LaneState{Opened: at(9, 1, 9, 0), LastOK: at(11, 23, 9, 10)}))
	day := daybook.When{At: at(10, 26, 0, 0), Precision: daybook.Day, Zone: "Europe/London"}
	_, err := h.cases.Mark(h.t.Context(), h.actor(h.mayas), h.mayas, daybook.Decision{What: daybook.MarkNamedDay, How: "a day in court", When: day})
	h.ok(err)
	h.settle(h.mayas)
}
