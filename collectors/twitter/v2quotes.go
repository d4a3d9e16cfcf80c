package twitter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"daybook/collectors"
)

// Quotes of the person's posts are not always mentions, and there is no list of
// all of them. Which posts are the person's shows in what answers or quotes them:
// with each second look at such a post, the quotes of the post that it is about are
// asked for, if X counts any. So a post that nobody answers and nobody names the
// person under is not asked about; reading her own time line for it would be more
// than what reached her.

// How much is asked for in one call of Look: X allows 75 of these calls in a
// quarter of an hour, and each quote has its price.
const (
	mostQuoted = 10
	quotesPage = 100
)

// quotes adds to the looks at some posts what else quotes the person's posts that
// they are about. It is asked again with the next look, so a call that X does not
// answer now is left out.
func (l *v2Looker) quotes(ctx context.Context, lot []int, a v2Answer) error {
	asked := 0
	for _, own := range a.posts {
		i := slices.IndexFunc(lot, func(i int) bool { return l.about(i, a, own.id) })
		if i < 0 || !l.quoted(own) || l.asked[own.id] || asked == mostQuoted {
			continue
		}
		l.asked[own.id] = true
		asked++
		query := l.names.posts()
		query.Set("max_results", strconv.Itoa(quotesPage))
		x, err := l.get(ctx, "/2/tweets/"+own.id+"/quote_tweets", query)
		switch {
		case notNow(err):
			continue
		case err != nil:
			return err
		}
		answer, ok := splitV2(x.Body)
		if !ok {
			return errors.New("the answer is not a list of posts")
		}
		if err := l.spent(ctx, ReadPost, answer); err != nil {
			return err
		}
		l.looks[lot[i]].Captures = append(l.looks[lot[i]].Captures, l.captures(LaneQuotes, x.Exchange, answer)...)
	}
	return nil
}

// about reports whether a post that was looked at answers or quotes another.
func (l *v2Looker) about(i int, a v2Answer, id string) bool {
	for _, it := range a.data {
		if it.id == l.looks[i].Ref.Native {
			r := readRefers(it.raw)
			return slices.ContainsFunc(r.references(), func(ref v2Ref) bool { return string(ref.ID) == id })
		}
	}
	return false
}

// quoted reports whether a post is the person's, and X counts quotes of it.
func (l *v2Looker) quoted(p part) bool {
	var post struct {
		Author  number `json:"author_id"`
		Metrics struct {
			Quotes int `json:"quote_count"`
		} `json:"public_metrics"`
	}
	if err := json.Unmarshal(p.raw, &post, lenient()); err != nil {
		return false // Parse says that it is of another form
	}
	return userNumber(p.id) && string(post.Author) == l.account.Handle.Native && post.Metrics.Quotes > 0
}

// notNow reports whether a call can be left out until the next look: X limits it,
// or does not show what it is about.
func notNow(err error) bool {
	var limit *collectors.RateLimitError
	var status *collectors.StatusError
	return errors.As(err, &limit) && limit.Only ||
		errors.As(err, &status) && (status.Status == http.StatusForbidden || status.Status == http.StatusNotFound)
}
