package collectors_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
)

const (
	birds    daybook.Platform = "birds"
	inbox    daybook.Lane     = "inbox"    // grows at its top; pages of pageSize
	requests daybook.Lane     = "requests" // walked from its top each time
	blocks   daybook.Lane     = "blocks"   // a list of handles
	looked   daybook.Lane     = "looked"   // what second looks find
)

const pageSize = 3

// A bird is a message of the made-up platform. Its fields are the item's JSON.
type bird struct {
	ID    int       `json:"id"`
	Type  string    `json:"type"`
	From  string    `json:"from"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Likes int       `json:"likes"` // a counter
	Files []string  `json:"files,omitempty"`
	Face  string    `json:"face,omitempty"` // the picture of whom it is from

	hidden, gone bool
}

// fakeBirds is a platform in memory that is its own driver and source.
type fakeBirds struct {
	mu       sync.Mutex // held while a request is answered
	now      func() time.Time
	account  daybook.Account
	rows     []bird // by ID
	asking   []bird // in the lane of requests
	blocked  []string
	files    map[string][]byte
	noLane   daybook.Lane
	asked    []string
	looks    int
	before   func(call string) // called before each answer
	fault    collectorstest.Fault
	in       int
	repeat   bool
	revoked  []string
	revoking error
	lost     int // forward cursors before this id miss something
}

var errHalf = errors.New("half an answer")

func newBirds(now func() time.Time) *fakeBirds {
	b := &fakeBirds{
		now: now, files: map[string][]byte{},
		account: daybook.Account{ID: "acc", Case: "case", Platform: birds, State: daybook.Active,
			Handle: daybook.Handle{Platform: birds, Native: "mara"}},
	}
	for range 8 {
		b.send("kestrel", "seen at the lake")
	}
	b.asking = []bird{{ID: 900, Type: "mention", From: "rook", Text: "let me in", At: sentAt(900)},
		{ID: 901, Type: "mention", From: "rook", Text: "hello", At: sentAt(901)},
		{ID: 902, Type: "mention", From: "rook", Text: "hello?", At: sentAt(902)},
		{ID: 903, Type: "mention", From: "rook", Text: "well", At: sentAt(903)}}
	return b
}

func sentAt(id int) time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(id) * time.Second)
}

// send lets a message arrive. Identifiers go up by ten, so that there is room
// for late ones.
func (b *fakeBirds) send(from, text string, files ...string) *bird {
	id := 10
	if n := len(b.rows); n > 0 {
		id = b.rows[n-1].ID + 10
	}
	b.rows = append(b.rows, bird{ID: id, Type: "mention", From: from, Text: text, At: sentAt(id), Files: files})
	return &b.rows[len(b.rows)-1]
}

func (b *fakeBirds) row(id int) *bird {
	for i := range b.rows {
		if b.rows[i].ID == id {
			return &b.rows[i]
		}
	}
	return nil
}

func (b *fakeBirds) Driver() collectors.Driver {
	return collectors.Driver{
		Platform: birds, Title: "Birds",
		Open: func(_ context.Context, _ daybook.Account, secret []byte) (collectors.Source, error) {
			if len(secret) == 0 {
				return nil, errors.New("no secret")
			}
			return b, nil
		},
		Parse:    parseBird,
		Profiles: profilesOfBird,
		Revoke: func(_ context.Context, _ daybook.Account, secret []byte) error {
			if b.revoking != nil {
				return b.revoking
			}
			b.revoked = append(b.revoked, string(secret))
			return nil
		},
	}
}

func parseBird(_ daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	r := daybook.Reading{Parser: "birds/1"}
	var b bird
	if err := json.Unmarshal(c.Raw, &b); err != nil {
		return r, fmt.Errorf("read a bird: %w", err)
	}
	id := strconv.Itoa(b.ID)
	m := daybook.ReadMessage{
		Key: daybook.MessageKey("birds:" + id), Native: id, Kind: daybook.Kind(b.Type), Direction: daybook.In,
		Sender: daybook.Handle{Platform: birds, Native: b.From}, Sent: daybook.When{At: b.At}, Text: b.Text,
	}
	for _, f := range b.Files {
		m.Media = append(m.Media, daybook.Media{Native: f, URL: "https://birds.example/" + f, State: daybook.MediaPending})
	}
	r.Messages = []daybook.ReadMessage{m}
	return r, nil
}

// profilesOfBird shows the sender, and somebody else who sent nothing.
func profilesOfBird(_ daybook.Account, c daybook.Capture) []daybook.Profile {
	var b bird
	if err := json.Unmarshal(c.Raw, &b); err != nil || b.Face == "" {
		return nil
	}
	return []daybook.Profile{
		{Handle: daybook.Handle{Platform: birds, Native: b.From}, AvatarAt: "https://birds.example/" + b.Face},
		{Handle: daybook.Handle{Platform: birds, Native: "finch"}, AvatarAt: "https://birds.example/finch.png"},
	}
}

func (b *fakeBirds) Account() (daybook.Account, []byte) { return b.account, []byte("token") }
func (b *fakeBirds) Requests() int                      { return len(b.asked) }
func (b *fakeBirds) Forbidden() []string                { return nil }

func (b *fakeBirds) Expected() (keys []daybook.MessageKey) {
	for _, r := range slices.Concat(b.rows, b.asking) {
		if !r.hidden && !r.gone {
			keys = append(keys, daybook.MessageKey("birds:"+strconv.Itoa(r.ID)))
		}
	}
	return keys
}

func (b *fakeBirds) Play(p collectorstest.Part) bool {
	switch p {
	case collectorstest.Burst:
		for range 3 * pageSize {
			b.send("rook", "again")
		}
	case collectorstest.LateOld:
		n := len(b.rows) - 1
		late := b.rows[n]
		late.ID -= 5
		late.Text = "sent before, let in now"
		b.rows = slices.Insert(b.rows, n, late)
	case collectorstest.Unknown:
		b.send("rook", "whatever this is").Type = "moonwalk"
	case collectorstest.Hidden:
		for range 2 * pageSize {
			b.send("rook", "not shown").hidden = true
		}
		for range pageSize + 1 {
			b.send("kestrel", "behind the empty page")
		}
	case collectorstest.Repeated:
		b.repeat = true
		for range 2 * pageSize {
			b.send("kestrel", "on two pages")
		}
	}
	return true
}

func (b *fakeBirds) Fail(f collectorstest.Fault, after int) bool {
	b.fault, b.in = f, after
	return true
}

// calls returns the requests that were made, also while others are answered.
func (b *fakeBirds) calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

// ask counts a request and returns its exchange, or the fault that is due.
func (b *fakeBirds) ask(call string) (x daybook.Exchange, err error) {
	if b.before != nil {
		b.before(call)
	}
	b.asked = append(b.asked, call)
	now := b.now()
	x = daybook.Exchange{Method: "GET", URL: "https://birds.example/" + call, Status: 200, Start: now, End: now}
	if b.fault == collectorstest.NoFault {
		return x, nil
	}
	if b.in > 0 {
		b.in--
		return x, nil
	}
	f := b.fault
	if f != collectorstest.Refused {
		b.fault = collectorstest.NoFault
	}
	switch f {
	case collectorstest.RateLimited:
		return x, &collectors.RateLimitError{Until: now.Add(10 * time.Minute)}
	case collectorstest.HalfAnswer:
		return x, errHalf
	case collectorstest.Refused:
		return x, fmt.Errorf("status 401: %w", collectors.ErrRefused)
	}
	return x, errors.New(string(f))
}

func (b *fakeBirds) Lanes() []daybook.Lane { return []daybook.Lane{inbox, requests, blocks} }
func (b *fakeBirds) Close() error          { return nil }

func (b *fakeBirds) Fetch(_ context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x, err := b.ask(string(lane) + "/" + string(at))
	if errors.Is(err, errHalf) {
		return collectors.Page{Exchange: x, Whole: []byte(`[{"id":`), Next: at}, nil
	}
	if err != nil {
		return collectors.Page{}, err
	}
	if lane == b.noLane {
		return collectors.Page{}, collectors.ErrNoLane
	}
	switch lane {
	case inbox:
		return b.inbox(x, at)
	case requests:
		from := 0
		if at != "" {
			if from, err = strconv.Atoi(string(at)); err != nil {
				return collectors.Page{}, err
			}
		}
		to := min(from+pageSize, len(b.asking))
		p := b.page(lane, x, b.asking[from:to])
		if to < len(b.asking) {
			p.Next, p.More = collectors.Cursor(strconv.Itoa(to)), true
		}
		return p, nil
	case blocks:
		p := collectors.Page{Exchange: x, Observed: []daybook.Handle{}}
		for _, h := range b.blocked {
			p.Observed = append(p.Observed, daybook.Handle{Platform: birds, Native: h})
		}
		return p, nil
	}
	return collectors.Page{}, collectors.ErrNoLane
}

// inbox pages by identifiers: "f:<id>" is what came after, "b:<id>" before.
func (b *fakeBirds) inbox(x daybook.Exchange, at collectors.Cursor) (collectors.Page, error) {
	way, num, _ := strings.Cut(string(at), ":")
	id, err := strconv.Atoi(num)
	if err != nil && at != "" {
		return collectors.Page{}, err
	}
	after, _ := slices.BinarySearchFunc(b.rows, id, func(r bird, id int) int { return r.ID - id })
	from, to := 0, len(b.rows)
	switch way {
	case "":
		from = max(0, to-pageSize)
	case "f":
		from = after
		if after < to && b.rows[after].ID == id {
			from++
		}
		to = min(from+pageSize, to)
	case "b":
		from, to = max(0, after-pageSize), after
	}
	shown := from
	if b.repeat && from > 0 {
		shown-- // the row before, once more
	}
	p := b.page(inbox, x, b.rows[shown:to])
	if from == to {
		p.Next = at
		return p, nil
	}
	first, last := b.rows[from].ID, b.rows[to-1].ID
	switch way {
	case "":
		p.Next = collectors.Cursor(fmt.Sprintf("f:%d", last))
		p.Back = collectors.Cursor(fmt.Sprintf("b:%d", first))
	case "f":
		p.Next, p.More = collectors.Cursor(fmt.Sprintf("f:%d", last)), to < len(b.rows)
		p.Missed = id < b.lost
	case "b":
		p.Next, p.More = collectors.Cursor(fmt.Sprintf("b:%d", first)), from > 0
	}
	return p, nil
}

func (b *fakeBirds) page(lane daybook.Lane, x daybook.Exchange, rows []bird) collectors.Page {
	p := collectors.Page{Exchange: x}
	for _, r := range rows {
		if !r.hidden && !r.gone {
			p.Captures = append(p.Captures, b.capture(lane, x, r))
		}
	}
	slices.Reverse(p.Captures) // newest first
	if b.repeat && len(rows) > 0 {
		p.Captures = append(p.Captures, b.capture(lane, x, rows[0])) // twice on one page
	}
	return p
}

func (b *fakeBirds) capture(lane daybook.Lane, x daybook.Exchange, r bird) daybook.Capture {
	b.looks++
	r.Likes = b.looks // another number each time: no other capture for that
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if r.Text == "broken" {
		raw = bytes.TrimSuffix(raw, []byte("}"))
	}
	return daybook.Capture{Account: b.account.ID, Platform: birds, Lane: lane, NativeID: strconv.Itoa(r.ID),
		MediaType: "application/json", Raw: raw, Exchange: &x, Offset: -1, Origin: daybook.Collected}
}

func (b *fakeBirds) Look(_ context.Context, refs []collectors.Ref) (out []collectors.Look, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ref := range refs {
		x, err := b.ask("look/" + ref.Native)
		if err != nil {
			return out, err
		}
		l := collectors.Look{Ref: ref, Exchange: x, Blocking: slices.Contains(b.blocked, ref.Sender.Native)}
		id, err := strconv.Atoi(ref.Native)
		if err != nil {
			return out, err
		}
		if r := b.row(id); r == nil || r.gone || l.Blocking {
			l.Missing = true
		} else {
			l.Captures = []daybook.Capture{b.capture(looked, x, *r)}
		}
		out = append(out, l)
	}
	return out, nil
}

func (b *fakeBirds) Media(_ context.Context, m daybook.Media) ([]byte, daybook.Exchange, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := cmp.Or(m.Native, strings.TrimPrefix(m.URL, "https://birds.example/"))
	if strings.HasPrefix(name, "elsewhere") {
		return nil, daybook.Exchange{}, collectors.ErrNotFetched
	}
	x, err := b.ask("media/" + name)
	if err != nil {
		return nil, x, err
	}
	body, ok := b.files[name]
	if !ok {
		x.Status = 404
		return nil, x, daybook.ErrNotFound
	}
	return body, x, nil
}

func TestContract(t *testing.T) {
	collectorstest.Run(t, collectorstest.Harness{
		Pages: 5,
		New: func(_ *testing.T, clock *collectorstest.Clock) collectorstest.Platform {
			return newBirds(clock.Now)
		},
	})
}
