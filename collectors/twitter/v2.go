package twitter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"daybook"
	"daybook/collectors"
)

// A v2Source reads one account by the interface v2.
type v2Source struct {
	account daybook.Account
	config  Config
	names   fieldNames
	api     *collectors.Transport // with the token
	media   *collectors.Transport // without, to X's delivery hosts
}

// openV2 makes a source of v2.
func (c Config) openV2(a daybook.Account, secret []byte) (collectors.Source, error) {
	token, err := bearer(secret)
	if err != nil {
		return nil, err
	}
	if !userNumber(a.Handle.Native) {
		return nil, fmt.Errorf("%w: the account has no number", daybook.ErrInvalid)
	}
	return &v2Source{
		account: a,
		config:  c,
		names:   namesOf(c.Names),
		api: collectors.NewTransport(collectors.TransportOptions{
			Allow: ReadCalls(), Now: c.Now, Resolver: c.Resolver, LimitByCall: true,
			Authorization: "Bearer " + token, AuthorizationHost: apiHost,
		}, c.Exception),
		media: collectors.NewTransport(collectors.TransportOptions{
			Allow: mediaCalls(), Now: c.Now, Resolver: c.Resolver,
		}, c.Exception),
	}, nil
}

// bearer returns the access token in a secret. Of a secret that is not JSON the
// whole is the token.
func bearer(secret []byte) (string, error) {
	secret = bytes.TrimSpace(secret)
	if len(secret) > 0 && secret[0] != '{' {
		return string(secret), nil
	}
	var s struct {
		Access string `json:"access"`
	}
	if err := json.Unmarshal(secret, &s); err != nil || s.Access == "" {
		return "", fmt.Errorf("%w: the secret of the account holds no token", daybook.ErrInvalid)
	}
	return s.Access, nil
}

// Lanes implements collectors.Source.
func (s *v2Source) Lanes() []daybook.Lane {
	return []daybook.Lane{LaneMessages, LaneMentions, LaneBlocks}
}

// Resumes implements collectors.Resumer. Each item that X hands out has its
// price, so what is known is not asked for again.
func (s *v2Source) Resumes(lane daybook.Lane) bool {
	return lane == LaneMessages || lane == LaneMentions
}

// Every implements collectors.Paced: each account in the list of blocks has its
// price, and the list has no newest end to ask for.
func (s *v2Source) Every(lane daybook.Lane) time.Duration {
	if lane == LaneBlocks {
		return 24 * time.Hour
	}
	return 0
}

// Close implements collectors.Source.
func (s *v2Source) Close() error { return errors.Join(s.api.Close(), s.media.Close()) }

// Fetch implements collectors.Source. The cursors of messages and mentions hold
// the newest identifier that is known; see drain. A body that came whole with
// status 200 and cannot be split, or that holds nothing but errors, is given as
// Whole, and Next is the cursor itself, so that the page is asked for again.
func (s *v2Source) Fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	var (
		page collectors.Page
		err  = collectors.ErrNoLane
	)
	switch lane {
	case LaneMessages, LaneMentions:
		page, err = s.grown(ctx, lane, at)
	case LaneBlocks:
		page, err = s.blocks(ctx, at)
	}
	if err != nil {
		return collectors.Page{}, fmt.Errorf("fetch %s: %w", lane, s.named(lane, err))
	}
	return page, nil
}

// Why an account is left alone whose credits are used up, and for how long.
const (
	causeCredits   = "the credits at the platform are used up"
	creditsRecheck = time.Hour
)

// named gives an error the name that the Runner knows it by.
func (s *v2Source) named(lane daybook.Lane, err error) error {
	var status *collectors.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
	case http.StatusPaymentRequired:
		limit := &collectors.RateLimitError{Until: s.config.Now().Add(creditsRecheck), Cause: causeCredits}
		return fmt.Errorf("%w: %w", limit, err)
	case http.StatusForbidden:
		// Every token may read mentions: if even that is refused, the app
		// or the account is. Elsewhere a scope is missing.
		switch lane {
		case LaneMentions:
			return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
		case LaneMessages, LaneBlocks:
			return fmt.Errorf("%w: %w", collectors.ErrNoLane, err)
		}
	case http.StatusNotFound:
		if lane == LaneBlocks {
			return fmt.Errorf("%w: %w", collectors.ErrNoLane, err)
		}
	}
	return err
}

// get makes one call that has a price. An answer that does not say that it is
// JSON, or is empty, is an error: not X's.
func (s *v2Source) get(ctx context.Context, target string, query url.Values, accept ...int) (collectors.Answer, error) {
	if s.config.Meter != nil {
		if err := s.config.Meter.Allow(ctx, s.account, s.config.Now()); err != nil {
			return collectors.Answer{}, err
		}
	}
	a, err := s.api.Do(ctx, http.MethodGet, "https://"+apiHost+target+"?"+query.Encode(), nil, append(accept, http.StatusOK)...)
	if err != nil || a.Exchange.Status != http.StatusOK {
		return a, err
	}
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") || len(a.Body) == 0 {
		return a, errors.New("the answer is not JSON")
	}
	return a, nil
}

// spent counts what an answer held. It comes before the answer is used: what
// cannot be counted is not read.
func (s *v2Source) spent(ctx context.Context, what Resource, a v2Answer) error {
	if s.config.Meter == nil {
		return nil
	}
	now := s.config.Now()
	read := func(what Resource, parts []part) error {
		if len(parts) == 0 {
			return nil
		}
		ids := make([]string, len(parts))
		for i, p := range parts {
			ids[i] = p.id
		}
		return s.config.Meter.Read(ctx, s.account, now, what, ids...)
	}
	return errors.Join(read(what, a.data), read(ReadPost, a.posts), read(ReadProfile, a.users))
}

// captures are the items of an answer: what was asked for; earlier versions that
// came with an edited post; and what X says it could not hand out.
func (s *v2Source) captures(lane daybook.Lane, x daybook.Exchange, a v2Answer) []daybook.Capture {
	var out []daybook.Capture
	add := func(p part, id string, raw []byte) {
		out = append(out, daybook.Capture{
			Account: s.account.ID, Platform: Platform, Lane: lane, NativeID: id, MediaType: "application/json",
			Raw: raw, Exchange: &x, Member: p.member, Offset: p.offset, Origin: daybook.Collected,
		})
	}
	me := s.account.Handle.Native
	shown, versions := map[string]bool{}, map[string]bool{}
	for _, it := range a.data {
		add(it, it.nativeID(), a.envelope(it, me))
		shown[it.id] = true
		r := readRefers(it.raw)
		for _, id := range r.versions() {
			versions[string(id)] = true
		}
	}
	for _, p := range a.posts {
		if p.id != "" && versions[p.id] && !shown[p.id] {
			add(p, p.id, a.envelope(p, me))
			shown[p.id] = true
		}
	}
	for _, p := range a.errors {
		add(p, problemID(p), p.raw)
	}
	return out
}

// A v2Problem is one of the errors beside what X hands out.
type v2Problem struct {
	Type     string `json:"type"`
	Resource string `json:"resource_type"`
	ID       number `json:"resource_id"`
	Value    number `json:"value"`
}

func readProblem(p part) (out v2Problem) {
	// An error of another form is known by its bytes.
	if err := json.Unmarshal(p.raw, &out, lenient()); err != nil {
		return v2Problem{}
	}
	if out.ID == "" {
		out.ID = out.Value
	}
	return out
}

// problemID names an error by what it is about and what it says, so that the same
// one is kept once.
func problemID(p part) string {
	e := readProblem(p)
	if e.ID == "" {
		return errorID + p.nativeID()
	}
	return errorID + shorten(e.Resource, most) + "/" + shorten(string(e.ID), most) + "/" + shorten(path.Base(e.Type), most)
}

// blocks reads one page of the list. Observed is not nil, even if nobody is
// blocked.
func (s *v2Source) blocks(ctx context.Context, at collectors.Cursor) (collectors.Page, error) {
	query := url.Values{"max_results": {strconv.Itoa(blocksPage)}, "user.fields": {"name,username"}}
	if at != "" {
		query.Set("pagination_token", string(at))
	}
	a, err := s.get(ctx, "/2/users/"+s.account.Handle.Native+"/blocking", query)
	if err != nil {
		return collectors.Page{}, err
	}
	answer, ok := splitV2(a.Body)
	if !ok || !answer.hasData && !answer.hasMeta {
		return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
	}
	if err := s.spent(ctx, ReadBlock, answer); err != nil {
		return collectors.Page{}, err
	}
	page := collectors.Page{
		Exchange: a.Exchange, Observed: []daybook.Handle{},
		Captures: s.captures(LaneBlocks, a.Exchange, v2Answer{errors: answer.errors}),
	}
	for _, p := range answer.data {
		var u v2User
		if err := openV2(p.raw, &u); err != nil || u.ID == "" {
			return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
		}
		page.Observed = append(page.Observed, User(string(u.ID), shorten(u.Username, maxName), shorten(u.Name, maxName)))
	}
	if answer.next != "" && answer.next != string(at) {
		page.Next, page.More = collectors.Cursor(answer.next), true
	}
	return page, nil
}

// blocksPage is how many blocked accounts are asked for at once: as many as X
// gives.
const blocksPage = 1000
