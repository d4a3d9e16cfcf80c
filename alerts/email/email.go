// Package email delivers notifications by SMTP: plain text, one recipient, no
// header that tells what program sent it. It keeps nothing.
package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"daybook"
	"daybook/alerts"
)

// DefaultTimeout bounds one delivery unless Config says another time.
const DefaultTimeout = 30 * time.Second

// Config says through which server mails go out.
type Config struct {
	Host     string // of the submission server
	Port     int    // 0 means 587
	User     string // "" means no sign-in
	Password string
	From     string // sending address; its domain is what the server is greeted with
	Timeout  time.Duration
	Roots    *x509.CertPool                                                    // nil means the system's
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil means the system's
}

// A Notifier implements alerts.Notifier. It may be used from several goroutines.
type Notifier struct {
	config Config
	domain string // of From
}

// New returns a Notifier. It connects to nothing. The error wraps
// daybook.ErrInvalid and says what to change.
func New(c Config) (*Notifier, error) {
	if c.Host == "" {
		return nil, fmt.Errorf("%w: mail needs the name of a server", daybook.ErrInvalid)
	}
	if c.Port == 0 {
		c.Port = 587
	}
	if c.Port < 1 || c.Port > 65535 {
		return nil, fmt.Errorf("%w: the port of the mail server lies between 1 and 65535", daybook.ErrInvalid)
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	a, err := mail.ParseAddress(c.From)
	if err != nil || a.Address != c.From {
		return nil, fmt.Errorf("%w: mail needs one plain sending address such as notes@mail.example", daybook.ErrInvalid)
	}
	_, domain, _ := strings.Cut(c.From, "@")
	return &Notifier{c, domain}, nil
}

// Notify implements alerts.Notifier: it blocks until the server has answered,
// at most for the timeout. The error wraps alerts.ErrPermanent if the server
// refused this mail, or this recipient, with a code of 500 to 599. A server that
// cannot be reached, that offers no encryption or that does not take the
// password is not the mail's fault: such an error is temporary.
//
// The text of an error has codes and no address.
func (n *Notifier) Notify(ctx context.Context, note alerts.Notification) error {
	msg, err := n.message(note)
	if err != nil {
		return fmt.Errorf("write a mail: %w: %w", alerts.ErrPermanent, err)
	}
	client, err := n.client(note.To)
	if err != nil {
		return fmt.Errorf("set up a mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // what goes wrong after the server's 250 does not matter
		return nil
	}
	return sendError(err)
}

// message makes the mail. Nothing in its headers comes from outside: they hold
// the recipient's own settings, and those are refused if they have a control
// character.
func (n *Notifier) message(note alerts.Notification) (*gomail.Msg, error) {
	for _, line := range []string{note.To, note.Sender, note.Title, note.ID} {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }) {
			return nil, fmt.Errorf("%w: a header has a control character", daybook.ErrInvalid)
		}
	}
	to, err := mail.ParseAddress(note.To)
	if err != nil || to.Address != note.To {
		return nil, fmt.Errorf("%w: the address cannot be read", daybook.ErrInvalid)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	m.FromMailAddress(&mail.Address{Name: note.Sender, Address: n.config.From})
	m.ToMailAddress(&mail.Address{Address: note.To})
	m.Subject(note.Title)
	m.SetMessageIDWithValue(note.ID + "@" + n.domain)
	m.SetDateWithValue(note.Made.UTC())
	// Holiday replies would land in a mailbox that somebody else may read.
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	m.SetBodyString(gomail.TypeTextPlain, note.Body)
	return m, nil
}

// client makes a client for one delivery. STARTTLS is required, with a
// certificate that can be checked, except on loopback, where nothing leaves the
// machine: there it is used if the server offers it.
func (n *Notifier) client(to string) (*gomail.Client, error) {
	c := n.config
	tlsConfig := &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	policy := gomail.TLSMandatory
	if loopback(c.Host) {
		policy = gomail.TLSOpportunistic
		tlsConfig.InsecureSkipVerify = c.Roots == nil // a mail server at home signs for itself
	}
	opts := []gomail.Option{
		gomail.WithPort(c.Port),
		gomail.WithTimeout(c.Timeout),
		gomail.WithHELO(n.domain),
		gomail.WithTLSConfig(tlsConfig),
		gomail.WithTLSPolicy(policy),
	}
	if c.Dial != nil {
		opts = append(opts, gomail.WithDialContextFunc(c.Dial))
	}
	if c.User != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.User), gomail.WithPassword(c.Password))
	}
	if strings.IndexFunc(to+c.From, func(r rune) bool { return r > 0x7e }) < 0 {
		opts = append(opts, gomail.WithoutSMTPUTF8()) // a later server may not know it (RFC 6531)
	}
	return gomail.NewClient(c.Host, opts...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sendError turns the library's error, which names the recipient, into one that
// does not.
func sendError(err error) error {
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return fmt.Errorf("send a mail: %s", reach(err))
	}
	code := refused.ErrorCode()
	switch {
	case code >= 500 && code <= 599 && code != 530 && code != 535: // those two are about us, RFC 4954 §6
		return fmt.Errorf("send a mail: the mail server answers %d %s: %w", code, refused.EnhancedStatusCode(), alerts.ErrPermanent)
	case code > 0:
		return fmt.Errorf("send a mail: the mail server answers %d %s", code, refused.EnhancedStatusCode())
	}
	return errors.New("send a mail: the connection to the mail server broke")
}

// reach says in plain words why no session with the server came about.
func reach(err error) string {
	var (
		netErr  net.Error
		certErr *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &certErr):
		return "the mail server's certificate cannot be checked"
	case errors.As(err, &netErr) && netErr.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "the mail server does not answer in time"
	case errors.As(err, &netErr):
		return "the mail server cannot be reached"
	case errors.Is(err, context.Canceled):
		return "it was interrupted"
	}
	return "the mail server does not open a session (encryption not offered, or sign-in refused)"
}
