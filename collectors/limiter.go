package collectors

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Waiting times when a platform says "too many requests".
const (
	limitUnsaid  = 5 * time.Minute // it does not say until when
	limitLongest = 24 * time.Hour  // it says something absurd
)

// A limiter keeps until when a host may not be asked or, where a platform limits
// each call by itself, until when a call may not be made. It never waits: it hands
// the time to the caller.
type limiter struct {
	mu    sync.Mutex
	until map[limited]time.Time
}

// limited is what a limit is for.
type limited struct {
	host string
	call string // path of a Rule; "" if the host limits all calls together
}

func (l *limiter) check(what limited, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.until[what]; now.Before(until) {
		return &RateLimitError{Until: until, Only: what.call != ""}
	}
	return nil
}

// note reads the headers of an answer. It returns a *RateLimitError for 429,
// and for 503 with Retry-After.
func (l *limiter) note(what limited, resp *http.Response, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	retry := retryAfter(resp.Header.Get("Retry-After"), now)
	remaining, reset := limitHeaders(resp.Header)

	limited := resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusServiceUnavailable && !retry.IsZero()
	until := retry
	if until.IsZero() && (limited || remaining == "0") {
		until = reset
	}
	if limited && !until.After(now) {
		until = now.Add(limitUnsaid)
	}
	if most := now.Add(limitLongest); until.After(most) {
		until = most
	}
	if until.After(l.until[what]) {
		l.until[what] = until
	}
	if limited {
		return &RateLimitError{Until: until, Only: what.call != ""}
	}
	return nil
}

// limitHeaders returns how many calls remain and when the count starts again;
// the zero time if that is not said. Mastodon, Bluesky and X spell the names
// differently.
func limitHeaders(h http.Header) (remaining string, reset time.Time) {
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-", "X-Rate-Limit-"} {
		if v := strings.TrimSpace(h.Get(prefix + "Reset")); v != "" {
			return strings.TrimSpace(h.Get(prefix + "Remaining")), resetTime(v)
		}
	}
	return "", time.Time{}
}

// resetTime reads an RFC 3339 time (Mastodon, GoToSocial) or Unix seconds (X,
// Bluesky).
func resetTime(v string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return t
	}
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Unix(s, 0)
	}
	return time.Time{}
}

// retryAfter reads seconds or an HTTP date (RFC 9110 §10.2.3).
func retryAfter(v string, now time.Time) time.Time {
	v = strings.TrimSpace(v)
	if s, err := strconv.ParseInt(v, 10, 32); err == nil && s >= 0 {
		return now.Add(time.Duration(s) * time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return t
	}
	return time.Time{}
}
