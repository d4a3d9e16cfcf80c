package twitter

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"daybook"
)

// This file reads the elements of an account archive. Each capture of LaneArchive
// is one element, byte for byte, and its NativeID says where it belongs, because
// the element itself does not:
//
//	<conversation>/<message>                    {"messageCreate": {…}} in a conversation
//	<conversation>/<message>/reaction/<event>   an element of its "reactions"
//	<conversation>/<event>/<time>/<digest>      {"participantsJoin": {…}} and its like, which have no number
//	posts/<post>                                {"tweet": {…}}
//	posts/<post>/mention, posts/<post>/reply    {"noteTweet": {…}}: the long text of that post
//	logins/<time>/<address>                     {"ipAudit": {…}}
//	blocked/<user>, muted/<user>                {"blocking": {…}} and {"muting": {…}}: no message
//
// An archive names accounts by their numbers alone.

// errArchive is an element that has not the form that it should have.
var errArchive = errors.New("not of the expected form")

// archiveLoose takes bytes that are not UTF-8 and half characters, which a sender
// could write. A member that stands twice is refused: two readers could see two
// messages.
var archiveLoose = jsontext.AllowInvalidUTF8(true)

type archiveLink struct {
	URL         string `json:"url"`
	Expanded    string `json:"expanded"`
	ExpandedURL string `json:"expanded_url"`
	ShortURL    string `json:"shortUrl"`
	LongURL     string `json:"expandedUrl"`
}

type archiveMessage struct {
	ID          number        `json:"id"`
	SenderID    number        `json:"senderId"`
	RecipientID number        `json:"recipientId"`
	Text        string        `json:"text"`
	CreatedAt   string        `json:"createdAt"`
	MediaURLs   []string      `json:"mediaUrls"`
	URLs        []archiveLink `json:"urls"`
}

type archiveReaction struct {
	SenderID    number `json:"senderId"`
	ReactionKey string `json:"reactionKey"`
	EventID     number `json:"eventId"`
	CreatedAt   string `json:"createdAt"`
}

// archiveEvent is what happens to a group.
type archiveEvent struct {
	InitiatingUserID number   `json:"initiatingUserId"`
	UserIDs          []number `json:"userIds"`
	Snapshot         []number `json:"participantsSnapshot"`
	Name             string   `json:"name"`
	CreatedAt        string   `json:"createdAt"`
}

type archiveMedia struct {
	ID          number `json:"id_str"`
	URL         string `json:"url"`
	ExpandedURL string `json:"expanded_url"`
	MediaURL    string `json:"media_url_https"`
	Type        string `json:"type"`
}

type archiveEntities struct {
	Mentions []struct {
		ID         number `json:"id_str"`
		ScreenName string `json:"screen_name"`
		Name       string `json:"name"`
	} `json:"user_mentions"`
	URLs  []archiveLink  `json:"urls"`
	Media []archiveMedia `json:"media"`
}

type archivePost struct {
	ID               number          `json:"id_str"`
	OtherID          number          `json:"id"`
	FullText         string          `json:"full_text"`
	CreatedAt        string          `json:"created_at"`
	Lang             string          `json:"lang"`
	InReplyToUser    number          `json:"in_reply_to_user_id_str"`
	InReplyToName    string          `json:"in_reply_to_screen_name"`
	InReplyToStatus  number          `json:"in_reply_to_status_id_str"`
	Entities         archiveEntities `json:"entities"`
	ExtendedEntities archiveEntities `json:"extended_entities"`
	EditInfo         struct {
		Initial archiveEdits `json:"initial"`
		Edit    struct {
			First   number       `json:"initialTweetId"`
			Initial archiveEdits `json:"editControlInitial"`
		} `json:"edit"`
	} `json:"edit_info"`
}

type archiveEdits struct {
	IDs []number `json:"editTweetIds"`
}

type archiveNote struct {
	CreatedAt string `json:"createdAt"`
	Core      struct {
		Text string        `json:"text"`
		URLs []archiveLink `json:"urls"`
	} `json:"core"`
}

type archiveLogin struct {
	CreatedAt string `json:"createdAt"`
	LoginIP   string `json:"loginIp"`
}

// ParseArchive is Parse for captures of LaneArchive.
func ParseArchive(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	return parseArchive(self, c)
}

func parseArchive(self daybook.Account, c daybook.Capture) (daybook.Reading, error) {
	m, err := readArchive(self.Handle.Native, c)
	switch {
	case err != nil:
		return daybook.Reading{}, fmt.Errorf("read %s capture: %w", c.Lane, err)
	case m == nil:
		return daybook.Reading{Parser: Version}, nil
	}
	m.Text = norm.NFC.String(m.Text)
	return daybook.Reading{Parser: Version, Messages: []daybook.ReadMessage{*m}}, nil
}

// readArchive returns nil if the element is no message.
func readArchive(me string, c daybook.Capture) (*daybook.ReadMessage, error) {
	place := strings.Split(c.NativeID, "/")
	if len(place) < 2 || slices.Contains(place, "") {
		return nil, fmt.Errorf("it does not say where it belongs: %w", errArchive)
	}
	if len(place) == 4 && place[2] == "reaction" {
		return readReaction(me, place, c.Raw)
	}
	kind, inner, _, err := OpenElement(c.Raw)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "messageCreate" && len(place) == 2:
		return readArchiveMessage(me, place, inner)
	case kind == "tweet" && place[0] == "posts":
		return readArchivePost(me, inner)
	case kind == "noteTweet" && place[0] == "posts" && len(place) == 3:
		return readArchiveNote(me, place, inner)
	case kind == "ipAudit":
		return readArchiveLogin(me, inner)
	case kind == "blocking" || kind == "muting":
		return nil, nil
	case GroupEvent(kind):
		return readArchiveEvent(me, place[0], kind, inner)
	}
	return nil, fmt.Errorf("a kind of element that is not known: %w", errArchive)
}

// OpenElement takes the one member out of an element: its name, which says what
// the element is, and its value, which is the part of raw that begins at start.
func OpenElement(raw []byte) (kind string, value []byte, start int, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), archiveLoose)
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return "", nil, 0, errArchive
	}
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '"' {
		return "", nil, 0, errArchive
	}
	kind = t.String()
	v, err := d.ReadValue()
	if err != nil {
		return "", nil, 0, errArchive
	}
	end := int(d.InputOffset())
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return "", nil, 0, errArchive // a second member
	}
	return kind, raw[end-len(v) : end : end], end - len(v), nil
}

// GroupEvent reports whether an element of this kind tells what happened to a
// group.
func GroupEvent(kind string) bool {
	return slices.Contains([]string{"joinConversation", "participantsJoin", "participantsLeave", "conversationNameUpdate"}, kind)
}

// openArchive reads a value; the error says nothing of what stood there.
func openArchive(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v, archiveLoose); err != nil {
		return errArchive
	}
	return nil
}

func readArchiveMessage(me string, place []string, raw []byte) (*daybook.ReadMessage, error) {
	var j archiveMessage
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	if j.SenderID == "" || j.ID == "" || string(j.ID) != place[1] {
		return nil, fmt.Errorf("a message without a number or a sender: %w", errArchive)
	}
	m := &daybook.ReadMessage{
		Key:       MessageKey(string(j.ID)),
		Native:    string(j.ID),
		Kind:      daybook.KindDirectMessage,
		Direction: archiveDirection(me, j.SenderID),
		Sender:    User(string(j.SenderID), "", ""),
		Sent:      daybook.When{At: sent},
		Text:      Text(j.Text, archiveLinks(j.URLs)),
		Thread:    place[0],
	}
	// What a short address stands for has not always been in archives.
	m.Incomplete = strings.Contains(m.Text, "https://t.co/")
	if to := string(j.RecipientID); to != "" && to != me {
		m.To = []daybook.Handle{User(to, "", "")}
	}
	for _, address := range atMost(j.MediaURLs) {
		id, _ := ArchiveMedia(address)
		m.Media = append(m.Media, daybook.Media{Native: id, Type: archiveMediaType(address), State: daybook.MediaPending})
	}
	return m, nil
}

func readReaction(me string, place []string, raw []byte) (*daybook.ReadMessage, error) {
	var j archiveReaction
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	if j.SenderID == "" {
		return nil, fmt.Errorf("a reaction without a sender: %w", errArchive)
	}
	return &daybook.ReadMessage{
		Key:       MessageKey(place[3]),
		Kind:      daybook.KindReaction,
		Direction: archiveDirection(me, j.SenderID),
		Sender:    User(string(j.SenderID), "", ""),
		Sent:      daybook.When{At: sent},
		Text:      Text(j.ReactionKey, nil),
		Thread:    place[0],
		ReplyTo:   place[1],
	}, nil
}

func readArchiveEvent(me, conversation, kind string, raw []byte) (*daybook.ReadMessage, error) {
	var j archiveEvent
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	m := &daybook.ReadMessage{
		Key:       daybook.MessageKey("x:dm/" + conversation + "/" + EventID(kind, raw)),
		Kind:      daybook.KindSystem,
		Direction: archiveDirection(me, j.InitiatingUserID),
		Sent:      daybook.When{At: sent},
		Thread:    conversation,
	}
	if id := string(j.InitiatingUserID); id != "" {
		m.Sender = User(id, "", "")
	}
	users := j.UserIDs
	switch kind {
	case "conversationNameUpdate":
		m.Text = Text(j.Name, nil)
	case "joinConversation":
		m.Text, users = "joined the conversation", j.Snapshot
	case "participantsJoin":
		m.Text = "added to the conversation"
	case "participantsLeave":
		m.Text = "left the conversation"
		if m.Sender.IsZero() && len(users) == 1 {
			m.Sender, m.Direction = User(string(users[0]), "", ""), archiveDirection(me, users[0])
		}
	}
	for _, id := range atMost(users) {
		if id != "" && string(id) != me && string(id) != m.Sender.Native {
			m.To = append(m.To, User(string(id), "", ""))
		}
	}
	return m, nil
}

// EventID is the identifier that is given to an event of a group, which has none
// in an archive: what it is, when it was, and a digest of who and what it names.
func EventID(kind string, raw []byte) string {
	var j archiveEvent
	if err := openArchive(raw, &j); err != nil {
		return kind + "/-/" + daybook.DigestOf(raw).String()[:16]
	}
	at := "-"
	if t, err := archiveTime(j.CreatedAt); err == nil {
		at = t.Format("20060102T150405.000Z")
	}
	named := fmt.Appendf(nil, "%q %q %q %q", j.InitiatingUserID, j.UserIDs, j.Snapshot, j.Name)
	return kind + "/" + at + "/" + daybook.DigestOf(named).String()[:16]
}

func readArchiveLogin(me string, raw []byte) (*daybook.ReadMessage, error) {
	var j archiveLogin
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	return &daybook.ReadMessage{
		Key:       daybook.MessageKey("x:login/" + j.LoginIP + "/" + sent.Format("20060102T150405.000Z")),
		Kind:      daybook.KindLogin,
		Direction: daybook.Out,
		Sender:    User(me, "", ""),
		Sent:      daybook.When{At: sent},
		Text:      j.LoginIP,
		Thread:    "logins",
	}, nil
}

// atMost leaves out what no message of X has so many of: attachments, and people
// whom it names.
func atMost[T any](list []T) []T { return list[:min(len(list), 1000)] }

// archiveDirection is In for everybody but the person: also where nobody is
// named.
func archiveDirection(me string, sender number) daybook.Direction {
	if me != "" && string(sender) == me {
		return daybook.Out
	}
	return daybook.In
}

// archiveTime reads the two forms of time: RFC 3339, and that of posts.
func archiveTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.RubyDate} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1970 && t.Year() < 10000 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("it has no time: %w", errArchive)
}

func archiveLinks(list []archiveLink) []Link {
	links := make([]Link, 0, len(list))
	for _, l := range list {
		links = append(links, Link{cmp.Or(l.URL, l.ShortURL), cmp.Or(l.Expanded, l.ExpandedURL, l.LongURL)})
	}
	return links
}

// ArchiveMedia reads the address of an attachment: its identifier, which is the
// last number before the name of the file, and that name. Nothing is ever fetched
// from there.
func ArchiveMedia(address string) (id, file string) {
	u, err := url.Parse(address)
	if err != nil {
		return "", ""
	}
	parts := strings.Split(u.Path, "/")
	file = parts[len(parts)-1]
	for _, part := range slices.Backward(parts[:len(parts)-1]) {
		if len(part) >= 5 && strings.Trim(part, "0123456789") == "" {
			return part, file
		}
	}
	return file, file
}

// archiveMediaType is the platform's word for an attachment.
func archiveMediaType(address string) string {
	switch ext := strings.ToLower(path.Ext(strings.SplitN(address, "?", 2)[0])); {
	case strings.Contains(address, "/dm_gif/"):
		return "animated_gif"
	case ext == ".mp4":
		return "video"
	case ext == ".jpg" || ext == ".jpeg" || ext == ".png" || ext == ".webp" || ext == ".gif":
		return "photo"
	}
	return ""
}
