package xarchive

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

// export ends the first reading.
func (c *counter) finish() *export {
	r, s := c.report, &c.summary
	for _, t := range c.threads {
		s.Threads = append(s.Threads, *t)
		if t.Kind != upload.ThreadLogins && t.Kind != upload.ThreadBlocked {
			r.Threads++
		}
	}
	slices.SortFunc(s.Threads, func(a, b upload.Thread) int {
		return cmp.Or(b.To.Compare(a.To), cmp.Compare(a.ID, b.ID))
	})
	for i := range s.Threads {
		slices.SortFunc(s.Threads[i].With, func(a, b daybook.Handle) int { return twitter.Newer(a.Native, b.Native) })
	}
	for _, name := range c.a.Odd() {
		c.count(c.notRead, name, "a file with a name that no platform gives", "", 1)
	}
	if n, first := c.media.unnamed(c.used); n > 0 {
		c.count(c.notRead, first, "pictures and videos that no message in the archive names", "", n)
	}
	for _, n := range r.ByKind {
		r.Messages += n
	}
	s.Whole, s.Holes = c.whole(), c.holes()
	r.NotRead, r.NotTaken = listed(c.notRead), listed(c.notTaken)
	r.Assumed, r.Never, r.Incomplete = assumed(), never(), c.incomplete()
	return c.export
}

// whole reports whether all conversations are in the archive.
func (c *counter) whole() bool {
	there := false
	for _, e := range c.all {
		there = there || e.role == roleMessages
	}
	return there && !c.holes()
}

// holes reports whether messages may be missing from conversations that are in the
// archive: it is one of several files, a file of it is not there, a text of it is
// not, or something in it could not be read.
func (c *counter) holes() bool {
	return c.partial() || c.lost > 0 || c.unclear || missing(c.headers, c.texts) > 0
}

func (c *counter) partial() bool { return c.manifest.ArchiveInfo.IsPartial == "true" }

func listed(m map[string]*daybook.NotRead) []daybook.NotRead {
	list := make([]daybook.NotRead, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, *m[key])
	}
	return list
}

func assumed() []string {
	return []string{
		"Times are exact and in UTC: X writes them so.",
		"An account that is only a number is the same person's account in every message: numbers do not change, names do.",
		"Short addresses are shown as the long ones that X says they stand for; none of them was opened.",
		"Who is blocked or muted was so when X made the archive; since when is not said.",
	}
}

func never() []string {
	return []string{
		"What others wrote in public to this account: mentions, replies and quotes.",
		"Names of the accounts that wrote: there are only their numbers, but for those whom the person’s own posts name.",
		"Encrypted chats.",
		"Messages that the person had deleted before X made the archive. Whether it holds what the other side deleted is not known.",
		"Who looked at, liked or passed on the person's posts.",
	}
}

// incomplete says what the archive names and does not hold.
func (c *counter) incomplete() []string {
	var list []string
	if c.partial() {
		list = append(list, "X gave this archive in several ZIP files, and this is one of them: add the others as well.")
	}
	for _, name := range c.absent[:min(len(c.absent), 20)] {
		list = append(list, fmt.Sprintf("The list of contents names the file “%s”, and it is not in the archive.", upload.Shown(name)))
	}
	if n := len(c.absent) - 20; n > 0 {
		list = append(list, fmt.Sprintf("The list of contents names %d more files that are not in the archive.", n))
	}
	if n := missing(c.headers, c.texts); n > 0 {
		list = append(list, fmt.Sprintf("%s named with a time and without a text: the text is not in the archive.", plural(n, "message is", "messages are")))
	}
	if n := c.report.Media.Missing; n > 0 {
		list = append(list, fmt.Sprintf("%s named in messages and not in the archive.", plural(n, "picture or video is", "pictures or videos are")))
	}
	if !slices.ContainsFunc(c.all, func(e entry) bool { return e.role == roleMessages }) {
		list = append(list, "There is no file of conversations in it.")
	}
	if c.summary.Made.IsZero() {
		list = append(list, "It does not say when X made it: nothing follows from what it lacks, and whom it shows as blocked has no time.")
	}
	return list
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// missing returns how many of the first are not among the second. It sorts both.
func missing(of, among []uint64) (n int) {
	slices.Sort(of)
	slices.Sort(among)
	of = slices.Compact(of)
	for _, id := range of {
		if _, found := slices.BinarySearch(among, id); !found {
			n++
		}
	}
	return n
}

// owner finds out whose archive it is: what the list of contents says, which the
// account's own file has to agree with.
func (c *counter) owner(ctx context.Context) error {
	id := string(c.manifest.UserInfo.AccountID)
	name := daybook.SeenName{Account: c.manifest.UserInfo.UserName, Display: c.manifest.UserInfo.DisplayName}
	for _, e := range c.all {
		if e.role != roleAccount {
			continue
		}
		accounts, err := readAccounts(ctx, e.member)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if own := string(a.Account.AccountID); own != "" {
				if id != "" && own != id {
					return refuse("it holds files of two accounts", "add each archive by itself, as X gave it")
				}
				id = own
				name = daybook.SeenName{Account: cmp.Or(name.Account, a.Account.UserName), Display: cmp.Or(name.Display, a.Account.DisplayName)}
			}
			if change := a.Change.Change; change.From != "" {
				at, err := time.Parse(time.RFC3339Nano, change.At)
				if err != nil {
					at = time.Time{}
				}
				c.changes = append(c.changes, daybook.SeenName{Account: change.From, To: at.UTC()})
			}
		}
	}
	if !safeID(id) || strings.Trim(id, "0123456789") != "" {
		return refuse("it does not say whose account it is", askX)
	}
	c.self = daybook.Account{Platform: twitter.Platform, Handle: daybook.Handle{Platform: twitter.Platform, Native: id}}
	c.summary.Owner = c.self.Handle
	slices.SortStableFunc(c.changes, func(a, b daybook.SeenName) int { return a.To.Compare(b.To) })
	c.summary.Owner.Names = c.changes[:min(len(c.changes), 100)]
	if name.Account != "" || name.Display != "" {
		c.summary.Owner.Names = append(c.summary.Owner.Names, name)
	}
	return nil
}

type accountElement struct {
	Account struct {
		AccountID   scalar `json:"accountId"`
		UserName    string `json:"username"`
		DisplayName string `json:"accountDisplayName"`
	} `json:"account"`
	Change struct {
		Change struct {
			At   string `json:"changedAt"`
			From string `json:"changedFrom"`
		} `json:"screenNameChange"`
	} `json:"screenNameChange"`
}

func readAccounts(ctx context.Context, m *upload.Member) ([]accountElement, error) {
	s, err := openStream(ctx, m, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var list []accountElement
	if err := json.UnmarshalDecode(s.d, &list, loose); err != nil {
		return nil, s.fail(err)
	}
	return list, s.end()
}
