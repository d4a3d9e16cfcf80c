// Package twitter reads the person's own account on X.
//
// It asks for what reached the person, and for nothing else: mentions, direct
// messages, quotes of their posts, and the list of accounts that they block. Two
// interfaces are spoken: v2, by a small client of our own, and v1.1, by
// github.com/dghubble/go-twitter, for apps that still have it. The same messages
// come in the account archive, which package upload opens; what reads them is
// here as well, so that one message is one whatever way it came.
//
// Identifiers are those of X: a handle is a user's number, never the name that
// they can change; a message is known by its own number.
package twitter

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
)

// Platform is the name that handles, accounts and captures bear.
const Platform daybook.Platform = "x"

// Version is the parser's name and version. Another version causes all that is
// archived to be read again.
const Version = "x/1"

// The lanes, the most important first. Activity is what the stream of events
// handed over, looks what second looks found, archive what came in a file.
const (
	LaneMessages daybook.Lane = "dm_events"
	LaneMentions daybook.Lane = "mentions"
	LaneQuotes   daybook.Lane = "quotes"
	LaneBlocks   daybook.Lane = "blocks"
	LaneActivity daybook.Lane = "activity"
	LanePosts    daybook.Lane = "posts"
	LaneArchive  daybook.Lane = "archive"
)

// MessageKey is the key of a direct message, whatever way it came.
func MessageKey(id string) daybook.MessageKey { return daybook.MessageKey("x:dm/" + id) }

// PostKey is the key of a post. Each edit has an identifier of its own; that of
// the first version names the post.
func PostKey(first string) daybook.MessageKey { return daybook.MessageKey("x:post/" + first) }

// User is the handle with a user's number. An empty name is no name.
func User(id, account, display string) daybook.Handle {
	h := daybook.Handle{Platform: Platform, Native: id}
	if account != "" || display != "" {
		h.Names = []daybook.SeenName{{Account: account, Display: display}}
	}
	return h
}

// snowflakeEpoch is 4 November 2010, 01:42:54.657 UTC, in Unix milliseconds: what
// the times in identifiers count from.
const snowflakeEpoch = 1288834974657

// Made is the time in an identifier; zero if it has none: identifiers were
// counted one by one until 2010.
func Made(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || n < 1<<37 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>22) + snowflakeEpoch).UTC()
}

// Newer compares identifiers by number, which is their order in time; those that
// are no numbers come first.
func Newer(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	if errX != nil || errY != nil {
		return cmp.Or(cmp.Compare(bit(errX == nil), bit(errY == nil)), strings.Compare(a, b))
	}
	return cmp.Compare(x, y)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A Link is an address that X has put its own short one in the place of.
type Link struct {
	Short, Long string
}

// attachment matches the address that X puts at the end of a text for a picture
// or video that came with it.
var attachment = regexp.MustCompile(`^https://twitter\.com(/messages/media/[0-9]+|/[A-Za-z0-9_]+/status/[0-9]+/(?:photo|video)/[0-9]+)$`)

// attached gives the address of an attachment the same host whenever it was asked
// for: X has changed it.
func attached(long string) string {
	if m := attachment.FindStringSubmatch(long); m != nil {
		return "https://x.com" + m[1]
	}
	return long
}

// Text is what the sender wrote: X writes "&", "<" and ">" as HTML does, and puts
// short addresses of its own in the place of others. Both are taken back, so that
// a message has the same text whatever way it came; the bytes as they came are
// kept beside it.
func Text(s string, links []Link) string {
	if strings.Contains(s, "&") {
		s = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(s)
	}
	if len(links) == 0 {
		return s
	}
	links = slices.Clone(links)
	// The longer one first, should one short address begin with another.
	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Compare(len(b.Short), len(a.Short)) })
	var pairs []string
	for _, l := range links {
		if strings.HasPrefix(l.Short, "https://t.co/") && l.Long != "" {
			pairs = append(pairs, l.Short, attached(l.Long))
		}
	}
	return strings.NewReplacer(pairs...).Replace(s)
}
