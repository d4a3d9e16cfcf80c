package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/collectors/mastodon"
	"daybook/internal/work"
)

type connectCommands struct {
	Mastodon connectMastodonCommand `cmd:"" help:"A Mastodon, GoToSocial, Pleroma or Akkoma account."`
	X        connectXCommand        `cmd:"" help:"An account on X, if this instance reads those."`
}

type connectMastodonCommand struct {
	Case        string `required:"" help:"The case." placeholder:"CASE"`
	Server      string `required:"" help:"The person's own server, such as social.example."`
	TokenFile   string `help:"A file with a read-only token that the person made at their server ('-': standard input)." placeholder:"FILE" xor:"how"`
	CodeFile    string `help:"A file with the code that the server showed after 'daybook connect' printed an address ('-': standard input)." placeholder:"FILE" xor:"how"`
	Agree       bool   `help:"The person agrees to what is listed. Without it, they are asked on the terminal."`
	ConsentedBy string `help:"Who gave the consent, if not whoever runs this command." placeholder:"WHO"`
	Purpose     string `default:"keep a record of unwanted contact" help:"What for, in the person's words."`
}

// consentText is the version of the words that follow.
const consentText = "consent/2026-11"

const consentWords = `With your consent, daybook will, on this account alone:
%s
It keeps what reaches you, with the bytes as they came, sealed on this machine. It
never writes, answers, blocks, marks as read or accepts anything. It shows nothing
to anybody whom you have not chosen. The consent ends after 90 days unless you
renew it; you can pause or withdraw it at any time, and the token is then taken
back. %s
`

func (cmd *connectMastodonCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		if err := a.cases.Authorize(c.ctx, actor, id, cases.Connect); err != nil {
			return err
		}
		if cmd.TokenFile == "" && cmd.CodeFile == "" && !c.terminal {
			return cmd.begin(c, a, id)
		}
		if !cmd.Agree && !c.terminal {
			// Before anything is asked for at the server.
			return fmt.Errorf("%w: the person has to agree first: run this on a terminal, where they are asked, or with --agree if they have", errUsage)
		}
		account, secret, err := cmd.account(c, a, id)
		if err != nil {
			return err
		}
		account.Case = id
		seen := fmt.Sprintf("Whoever can open your account on the server can see there that an app named\n%q is connected.", mastodon.AppName)
		if err := c.agree(account, mastodon.Scopes(), seen, cmd.Agree); err != nil {
			return errors.Join(err, cmd.giveBack(c, a, account, secret))
		}
		consent := daybook.Consent{Scopes: mastodon.Scopes(), Purpose: cmd.Purpose, Text: consentText}
		if cmd.ConsentedBy != "" {
			consent.By = daybook.Actor{ID: cmd.ConsentedBy, Role: "owner", Via: actor.Via}
		}
		if account, err = a.cases.Connect(c.ctx, actor, account, secret, consent); err != nil {
			return err
		}
		return c.connected(a, account)
	})
}

// connected settles and prints what was connected.
func (c *call) connected(a *app, account daybook.Account) error {
	if err := a.settle(c.ctx, account.Case); err != nil {
		return err
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]daybook.AccountID{"account": account.ID})
	}
	_, err := fmt.Fprintln(c.out, account.ID)
	return err
}

// begin says where the person lets their server know that they agree. What
// waits for the code lies sealed among the tasks until it is used.
func (cmd *connectMastodonCommand) begin(c *call, a *app, id daybook.CaseID) error {
	p, err := a.mastodon.Begin(c.ctx, cmd.Server, mastodon.OutOfBand)
	if err != nil {
		return err
	}
	taskID, err := cmd.task(id)
	if err != nil {
		return err
	}
	args, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep the attempt: %w", err)
	}
	if err := a.db.Put(c.ctx, work.Task{ID: taskID, Kind: "connect", Case: string(id), Args: args, Due: c.clock()}); err != nil {
		return fmt.Errorf("keep the attempt: %w", err)
	}
	if _, err := fmt.Fprintln(c.err, "Open this address, signed in as the person, and agree. Put the code that the server\nshows into a file, and run the command again with --code-file FILE."); err != nil {
		return err
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]string{"address": p.URL})
	}
	_, err = fmt.Fprintln(c.out, p.URL)
	return err
}

// task is the identifier of the attempt to connect to a server.
func (cmd *connectMastodonCommand) task(id daybook.CaseID) (string, error) {
	server, err := mastodon.ServerURL(cmd.Server)
	if err != nil {
		return "", err
	}
	return "connect/" + string(id) + "/" + daybook.DigestOf([]byte(server)).String()[:16], nil
}

// account asks the server whose account this is.
func (cmd *connectMastodonCommand) account(c *call, a *app, id daybook.CaseID) (daybook.Account, []byte, error) {
	if cmd.TokenFile != "" {
		token, err := c.readSecret(cmd.TokenFile)
		if err != nil {
			return daybook.Account{}, nil, err
		}
		return a.mastodon.FromToken(c.ctx, cmd.Server, token)
	}
	if cmd.CodeFile == "" {
		p, err := a.mastodon.Begin(c.ctx, cmd.Server, mastodon.OutOfBand)
		if err != nil {
			return daybook.Account{}, nil, err
		}
		if _, err := fmt.Fprintf(c.err, "Open this address, signed in as the person, and agree:\n\n    %s\n\n", p.URL); err != nil {
			return daybook.Account{}, nil, err
		}
		code, err := c.ask("The code that the server shows: ")
		if err != nil {
			return daybook.Account{}, nil, err
		}
		return a.mastodon.Finish(c.ctx, p, code, "")
	}
	code, err := c.readSecret(cmd.CodeFile)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	taskID, err := cmd.task(id)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	tasks, err := a.db.Claim(c.ctx, "connect", string(id), "command line", c.clock(), time.Minute, 100)
	if err != nil {
		return daybook.Account{}, nil, err
	}
	for _, t := range tasks {
		if t.ID != taskID {
			continue
		}
		var p mastodon.Pending
		if err := json.Unmarshal(t.Args, &p); err != nil {
			return daybook.Account{}, nil, fmt.Errorf("read the attempt: %w", err)
		}
		account, secret, err := a.mastodon.Finish(c.ctx, p, code, "")
		if doneErr := a.db.Done(c.ctx, t, c.clock(), nil); err == nil {
			err = doneErr
		}
		return account, secret, err
	}
	return daybook.Account{}, nil, fmt.Errorf("%w: no attempt to connect to this server is waiting for a code; run the command without --code-file first", daybook.ErrInvalid)
}

// agree shows what the person agrees to, and asks unless they have agreed. seen
// says where somebody else could see it.
func (c *call) agree(account daybook.Account, scopes []string, seen string, agreed bool) error {
	list := ""
	for _, s := range scopes {
		list += "  - " + s + "\n"
	}
	if _, err := fmt.Fprintf(c.err, "Account: %s\n\n"+consentWords+"\n", shown(account.Handle.Shown()), list, seen); err != nil {
		return err
	}
	if agreed {
		return nil
	}
	answer, err := c.ask("Does the person agree? (yes/no): ")
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		return fmt.Errorf("%w: not connected: the person does not agree; nothing was kept", daybook.ErrInvalid)
	}
	return nil
}

// giveBack revokes a token that came with a code and is not to be used. A token
// that the person made is theirs.
func (cmd *connectMastodonCommand) giveBack(c *call, a *app, account daybook.Account, secret []byte) error {
	if cmd.TokenFile != "" {
		return nil
	}
	if err := mastodon.Driver(a.mastodon).Revoke(c.ctx, account, secret); err != nil {
		return fmt.Errorf("the server has not confirmed that the token is revoked; the person can revoke the app in the settings of their account: %w", err)
	}
	return nil
}

func (c *call) ask(question string) (string, error) {
	if _, err := fmt.Fprint(c.err, question); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(c.input, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

const maxSecret = 64 << 10

// readSecret reads a token, code or password from a file or standard input: a
// secret is never an argument, which other users of the machine could see.
func (c *call) readSecret(name string) (string, error) {
	var r io.Reader = c.input
	if name == "-" && c.app != nil {
		return "", fmt.Errorf("%w: a running daybook carries this out and has no standard input; give a file", errUsage)
	}
	if name != "-" {
		f, err := os.Open(c.path(name))
		if err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read from
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxSecret))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("%w: %s is empty", daybook.ErrInvalid, name)
	}
	return s, nil
}
