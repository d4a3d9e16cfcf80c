package twitter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook"
)

// readArchivePost reads a post of the person. It is nil if the post neither
// answers nor names anybody else.
func readArchivePost(me string, raw []byte) (*daybook.ReadMessage, error) {
	var j archivePost
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	id := string(cmp.Or(j.ID, j.OtherID))
	if id == "" {
		return nil, fmt.Errorf("a post without a number: %w", errArchive)
	}
	kind, named := j.addresses(me)
	if kind == "" {
		return nil, nil
	}
	first := j.first(id)
	m := &daybook.ReadMessage{
		Key:        PostKey(first),
		Native:     id,
		Kind:       kind,
		Direction:  daybook.Out,
		Sender:     User(me, "", ""),
		To:         named,
		Sent:       daybook.When{At: sent},
		Text:       Text(j.FullText, j.links()),
		Lang:       archiveLang(j.Lang),
		ReplyTo:    string(j.InReplyToStatus),
		URL:        "https://x.com/i/status/" + id,
		Incomplete: cutShort(j.FullText),
	}
	m.Incomplete = m.Incomplete || strings.Contains(m.Text, "https://t.co/")
	if first != id {
		m.Edited = sent
		// Times of posts are given in seconds.
		m.Sent = daybook.When{At: Made(first).Truncate(time.Second)}
	}
	for _, a := range atMost(j.media()) {
		m.Media = append(m.Media, daybook.Media{Native: string(a.ID), Type: a.Type, State: daybook.MediaPending})
	}
	return m, nil
}

// addresses says whether the post answers somebody or names somebody, and whom.
// What passes on another's post does neither.
func (j *archivePost) addresses(me string) (daybook.Kind, []daybook.Handle) {
	if strings.HasPrefix(j.FullText, "RT @") {
		return "", nil
	}
	var named []daybook.Handle
	add := func(id number, account, display string) {
		h := User(string(id), account, display)
		if id != "" && string(id) != me && !slices.ContainsFunc(named, h.Same) {
			named = append(named, h)
		}
	}
	for _, m := range atMost(j.Entities.Mentions) {
		add(m.ID, m.ScreenName, m.Name)
	}
	add(j.InReplyToUser, j.InReplyToName, "")
	switch {
	case len(named) == 0:
		return "", nil
	case j.InReplyToUser != "" && string(j.InReplyToUser) != me:
		return daybook.KindReply, named
	}
	return daybook.KindMention, named
}

// first is the number of the post's first version.
func (j *archivePost) first(id string) string {
	first := id
	ids := slices.Concat(j.EditInfo.Initial.IDs, j.EditInfo.Edit.Initial.IDs, []number{j.EditInfo.Edit.First})
	for _, other := range ids {
		if other != "" && !Made(string(other)).IsZero() && Newer(string(other), first) < 0 {
			first = string(other)
		}
	}
	return first
}

func (j *archivePost) media() []archiveMedia {
	if len(j.ExtendedEntities.Media) > 0 {
		return j.ExtendedEntities.Media
	}
	return j.Entities.Media
}

func (j *archivePost) links() []Link {
	links := archiveLinks(j.Entities.URLs)
	for _, m := range j.media() {
		links = append(links, Link{m.URL, m.ExpandedURL})
	}
	return links
}

func archiveLang(lang string) string {
	if lang == "und" || len(lang) == 3 && strings.HasPrefix(lang, "q") {
		return "" // none, or one of X's own for pictures, links and tags
	}
	return lang
}

// readArchiveNote reads the long text of a post. Whom it answers or names stands
// in the post itself.
func readArchiveNote(me string, place []string, raw []byte) (*daybook.ReadMessage, error) {
	var j archiveNote
	if err := openArchive(raw, &j); err != nil {
		return nil, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return nil, err
	}
	kind := daybook.Kind(place[2])
	if kind != daybook.KindMention && kind != daybook.KindReply {
		return nil, fmt.Errorf("the long text of no post: %w", errArchive)
	}
	return &daybook.ReadMessage{
		Key:       PostKey(place[1]),
		Native:    place[1],
		Kind:      kind,
		Direction: daybook.Out,
		Sender:    User(me, "", ""),
		Sent:      daybook.When{At: sent},
		Text:      Text(j.Core.Text, archiveLinks(j.Core.URLs)),
	}, nil
}

// An ArchivePost is what has to be known of a post to find what belongs to it.
type ArchivePost struct {
	ID, First string
	Kind      daybook.Kind // "" if it neither answers nor names anybody else
	At        int64        // Unix seconds
	Text      string       // as it stands there
	Cut       bool         // the end is missing
	Passed    bool         // another's post that was passed on
	Media     []string     // addresses, one for each attachment of the reading, in its order
}

// ReadArchivePost reads the value of a "tweet" element.
func ReadArchivePost(me string, raw []byte) (ArchivePost, error) {
	var j archivePost
	if err := openArchive(raw, &j); err != nil {
		return ArchivePost{}, err
	}
	sent, err := archiveTime(j.CreatedAt)
	if err != nil {
		return ArchivePost{}, err
	}
	id := string(cmp.Or(j.ID, j.OtherID))
	p := ArchivePost{ID: id, First: j.first(id), At: sent.Unix(), Text: j.FullText, Cut: cutShort(j.FullText), Passed: strings.HasPrefix(j.FullText, "RT @")}
	p.Kind, _ = j.addresses(me) // whom, is for the reading
	for _, a := range atMost(j.media()) {
		p.Media = append(p.Media, a.MediaURL)
	}
	return p, nil
}
