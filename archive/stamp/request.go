package stamp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"time"
)

// timeout is how long one answer is waited for.
const timeout = 20 * time.Second

// Request asks the authority for a token over data and checks it: it counts only
// as the answer to this very request. It waits for 20 seconds at most. Errors
// are *Error; of a context that ended, NoAnswer.
func (a Authority) Request(ctx context.Context, data []byte, clock func() time.Time) (Token, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	nonce[0] = nonce[0]&0x3f | 0x40 // positive, and no zero in front that somebody could leave away
	sum := sha256.Sum256(data)
	q := query{Version: 1, Nonce: new(big.Int).SetBytes(nonce), Certificates: true, Imprint: imprint{
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, Parameters: asn1.NullRawValue},
		Hash:      sum[:],
	}}
	body, err := asn1.Marshal(q)
	if err != nil {
		return Token{}, fmt.Errorf("write a request for a time stamp: %w", err)
	}
	before := clock()
	answer, err := a.post(ctx, body)
	if err != nil {
		return Token{}, err
	}
	after := clock()
	t, got, err := check(answer, data, a.Roots)
	if err != nil {
		return Token{}, err
	}
	if got == nil || got.Cmp(q.Nonce) != 0 {
		return Token{}, failed(OtherRequest, "it is the answer to another request")
	}
	t.Authority = a.Name
	t.Offset = before.Add(after.Sub(before) / 2).Sub(t.At)
	return t, nil
}

// post sends a query and returns the answer (RFC 3161 §3.4). What the network's
// errors say is not passed on: it names hosts and addresses.
func (a Authority) post(ctx context.Context, body []byte) (answer []byte, err error) {
	ctx, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return nil, failed(NoAnswer, "its address cannot be used")
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	req.Header.Set("User-Agent", "") // who asks is nobody's business
	client := http.Client{CheckRedirect: sameHost}
	resp, err := client.Do(req)
	if err != nil {
		return nil, failed(NoAnswer, "%s", reason(ctx, err))
	}
	defer func() {
		_ = resp.Body.Close() // it was read, as far as it is wanted
	}()
	if resp.StatusCode != http.StatusOK {
		return nil, failed(NoAnswer, "it answered with HTTP status %d", resp.StatusCode)
	}
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, failed(NoAnswer, "%s", reason(ctx, err))
	}
	if len(answer) > maxAnswer {
		return nil, failed(Unreadable, "its answer is too long to be a time stamp")
	}
	return answer, nil
}

func reason(ctx context.Context, err error) string {
	var u *url.Error
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return "it did not answer in time"
	case ctx.Err() != nil:
		return "it was not waited for"
	}
	return "it could not be reached"
}

// sameHost lets a request be sent on within the host that it was meant for.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > 3 || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || req.Method != http.MethodPost {
		return http.ErrUseLastResponse
	}
	return nil
}
