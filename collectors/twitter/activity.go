package twitter

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // no longer developed, as v1.1 itself: decision 21

	"daybook"
)

// The stream of X Activity hands over an event when it happens: so it shows
// messages that are taken back before the next poll. Each capture of LaneActivity
// is one line of it, byte for byte:
//
//	{"data":{"event_type":"dm.received","event_uuid":"…","filter":{"user_id":"…"},"payload":{…}}}
//
// A direct message comes in the form of v1.1, which go-twitter's types read, a post
// in that of v2. The keys of messages are those of the other lanes, so that a
// message is one whatever way it came.

// ActivityScope is what a person agrees to beside Scopes whose messages are taken
// from the stream, in words.
const ActivityScope = "be told by X of messages, mentions and answers at the moment in which they are sent, also of those that are deleted seconds later"

// KindEncrypted is a message of X's encrypted chat. Who sent it and when can be
// seen; what it says only the two devices know.
const KindEncrypted daybook.Kind = "encrypted_message"

// errActivity is a line of the stream that is no event of an account.
var errActivity = errors.New("not an event of an account")

// A v2Activity is one line of the stream.
type v2Activity struct {
	Data struct {
		Type   string `json:"event_type"`
		UUID   number `json:"event_uuid"`
		Filter struct {
			User number `json:"user_id"`
		} `json:"filter"`
		Payload  jsontext.Value `json:"payload"`
		Includes v2Includes     `json:"includes"`
	} `json:"data"`
	Errors []jsontext.Value `json:"errors"`
}

// An ActivityEvent is one line of the stream, as far as it has to be understood to
// know whose it is.
type ActivityEvent struct {
	User    string // whose account it is about: the number that the subscription names
	Capture daybook.Capture
	Ignored bool // it tells that somebody reads or types: no contact, and not kept
}

// ReadActivity takes a line of the stream apart; the error says nothing of what
// stands in it. raw is kept in the capture, whose account, platform and lane are
// left to the caller.
func ReadActivity(raw []byte) (ActivityEvent, error) {
	var line v2Activity
	if err := openV2(raw, &line); err != nil {
		return ActivityEvent{}, err
	}
	d := &line.Data
	if d.Type == "" || !userNumber(string(d.Filter.User)) {
		return ActivityEvent{}, errActivity
	}
	id := string(d.UUID)
	if id == "" {
		id = "sha256:" + daybook.DigestOf(raw).String()
	}
	return ActivityEvent{
		User:    string(d.Filter.User),
		Ignored: noContact(d.Type),
		Capture: daybook.Capture{
			Lane: LaneActivity, NativeID: shorten(d.Type, most) + "/" + shorten(id, 2*most),
			MediaType: "application/json", Raw: bytes.Clone(raw), Offset: -1,
		},
	}, nil
}

// Charged is what X charges for an event, by the identifiers that the same items
// have when they are asked for. self is the account that it is about.
func (e ActivityEvent) Charged(self daybook.Account) (Resource, []string) {
	messages, err := parseActivity(self, e.Capture.Raw)
	if err != nil || len(messages) == 0 {
		return "", nil // nobody knows: it is of a kind that cannot be read
	}
	what := ReadPost
	if key := string(messages[0].Key); strings.HasPrefix(key, string(MessageKey(""))) || messages[0].Kind == KindEncrypted {
		what = ReadMessage
	}
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = cmp.Or(m.Native, string(m.Key))
	}
	return what, ids
}

// noContact reports whether an event is known and tells of no contact: that
// somebody has read something or is typing. Such events are neither kept nor
// counted. To keep them would be to watch people, and nothing that was sent to the
// person is lost. Every other event is kept, whether this version can read it or
// not.
func noContact(kind string) bool { return kind == "dm.read" || kind == "dm.indicate_typing" }

// parseActivity reads one line of the stream. An event of a type that is not known
// gives a reading without messages.
//
// Short addresses that nothing is said about are left in a text. A reading with one
// is incomplete: what the other lanes have counts for more.
func parseActivity(self daybook.Account, raw []byte) ([]daybook.ReadMessage, error) {
	messages, err := readActivity(self, raw)
	for i := range messages {
		messages[i].Incomplete = messages[i].Incomplete || strings.Contains(messages[i].Text, "https://t.co/")
	}
	return messages, err
}

func readActivity(self daybook.Account, raw []byte) ([]daybook.ReadMessage, error) {
	var line v2Activity
	if err := openV2(raw, &line); err != nil {
		return nil, err
	}
	d := &line.Data
	me := self.Handle.Native
	switch {
	case d.Type == "":
		return nil, errActivity
	case string(d.Filter.User) != me:
		return nil, errors.New("it is about another account")
	case d.Type == "dm.received" || d.Type == "dm.sent":
		return activityMessages(me, d.Payload, d.Includes)
	case d.Type == "chat.received" || d.Type == "chat.sent":
		return activityChat(me, d.Type, d.Payload, d.Includes)
	case strings.HasPrefix(d.Type, "post.") && strings.HasSuffix(d.Type, ".create"):
		return activityPost(me, d.Type, d.Payload, d.Includes)
	}
	return nil, nil
}

// activityMessages reads what a direct message comes in: a list of events of v1.1
// with the accounts that they name, or one event of v2.
func activityMessages(me string, payload []byte, includes v2Includes) ([]daybook.ReadMessage, error) {
	var p struct {
		Events []gotwitter.DirectMessageEvent `json:"direct_message_events"`
		Users  v11Users                       `json:"users"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return nil, errV11
	}
	if p.Events == nil {
		v2 := v2Parser{me: me, lane: LaneActivity, includes: includes}
		var e v2Item
		if err := openV2(payload, &e); err != nil {
			return nil, err
		}
		if e.ID == "" {
			return nil, errActivity
		}
		err := v2.event(&e)
		return v2.messages, err
	}
	var out []daybook.ReadMessage
	for i := range p.Events[:min(len(p.Events), most)] {
		m, err := readV11Message(me, &p.Events[i], p.Users)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out = append(out, *m)
		}
	}
	return out, nil
}

// activityPost reads a post. That it answers or quotes the person is said by the
// type of the event, even if the post itself does not say whom.
func activityPost(me, kind string, payload []byte, includes v2Includes) ([]daybook.ReadMessage, error) {
	var t v2Item
	if err := openV2(payload, &t); err != nil {
		return nil, err
	}
	if t.ID == "" || t.Author == "" {
		return nil, errors.New("it names no post, or no author")
	}
	p := v2Parser{me: me, lane: LaneActivity, includes: includes}
	switch kind {
	case "post.reply.create":
		t.InReplyTo = cmp.Or(t.InReplyTo, number(me))
	case "post.quote.create":
		p.lane = LaneQuotes
	}
	return []daybook.ReadMessage{p.post(&t)}, nil
}

// activityChat reads what can be seen of a message of the encrypted chat. The
// cipher itself stays in the capture's bytes.
func activityChat(me, kind string, payload []byte, includes v2Includes) ([]daybook.ReadMessage, error) {
	var e struct {
		ID           number `json:"id"`
		Sender       number `json:"sender_id"`
		CreatedAt    string `json:"created_at"`
		Conversation string `json:"conversation_id"`
	}
	if err := openV2(payload, &e); err != nil {
		return nil, err
	}
	if e.ID == "" || e.Sender == "" || kind == "chat.received" && string(e.Sender) == me {
		return nil, nil // kept, and counted as something that cannot be read
	}
	p := v2Parser{me: me, lane: LaneActivity, includes: includes}
	return []daybook.ReadMessage{{
		Key:       daybook.MessageKey("x:chat/" + string(e.ID)),
		Kind:      KindEncrypted,
		Direction: p.direction(e.Sender),
		Sender:    p.user(e.Sender),
		Sent:      claimed(e.CreatedAt),
		Thread:    shorten(e.Conversation, 2*most),
	}}, nil
}

// profilesActivity reads what the accounts beside an event show of themselves.
func profilesActivity(self daybook.Account, raw []byte) (out []daybook.Profile) {
	var line v2Activity
	if openV2(raw, &line) != nil {
		return nil // of other bytes Parse says what is wrong
	}
	users := line.Data.Includes.Users
	for i := range users[:min(len(users), most)] {
		p := users[i].profile()
		if users[i].ID != "" && string(users[i].ID) != self.Handle.Native &&
			!slices.ContainsFunc(out, func(o daybook.Profile) bool { return o.Handle.Same(p.Handle) }) {
			out = append(out, p)
		}
	}
	return out
}
