package mastodon

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"

	"daybook"
	"daybook/collectors"
)

// How many items are asked for at once: what servers give at most.
const (
	notificationsPage = "80"
	conversationsPage = "40"
	blocksPage        = "80"
	statusesBatch     = 20
	mostBlockPages    = 100
)

// A source reads one account. It learns what the server offers by its first
// call and keeps that until it is closed.
type source struct {
	account daybook.Account
	server  *url.URL
	api     *collectors.Transport // with the token, to the server only
	media   *collectors.Transport // without, to the server and its file hosts
	server1 *instance             // nil until asked
}

// Lanes implements collectors.Source.
func (s *source) Lanes() []daybook.Lane {
	return []daybook.Lane{LaneNotifications, LaneRequests, LaneConversations, LaneContexts, LaneBlocks}
}

// Close implements collectors.Source.
func (s *source) Close() error {
	return errors.Join(s.api.Close(), s.media.Close())
}

// Fetch implements collectors.Source.
//
// A newest page that is empty and has no links gives the empty cursor as Next:
// the newest page is asked for again. The rows of requests change without
// moving; they are seen because the newest page is read each time. The list of
// blocks is read from its top to its end each time, by Next while More.
//
// A body that came whole with status 200 and cannot be split is given as Whole,
// and Next is the cursor itself, so that the page is asked for again.
func (s *source) Fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	page, err := s.fetch(ctx, lane, at)
	if err != nil {
		return collectors.Page{}, fmt.Errorf("fetch %s: %w", lane, s.named(lane, err))
	}
	return page, nil
}

func (s *source) fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	switch lane {
	case LaneNotifications:
		offered, err := s.since43(ctx)
		if err != nil {
			return collectors.Page{}, err
		}
		extra := ""
		if offered {
			extra = "include_filtered=true"
		}
		return s.list(ctx, lane, "/api/v1/notifications", "limit="+notificationsPage, extra, at)
	case LaneRequests:
		offered, err := s.since43(ctx)
		if err != nil {
			return collectors.Page{}, err
		}
		if !offered {
			return collectors.Page{}, collectors.ErrNoLane
		}
		return s.list(ctx, lane, "/api/v1/notifications/requests", "limit="+notificationsPage, "", at)
	case LaneConversations:
		return s.list(ctx, lane, "/api/v1/conversations", "limit="+conversationsPage, "", at)
	case LaneContexts:
		return s.contexts(ctx, at)
	case LaneBlocks:
		return s.blocks(ctx, at)
	}
	return collectors.Page{}, collectors.ErrNoLane
}

// named gives an error the name that the Runner knows it by.
func (s *source) named(lane daybook.Lane, err error) error {
	var status *collectors.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
	case http.StatusForbidden:
		// The first lane is always covered by the token: if even that is
		// refused, the account is. Elsewhere a scope is missing.
		if lane == LaneNotifications || lane == LaneStatuses {
			return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
		}
		return fmt.Errorf("%w: %w", collectors.ErrNoLane, err)
	case http.StatusNotFound:
		if lane == LaneConversations || lane == LaneContexts || lane == LaneBlocks {
			return fmt.Errorf("%w: %w", collectors.ErrNoLane, err)
		}
	}
	return err
}

func (s *source) since43(ctx context.Context) (bool, error) {
	if s.server1 == nil {
		in, err := askInstance(ctx, s.api, s.server)
		if err != nil {
			return false, err
		}
		s.server1 = &in
	}
	return s.server1.since43(), nil
}

// get asks for path and query. An answer that does not say that it is JSON is
// an error: a proxy's page, not the server's.
func (s *source) get(ctx context.Context, target string, accept ...int) (collectors.Answer, error) {
	a, err := s.api.Do(ctx, http.MethodGet, s.server.String()+target, nil, append(accept, http.StatusOK)...)
	if err != nil {
		return a, err
	}
	if a.Exchange.Status == http.StatusOK {
		kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return a, errors.New("the answer is not JSON")
		}
	}
	return a, nil
}

// list reads one page of a lane that grows at its top.
func (s *source) list(ctx context.Context, lane daybook.Lane, path, first, extra string, at collectors.Cursor) (collectors.Page, error) {
	here := place{target: path + "?" + first}
	if at != "" {
		var err error
		if here, err = readPlace(string(at), path); err != nil {
			return collectors.Page{}, err
		}
	}
	target := here.target
	if extra != "" {
		target += "&" + extra
	}
	a, err := s.get(ctx, target)
	if err != nil {
		return collectors.Page{}, err
	}
	items, ok := splitArray(a.Body)
	if !ok {
		return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
	}
	page := collectors.Page{Exchange: a.Exchange, Captures: s.captures(lane, a.Exchange, items), Next: at}
	move(&page, at, here.back, readLinks(a.Header.Values("Link"), path))
	return page, nil
}

// move sets where a page leads. The end of a lane is a page without a link, or
// one that leads to itself; never an empty page.
func move(page *collectors.Page, at collectors.Cursor, back bool, l links) {
	newer, older := collectors.Cursor(l.newer.String()), collectors.Cursor(l.older.String())
	switch {
	case at == "":
		page.Next, page.Back = newer, older
		// What came between this answer and the next call is read then.
	case back:
		if older != "" && older != at {
			page.Next, page.More = older, true
		}
	default:
		if newer != "" && newer != at {
			page.Next, page.More = newer, true
		}
	}
}

func (s *source) captures(lane daybook.Lane, x daybook.Exchange, items []item) []daybook.Capture {
	if len(items) == 0 {
		return nil
	}
	captures := make([]daybook.Capture, len(items))
	for i, it := range items {
		captures[i] = daybook.Capture{
			Account:   s.account.ID,
			Platform:  Platform,
			Lane:      lane,
			NativeID:  it.id,
			MediaType: "application/json",
			Raw:       it.raw,
			Exchange:  &x,
			Member:    it.member,
			Offset:    it.offset,
			Origin:    daybook.Collected,
		}
	}
	return captures
}

// contexts reads either a page of conversations, which gives no captures (their
// own lane keeps them), or what was said in one of them. Of the newest page the
// conversations belong to the past, which begins there: they are read by Back.
func (s *source) contexts(ctx context.Context, at collectors.Cursor) (collectors.Page, error) {
	c, err := readContextCursor(at)
	if err != nil {
		return collectors.Page{}, err
	}
	if len(c.Queue) > 0 {
		return s.context(ctx, at, c)
	}
	list, err := s.list(ctx, LaneContexts, "/api/v1/conversations", "limit="+conversationsPage, "", collectors.Cursor(c.List))
	if err != nil || list.Whole != nil {
		list.Next = at
		return list, err
	}
	page := collectors.Page{Exchange: list.Exchange}
	queue := lastStatuses(list.Captures)
	if at == "" {
		page.Next = contextCursor{List: string(list.Next)}.cursor()
		page.Back = contextCursor{List: string(list.Back), Queue: queue, Done: list.Back == ""}.cursor()
		return page, nil
	}
	c = contextCursor{List: string(list.Next), Queue: queue}
	c.Done = strings.HasPrefix(c.List, "back ") && !list.More
	page.Next = c.cursor()
	page.More = len(queue) > 0 || list.More
	return page, nil
}

// context reads what was said before and after the first status in the queue.
// A status that is not there has no context.
func (s *source) context(ctx context.Context, at collectors.Cursor, c contextCursor) (collectors.Page, error) {
	if !plainID(c.Queue[0]) {
		return collectors.Page{}, fmt.Errorf("%w: not a cursor of this lane", daybook.ErrInvalid)
	}
	a, err := s.get(ctx, "/api/v1/statuses/"+c.Queue[0]+"/context", http.StatusNotFound, http.StatusGone)
	if err != nil {
		return collectors.Page{}, err
	}
	page := collectors.Page{Exchange: a.Exchange}
	if a.Exchange.Status == http.StatusOK {
		items, ok := splitContext(a.Body)
		if !ok {
			return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
		}
		page.Captures = s.captures(LaneContexts, a.Exchange, items)
	}
	c.Queue = c.Queue[1:]
	page.Next = c.cursor()
	page.More = len(c.Queue) > 0 || !c.Done && c.List != ""
	return page, nil
}

// lastStatuses returns the statuses that conversations end with.
func lastStatuses(conversations []daybook.Capture) []string {
	var ids []string
	for _, c := range conversations {
		var conv struct {
			Last *struct {
				ID nativeID `json:"id"`
			} `json:"last_status"`
		}
		if err := json.Unmarshal(c.Raw, &conv, lenient); err == nil && conv.Last != nil && plainID(string(conv.Last.ID)) {
			ids = append(ids, string(conv.Last.ID))
		}
	}
	return ids
}

const blocksPath = "/api/v1/blocks"

// blocks reads one page of the list. Observed is not nil, even if nobody is
// blocked.
func (s *source) blocks(ctx context.Context, at collectors.Cursor) (collectors.Page, error) {
	here := place{back: true, target: blocksPath + "?limit=" + blocksPage}
	if at != "" {
		var err error
		if here, err = readPlace(string(at), blocksPath); err != nil {
			return collectors.Page{}, err
		}
	}
	accounts, older, x, err := s.blockPage(ctx, here)
	if err != nil {
		return collectors.Page{}, err
	}
	page := collectors.Page{Exchange: x, Observed: []daybook.Handle{}, Next: collectors.Cursor(older.String()), More: older.target != ""}
	for _, a := range accounts {
		page.Observed = append(page.Observed, a.handle(accountDomain(s.account)))
	}
	return page, nil
}

// blockPage asks for one page of blocks. older is the zero place at the end.
func (s *source) blockPage(ctx context.Context, here place) (accounts []jsonAccount, older place, x daybook.Exchange, err error) {
	a, err := s.get(ctx, here.target)
	if err != nil {
		return nil, place{}, a.Exchange, err
	}
	if err := json.Unmarshal(a.Body, &accounts, lenient); err != nil {
		return nil, place{}, a.Exchange, errors.New("the answer is not a list of accounts")
	}
	if older = readLinks(a.Header.Values("Link"), blocksPath).older; older == here {
		older = place{}
	}
	return accounts, older, a.Exchange, nil
}

// plainID reports whether an identifier can stand in a path.
func plainID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") == ""
}
