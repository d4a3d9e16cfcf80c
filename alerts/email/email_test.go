package email_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/internal/fakesmtp"

	"github.com/google/go-cmp/cmp"
)

func start(t *testing.T, opts fakesmtp.Options) *fakesmtp.Server {
	t.Helper()
	s, err := fakesmtp.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// notifier sends to the server as if it were smtp.example, so that the rules for
// servers elsewhere hold.
func notifier(t *testing.T, s *fakesmtp.Server, change ...func(*email.Config)) *email.Notifier {
	t.Helper()
	c := email.Config{Host: "smtp.example", Port: 587, From: "notes@charity.example", Roots: s.Roots(), Timeout: 10 * time.Second,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", s.Port()))
		}}
	for _, f := range change {
		f(&c)
	}
	n, err := email.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func note() alerts.Notification {
	return alerts.Notification{ID: "abcdefghijklmnopqrstuvwxyz", Case: "case", To: "adviser@mail.example", Sender: "Notes", Title: "Your notes",
		Body: "Hello,\n\n.there is something für Dich: " + strings.Repeat("long ", 30) + "\n", Made: time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)}
}

func TestNotify_C5_PlainTextAndNoHeadersThatTell(t *testing.T) {
	s := start(t, fakesmtp.Options{RequireTLS: true})
	n := note()
	n.Title, n.Sender = "Notiz für Dich", "Büro"
	if err := notifier(t, s).Notify(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	mails := s.Mails()
	if len(mails) != 1 || !mails[0].TLS || mails[0].From != "notes@charity.example" {
		t.Fatalf("got %+v, want one mail through TLS", mails)
	}
	m, err := mail.ReadMessage(strings.NewReader(mails[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for k := range m.Header {
		if got[k], err = new(mime.WordDecoder).DecodeHeader(m.Header.Get(k)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"From": "Büro <notes@charity.example>", "To": "<adviser@mail.example>", "Subject": "Notiz für Dich",
		"Message-Id": "<abcdefghijklmnopqrstuvwxyz@charity.example>", "Date": "Mon, 05 Oct 2026 12:00:00 +0000",
		"Mime-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "quoted-printable",
		"Auto-Submitted": "auto-generated",
	}
	got["From"] = strings.ReplaceAll(got["From"], `"`, "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimRight(n.Body, "\n"), strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestNotify_Answers(t *testing.T) {
	tests := []struct {
		name            string
		command, answer string
		opts            fakesmtp.Options
		sent, permanent bool
	}{
		{name: "taken over", sent: true},
		{name: "no such mailbox", command: "RCPT", answer: "550 5.1.1 <adviser@mail.example>: no such mailbox", permanent: true},
		{name: "refused for its text", command: ".", answer: "554 5.7.1 not wanted", permanent: true},
		{name: "sender refused", command: "MAIL", answer: "553 5.1.8 no", permanent: true},
		{name: "try later, recipient", command: "RCPT", answer: "451 4.3.0 <adviser@mail.example>: greylisted"},
		{name: "try later, text", command: ".", answer: "452 4.3.1 full"},
		{name: "try later, data", command: "DATA", answer: "421 4.3.2 going down"},
		{name: "sign-in wanted", command: "MAIL", answer: "530 5.7.0 sign in first"},
		{name: "greeting refused", command: "EHLO", answer: "554 5.7.1 not you"},
		{name: "no STARTTLS", opts: fakesmtp.Options{NoSTARTTLS: true}},
		{name: "goodbye goes wrong", command: "QUIT", answer: "421 4.3.2 too late", sent: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.opts)
			if tt.command != "" {
				s.Answer(tt.command, tt.answer)
				if tt.command == "EHLO" {
					s.Answer("HELO", tt.answer) // the second greeting that a client may try
				}
			}
			err := notifier(t, s).Notify(t.Context(), note())
			if (err == nil) != tt.sent || errors.Is(err, alerts.ErrPermanent) != tt.permanent {
				t.Errorf("got %v, want sent: %v, permanent: %v", err, tt.sent, tt.permanent)
			}
			if err != nil && strings.Contains(err.Error(), "mail.example") {
				t.Errorf("the error names somebody: %v", err)
			}
			if got := len(s.Mails()); (got == 1) != tt.sent {
				t.Errorf("%d mails arrived", got)
			}
		})
	}
}

func TestNotify_TemporaryTroubleWithTheServer(t *testing.T) {
	s := start(t, fakesmtp.Options{})
	tests := map[string]func(*email.Config){
		"nobody there":                    func(c *email.Config) { c.Dial = nil; c.Host = "127.0.0.1"; c.Port = freePort(t) },
		"a certificate that nobody knows": func(c *email.Config) { c.Roots = nil },
		"another name":                    func(c *email.Config) { c.Host = "other.example" },
		"no sign-in offered":              func(c *email.Config) { c.User, c.Password = "notes", "secret" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			err := notifier(t, s, change).Notify(t.Context(), note())
			if err == nil || errors.Is(err, alerts.ErrPermanent) {
				t.Errorf("got %v, want a temporary error", err)
			}
		})
	}
	if got := len(s.Mails()); got != 0 {
		t.Errorf("%d mails arrived", got)
	}
}

func TestNotify_LoopbackNeedsNoEncryption(t *testing.T) {
	for name, opts := range map[string]fakesmtp.Options{"not offered": {NoSTARTTLS: true}, "offered, with a certificate of its own": {RequireTLS: true}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, opts)
			n, err := email.New(email.Config{Host: "127.0.0.1", Port: s.Port(), From: "notes@charity.example"})
			if err != nil {
				t.Fatal(err)
			}
			if err := n.Notify(t.Context(), note()); err != nil {
				t.Fatal(err)
			}
			if m := s.Mails(); len(m) != 1 || m[0].TLS == opts.NoSTARTTLS {
				t.Errorf("got %+v, want one mail, through TLS if it was offered", m)
			}
		})
	}
}

// What was taken over counts as sent, also if the connection breaks right after;
// a repeat has the same Message-ID.
func TestNotify_RepeatIsRecognised(t *testing.T) {
	s := start(t, fakesmtp.Options{})
	s.HangUpAfterData()
	for range 2 {
		if err := notifier(t, s).Notify(t.Context(), note()); err != nil {
			t.Fatal(err)
		}
	}
	m := s.Mails()
	if len(m) != 2 || messageID(t, m[0].Data) != messageID(t, m[1].Data) {
		t.Errorf("got %d mails, want 2 with one Message-ID", len(m))
	}
}

func TestNotify_E11_HeadersCannotBeInjected(t *testing.T) {
	for name, change := range map[string]func(*alerts.Notification){
		"title":     func(n *alerts.Notification) { n.Title = "Notes\r\nBcc: other@mail.example" },
		"sender":    func(n *alerts.Notification) { n.Sender = "Notes\nBcc: other@mail.example" },
		"recipient": func(n *alerts.Notification) { n.To = "a@mail.example>\r\nRCPT TO:<b@mail.example" },
		"two":       func(n *alerts.Notification) { n.To = "a@mail.example, b@mail.example" },
		"id":        func(n *alerts.Notification) { n.ID = "a\r\nBcc: other@mail.example" },
		"separator": func(n *alerts.Notification) { n.Title = "Notes\u2028Bcc: other@mail.example" },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, fakesmtp.Options{})
			n := note()
			change(&n)
			if err := notifier(t, s).Notify(t.Context(), n); !errors.Is(err, alerts.ErrPermanent) {
				t.Errorf("got %v, want ErrPermanent", err)
			}
			if got := s.Mails(); len(got) != 0 {
				t.Errorf("sent %q", got[0].Data)
			}
		})
	}
	t.Run("body", func(t *testing.T) { // a line with a dot does not end the mail
		s := start(t, fakesmtp.Options{})
		n := note()
		n.Body = "one\n.\nMAIL FROM:<other@mail.example>\n"
		if err := notifier(t, s).Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		if m := s.Mails(); len(m) != 1 || !strings.Contains(m[0].Data, "\n.\nMAIL FROM") {
			t.Errorf("got %+v", m)
		}
	})
}

func TestNew_SaysWhatToChange(t *testing.T) {
	for name, c := range map[string]email.Config{
		"no host":        {From: "notes@mail.example"},
		"no address":     {Host: "smtp.example"},
		"name and all":   {Host: "smtp.example", From: "Notes <notes@mail.example>"},
		"no such port":   {Host: "smtp.example", From: "notes@mail.example", Port: 70000},
		"address, twice": {Host: "smtp.example", From: "a@mail.example, b@mail.example"},
	} {
		if _, err := email.New(c); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func messageID(t *testing.T, data string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header.Get("Message-Id")
}

// freePort returns a port on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
