package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"daybook"
)

// One process owns a data folder. While it runs, other processes of the same
// operating-system user hand it their command line over a Unix socket of mode
// 0600, and get back what it writes: frames of one byte (which stream), four
// bytes of length (big-endian) and the bytes.

// A request is one command line.
type request struct {
	Args []string `json:"args"`
	Cwd  string   `json:"cwd"`
}

const (
	frameOut  = 'o'
	frameErr  = 'e'
	frameExit = 'x'
)

const maxRequest = 1 << 20

// maxSocketPath is what every system takes (sun_path of macOS), in bytes.
const maxSocketPath = 103

// hangUp is how long a caller may take to read its answer once daybook stops.
const hangUp = 5 * time.Second

// forward hands the call to the process that owns the data folder and copies
// its answer. It returns that command's exit status.
func forward(ctx context.Context, path string, c *call) (int, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoServer, err)
	}
	defer conn.Close() //nolint:errcheck // all was read, or there is an error already
	defer context.AfterFunc(ctx, func() {
		conn.Close() //nolint:errcheck // ends the read below
	})()
	cwd, err := os.Getwd()
	if err != nil {
		return 0, fmt.Errorf("hand the command over: %w", err)
	}
	if err := json.NewEncoder(conn).Encode(request{Args: c.args, Cwd: cwd}); err != nil {
		return 0, fmt.Errorf("hand the command over: %w", err)
	}
	for {
		var head [5]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return 0, fmt.Errorf("hand the command over: the answer ended early: %w", err)
		}
		n := int64(binary.BigEndian.Uint32(head[1:]))
		switch head[0] {
		case frameOut:
			_, err = io.CopyN(c.out, conn, n)
		case frameErr:
			_, err = io.CopyN(c.err, conn, n)
		case frameExit:
			return int(n), nil
		default:
			err = errors.New("a frame of another kind")
		}
		if err != nil {
			return 0, fmt.Errorf("hand the command over: %w", err)
		}
	}
}

// listen makes the socket. An old one, left by a process that was killed, is
// replaced: the lock on the data folder says that its owner is gone.
func listen(path string) (*net.UnixListener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("make the socket: %w: %s is longer than the %d bytes that a system takes; choose a data folder with a shorter name", daybook.ErrInvalid, path, maxSocketPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("make the socket: %w", err)
	}
	l, err := listenPrivately(&net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make the socket: %w", err)
	}
	return l, nil
}

// answer carries out command lines that come over the socket until ctx ends.
func answer(ctx context.Context, l *net.UnixListener, a *app, p process, log *slog.Logger) error {
	stop := context.AfterFunc(ctx, func() {
		l.Close() //nolint:errcheck // ends Accept below
	})
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("take a command over the socket: %w", err)
		}
		wg.Go(func() {
			if err := answerOne(ctx, conn, a, p); err != nil {
				log.WarnContext(ctx, "a command over the socket ended early", slog.Any("err", err))
			}
		})
	}
}

func answerOne(ctx context.Context, conn *net.UnixConn, a *app, p process) error {
	defer conn.Close() //nolint:errcheck // the answer is complete, or there is an error already
	name, err := peer(conn)
	if err != nil {
		return err
	}
	// Who connects and says nothing must not keep daybook from stopping.
	defer context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now())              //nolint:errcheck // the connection is gone
		conn.SetWriteDeadline(time.Now().Add(hangUp)) //nolint:errcheck // as above
	})()
	var req request
	if err := json.NewDecoder(io.LimitReader(conn, maxRequest)).Decode(&req); err != nil {
		return fmt.Errorf("read a command: %w", err)
	}
	w := &frameWriter{w: conn}
	code := run(ctx, req.Args, process{
		input: eofReader{}, out: w.stream(frameOut), err: w.stream(frameErr), env: p.env, clock: p.clock,
		app: a, osUser: name, cwd: req.Cwd,
	})
	return w.exit(code)
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// A frameWriter writes frames of several streams over one connection.
type frameWriter struct {
	mu sync.Mutex
	w  io.Writer
}

type frameStream struct {
	f    *frameWriter
	kind byte
}

func (f *frameWriter) stream(kind byte) io.Writer { return frameStream{f, kind} }

func (s frameStream) Write(b []byte) (int, error) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err := s.f.head(s.kind, len(b)); err != nil {
		return 0, err
	}
	return s.f.w.Write(b)
}

func (f *frameWriter) head(kind byte, n int) error {
	h := [5]byte{kind}
	binary.BigEndian.PutUint32(h[1:], uint32(n))
	_, err := f.w.Write(h[:])
	return err
}

func (f *frameWriter) exit(code int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head(frameExit, code)
}
