package twitter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // no longer developed, as v1.1 itself: decision 21
	"github.com/dghubble/oauth1"

	"daybook"
	"daybook/collectors"
)

// v11Host answers v1.1: go-twitter has it built in.
const v11Host = "api.twitter.com"

// tonHost keeps the attachments of direct messages of v1.1.
const tonHost = "ton.twitter.com"

// ReadCallsV11 is every call that a source of v1.1 may make.
func ReadCallsV11() []collectors.Rule {
	return allow(v11Host,
		"GET /1.1/statuses/mentions_timeline.json?count&since_id&max_id&tweet_mode&include_entities",
		"GET /1.1/statuses/lookup.json?id&tweet_mode&include_entities",
		"GET /1.1/direct_messages/events/list.json?count&cursor",
		"GET /1.1/direct_messages/events/show.json?id",
	)
}

// A v11Secret is what an app and an account of v1.1 are known by (OAuth 1.0a).
// An account's secret is {"v1.1": …}.
type v11Secret struct {
	ConsumerKey    string `json:"consumer_key"`
	ConsumerSecret string `json:"consumer_secret"`
	Token          string `json:"token"`
	TokenSecret    string `json:"token_secret"`
}

// readV11Secret reads the secret of an account.
func readV11Secret(b []byte) (v11Secret, error) {
	var s struct {
		V11 v11Secret `json:"v1.1"`
	}
	if err := json.Unmarshal(b, &s); err != nil || slices.Contains([]string{s.V11.ConsumerKey, s.V11.ConsumerSecret, s.V11.Token, s.V11.TokenSecret}, "") {
		return v11Secret{}, fmt.Errorf("%w: it has to hold {\"v1.1\": {\"consumer_key\": …, \"consumer_secret\": …, \"token\": …, \"token_secret\": …}}", daybook.ErrInvalid)
	}
	return s.V11, nil
}

// sign adds the signature of OAuth 1.0a to a call. It is made for that call alone.
func (s v11Secret) sign(r *http.Request) error {
	k := &keepHeader{}
	t := oauth1.NewConfig(s.ConsumerKey, s.ConsumerSecret).Client(
		context.WithValue(r.Context(), oauth1.HTTPClient, &http.Client{Transport: k}), oauth1.NewToken(s.Token, s.TokenSecret)).Transport
	resp, err := t.RoundTrip(r) // goes nowhere: see keepHeader
	if err != nil {
		return errors.New("the keys do not make a signature")
	}
	r.Header.Set("Authorization", k.authorization)
	return resp.Body.Close()
}

// keepHeader is a RoundTripper that makes no call and keeps how it was signed.
type keepHeader struct{ authorization string }

func (k *keepHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	k.authorization = r.Header.Get("Authorization")
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// A v11Source reads one account by v1.1. go-twitter makes the calls; what it makes
// of the answers is not used: the bytes are, item by item, and its types read them
// in Parse.
type v11Source struct {
	account daybook.Account
	config  Config
	api     *collectors.Transport // signed
	files   *collectors.Transport // signed, to where attachments of messages lie
	media   *collectors.Transport // not signed, to X's delivery hosts
}

// openV11 makes a source of v1.1.
func (c Config) openV11(a daybook.Account, b []byte) (collectors.Source, error) {
	s, err := readV11Secret(b)
	if err != nil {
		return nil, fmt.Errorf("the secret of the account: %w", err)
	}
	if !userNumber(a.Handle.Native) {
		return nil, fmt.Errorf("%w: the account has no number", daybook.ErrInvalid)
	}
	return &v11Source{
		account: a, config: c,
		api:   c.v11Transport(v11Host, ReadCallsV11(), s),
		files: c.v11Transport(tonHost, allow(tonHost, "GET /1.1/ton/data/dm/**"), s),
		media: collectors.NewTransport(collectors.TransportOptions{
			Allow: mediaCalls(), Now: c.Now, Resolver: c.Resolver,
		}, c.Exception),
	}, nil
}

// v11Transport makes a transport whose calls are signed.
func (c Config) v11Transport(host string, rules []collectors.Rule, s v11Secret) *collectors.Transport {
	return collectors.NewTransport(collectors.TransportOptions{
		Allow: rules, Now: c.Now, Resolver: c.Resolver, LimitByCall: true, AuthorizationHost: host, Sign: s.sign,
	}, c.Exception)
}

// Lanes implements collectors.Source. v1.1 has neither messages of groups nor,
// in go-twitter, the list of blocks.
func (s *v11Source) Lanes() []daybook.Lane { return []daybook.Lane{LaneMessages, LaneMentions} }

// Resumes implements collectors.Resumer: v1.1 allows few calls.
func (s *v11Source) Resumes(daybook.Lane) bool { return true }

// Close implements collectors.Source.
func (s *v11Source) Close() error {
	return errors.Join(s.api.Close(), s.files.Close(), s.media.Close())
}

// A v11Call hands go-twitter's calls to the guarded transport, within the caller's
// context, of which go-twitter knows nothing. Whatever is not status 200 with JSON
// is an error before go-twitter sees it: of an empty or unknown answer it makes no
// items and no error.
type v11Call struct {
	ctx    context.Context // it lives as long as one call
	api    *collectors.Transport
	answer collectors.Answer
	err    error
}

// RoundTrip implements http.RoundTripper.
func (c *v11Call) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := c.api.Do(c.ctx, r.Method, r.URL.String(), nil,
		http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
	switch {
	case err != nil:
	case a.Exchange.Status != http.StatusOK:
		err = v11Refused(a)
	case !isJSON(a):
		err = errors.New("the answer is not JSON")
	}
	if c.answer, c.err = a, err; err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.Header,
		Body: http.NoBody, ContentLength: 0, Request: r, // with no body it decodes nothing
	}, nil
}

func isJSON(a collectors.Answer) bool {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")) && len(a.Body) > 0
}

// ask makes one call through go-twitter.
func (s *v11Source) ask(ctx context.Context, call func(*gotwitter.Client) error) (collectors.Answer, error) {
	c := &v11Call{ctx: ctx, api: s.api}
	err := call(gotwitter.NewClient(&http.Client{Transport: c}))
	if c.err != nil {
		err = c.err // without the address that net/http puts before it
	}
	return c.answer, err
}

// A v11Refusal is an answer with status 401, 403 or 404 and the code of its reason.
type v11Refusal struct {
	status collectors.StatusError
	code   int // 0 if it gives none
}

func (e *v11Refusal) Error() string { return fmt.Sprintf("%s, code %d", e.status.Error(), e.code) }
func (e *v11Refusal) Unwrap() error { return &e.status }

func v11Refused(a collectors.Answer) error {
	e := &v11Refusal{status: collectors.StatusError{Status: a.Exchange.Status, Exchange: a.Exchange}}
	var body gotwitter.APIError
	// A body of another form has no code.
	if err := json.Unmarshal(a.Body, &body); err == nil && len(body.Errors) > 0 {
		e.code = body.Errors[0].Code
	}
	return e
}

// Codes that v1.1 puts beside status 401, 403 and 404.
const (
	codeNotThere  = 34  // a message
	codeSuspended = 64  // the person's account
	codeNoDM      = 93  // the app may not see direct messages
	codeClock     = 135 // this machine's clock is wrong: the signature holds the time
	codeLocked    = 326 // the person's account
	codeNoAccess  = 453 // the app has v2 alone
)

// named gives an error the name that the Runner knows it by.
func (s *v11Source) named(err error) error {
	var status *collectors.StatusError
	if !errors.As(err, &status) {
		return err
	}
	code := 0
	if no := (*v11Refusal)(nil); errors.As(err, &no) {
		code = no.code
	}
	switch status.Status {
	case http.StatusUnauthorized:
		if code != codeClock {
			return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
		}
	case http.StatusPaymentRequired:
		limit := &collectors.RateLimitError{Until: s.config.Now().Add(creditsRecheck), Cause: causeCredits}
		return fmt.Errorf("%w: %w", limit, err)
	case http.StatusForbidden:
		switch code {
		case codeNoDM, codeNoAccess:
			return fmt.Errorf("%w: %w", collectors.ErrNoLane, err)
		case codeSuspended, codeLocked:
			return fmt.Errorf("%w: %w", collectors.ErrRefused, err)
		}
	}
	return err
}

// How much is asked for at once: as much as v1.1 gives.
const (
	v11MentionsPage = 200
	v11MessagesPage = 50
	v11PostsBatch   = 100
)

// Fetch implements collectors.Source. Cursors are drains, as in v2: the token is
// the greatest identifier of mentions that are asked for, or v1.1's own cursor of
// messages. The end of mentions is a page without any.
func (s *v11Source) Fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	if lane != LaneMessages && lane != LaneMentions {
		return collectors.Page{}, fmt.Errorf("fetch %s: %w", lane, collectors.ErrNoLane)
	}
	page, err := s.fetch(ctx, lane, at)
	if err != nil {
		return collectors.Page{}, fmt.Errorf("fetch %s: %w", lane, s.named(err))
	}
	return page, nil
}

func (s *v11Source) fetch(ctx context.Context, lane daybook.Lane, at collectors.Cursor) (collectors.Page, error) {
	d, err := readDrain(at)
	if err != nil {
		return collectors.Page{}, err
	}
	now := s.config.Now()
	a, err := s.page(ctx, lane, d)
	var status *collectors.StatusError
	if d.Token != "" && errors.As(err, &status) && status.Status == http.StatusBadRequest {
		// The token is too old: the same way is gone once more from its top.
		d.Token, d.Count = "", 0
		a, err = s.page(ctx, lane, d)
	}
	if err != nil {
		return collectors.Page{}, err
	}
	answer, ok := splitV11(lane, a.Body)
	if !ok {
		return collectors.Page{Exchange: a.Exchange, Whole: a.Body, Next: at}, nil
	}
	if answer.next != "" && answer.next == d.Token {
		return collectors.Page{}, errors.New("the page leads to itself")
	}
	page := collectors.Page{Exchange: a.Exchange, Captures: s.captures(lane, a.Exchange, answer.data)}
	d.turn(&page, lane, answer, now)
	return page, nil
}

// page makes the call that a cursor stands for.
func (s *v11Source) page(ctx context.Context, lane daybook.Lane, d drain) (collectors.Answer, error) {
	if lane == LaneMessages {
		return s.ask(ctx, func(c *gotwitter.Client) error {
			_, _, err := c.DirectMessages.EventsList(&gotwitter.DirectMessageEventsListParams{Cursor: d.Token, Count: v11MessagesPage}) //nolint:bodyclose // go-twitter closes it
			return err
		})
	}
	params := &gotwitter.MentionTimelineParams{Count: v11MentionsPage, TweetMode: "extended"}
	for _, p := range []struct {
		from string
		to   *int64
	}{{d.Known, &params.SinceID}, {d.Token, &params.MaxID}} {
		if p.from == "" {
			continue
		}
		n, err := strconv.ParseInt(p.from, 10, 64)
		if err != nil {
			return collectors.Answer{}, fmt.Errorf("%w: not a cursor of this lane", daybook.ErrInvalid)
		}
		*p.to = n
	}
	return s.ask(ctx, func(c *gotwitter.Client) error {
		_, _, err := c.Timelines.MentionTimeline(params) //nolint:bodyclose // go-twitter closes it
		return err
	})
}

func (s *v11Source) captures(lane daybook.Lane, x daybook.Exchange, items []part) (out []daybook.Capture) {
	for _, it := range items {
		out = append(out, daybook.Capture{
			Account: s.account.ID, Platform: Platform, Lane: lane, NativeID: it.nativeID(), MediaType: "application/json",
			Raw: bytes.Clone(it.raw), Exchange: &x, Member: it.member, Offset: it.offset, Origin: daybook.Collected,
		})
	}
	return out
}

// Media implements collectors.Source, as that of v2 does. Attachments of direct
// messages lie at a place that wants the signature too.
func (s *v11Source) Media(ctx context.Context, m daybook.Media) ([]byte, daybook.Exchange, error) {
	address, from := m.URL, s.media
	if rest, ok := strings.CutPrefix(address, "https://"+apiHost+"/2/dm_conversations/media/"); ok {
		address, from = "https://"+tonHost+"/1.1/ton/data/dm/"+rest, s.files
	}
	if m.URL == "" || fetchable(m.URL) != m.URL || from.Check(http.MethodGet, address) != nil {
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	}
	a, err := from.Do(ctx, http.MethodGet, address, nil, http.StatusOK, http.StatusNotFound, http.StatusGone)
	var elsewhere *collectors.NotAllowedError
	switch {
	case errors.As(err, &elsewhere): // a redirect
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	case err != nil:
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", s.named(err))
	case a.Exchange.Status != http.StatusOK:
		return nil, a.Exchange, fmt.Errorf("fetch attachment: %w", daybook.ErrNotFound)
	}
	return a.Body, a.Exchange, nil
}
