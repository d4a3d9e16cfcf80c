package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors/twitter"
)

type connectXCommand struct {
	Case        string `required:"" help:"The case." placeholder:"CASE"`
	TokenFile   string `help:"A file with tokens that were got elsewhere ('-': standard input): {\"access\": …, \"refresh\": …}, or the four keys of v1.1." placeholder:"FILE" xor:"how"`
	Paste       bool   `help:"Ask for the address at which the browser ends, instead of waiting for it on this machine." xor:"how"`
	AgreeTerms  bool   `help:"The person has seen X's terms in plain words and agrees. Without it, they are asked on the terminal."`
	Agree       bool   `help:"The person agrees to what is listed. Without it, they are asked on the terminal."`
	ConsentedBy string `help:"Who gave the consent, if not whoever runs this command." placeholder:"WHO"`
	Purpose     string `default:"keep a record of unwanted contact" help:"What for, in the person's words."`
}

// backWait is how long the person may take at X.
const backWait = 5 * time.Minute

func (cmd *connectXCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Connect); err != nil {
			return err
		}
		if !a.cfg.X.Enabled {
			return errXOff
		}
		if !c.terminal && (!cmd.Agree || !cmd.AgreeTerms || cmd.Paste) {
			// Before anything is asked for at X.
			return fmt.Errorf("%w: the person has to agree first, to X's terms and to what is read: run this on a terminal, where they are asked, or with --agree-terms and --agree if they have", errUsage)
		}
		if err := cmd.terms(c, a); err != nil {
			return err
		}
		account, secret, err := cmd.account(c, a)
		if err != nil {
			return err
		}
		account.Case = id
		if err := c.agree(account, a.xScopes(), "X's settings show to whoever can open your account that an app is connected.", cmd.Agree); err != nil {
			return errors.Join(err, cmd.giveBack(c, a, account, secret))
		}
		consent := daybook.Consent{Scopes: a.xScopes(), Purpose: cmd.Purpose, Text: consentText + "; " + twitter.TermsText}
		if cmd.ConsentedBy != "" {
			consent.By = daybook.Actor{ID: cmd.ConsentedBy, Role: "owner", Via: actor.Via}
		}
		if account, err = a.cases.Connect(c.ctx, actor, account, secret, consent); err != nil {
			return errors.Join(err, cmd.giveBack(c, a, account, secret))
		}
		return c.connected(a, account)
	})
}

// showXTerms shows X's terms and what reading costs.
func showXTerms(c *call, a *app) error {
	text := "X's terms for apps, in plain words\n\n"
	for _, p := range twitter.Terms() {
		text += wrapped(p) + "\n\n"
	}
	if a.x.Meter != nil {
		text += wrapped(a.xConnectable().Cost) + "\n\n"
	}
	_, err := fmt.Fprint(c.err, text)
	return err
}

// terms shows X's terms, and asks.
func (cmd *connectXCommand) terms(c *call, a *app) error {
	if err := showXTerms(c, a); err != nil {
		return err
	}
	if cmd.AgreeTerms {
		return nil
	}
	answer, err := c.ask("Does the person agree to that? (yes/no): ")
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		return fmt.Errorf("%w: not connected: the person does not agree; nothing was asked of X. An account archive needs none of this: daybook import", daybook.ErrInvalid)
	}
	return nil
}

// wrapped breaks a paragraph into lines of at most 80 characters.
func wrapped(text string) string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > 80 {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return strings.Join(append(lines, line), "\n")
}

// account asks X whose account this is.
func (cmd *connectXCommand) account(c *call, a *app) (daybook.Account, []byte, error) {
	if cmd.TokenFile != "" {
		file, err := c.readSecret(cmd.TokenFile)
		if err != nil {
			return daybook.Account{}, nil, err
		}
		return a.x.FromToken(c.ctx, []byte(file))
	}
	p, err := a.x.Begin(a.cfg.X.Back)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	if cmd.Paste {
		if err := sendTo(c, p.URL, "The browser ends at an address that it may not be able to open: that is right.\nCopy it here at once; it is good for half a minute."); err != nil {
			return daybook.Account{}, nil, err
		}
		typed, err := c.ask("The address at which the browser ends: ")
		if err != nil {
			return daybook.Account{}, nil, err
		}
		u, err := url.Parse(typed)
		if err != nil {
			return daybook.Account{}, nil, fmt.Errorf("%w: this is not an address", daybook.ErrInvalid)
		}
		return cmd.finish(c, a, p, u.Query())
	}
	back, err := listenBack(c.ctx, p.Redirect, p.State)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	defer back.Close()
	if err := sendTo(c, p.URL, fmt.Sprintf("The browser has to run on this machine. Waiting for it for %d minutes…", int(backWait.Minutes()))); err != nil {
		return daybook.Account{}, nil, err
	}
	came, err := back.wait(c.ctx)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	return cmd.finish(c, a, p, came)
}

func sendTo(c *call, address, then string) error {
	_, err := fmt.Fprintf(c.err, "Open this address, signed in to X as the person, and agree:\n\n    %s\n\n%s\n\n", address, then)
	return err
}

func (cmd *connectXCommand) finish(c *call, a *app, p twitter.Pending, came url.Values) (daybook.Account, []byte, error) {
	if came.Get("code") == "" {
		return daybook.Account{}, nil, fmt.Errorf("%w: not connected: X was told no, or sent nothing", daybook.ErrInvalid)
	}
	return a.x.Finish(c.ctx, p, came.Get("code"), came.Get("state"))
}

// giveBack revokes a token that came with a code and is not to be used. Tokens
// that were brought in a file are the person's.
func (cmd *connectXCommand) giveBack(c *call, a *app, account daybook.Account, secret []byte) error {
	if cmd.TokenFile != "" {
		return nil
	}
	if err := twitter.Driver(a.x).Revoke(c.ctx, account, secret); err != nil {
		return fmt.Errorf("the platform has not confirmed that the token is revoked; the person can take the app off in X's settings, under connected apps: %w", err)
	}
	return nil
}

// A backListener is where X sends the browser back to, on this machine. It takes
// one answer, which knows the state, and shows nothing of it. What comes without
// the state is from somebody else: it is passed over, and is not in the way of the
// one that is waited for.
type backListener struct {
	server *http.Server
	state  string
	came   chan url.Values
}

func listenBack(ctx context.Context, redirect, state string) (*backListener, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return nil, fmt.Errorf("%w: x.back is not an address", daybook.ErrInvalid)
	}
	var l net.ListenConfig
	at, err := l.Listen(ctx, "tcp", u.Host)
	if err != nil {
		return nil, fmt.Errorf("wait for the browser on %s: %w; another program has it, or another daybook connect: end that one, or use --paste", u.Host, err)
	}
	b := &backListener{state: state, came: make(chan url.Values, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+u.EscapedPath(), b.take)
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = b.server.Serve(at) }() // ends with Close
	return b, nil
}

func (b *backListener) take(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if q := r.URL.Query(); subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(b.state)) == 1 {
		select {
		case b.came <- q:
		default: // it came twice
		}
	}
	_, _ = fmt.Fprintln(w, "Done. You can close this page and go back to where you came from.") // the browser may have gone
}

// wait returns what X sent.
func (b *backListener) wait(ctx context.Context) (url.Values, error) {
	ctx, cancel := context.WithTimeout(ctx, backWait)
	defer cancel()
	select {
	case q := <-b.came:
		return q, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: not connected: nobody came back from X in time", daybook.ErrInvalid)
	}
}

// Close ends the listener once the answer that is under way is written.
func (b *backListener) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return b.server.Shutdown(ctx)
}
