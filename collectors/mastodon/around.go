package mastodon

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"daybook"
)

// What stands around a message is asked for again with each second look: what
// it answered, and what the person said to it since. The lane of contexts asks
// once, and not at all about public replies.
//
// A context is asked for of direct messages and of the person's own posts
// alone. Of a public post from elsewhere it would make the person's server call
// the sender's (Mastodon since 4.4 goes there for further replies): then the
// sender could learn that somebody looks. Of such a post only the one that it
// answers is asked for, by its identifier.
//
// Captures are in the lane "contexts", as those of that lane: what both find is
// archived once.

// around returns what stands around a status. Nothing is asked for twice in one
// call of Look: a burst of replies to one post costs two requests, and mentions
// that answer nothing cost none.
func (l *looker) around(ctx context.Context, status daybook.Capture) ([]daybook.Capture, error) {
	m, ok := l.message(status)
	switch {
	case !ok:
		return nil, nil // it is kept as it came; what it answers cannot be told
	case m.Kind == daybook.KindDirectMessage:
		return l.said(ctx, status.NativeID, m.ReplyTo)
	case m.ReplyTo == "" || !reachesOut(m):
		return nil, nil
	}
	captures, err := l.answered(ctx, m.ReplyTo)
	if err != nil || m.Kind != daybook.KindReply { // a reply answers the person
		return captures, err
	}
	said, err := l.said(ctx, m.ReplyTo, "")
	return append(captures, said...), err
}

// said asks for the context of a status and returns what in it is the person's,
// reached the person, or is the status parent. Other people's talk below a post
// is left alone.
func (l *looker) said(ctx context.Context, id, parent string) ([]daybook.Capture, error) {
	if l.walked[id] || !plainID(id) {
		return nil, nil
	}
	a, err := l.get(ctx, "/api/v1/statuses/"+id+"/context", http.StatusNotFound, http.StatusGone)
	if err != nil || a.Exchange.Status != http.StatusOK {
		return nil, err
	}
	items, ok := splitContext(a.Body)
	if !ok {
		return nil, errors.New("the answer is not a context")
	}
	l.walked[id] = true
	var kept []daybook.Capture
	for i, c := range l.captures(LaneContexts, a.Exchange, items) {
		if strings.HasPrefix(items[i].member, "/descendants/") {
			l.walked[items[i].id] = true // what stands around it is part of this answer
		}
		m, ok := l.message(c)
		if !ok || m.Direction == daybook.Out || reachesOut(m) || c.NativeID == parent {
			l.shown[c.NativeID] = true
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// answered asks for the status that a public reply answers.
func (l *looker) answered(ctx context.Context, id string) ([]daybook.Capture, error) {
	if l.shown[id] || !plainID(id) {
		return nil, nil
	}
	a, err := l.get(ctx, "/api/v1/statuses/"+id, http.StatusNotFound, http.StatusGone)
	if err != nil || a.Exchange.Status != http.StatusOK {
		return nil, err
	}
	it, ok := splitOne(a.Body)
	if !ok {
		return nil, errors.New("the answer is not a status")
	}
	l.shown[id] = true
	return l.captures(LaneContexts, a.Exchange, []item{it}), nil
}

// message reads a capture that is one status.
func (l *looker) message(c daybook.Capture) (daybook.ReadMessage, bool) {
	reading, err := Parse(l.account, c)
	if err != nil || len(reading.Messages) != 1 {
		return daybook.ReadMessage{}, false
	}
	return reading.Messages[0], true
}

// reachesOut reports whether a status was sent to the person.
func reachesOut(m daybook.ReadMessage) bool {
	switch m.Kind {
	case daybook.KindDirectMessage, daybook.KindReply, daybook.KindMention:
		return m.Direction == daybook.In
	}
	return false
}
