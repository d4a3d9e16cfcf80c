package twitter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // no longer developed, as v1.1 itself: decision 21

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook"
	"daybook/collectors"
)

// splitV11 takes an answer apart; ok is false if the body is anything but one whole
// answer: a list of posts, or the events of direct messages with the cursor of the
// next page. Of mentions the next page is what is older than this one.
func splitV11(lane daybook.Lane, body []byte) (a v2Answer, ok bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient())
	if lane == LaneMessages {
		ok = eachMember(d, func(name string) bool {
			switch name {
			case "events":
				a.hasData = true
				return d.PeekKind() == '[' && readList(d, body, "/events", "", &a.data)
			case "next_cursor":
				var next string
				if json.UnmarshalDecode(d, &next) != nil {
					return false
				}
				a.next = next
				return true
			}
			return d.SkipValue() == nil
		}) && a.hasData
	} else {
		ok = d.PeekKind() == '[' && readList(d, body, "", "", &a.data)
		a.next = olderThan(a.data)
	}
	if _, err := d.ReadToken(); !ok || !errors.Is(err, io.EOF) {
		return v2Answer{}, false
	}
	return a, true
}

// olderThan is the greatest identifier that is smaller than all of some posts; ""
// if there are none.
func olderThan(posts []part) string {
	oldest := int64(0)
	for _, p := range posts {
		if n, err := strconv.ParseInt(p.id, 10, 64); err == nil && n > 0 && (oldest == 0 || n < oldest) {
			oldest = n
		}
	}
	if oldest <= 1 {
		return ""
	}
	return strconv.FormatInt(oldest-1, 10)
}

// Look implements collectors.Source. What is found so far is returned beside an
// error. Whether the person blocks a sender is not asked: go-twitter has no list of
// blocks. Posts that are not there are left out of the answer; a direct message is
// missing if v1.1 says so, and not merely because the place was not found.
func (s *v11Source) Look(ctx context.Context, refs []collectors.Ref) ([]collectors.Look, error) {
	looks := make([]collectors.Look, len(refs))
	done := make([]bool, len(refs))
	var posts []int
	for i, ref := range refs {
		looks[i].Ref = ref
		switch {
		case !userNumber(ref.Native):
			done[i] = true
		case !isMessage(ref):
			posts = append(posts, i)
		}
	}
	err := s.lookAll(ctx, looks, done, posts)
	found := looks[:0:0]
	for i := range looks {
		if done[i] {
			found = append(found, looks[i])
		}
	}
	if err != nil {
		return found, fmt.Errorf("look again: %w", s.named(err))
	}
	return found, nil
}

func (s *v11Source) lookAll(ctx context.Context, looks []collectors.Look, done []bool, posts []int) error {
	for lot := range slices.Chunk(posts, v11PostsBatch) {
		if err := s.lookAtPosts(ctx, looks, lot); err != nil {
			return err
		}
		for _, i := range lot {
			done[i] = true
		}
	}
	for i := range looks { // last: X allows few of these calls
		if done[i] {
			continue
		}
		if err := s.lookAtMessage(ctx, &looks[i]); err != nil {
			return err
		}
		done[i] = true
	}
	return nil
}

func (s *v11Source) lookAtPosts(ctx context.Context, looks []collectors.Look, lot []int) error {
	ids := make([]int64, len(lot))
	for n, i := range lot {
		var err error
		if ids[n], err = strconv.ParseInt(looks[i].Ref.Native, 10, 64); err != nil {
			return fmt.Errorf("%w: not the number of a post", daybook.ErrInvalid)
		}
	}
	slices.Sort(ids)
	a, err := s.ask(ctx, func(c *gotwitter.Client) error {
		_, _, err := c.Statuses.Lookup(slices.Compact(ids), &gotwitter.StatusLookupParams{TweetMode: "extended"}) //nolint:bodyclose // go-twitter closes it
		return err
	})
	if err != nil {
		return err
	}
	answer, ok := splitV11(LanePosts, a.Body)
	if !ok {
		return errors.New("the answer is not a list of posts")
	}
	found := map[string]daybook.Capture{}
	for _, c := range s.captures(LanePosts, a.Exchange, answer.data) {
		found[c.NativeID] = c
	}
	for _, i := range lot {
		looks[i].Exchange = a.Exchange
		c, ok := found[looks[i].Ref.Native]
		if looks[i].Missing = !ok; ok {
			looks[i].Captures = []daybook.Capture{c}
		}
	}
	return nil
}

func (s *v11Source) lookAtMessage(ctx context.Context, look *collectors.Look) error {
	a, err := s.ask(ctx, func(c *gotwitter.Client) error {
		_, _, err := c.DirectMessages.EventsShow(look.Ref.Native, nil) //nolint:bodyclose // go-twitter closes it
		return err
	})
	var no *v11Refusal
	if errors.As(err, &no) && no.status.Status == http.StatusNotFound && no.code == codeNotThere {
		look.Missing, look.Exchange = true, no.status.Exchange
		return nil
	}
	if err != nil {
		return err
	}
	var found []part
	d := jsontext.NewDecoder(bytes.NewBuffer(a.Body), lenient())
	ok := eachMember(d, func(name string) bool {
		if name == "event" {
			return readOne(d, a.Body, "/event", &found)
		}
		return d.SkipValue() == nil
	})
	if !ok || len(found) != 1 || found[0].id != look.Ref.Native {
		return errors.New("the answer is not that direct message")
	}
	look.Exchange, look.Captures = a.Exchange, s.captures(LaneMessages, a.Exchange, found)
	return nil
}
