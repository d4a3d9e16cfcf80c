// Package fakesmtp is a small SMTP server on a loopback port, for tests and for
// the demo, where it is the mailbox in which the mails arrive. It speaks just
// enough of RFC 5321 and RFC 3207 (STARTTLS, with a certificate that it makes
// for itself) and can be told to answer with errors. It delivers nothing.
package fakesmtp

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Mail is one message that the server took over.
type Mail struct {
	From string
	To   []string
	Data string // headers and body; lines end with "\n"
	TLS  bool   // it came through STARTTLS
}

// Options say how the server behaves.
type Options struct {
	Addr       string // "127.0.0.1:0" if empty
	NoSTARTTLS bool   // do not offer it
	RequireTLS bool   // refuse MAIL without it
}

// A Server is a running server. Its methods may be called from several
// goroutines.
type Server struct {
	opts     Options
	listener net.Listener
	cert     tls.Certificate
	pool     *x509.CertPool
	wg       sync.WaitGroup

	mu      sync.Mutex
	mails   []Mail
	answers map[string][]string // of a command, the first is next
	hangUp  bool
	conns   map[net.Conn]bool
}

// idle is how long the server waits for a command.
const idle = time.Minute

// maxLine and maxData bound what a client may send, in bytes.
const (
	maxLine = 4096
	maxData = 4 << 20
)

// Start starts a server. Close stops it.
func Start(opts Options) (*Server, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	s := &Server{opts: opts, answers: map[string][]string{}, conns: map[net.Conn]bool{}}
	if err := s.makeCertificate(); err != nil {
		return nil, fmt.Errorf("start mail catcher: %w", err)
	}
	var err error
	if s.listener, err = net.Listen("tcp", opts.Addr); err != nil {
		return nil, fmt.Errorf("start mail catcher: %w", err)
	}
	s.wg.Go(s.accept)
	return s, nil
}

// Port returns the port that the server listens on.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Roots returns the pool with which the server's certificate can be checked.
func (s *Server) Roots() *x509.CertPool { return s.pool }

// Mails returns what was taken over so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Answer queues an answer ("451 4.3.0 try later") to the next command of that
// name: MAIL, RCPT, DATA, "." for the end of the data, QUIT. An answer that
// does not begin with "5" or "4" does not change what the server does.
func (s *Server) Answer(command, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[command] = append(s.answers[command], answer)
}

// HangUpAfterData makes the server take over the next mail, answer 250 and hang
// up: what a crash right after a delivery looks like.
func (s *Server) HangUpAfterData() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp = true
}

// Close stops the server and waits until it has.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close() // its goroutine sees the error
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			// A client that breaks off is a client's matter.
			_ = (&session{server: s, conn: conn}).serve()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
			conn.Close() // nothing more is sent
		})
	}
}

// scripted returns the answer that is queued for a command, "" if none is.
func (s *Server) scripted(command string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.answers[command]
	if len(q) == 0 {
		return ""
	}
	s.answers[command] = q[1:]
	return q[0]
}

func (s *Server) keep(m Mail) (hangUp bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	hangUp, s.hangUp = s.hangUp, false
	return hangUp
}

func (s *Server) makeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"localhost", "smtp.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	s.pool = x509.NewCertPool()
	s.pool.AddCert(leaf)
	return nil
}

// errHangUp ends a session on purpose.
var errHangUp = errors.New("hang up")

// A session is one connection.
type session struct {
	server *Server
	conn   net.Conn
	r      *bufio.Reader
	tls    bool
	mail   Mail
}

func (c *session) serve() error {
	c.r = bufio.NewReaderSize(c.conn, maxLine)
	if err := c.say("220 localhost ESMTP"); err != nil {
		return err
	}
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(line, " ")
		if err := c.command(strings.ToUpper(verb), rest); err != nil {
			return err
		}
	}
}

func (c *session) command(verb, rest string) error {
	if a := c.server.scripted(verb); a != "" {
		return c.say(a)
	}
	switch verb {
	case "EHLO", "HELO":
		extensions := []string{"250-localhost", "250-8BITMIME", "250-ENHANCEDSTATUSCODES"}
		if !c.tls && !c.server.opts.NoSTARTTLS {
			extensions = append(extensions, "250-STARTTLS")
		}
		return c.say(append(extensions, "250 SIZE")...)
	case "STARTTLS":
		if c.tls || c.server.opts.NoSTARTTLS {
			return c.say("502 5.5.1 not offered")
		}
		return c.startTLS()
	case "MAIL":
		if c.server.opts.RequireTLS && !c.tls {
			return c.say("530 5.7.0 must issue a STARTTLS command first")
		}
		c.mail = Mail{From: path(rest), TLS: c.tls}
		return c.say("250 2.1.0 ok")
	case "RCPT":
		c.mail.To = append(c.mail.To, path(rest))
		return c.say("250 2.1.5 ok")
	case "DATA":
		return c.data()
	case "RSET", "NOOP":
		return c.say("250 2.0.0 ok")
	case "QUIT":
		return errors.Join(c.say("221 2.0.0 bye"), errHangUp)
	}
	return c.say("502 5.5.2 unknown command")
}

func (c *session) startTLS() error {
	if err := c.say("220 2.0.0 go ahead"); err != nil {
		return err
	}
	conn := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{c.server.cert}, MinVersion: tls.VersionTLS12})
	if err := conn.Handshake(); err != nil {
		return err
	}
	c.conn, c.r, c.tls = conn, bufio.NewReaderSize(conn, maxLine), true
	return nil
}

func (c *session) data() error {
	if err := c.say("354 end with a dot"); err != nil {
		return err
	}
	var b strings.Builder
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "." {
			break
		}
		if b.Len()+len(line) > maxData {
			return io.ErrShortBuffer
		}
		b.WriteString(strings.TrimPrefix(line, "."))
		b.WriteByte('\n')
	}
	if a := c.server.scripted("."); a != "" {
		return c.say(a)
	}
	c.mail.Data = b.String()
	hangUp := c.server.keep(c.mail)
	if err := c.say("250 2.0.0 taken over"); err != nil {
		return err
	}
	if hangUp {
		return errHangUp
	}
	return nil
}

func (c *session) line() (string, error) {
	if err := c.conn.SetDeadline(time.Now().Add(idle)); err != nil {
		return "", err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func (c *session) say(lines ...string) error {
	_, err := io.WriteString(c.conn, strings.Join(lines, "\r\n")+"\r\n")
	return err
}

// path returns what stands between < and > in "FROM:<a@b> BODY=8BITMIME".
func path(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
