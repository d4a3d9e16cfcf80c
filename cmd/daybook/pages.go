package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/signin"
	"daybook/web"
)

// pages are the web pages of an instance, on a listener of their own.
type pages struct {
	handler     http.Handler
	server      *web.Server // behind it
	bundles     *handover   // that it hands out
	imports     *importing  // that people add
	logger      *slog.Logger
	listener    net.Listener
	certificate *tls.Certificate
	address     string // as a browser names it
}

// openPages opens the port of the configuration.
func (a *app) openPages(ctx context.Context) (_ *pages, err error) {
	p := &pages{logger: a.logger}
	if a.cfg.Web.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(a.cfg.Web.Certificate, a.cfg.Web.CertificateKey)
		if err != nil {
			return nil, fmt.Errorf("%w: the certificate of the pages cannot be read: %w", daybook.ErrInvalid, err)
		}
		p.certificate = &cert
	}
	p.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: something else listens on %s; choose another port with listen in the configuration, or --listen", daybook.ErrInvalid, a.cfg.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("open the port of the pages: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.listener.Close())
		}
	}()
	_, port, err := net.SplitHostPort(p.listener.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("open the port of the pages: %w", err)
	}
	origin := a.cfg.Web.Address(port)
	p.address = origin.String()
	if a.desk, err = a.openDesk(origin.Hostname(), p.address); err != nil {
		return nil, err
	}
	if p.bundles, err = newHandover(a); err != nil {
		return nil, err
	}
	if p.imports, err = newImporting(a); err != nil {
		return nil, err
	}
	p.server, err = web.New(web.Config{
		Cases: a.cases, Desk: a.desk, Keys: a.db.Keys, Log: a.log, Index: a.index, Store: a.db, Logger: a.logger, Clock: a.clock,
		CatchUp: a.catchUp, Settle: a.settle, Mail: a.usualMail(), Linking: a.linking, Bundles: p.bundles, Imports: p.imports, Anchors: outside{a},
		Origin: origin, Proxies: a.cfg.Web.Trusted(), Country: a.cfg.Web.Country, Leave: a.cfg.Web.Leave, Connect: connector{a}, Idle: a.idle,
	})
	if err != nil {
		return nil, err
	}
	p.handler, a.warm = p.server, p.server.Warm
	return p, nil
}

// openDesk opens the sign-in. Passkeys belong to a name: with an address of
// numbers there are none.
func (a *app) openDesk(host, origin string) (*signin.Desk, error) {
	if net.ParseIP(host) != nil {
		host = ""
	}
	return signin.New(signin.Config{
		Store: a.db, People: a.cases, Sealer: a.db.Keys, Clock: a.clock, Logger: a.logger, Host: host, Origins: []string{origin}, Idle: a.idle,
	})
}

// run answers until ctx ends.
func (p *pages) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var (
		beside           sync.WaitGroup
		bundles, imports error
	)
	beside.Go(func() { bundles = p.bundles.run(ctx) })
	beside.Go(func() { imports = p.imports.run(ctx) })
	err := web.Serve(ctx, p.listener, p.certificate, p.handler, p.logger)
	stop()
	beside.Wait()
	return errors.Join(err, bundles, imports, p.server.Close())
}

// tidy removes what is over at the door: sessions, codes, tries.
func (a *app) tidy(ctx context.Context) error {
	return every(ctx, time.Hour, func() {
		if err := a.desk.Clean(ctx); err != nil && ctx.Err() == nil {
			a.logger.WarnContext(ctx, "old sessions could not be removed", slog.Any("err", err))
		}
	})
}

// firstCode makes the code of a first run, "" if somebody can sign in already.
func (a *app) firstCode(ctx context.Context, actor daybook.Actor) (string, error) {
	ready, err := a.desk.AnyReady(ctx)
	if err != nil || ready {
		return "", err
	}
	code, _, err := a.desk.NewCode(ctx, signin.FirstUp, "", actor)
	return code, err
}

type userCodeCommand struct {
	User    string `arg:"" help:"Identifier or name."`
	Recover bool   `help:"Replace the ways in that the user has: passphrase, passkeys and recovery codes stop working."`
}

func (cmd *userCodeCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.People); err != nil {
			return err
		}
		u, err := a.cases.FindUser(c.ctx, cmd.User)
		if err != nil {
			return err
		}
		if a.desk == nil {
			if a.desk, err = a.openDesk("", ""); err != nil {
				return err
			}
		}
		ways, err := a.desk.Ways(c.ctx, u.ID)
		if err != nil {
			return err
		}
		purpose := signin.SetUp
		switch {
		case cmd.Recover:
			purpose = signin.Recover
		case ways.Ready():
			return fmt.Errorf("%w: this user can sign in already; with --recover a new way in replaces the ones they have", daybook.ErrInvalid)
		}
		code, until, err := a.desk.NewCode(c.ctx, purpose, u.ID, actor)
		if err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]string{"code": code, "until": rfc(until)})
		}
		if _, err := fmt.Fprintf(c.err, "Hand this over by voice or on paper, not by mail. It is typed on the page “Set up”, and holds until %s.\n", until.Format("2 January 2006, 15:04 MST")); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, code)
		return err
	})
}
