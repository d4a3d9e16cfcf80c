package email_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/alerts/email"
	"daybook/archive"
	"daybook/internal/need"
	"daybook/store"
)

// A postfix is a real mail server with a configuration of its own, on loopback:
// STARTTLS is required, mail for mail.example lands in Maildirs, nothing leaves
// the machine.
type postfix struct {
	t    *testing.T
	dir  string
	port int
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.mail.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost =
default_transport = error:no mail leaves this machine
relay_transport = error:no mail leaves this machine
virtual_mailbox_domains = mail.example
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = texthash:%[1]s/etc/vmailbox
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[3]s
virtual_minimum_uid = 1
smtpd_tls_cert_file = %[1]s/cert.pem
smtpd_tls_key_file = %[1]s/key.pem
smtpd_tls_security_level = encrypt
smtpd_relay_restrictions = reject_unauth_destination
maillog_file = %[1]s/mail.log
maillog_file_prefixes = %[1]s
disable_dns_lookups = yes
smtpd_peername_lookup = no
alias_maps =
alias_database =
`

func startPostfix(t *testing.T) *postfix {
	t.Helper()
	need.Tool(t, "postfix")
	openssl := need.Tool(t, "openssl")
	owner, err := user.Lookup("postfix")
	if err != nil {
		need.Missing(t, "there is no user postfix")
	}
	if os.Getuid() != 0 {
		need.Missing(t, "Postfix can only be started by root")
	}
	// Postfix wants folders that its own user can reach; t.TempDir is one.
	p := &postfix{t: t, dir: t.TempDir(), port: freePort(t)}
	uid, gid := atoi(t, owner.Uid), atoi(t, owner.Gid)
	for _, d := range []string{"etc", "queue", "data", "mail"} {
		if err := os.Mkdir(filepath.Join(p.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"data", "mail"} {
		if err := os.Chown(filepath.Join(p.dir, d), uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	for d := p.dir; d != "/"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o001 == 0 {
			if err := os.Chmod(d, info.Mode()|0o011); err != nil {
				t.Fatal(err)
			}
		}
		if d == os.TempDir() {
			break
		}
	}
	p.run(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=IP:127.0.0.1", "-keyout", p.file("key.pem"), "-out", p.file("cert.pem"))
	p.configure(owner)
	t.Cleanup(p.stop)
	p.start()
	return p
}

func (p *postfix) configure(owner *user.User) {
	p.t.Helper()
	for _, pattern := range []string{"postfix-files", "dynamicmaps.cf", "main.cf.proto", "master.cf.proto"} {
		b, err := os.ReadFile(filepath.Join("/etc/postfix", pattern))
		if os.IsNotExist(err) {
			continue // not every version has each of them
		}
		if err == nil {
			err = os.WriteFile(p.file("etc", pattern), b, 0o644)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	master, err := os.ReadFile("/etc/postfix/master.cf")
	if err != nil {
		need.Missing(p.t, "Postfix has no /etc/postfix/master.cf")
	}
	// The smtp service on our port, and nothing in a chroot.
	text := regexp.MustCompile(`(?m)^smtp +inet`).ReplaceAllString(string(master), fmt.Sprintf("127.0.0.1:%d inet", p.port))
	text = regexp.MustCompile(`(?m)^([a-z0-9:.-]+ +(?:inet|unix|pass|fifo) +\S+ +\S+ +)y`).ReplaceAllString(text, "${1}n")
	for name, content := range map[string]string{
		"master.cf": text,
		"main.cf":   fmt.Sprintf(postfixMain, p.dir, owner.Uid, owner.Gid),
		"vmailbox":  "adviser@mail.example adviser/\n",
	} {
		if err := os.WriteFile(p.file("etc", name), []byte(content), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *postfix) file(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

func (p *postfix) run(name string, args ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // also in Cleanup, when the test's context has ended
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	// Into a file: the daemon that stays behind would keep a pipe open.
	f, err := os.Create(p.file("out.txt"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Run(); err != nil {
		for _, log := range []string{p.file("out.txt"), p.file("mail.log")} {
			b, _ := os.ReadFile(log) // what there is helps
			out.Write(b)
		}
		p.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out.String())
	}
}

// start returns when the server listens: "postfix start" does.
func (p *postfix) start() {
	p.t.Helper()
	p.run(need.Tool(p.t, "postfix"), "-c", p.file("etc"), "start")
}

func (p *postfix) stop() {
	p.t.Helper()
	if _, err := os.Stat(p.file("queue", "pid", "master.pid")); err == nil {
		p.run(need.Tool(p.t, "postfix"), "-c", p.file("etc"), "stop")
	}
}

// mails waits until there are n mails in the adviser's Maildir and returns all.
func (p *postfix) mails(n int) []string {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		found, err := filepath.Glob(p.file("mail", "adviser", "new", "*"))
		if err != nil {
			p.t.Fatal(err)
		}
		if len(found) >= n || time.Now().After(deadline) {
			var mails []string
			for _, f := range found {
				b, err := os.ReadFile(f)
				if err != nil {
					p.t.Fatal(err)
				}
				mails = append(mails, string(b))
			}
			return mails
		}
		// Delivery is in another process and tells nobody.
		time.Sleep(50 * time.Millisecond)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostfix_C5_DeliversAndNothingIsLostWhileItIsDown(t *testing.T) {
	p := startPostfix(t)
	pem, err := os.ReadFile(p.file("cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the certificate cannot be read")
	}
	n, err := email.New(email.Config{Host: "127.0.0.1", Port: p.port, From: "notes@charity.example", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, n)
	o.recipient("adviser@mail.example")
	o.news()
	o.mail()
	mails := p.mails(1)
	if len(mails) != 1 || !strings.Contains(mails[0], "with ESMTPS") {
		t.Fatalf("got %q, want one mail that came through TLS", mails)
	}

	p.stop()
	o.now = o.now.Add(24 * time.Hour)
	o.news()
	for range 5 {
		o.mail()
		o.now = o.now.Add(time.Hour)
	}
	waiting, err := o.db.WaitingMails(t.Context(), o.c)
	if err != nil {
		t.Fatal(err)
	}
	if len(waiting) != 1 || waiting[0].Tries != 5 {
		t.Fatalf("waiting: %+v, want one mail after 5 tries", waiting)
	}
	p.start()
	o.mail()
	mails = p.mails(2)
	if len(mails) != 2 {
		t.Fatalf("%d mails arrived, want 2", len(mails))
	}
	want := "<" + waiting[0].ID + "@charity.example>"
	if messageID(t, mails[0]) != want && messageID(t, mails[1]) != want {
		t.Errorf("no mail has the Message-ID %s", want)
	}

	// A mailbox that is not there is refused for good, and that is shown.
	o.recipient("nobody@mail.example")
	o.now = o.now.Add(24 * time.Hour)
	o.news()
	o.mail()
	failed, err := o.db.FailedMails(t.Context(), o.c)
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) != 1 || !strings.Contains(failed[0].Error, "550 5.1.1") || strings.Contains(failed[0].Error, "nobody") {
		t.Errorf("failed: %+v, want one with 550 5.1.1", failed)
	}
	if got := len(p.mails(3)); got != 3 {
		t.Errorf("%d mails arrived, want 3", got)
	}
}

// An office is a store, a case and a mailer, with a clock that a test moves.
type office struct {
	t   *testing.T
	db  *store.DB
	c   daybook.CaseID
	n   alerts.Notifier
	now time.Time
	seq int
}

func newOffice(t *testing.T, n alerts.Notifier) *office {
	t.Helper()
	o := &office{t: t, n: n, now: time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)}
	var key archive.InstanceKey
	rand.Read(key[:])
	var err error
	if o.db, err = store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "daybook.db"), key); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.c, err = o.db.NewCase(t.Context(), "made up", "UTC", o.now); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) recipient(address string) {
	o.t.Helper()
	r := alerts.NewRecipient(o.c, alerts.Adviser, address, "UTC")
	r.Rules[alerts.AfterStop] = alerts.AtOnce
	if err := o.db.SaveRecipient(o.t.Context(), r); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) news() {
	o.t.Helper()
	o.seq++
	e := alerts.Event{ID: fmt.Sprint("after-stop/", o.seq), Rule: alerts.AfterStop, Count: 1, At: o.now, Newest: o.now}
	if err := o.db.AddEvent(o.t.Context(), o.c, e); err != nil {
		o.t.Fatal(err)
	}
}

// Head implements alerts.Head.
func (o *office) Head(context.Context, daybook.CaseID) (uint64, daybook.Digest, error) {
	return uint64(o.seq), daybook.DigestOf([]byte("root")), nil
}

func (o *office) mail() {
	o.t.Helper()
	m := alerts.NewMailer(o.db, o, o.n, func() time.Time { return o.now }, slog.New(slog.DiscardHandler))
	if err := m.Queue(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	if err := m.Send(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}
