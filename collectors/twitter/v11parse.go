package twitter

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // no longer developed, as v1.1 itself: decision 21
	"golang.org/x/text/unicode/norm"

	"daybook"
)

// Items of v1.1 are posts and events of direct messages, each as its own bytes.
// go-twitter's types read them. They come in the same lanes as those of v2 and are
// told from them by their form: a capture of v2 begins with "data".
//
// What v1.1 does not say cannot be read from it: to which conversation an answer
// belongs, which post an edited one was before, and what a long post says after
// its first 280 characters (the reading then says that it is incomplete). It has
// no messages of groups.

var (
	errV11     = errors.New("not an item of v1.1")
	errNoMaker = errors.New("it does not say whose it is")
)

// A v11Item is what tells the forms apart.
type v11Item struct {
	Data    json.RawMessage `json:"data"`
	Type    string          `json:"type"`
	Created string          `json:"created_timestamp"`
	IDStr   string          `json:"id_str"`
}

func (it v11Item) isEvent() bool { return it.Type != "" && it.IDStr == "" }
func (it v11Item) isPost() bool  { return it.IDStr != "" }

// isV11 reports whether a capture is an item of v1.1.
func isV11(raw []byte) bool {
	if bytes.HasPrefix(raw, []byte(`{"data":`)) {
		return false
	}
	var it v11Item
	return json.Unmarshal(raw, &it) == nil && it.Data == nil && (it.isEvent() || it.isPost())
}

// parseV11 is Parse for items of v1.1.
func parseV11(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	reading := daybook.Reading{Parser: Version}
	var it v11Item
	if err := json.Unmarshal(c.Raw, &it); err != nil {
		return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, errV11)
	}
	var (
		m   *daybook.ReadMessage
		err error
	)
	if it.isEvent() {
		var e gotwitter.DirectMessageEvent
		if json.Unmarshal(c.Raw, &e) != nil {
			return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, errV11)
		}
		m, err = readV11Message(self.Handle.Native, &e, nil)
	} else {
		var t gotwitter.Tweet
		if json.Unmarshal(c.Raw, &t) != nil {
			return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, errV11)
		}
		m, err = readV11Post(self.Handle.Native, &t)
	}
	if err != nil {
		return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, err)
	}
	if m != nil {
		reading.Messages = []daybook.ReadMessage{*m}
	}
	return reading, nil
}

// v11Users are the accounts that an event of the stream names, by number.
type v11Users map[string]v11User

type v11User struct {
	v11Names
	Data v11Names `json:"data"` // some have the names a step further in
}

type v11Names struct {
	Name       string `json:"name"`
	ScreenName string `json:"screen_name"`
	Username   string `json:"username"` // as v2 calls it
}

func (u v11Users) handle(id string) daybook.Handle {
	n := u[id]
	return v11Handle(id, cmp.Or(n.ScreenName, n.Username, n.Data.ScreenName, n.Data.Username), cmp.Or(n.Name, n.Data.Name))
}

func v11Handle(id, account, display string) daybook.Handle {
	return User(id, shorten(account, maxName), shorten(norm.NFC.String(display), maxName))
}

// readV11Message reads an event of direct messages. It returns nil for an event
// of a type that is not known: go-twitter has no message for it.
func readV11Message(me string, e *gotwitter.DirectMessageEvent, users v11Users) (*daybook.ReadMessage, error) {
	if e.Message == nil || e.Message.Data == nil || e.Type != "message_create" {
		return nil, nil
	}
	sender, recipient := e.Message.SenderID, ""
	if e.Message.Target != nil {
		recipient = e.Message.Target.RecipientID
	}
	if e.ID == "" || sender == "" {
		return nil, errNoMaker
	}
	m := &daybook.ReadMessage{
		Key:       MessageKey(e.ID),
		Native:    e.ID,
		Kind:      daybook.KindDirectMessage,
		Direction: directionOf(me, sender),
		Sender:    users.handle(sender),
		Sent:      daybook.When{At: v11Sent(e)},
		Thread:    pairThread(sender, recipient),
	}
	if recipient != "" && recipient != me {
		m.To = []daybook.Handle{users.handle(recipient)}
	}
	data := e.Message.Data
	links := v11Links(data.Entities)
	if a := data.Attachment; a != nil {
		links = append(links, Link{a.Media.URL, a.Media.ExpandedURL})
		if id := cmp.Or(a.Media.IDStr, v11Number(a.Media.ID)); id != "" {
			m.Media = []daybook.Media{v11Media(a.Media, id)}
		}
	}
	m.Text = norm.NFC.String(Text(data.Text, links))
	return m, nil
}

// v11Sent is the time of an event: in milliseconds, else that of its identifier.
func v11Sent(e *gotwitter.DirectMessageEvent) time.Time {
	ms, err := strconv.ParseInt(e.CreatedAt, 10, 64)
	if err != nil || ms <= 0 || ms >= 253402300800000 { // the year 10000
		return Made(e.ID)
	}
	return time.UnixMilli(ms).UTC()
}

// pairThread is what v2 calls the conversation of two: both numbers, the smaller
// one first.
func pairThread(a, b string) string {
	if b == "" {
		return ""
	}
	if Newer(a, b) > 0 {
		a, b = b, a
	}
	return a + "-" + b
}

func directionOf(me, sender string) daybook.Direction {
	if me != "" && sender == me {
		return daybook.Out
	}
	return daybook.In
}

// readV11Post reads a post.
func readV11Post(me string, t *gotwitter.Tweet) (*daybook.ReadMessage, error) {
	id := cmp.Or(t.IDStr, v11Number(t.ID))
	if id == "" || t.User == nil {
		return nil, errNoMaker
	}
	sender := cmp.Or(t.User.IDStr, v11Number(t.User.ID))
	if sender == "" {
		return nil, errNoMaker
	}
	text, entities, extended, cut := v11Text(t)
	media := v11Attached(entities, extended)
	links := v11Links(entities)
	for _, a := range media {
		links = append(links, Link{a.URL, a.ExpandedURL})
	}
	m := &daybook.ReadMessage{
		Key:        PostKey(id),
		Native:     id,
		Direction:  directionOf(me, sender),
		Sender:     v11Handle(sender, t.User.ScreenName, t.User.Name),
		To:         v11Named(me, sender, t, entities),
		Sent:       daybook.When{At: v11Time(id, t.CreatedAt)},
		Text:       norm.NFC.String(Text(text, links)),
		Lang:       archiveLang(shorten(t.Lang, most)),
		ReplyTo:    cmp.Or(t.InReplyToStatusIDStr, v11Number(t.InReplyToStatusID)),
		URL:        "https://x.com/i/status/" + url.PathEscape(id),
		Incomplete: cut,
	}
	m.Kind = v11Kind(me, sender, t, m.To)
	if m.ReplyTo == "" {
		m.Thread = id // the post that a conversation begins with names it
	}
	for _, a := range media[:min(len(media), most)] {
		if id := cmp.Or(a.IDStr, v11Number(a.ID)); id != "" {
			m.Media = append(m.Media, v11Media(a, id))
		}
	}
	return m, nil
}

// v11Text is the text of a post as it stands there, with what belongs to it, and
// whether its end is missing. Without tweet_mode=extended v1.1 cuts it.
func v11Text(t *gotwitter.Tweet) (text string, entities *gotwitter.Entities, extended *gotwitter.ExtendedEntity, cut bool) {
	switch {
	case t.FullText != "":
		return t.FullText, t.Entities, t.ExtendedEntities, t.Truncated || cutShort(t.FullText)
	case t.ExtendedTweet != nil && t.ExtendedTweet.FullText != "":
		x := t.ExtendedTweet
		return x.FullText, cmp.Or(x.Entities, t.Entities), cmp.Or(x.ExtendedEntities, t.ExtendedEntities), cutShort(x.FullText)
	}
	return t.Text, t.Entities, t.ExtendedEntities, t.Truncated || cutShort(t.Text)
}

// v11Kind says how a post reached the person or, of their own, whom it reaches.
func v11Kind(me, sender string, t *gotwitter.Tweet, named []daybook.Handle) daybook.Kind {
	answered := v11Answered(t)
	if sender == me {
		switch {
		case answered != "" && answered != me:
			return daybook.KindReply
		case len(named) > 0:
			return daybook.KindMention
		}
		return daybook.KindPost
	}
	switch {
	case t.RetweetedStatus != nil && v11Author(t.RetweetedStatus) == me:
		return daybook.KindBoost
	case answered == me:
		return daybook.KindReply
	case t.QuotedStatus != nil && v11Author(t.QuotedStatus) == me:
		return daybook.KindQuote
	}
	return daybook.KindMention
}

func v11Answered(t *gotwitter.Tweet) string {
	return cmp.Or(t.InReplyToUserIDStr, v11Number(t.InReplyToUserID))
}

func v11Author(t *gotwitter.Tweet) string {
	if t.User == nil {
		return "nobody"
	}
	return cmp.Or(t.User.IDStr, v11Number(t.User.ID))
}

// v11Named are those whom a post names or answers beside the person and its
// author.
func v11Named(me, sender string, t *gotwitter.Tweet, e *gotwitter.Entities) (named []daybook.Handle) {
	add := func(id, account, display string) {
		h := v11Handle(id, account, display)
		if id != "" && id != me && id != sender && len(named) < most && !slices.ContainsFunc(named, h.Same) {
			named = append(named, h)
		}
	}
	if e != nil {
		for _, u := range e.UserMentions {
			add(cmp.Or(u.IDStr, v11Number(u.ID)), u.ScreenName, u.Name)
		}
	}
	add(v11Answered(t), t.InReplyToScreenName, "")
	return named
}

// v11Time is the time of a post as it is written beside it, in seconds, as v2 does;
// that of its identifier if nothing can be read there.
func v11Time(id, written string) time.Time {
	at, err := time.Parse(time.RubyDate, written)
	if err != nil || at.Year() <= 1970 || at.Year() > 9999 {
		return Made(id)
	}
	return at.UTC()
}

func v11Links(e *gotwitter.Entities) (links []Link) {
	if e == nil {
		return nil
	}
	for _, u := range e.Urls {
		links = append(links, Link{u.URL, u.ExpandedURL})
	}
	return links
}

func v11Attached(e *gotwitter.Entities, x *gotwitter.ExtendedEntity) []gotwitter.MediaEntity {
	switch {
	case x != nil && len(x.Media) > 0:
		return x.Media
	case e != nil:
		return e.Media
	}
	return nil
}

// v11Media reads an attachment. An address stands in a reading only if it lies
// where attachments are fetched from.
func v11Media(a gotwitter.MediaEntity, id string) daybook.Media {
	at := v2Media{URL: a.MediaURLHttps, Millis: int64(a.VideoInfo.DurationMillis)}
	for _, v := range a.VideoInfo.Variants {
		at.Variants = append(at.Variants, v2Variant{v.ContentType, int64(v.Bitrate), v.URL})
	}
	m := daybook.Media{Native: id, Type: shorten(a.Type, most), URL: fetchable(at.address())}
	if m.URL == "" {
		m.State = daybook.MediaRefused
	}
	return m
}

func v11Number(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// profilesV11 reads what the author of a post shows of themselves.
func profilesV11(self daybook.Account, raw []byte) []daybook.Profile {
	var t gotwitter.Tweet
	if json.Unmarshal(raw, &t) != nil || t.User == nil {
		return nil // an event of direct messages shows none; of other bytes Parse says what is wrong
	}
	from := t.User
	u := v2User{
		ID: number(cmp.Or(from.IDStr, v11Number(from.ID))), Username: from.ScreenName, Name: from.Name,
		Description: from.Description, Location: from.Location, URL: from.URL, Protected: from.Protected,
	}
	if u.ID == "" || string(u.ID) == self.Handle.Native {
		return nil
	}
	if !from.DefaultProfileImage {
		u.Picture = from.ProfileImageURLHttps
	}
	if from.Entities != nil {
		u.Entities.URL.URLs = v2URLs(&from.Entities.URL)
		u.Entities.Description.URLs = v2URLs(&from.Entities.Description)
	}
	p := u.profile()
	p.Created = v11Time("", from.CreatedAt)
	return []daybook.Profile{p}
}

func v2URLs(e *gotwitter.Entities) (out []v2URL) {
	for _, l := range v11Links(e) {
		out = append(out, v2URL{l.Short, l.Long})
	}
	return out
}
