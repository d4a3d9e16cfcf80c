package collectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"daybook"
)

// Stream makes one GET with the guards of Do and returns when the platform has
// begun to answer with status 200. The body goes on until the platform, ctx or
// Close ends it: it is not limited, and the exchange has neither its digest nor
// its size. Whoever reads it sets a limit for each piece. Redirects are not
// followed.
//
// Errors: as Do. The body's errors name no address.
func (t *Transport) Stream(ctx context.Context, rawURL string) (daybook.Exchange, io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	x, body, err := t.stream(ctx, cancel, rawURL)
	if err != nil {
		cancel()
		return daybook.Exchange{}, nil, err
	}
	return x, &streamBody{body, cancel}, nil
}

func (t *Transport) stream(ctx context.Context, cancel func(), rawURL string) (daybook.Exchange, io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return daybook.Exchange{}, nil, &NotAllowedError{Method: http.MethodGet, Why: "the address cannot be read"}
	}
	host := strings.ToLower(req.URL.Host)
	out, err := t.outgoing(req)
	if err != nil {
		return daybook.Exchange{}, nil, err
	}
	late := time.AfterFunc(t.opts.Timeout, cancel) // until the answer begins
	start := t.opts.Now()
	var net http.RoundTripper = t.net
	if h, ok := t.exception.Hosts[host]; ok {
		net = piped{h}
	}
	resp, err := net.RoundTrip(out) //nolint:bodyclose // the caller closes it
	if err != nil {
		late.Stop()
		return daybook.Exchange{}, nil, fmt.Errorf("call the platform: %w", withoutAddress(err))
	}
	if !late.Stop() {
		return daybook.Exchange{}, nil, errors.Join(context.DeadlineExceeded, resp.Body.Close())
	}
	end := t.opts.Now()
	x := daybook.Exchange{
		Method: req.Method, URL: withoutSecrets(req.URL), Status: resp.StatusCode,
		Headers: chosenHeaders(resp.Header), Start: start.UTC(), End: end.UTC(),
	}
	if err = t.noteLimit(req, resp, end); err == nil && resp.StatusCode != http.StatusOK {
		err = &StatusError{Status: resp.StatusCode, Exchange: x}
	}
	if err != nil {
		cancel() // what else it has to say is not read
		return daybook.Exchange{}, nil, errors.Join(err, ignoreEnd(resp.Body.Close()))
	}
	return x, resp.Body, nil
}

// ignoreEnd drops the error of closing an answer that was ended on purpose.
func ignoreEnd(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// A streamBody ends its call when it is closed.
type streamBody struct {
	body   io.ReadCloser
	cancel func()
}

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read the platform's answer: %w", withoutAddress(err))
	}
	return n, err
}

// Close may be called while Read waits, and more than once.
func (b *streamBody) Close() error {
	b.cancel()
	return b.body.Close()
}

// piped answers calls with a handler of this process whose answer is read while
// it is written. The handler's request ends when the body is closed.
type piped struct{ handler http.Handler }

func (p piped) RoundTrip(req *http.Request) (*http.Response, error) {
	r, w := io.Pipe()
	in := req.Clone(req.Context())
	in.Host, in.RequestURI, in.RemoteAddr, in.Body = req.URL.Host, req.URL.RequestURI(), "127.0.0.1:0", http.NoBody
	answer := &pipeWriter{header: http.Header{}, began: make(chan struct{}), pipe: w}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			err := error(nil)
			if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // what a handler panics with is this very value
				err = io.ErrUnexpectedEOF
			} else if v != nil {
				panic(v)
			}
			answer.WriteHeader(http.StatusOK)
			w.CloseWithError(err)
		}()
		p.handler.ServeHTTP(answer, in)
	}()
	body := &pipeBody{r, done}
	context.AfterFunc(req.Context(), func() { w.CloseWithError(context.Cause(req.Context())) })
	select {
	case <-answer.began:
		return &http.Response{StatusCode: answer.status, Header: answer.sent, Body: body, Request: req}, nil
	case <-req.Context().Done():
		return nil, errors.Join(req.Context().Err(), body.Close())
	}
}

// A pipeWriter is a ResponseWriter that hands on what is written.
type pipeWriter struct {
	header, sent http.Header
	status       int
	once         sync.Once
	began        chan struct{}
	pipe         *io.PipeWriter
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.began)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

// Flush implements http.Flusher.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// A pipeBody waits for the handler when it is closed.
type pipeBody struct {
	*io.PipeReader
	done chan struct{}
}

func (b *pipeBody) Close() error {
	err := b.PipeReader.Close()
	<-b.done
	return err
}
