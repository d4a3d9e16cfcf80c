package twitter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"daybook"
	"daybook/collectors"
)

// Mentions and direct messages come newest first. What is new is read from the
// newest one down to the one that is known, and only when that is met does the
// known one move: a crash on the way goes on where it was, and a token that X no
// longer takes means that the same way is gone once more from its top.
//
// Mentions can be asked for "since" the known one, so nothing new costs nothing.
// Messages cannot: each look at them has to be paid for with at least one. So one
// is asked for first, and only if it is new, 10 more, and then 100 at a time.
// "Met" is a number that is not greater than the known one: the known one itself
// may have been unsent.

// A drain is a cursor of such a lane.
type drain struct {
	Known string `json:"known,omitzero"` // the newest identifier when the lane was last read to its end
	Seen  int64  `json:"seen,omitzero"`  // when that was, in Unix seconds

	// On the way from the newest one to the known one:
	Token  string `json:"token,omitzero"` // where to go on
	Newest string `json:"newest,omitzero"`
	Began  int64  `json:"began,omitzero"` // when the newest one was asked for
	Count  int    `json:"count,omitzero"` // how many were handed out
	Ask    int    `json:"ask,omitzero"`   // how many messages are asked for at once

	// Into the past of the lane, which has no known one.
	Back   bool   `json:"back,omitzero"`
	Oldest string `json:"oldest,omitzero"`
}

func (d drain) cursor() collectors.Cursor {
	b, err := json.Marshal(d)
	if err != nil {
		panic("twitter: cursor: " + err.Error()) // strings and numbers
	}
	return collectors.Cursor(b)
}

func readDrain(at collectors.Cursor) (d drain, err error) {
	if at == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(at), &d); err != nil || d.Known != "" && !userNumber(d.Known) || !d.Back && d.Known == "" {
		return d, fmt.Errorf("%w: not a cursor of this lane", daybook.ErrInvalid)
	}
	return d, nil
}

// How much X keeps: of mentions the 800 newest, of messages those of 30 days.
const (
	mentionsKept = 800
	messagesKept = 30 * 24 * time.Hour
)

// Pages. The first look at messages asks for one.
const (
	wholePage = 100
	firstAsk  = 1
	secondAsk = 10
)

// grown reads one page of a lane that grows at its top.
func (s *v2Source) grown(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	d, err := readDrain(at)
	if err != nil {
		return collectors.Page{}, err
	}
	now := s.config.Now()
	a, err := s.ask(ctx, lane, d)
	var status *collectors.StatusError
	if d.Token != "" && errors.As(err, &status) && status.Status == http.StatusBadRequest {
		// The token is too old. All that lies between the top and the known
		// one is asked for once more, or the past from where it was.
		d.Token, d.Count = "", 0
		a, err = s.ask(ctx, lane, d)
	}
	if err != nil {
		return collectors.Page{}, err
	}
	answer, ok := splitV2(a.Body)
	if !ok || !answer.hasData && !answer.hasMeta {
		return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
	}
	if err := s.spent(ctx, priceOf(lane), answer); err != nil {
		return collectors.Page{}, err
	}
	if answer.next != "" && answer.next == d.Token {
		return collectors.Page{}, errors.New("the page leads to itself")
	}
	page := collectors.Page{Exchange: a.Exchange, Captures: s.captures(lane, a.Exchange, answer)}
	d.turn(&page, lane, answer, now)
	return page, nil
}

func priceOf(lane daybook.Lane) Resource {
	if lane == LaneMessages {
		return ReadMessage
	}
	return ReadMention
}

// ask makes the call that a cursor stands for.
func (s *v2Source) ask(ctx context.Context, lane daybook.Lane, d drain) (collectors.Answer, error) {
	if lane == LaneMessages {
		query := s.names.messages()
		n := wholePage
		if d.Known != "" {
			n = cmp.Or(d.Ask, firstAsk)
		}
		return s.page(ctx, "/2/dm_events", query, n, d.Token)
	}
	query := s.names.posts()
	switch {
	case d.Known != "":
		query.Set("since_id", d.Known)
	case d.Back && d.Token == "" && d.Oldest != "":
		query.Set("until_id", d.Oldest)
	}
	return s.page(ctx, "/2/users/"+s.account.Handle.Native+"/mentions", query, wholePage, d.Token)
}

func (s *v2Source) page(ctx context.Context, target string, query url.Values, n int, token string) (collectors.Answer, error) {
	query.Set("max_results", strconv.Itoa(n))
	if token != "" {
		query.Set("pagination_token", token)
	}
	return s.get(ctx, target, query)
}

// turn sets where a page leads.
func (d drain) turn(page *collectors.Page, lane daybook.Lane, a v2Answer, now time.Time) {
	newest, oldest, met := d.Newest, d.Oldest, false
	for _, it := range a.data {
		if !userNumber(it.id) {
			continue // no number: it says nothing about the place
		}
		if newest == "" || Newer(it.id, newest) > 0 {
			newest = it.id
		}
		if oldest == "" || Newer(it.id, oldest) < 0 {
			oldest = it.id
		}
		met = met || d.Known != "" && Newer(it.id, d.Known) <= 0
	}
	switch {
	case d.Back:
		if a.next != "" {
			page.Next, page.More = drain{Back: true, Token: a.next, Oldest: oldest}.cursor(), true
		}
		return
	case d.Known == "": // the newest page of all
		if newest != "" {
			page.Next = drain{Known: newest, Seen: now.Unix()}.cursor()
		}
		if a.next != "" {
			page.Back = drain{Back: true, Token: a.next, Oldest: oldest}.cursor()
		}
		return
	}
	if d.Began == 0 {
		d.Began = now.Unix()
	}
	d.Count += len(a.data)
	if a.next != "" && !met {
		d.Token, d.Newest = a.next, newest
		if lane == LaneMessages {
			d.Ask = secondAsk
			if d.Count > firstAsk {
				d.Ask = wholePage
			}
		}
		page.Next, page.More = d.cursor(), true
		return
	}
	// The known one was met, or there is nothing beyond: all that is still
	// there has been read.
	page.Missed = !met && d.lost(lane)
	if newest == "" || Newer(newest, d.Known) < 0 {
		newest = d.Known
	}
	page.Next = drain{Known: newest, Seen: d.Began}.cursor()
}

// lost reports whether X no longer held all that came since the lane was last
// read to its end.
func (d drain) lost(lane daybook.Lane) bool {
	if lane == LaneMentions {
		return d.Count >= mentionsKept
	}
	return d.Seen != 0 && time.Duration(d.Began-d.Seen)*time.Second > messagesKept
}
