package twitter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"daybook"
	"daybook/collectors"
)

// How the stream is read. X sends an empty line every 20 seconds while nothing
// happens.
const (
	streamPath    = "/2/activity/stream"
	streamLine    = 1 << 20 // bytes: a longer line is left out
	streamSilence = time.Minute
	streamSettled = time.Minute // a connection that lasted so long was a good one
	streamFirst   = time.Second // pause after the first one that failed
	streamLongest = 5 * time.Minute
	backfillMost  = 5 // minutes: what X hands out again
)

// StreamCalls is every call that a Listener makes. Subscriptions are not on it.
func StreamCalls() []collectors.Rule { return allow(apiHost, "GET "+streamPath+"?backfill_minutes") }

// A Listener reads the stream of X Activity: what happens to the accounts that the
// operator's app has subscribed to, at the moment in which it happens. It asks for
// the stream and for nothing else; subscriptions are the operator's to make and to
// end.
//
// The stream is an addition to the reading of accounts, which goes on beside it.
// So a time without the stream is no gap in a record: what is still there is found
// by the next reading, and that a message could be deleted between two readings is
// what the record says of every message anyway.
type Listener struct {
	Now       func() time.Time      // required
	Exception *collectors.Exception // nil except in demo and tests
	Resolver  collectors.Resolver   // nil means the system's
	Bearer    string                // of the operator's app
	Logger    *slog.Logger          // required; it is told nothing of what the stream says

	// Take keeps an event for those whose account it is about. An event that
	// nobody here has agreed to is not kept, and that is no error. After an
	// error the event is asked for again, as long as X has it.
	Take func(ctx context.Context, e ActivityEvent, x daybook.Exchange) error
}

// Listen reads the stream until ctx ends, and then returns nil. A connection that
// ends is made again: after a second, then after twice as long each time, up to
// five minutes; and when X says so, if it has said when. What X still has of the
// time between is asked for, at most the last five minutes.
func (l *Listener) Listen(ctx context.Context) error {
	t := collectors.NewTransport(collectors.TransportOptions{
		Allow: StreamCalls(), Now: l.Now, Resolver: l.Resolver,
		Authorization: "Bearer " + l.Bearer, AuthorizationHost: apiHost,
	}, l.Exception)
	c := &listening{Listener: l, transport: t, pause: streamFirst}
	for ctx.Err() == nil {
		began := l.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			break
		}
		c.say(ctx, err)
		if err := sleep(ctx, c.wait(err, l.Now().Sub(began))); err != nil {
			break
		}
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("close the stream: %w", err)
	}
	return nil
}

// listening is one Listen. It lives in one goroutine.
type listening struct {
	*Listener
	transport *collectors.Transport
	pause     time.Duration // before the next connection
	heard     time.Time     // when something came last; zero before that
	plain     bool          // X does not hand out again what was missed
	said      string        // what was logged last
}

var (
	errSilent    = errors.New("nothing came for too long")
	errEnded     = errors.New("the platform has ended the stream")
	errNotTaken  = errors.New("an event could not be kept")
	errAskedBack = errors.New("the platform does not hand out again what was missed")
)

// once reads one connection to its end, and says why that came.
func (c *listening) once(ctx context.Context) error {
	query := url.Values{}
	if n := c.backfill(); n > 0 {
		query.Set("backfill_minutes", strconv.Itoa(n))
	}
	target := "https://" + apiHost + streamPath
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	x, body, err := c.transport.Stream(ctx, target)
	var status *collectors.StatusError
	if len(query) > 0 && errors.As(err, &status) && (status.Status == http.StatusBadRequest || status.Status == http.StatusForbidden) {
		c.plain = true
		return errAskedBack
	}
	if err != nil {
		return err
	}
	c.Logger.InfoContext(ctx, "the stream of activity is connected")
	c.said = ""
	silent := time.AfterFunc(streamSilence, func() { body.Close() }) //nolint:errcheck // it is closed again below
	err = c.read(ctx, x, body, func() { silent.Reset(streamSilence) })
	if !silent.Stop() && !errors.Is(err, errNotTaken) {
		err = errSilent
	}
	return errors.Join(err, body.Close())
}

// backfill is how many minutes are asked for again. The first time it is as many
// as X has: daybook may have been started again a moment ago.
func (c *listening) backfill() int {
	switch {
	case c.plain:
		return 0
	case c.heard.IsZero():
		return backfillMost
	}
	return min(backfillMost, int(c.Now().Sub(c.heard)/time.Minute)+1)
}

// read takes line after line.
func (c *listening) read(ctx context.Context, x daybook.Exchange, body io.Reader, alive func()) error {
	lines := bufio.NewReaderSize(body, 64<<10)
	for {
		line, whole, err := readLine(lines)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errEnded
			}
			return err
		}
		alive()
		now := c.Now()
		switch {
		case !whole:
			c.Logger.WarnContext(ctx, "an event of the stream of activity was larger than is taken")
		case len(line) > 0:
			if err := c.take(ctx, line, x, now); err != nil {
				return err
			}
		}
		c.heard = now
	}
}

// take keeps one line.
func (c *listening) take(ctx context.Context, line []byte, x daybook.Exchange, now time.Time) error {
	var e ActivityEvent
	err := collectors.Guard(c.Logger, func() (err error) { e, err = ReadActivity(line); return err })
	if err != nil {
		// It names no account, so there is nobody to keep it for: X says
		// with a line of errors that it ends the stream.
		c.Logger.InfoContext(ctx, "a line of the stream of activity is about no account")
		return nil
	}
	if e.Ignored {
		return nil
	}
	x.Body, x.Size, x.End = daybook.DigestOf(line), int64(len(line)), now.UTC()
	if err := c.Take(ctx, e, x); err != nil {
		return fmt.Errorf("%w: %w", errNotTaken, err)
	}
	return nil
}

// readLine reads one line without its end; whole is false, and line is empty, if it
// is longer than is taken.
func readLine(r *bufio.Reader) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := r.ReadSlice('\n')
		if whole = whole && len(line)+len(part) <= streamLine; whole {
			line = append(line, part...)
		} else {
			line = nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, true, err // half a line is none
		default:
			for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
				line = line[:len(line)-1]
			}
			return line, whole, nil
		}
	}
}

// wait is how long to wait after a connection that ended with err and lasted so
// long.
func (c *listening) wait(err error, lasted time.Duration) time.Duration {
	var limit *collectors.RateLimitError
	if errors.As(err, &limit) {
		return max(limit.Until.Sub(c.Now()), streamFirst)
	}
	if lasted >= streamSettled {
		c.pause = streamFirst
	}
	pause := c.pause
	c.pause = min(2*c.pause, streamLongest)
	return pause
}

// say logs why the stream ended, once as long as that does not change.
func (c *listening) say(ctx context.Context, err error) {
	why, level := "the connection was lost", slog.LevelInfo
	var status *collectors.StatusError
	var limit *collectors.RateLimitError
	switch {
	case errors.As(err, &limit):
		why = "the platform allows no more connections now"
	case errors.As(err, &status):
		why, level = status.Error(), slog.LevelWarn
	case errors.Is(err, errNotTaken):
		why, level = errNotTaken.Error(), slog.LevelWarn
	case errors.Is(err, errSilent):
		why = errSilent.Error()
	case errors.Is(err, errEnded):
		why = errEnded.Error()
	case errors.Is(err, errAskedBack):
		why = errAskedBack.Error()
	}
	if why == c.said {
		return
	}
	c.said = why
	c.Logger.Log(ctx, level, "the stream of activity has ended and is asked for again", slog.String("why", why))
}

// sleep waits, and returns an error if ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
