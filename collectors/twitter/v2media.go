package twitter

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"daybook"
	"daybook/collectors"
)

// Media implements collectors.Source. Attachments of posts are asked for at X's
// delivery hosts, without the token; those of direct messages at the interface,
// with it. Everything else is ErrNotFetched, above all the short addresses in a
// text and what lies behind them: whoever put them there would learn that somebody
// looks. The error wraps daybook.ErrNotFound if the file is gone.
func (s *v2Source) Media(ctx context.Context, m daybook.Media) ([]byte, daybook.Exchange, error) {
	from := s.media
	if m.URL != "" && s.api.Check(http.MethodGet, m.URL) == nil {
		from = s.api
	}
	if m.URL == "" || fetchable(m.URL) != m.URL || from.Check(http.MethodGet, m.URL) != nil {
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	}
	a, err := from.Do(ctx, http.MethodGet, m.URL, nil, http.StatusOK, http.StatusNotFound, http.StatusGone)
	var elsewhere *collectors.NotAllowedError
	switch {
	case errors.As(err, &elsewhere): // a redirect
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	case err != nil:
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", s.named("", err))
	case a.Exchange.Status != http.StatusOK:
		return nil, a.Exchange, fmt.Errorf("fetch attachment: %w", daybook.ErrNotFound)
	}
	return a.Body, a.Exchange, nil
}
