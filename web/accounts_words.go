package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"daybook"
)

// agreementText is the version of the words that people agree to: those of the
// keys accounts.agree.* of the catalogue. Whoever changes these words gives them
// a new version (a test holds them together).
const agreementText = "pages/2026-11b"

// platformTitle is how a platform is called.
func platformTitle(p daybook.Platform) string {
	switch p {
	case "mastodon":
		return "Mastodon"
	case "x":
		return "X"
	case "bluesky":
		return "Bluesky"
	case "mail":
		return "E-mail"
	}
	return string(p)
}

// knownLanes are the places that the catalogue has words for.
func knownLanes() []daybook.Lane {
	return []daybook.Lane{"notifications", "requests", "conversations", "contexts", "blocks", "statuses", "dm_events", "mentions", "quotes", "activity", "posts", "looks", "archive"}
}

// A kindGroup is what a person can choose to have kept.
type kindGroup struct {
	name  string
	kinds []daybook.Kind
}

func kindGroups() []kindGroup {
	return []kindGroup{
		{"direct", []daybook.Kind{daybook.KindDirectMessage}},
		{"mentions", []daybook.Kind{daybook.KindMention, daybook.KindReply, daybook.KindQuote, daybook.KindComment}},
		{"other", []daybook.Kind{daybook.KindFollow, daybook.KindRequest, daybook.KindFavourite, daybook.KindBoost, daybook.KindPoll, daybook.KindReaction}},
	}
}

// kindGroupsOf are those of a platform: on X nothing but messages and mentions is
// asked for.
func kindGroupsOf(p daybook.Platform) []kindGroup {
	if p == "x" {
		return kindGroups()[:2]
	}
	return kindGroups()
}

// whatIsKept names kinds in keys of the catalogue; all says that none is left out
// where there are others than these.
func whatIsKept(p daybook.Platform, kinds []daybook.Kind) (all bool, keys []string) {
	groups := kindGroupsOf(p)
	switch {
	case len(kinds) == 0 && len(groups) == len(kindGroups()):
		return true, nil
	case len(kinds) == 0:
		return false, []string{"accounts.what.both"}
	}
	for _, g := range groups {
		if slices.Contains(kinds, g.kinds[0]) {
			keys = append(keys, "accounts.what."+g.name)
		}
	}
	return false, keys
}

// serverName is a server without what stands around it.
func serverName(server string) string {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		return u.Host
	}
	return server
}

// revokeAddress is where a person can take a token back themselves; "" where
// that is not known.
func revokeAddress(a daybook.Account) string {
	if a.Platform == "x" {
		return "https://x.com/settings/connected_apps"
	}
	u, err := url.Parse(a.Server)
	if a.Platform != "mastodon" || err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/oauth/authorized_applications"
}

// A cause is why something was not read: in the catalogue's words, or as it was
// written down.
type cause struct {
	Key  string
	Text name
}

// causesOf reads what collectors write down as a cause; there can be several.
func causesOf(s string) []cause {
	var out []cause
	for text := range strings.SplitSeq(s, "; ") {
		if text == "" {
			continue
		}
		c := cause{Text: nameOf(text)}
		if i := slices.IndexFunc(knownCauses(), func(k [2]string) bool { return k[0] == text }); i >= 0 {
			c.Key = "accounts.cause." + knownCauses()[i][1]
		}
		out = append(out, c)
	}
	return out
}

// knownCauses are the causes that collectors write (collectors/gaps.go, and those
// of one platform).
func knownCauses() [][2]string {
	return [][2]string{
		{"daybook was not running", "off"},
		{"the platform allowed no more requests", "limit"},
		{"the platform refused the token", "refused"},
		{"the account was paused", "paused"},
		{"the consent had ended", "consent"},
		{"the platform could not be read", "failed"},
		{"the platform's answer could not be read", "unreadable"},
		{"daybook could not keep what it read", "store"},
		{"the platform no longer had all of it", "window"},
		{"the spending cap for the month was reached", "cap"},
		{"the credits at the platform are used up", "credits"},
		{"reading accounts on X by its interface was switched off", "switched"},
	}
}

const gapsAtOnce = 50

// gapTable is the table of gaps.
type gapTable struct {
	Rows  []gapRow
	Older string // name of the view with the next ones
}

type gapRow struct {
	Account  string // the platform's title
	Name     *name
	From, To stamp // To is empty while it goes on
	Causes   []cause
	Class    daybook.GapClass
	Lanes    []laneRow
}

type gapView struct{ before uint64 }

func (r *request) olderGaps() error {
	v, ok := kept[gapView](r, r.PathValue("view"))
	if !ok {
		return r.to(r.in("accounts"))
	}
	all, err := r.s.Store.AccountStatuses(r.Context(), r.caseID)
	if err != nil {
		return err
	}
	page := gapsPage{Case: r.in("")}
	if page.Gaps, err = r.gapTable(all, v.before); err != nil {
		return err
	}
	return r.render(200, "gaps", "title.accounts", page)
}

// gapsPage is the page gaps.html.
type gapsPage struct {
	Case string
	Gaps gapTable
}

// A gapSpan is one time that was not watched, however many places it concerns.
type gapSpan struct {
	daybook.Gap
	lanes []daybook.Lane
}

// nearly is how far apart the ends of two gaps may lie that are one to people:
// places are read one after the other.
const nearly = 2 * time.Minute

func (r *request) gapTable(all []daybook.AccountStatus, before uint64) (gapTable, error) {
	found, err := r.s.Store.GapsBefore(r.Context(), r.caseID, before, gapsAtOnce+1)
	if err != nil {
		return gapTable{}, err
	}
	var table gapTable
	if len(found) > gapsAtOnce {
		found = found[:gapsAtOnce]
		table.Older = r.keep(gapView{found[gapsAtOnce-1].Entry})
	}
	var spans []gapSpan
	if before == 0 {
		spans = stillGoing(all, r.now())
	}
	for i, g := range found {
		// A hole that was caught up later is told of by that later entry alone.
		if caughtUp := slices.ContainsFunc(found[:i], func(later daybook.GapStatus) bool {
			return later.Account == g.Account && later.Class == daybook.Late && g.Class == daybook.Hole &&
				!later.From.After(g.From.Add(nearly)) && !later.To.Before(g.To)
		}); caughtUp {
			continue
		}
		spans = join(spans, g.Gap)
	}
	for _, s := range spans {
		row := gapRow{From: r.when(s.From), To: r.when(s.To), Causes: causesOf(s.Cause), Class: s.Class}
		for _, st := range all {
			if st.Account.ID == s.Account {
				row.Account = platformTitle(st.Account.Platform)
				if r.can("list") {
					n := handleName(st.Account.Handle)
					row.Name = &n
				}
			}
		}
		for _, l := range s.lanes {
			lane := laneRow{Name: nameOf(string(l))}
			if slices.Contains(knownLanes(), l) {
				lane.Key = "accounts.lane." + string(l)
			}
			row.Lanes = append(row.Lanes, lane)
		}
		table.Rows = append(table.Rows, row)
	}
	return table, nil
}

// stillGoing are the failures of places that go on.
func stillGoing(all []daybook.AccountStatus, now time.Time) []gapSpan {
	var spans []gapSpan
	for _, s := range all {
		for _, l := range s.Lanes {
			if l.Failing.IsZero() || l.Checked.IsZero() || l.Lost || !now.After(l.Checked) {
				continue
			}
			spans = join(spans, daybook.Gap{Account: s.Account.ID, Lane: l.Lane, Class: daybook.Hole, From: l.Checked, Cause: l.Cause})
		}
	}
	return spans
}

// join adds a gap to the one that it belongs to, or to the end.
func join(spans []gapSpan, g daybook.Gap) []gapSpan {
	for i := range spans {
		s := &spans[i]
		if s.Account == g.Account && s.Class == g.Class && s.Cause == g.Cause && s.To.IsZero() == g.To.IsZero() &&
			near(s.From, g.From) && near(s.To, g.To) {
			if g.Lane != "" && !slices.Contains(s.lanes, g.Lane) {
				s.lanes = append(s.lanes, g.Lane)
			}
			return spans
		}
	}
	s := gapSpan{Gap: g}
	if g.Lane != "" {
		s.lanes = []daybook.Lane{g.Lane}
	}
	return append(spans, s)
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() <= nearly }
