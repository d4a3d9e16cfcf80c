package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"daybook"
	"daybook/collectors"
)

// Media implements collectors.Source. It asks the person's own server and the
// hosts that keep its files, without the token. Everything else is
// ErrNotFetched, above all the server of whoever sent the attachment: it would
// learn that somebody looks. The error wraps daybook.ErrNotFound if the file is
// gone.
func (s *source) Media(ctx context.Context, m daybook.Media) ([]byte, daybook.Exchange, error) {
	if m.URL == "" || s.media.Check(http.MethodGet, m.URL) != nil {
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	}
	a, err := s.media.Do(ctx, http.MethodGet, m.URL, nil, http.StatusOK, http.StatusNotFound, http.StatusGone)
	var elsewhere *collectors.NotAllowedError
	switch {
	case errors.As(err, &elsewhere): // a redirect
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", collectors.ErrNotFetched)
	case err != nil:
		return nil, daybook.Exchange{}, fmt.Errorf("fetch attachment: %w", err)
	case a.Exchange.Status != http.StatusOK:
		return nil, a.Exchange, fmt.Errorf("fetch attachment: %w", daybook.ErrNotFound)
	}
	return a.Body, a.Exchange, nil
}
