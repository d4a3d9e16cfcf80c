package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"daybook"
	"daybook/archive"
	tsa "daybook/archive/stamp"
	"daybook/cases"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
	"daybook/collectors/upload/xarchive"
	"daybook/config"
	"daybook/index"
	"daybook/internal/lockfile"
	"daybook/signin"
	"daybook/store"
)

// An app is one open instance: everything wired together. One process has it.
type app struct {
	cfg    config.Config
	logger *slog.Logger
	clock  func() time.Time
	lock   *lockfile.Lock

	db       *store.DB
	log      *archive.Log
	index    *index.Index
	cases    *cases.Cases
	mastodon mastodon.Config
	x        twitter.Config
	spend    *twitter.Counter // of accounts on X
	runner   *collectors.Runner
	formats  []upload.Format // of files that a person adds
	owner    string          // names this process; another start, another name
	messages *store.MessageFollower
	parsers  map[daybook.Platform]store.Parser
	linking  *linking
	alerts   *alerting
	stamps   *stamping
	erasing  *erasing
	desk     *signin.Desk                                      // once the pages are open
	warm     func(ctx context.Context, c daybook.CaseID) error // of the pages: nil without them
	idle     time.Duration                                     // after which a session locks; 0: signin.IdleLock
}

type appOptions struct {
	log       *slog.Logger
	clock     func() time.Time
	elapsed   func() time.Duration  // nil: runs with the machine's clock
	notice    io.Writer             // where the recovery sheet of a first start goes
	exception *collectors.Exception // nil except in demo and tests
	mailer    mailer                // nil: the one of the configuration
	looks     []time.Duration       // nil: those of the configuration
}

func databasePath(cfg config.Config) string { return filepath.Join(cfg.Data, "daybook.db") }
func blobPath(cfg config.Config) string     { return filepath.Join(cfg.Data, "blobs") }
func indexPath(cfg config.Config) string    { return filepath.Join(cfg.Data, "index") }
func highWaterPath(cfg config.Config) string {
	return filepath.Join(filepath.Dir(cfg.KeyFile), "high-water.json")
}

// socketPath is where a running daybook listens for others of the same user.
func socketPath(cfg config.Config) string { return filepath.Join(cfg.Data, "daybook.sock") }

// openApp opens the instance of a configuration. The first time, it makes the
// data folder and the key, and writes the recovery sheet to notice. After that,
// a missing key, a missing database or one that belongs to another key is an
// error that changes nothing: never a new empty store in the place of an old one.
func openApp(ctx context.Context, cfg config.Config, o appOptions) (_ *app, err error) {
	a := &app{cfg: cfg, logger: o.log, clock: o.clock, owner: daybook.NewID(), formats: []upload.Format{xarchive.Format()}}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if a.lock, err = lockfile.Acquire(cfg.Data); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	water, err := archive.OpenHighWater(highWaterPath(cfg))
	if err != nil {
		return nil, err
	}
	key, err := instanceKey(cfg, len(water.All()) > 0, o.notice)
	if err != nil {
		return nil, err
	}
	if cfg.Database.Engine == "postgres" {
		a.db, err = store.OpenPostgres(ctx, cfg.Database.URL.Reveal(), key)
	} else if err = private(databasePath(cfg)); err == nil {
		a.db, err = store.OpenSQLite(ctx, databasePath(cfg), key)
	}
	if errors.Is(err, archive.ErrWrongKey) {
		return nil, fmt.Errorf("open %s: %w", databasePath(cfg), archive.ErrWrongKey) // the driver's words say less
	}
	if err != nil {
		return nil, err
	}
	if cfg.Database.Engine == "sqlite" { // the lock on the folder says that nobody else is there
		if err := a.db.FreeLeases(ctx); err != nil {
			return nil, err
		}
	}
	blobs, err := archive.NewFolder(blobPath(cfg))
	if err != nil {
		return nil, err
	}
	authorities, problems := readAuthorities(cfg.TimeStamps)
	a.log, err = archive.Open(ctx, archive.Config{Storage: a.db, Keys: a.db.Keys, Blobs: blobs, HighWater: water, Clock: o.clock,
		Stamping: archive.Stamping{Authorities: tsa.Names(authorities), Check: tsa.Checker(authorities)}})
	if err != nil {
		return nil, err
	}
	a.stamps = newStamping(a, authorities, problems)
	a.index, err = index.Open(index.Config{Dir: indexPath(cfg), Keys: a.db.Keys, Versions: a.db, Tombs: a.db, Heads: a.db, Logger: o.log})
	if err != nil {
		return nil, err
	}
	a.mastodon = mastodon.Config{Now: o.clock, Exception: o.exception}
	drivers := []collectors.Driver{mastodon.Driver(a.mastodon), a.openX(o.exception)}
	if !cfg.Media.Fetch {
		for i := range drivers {
			drivers[i] = withoutMedia(drivers[i])
		}
	}
	a.parsers = map[daybook.Platform]store.Parser{
		mastodon.Platform: parserOf(mastodon.Version, collectors.Driver{Parse: mastodon.Parse, Profiles: mastodon.Profiles}.Guarded(o.log)),
		twitter.Platform:  parserOf(twitter.Version, collectors.Driver{Parse: twitter.Parse, Profiles: twitter.Profiles}.Guarded(o.log)),
	}
	a.db.ReadProfiles(a.log, a.parsers)
	a.linking = &linking{db: a.db}
	a.messages = a.db.Messages(a.parsers)
	a.erasing = &erasing{app: a}
	a.cases = cases.New(cases.Config{
		Store: a.db, Log: a.log, Messages: a.db, Clock: o.clock, Logger: o.log,
		Schedule: collectors.Schedule{Queue: a.db, Clock: o.clock, PollEvery: time.Duration(cfg.Collect.Every)},
		CatchUp:  func(ctx context.Context, c daybook.CaseID) error { return a.log.CatchUp(ctx, c, a.messages) },
		Erasing: cases.Erasing{
			Erasures: a.db, Eraser: a.erasing, Engine: cfg.Database.Engine,
			After: days(cfg.Erase.Days), Backups: days(cfg.Backups.KeepDays),
		},
		KeptFromPublic: keptFromPublic(cfg),
	})
	a.alerts = newAlerting(a, o.mailer)
	looks := o.looks
	if looks == nil {
		for _, d := range cfg.Collect.SecondLooks {
			looks = append(looks, time.Duration(d))
		}
	}
	a.runner = collectors.NewRunner(collectors.Config{
		Drivers: drivers, Log: a.log, Ledger: a.db, Accounts: a.db, Queue: a.db, Tombs: a.db, Tokens: endedTokens{a}, Owner: a.owner,
		Logger: o.log, Clock: o.clock, Elapsed: o.elapsed, PollEvery: time.Duration(cfg.Collect.Every), LookAfter: looks, MaxMedia: cfg.Media.MaxBytes,
		OnStopped: a.alerts.stopped,
	})
	return a, nil
}

// withoutMedia makes a driver's sources fetch no attachments. That they were not
// fetched is recorded.
// parserOf returns what reads the captures of a driver again.
func parserOf(version string, d collectors.Driver) store.Parser {
	return store.Parser{Version: version, Parse: d.Parse, Profiles: d.Profiles}
}

func withoutMedia(d collectors.Driver) collectors.Driver {
	open := d.Open
	d.Open = func(ctx context.Context, a daybook.Account, secret []byte) (collectors.Source, error) {
		s, err := open(ctx, a, secret)
		if err != nil {
			return nil, err
		}
		return textOnly{s}, nil
	}
	return d
}

type textOnly struct{ collectors.Source }

// Resumes implements collectors.Resumer.
func (t textOnly) Resumes(lane daybook.Lane) bool {
	r, ok := t.Source.(collectors.Resumer)
	return ok && r.Resumes(lane)
}

// Every implements collectors.Paced.
func (t textOnly) Every(lane daybook.Lane) time.Duration {
	p, ok := t.Source.(collectors.Paced)
	if !ok {
		return 0
	}
	return p.Every(lane)
}

// Media implements collectors.Source.
func (textOnly) Media(context.Context, daybook.Media) ([]byte, daybook.Exchange, error) {
	return nil, daybook.Exchange{}, collectors.ErrNotFetched
}

// private makes the database's file, empty, if it is not there: SQLite would
// make it readable to everybody whom the folder lets in.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return f.Close()
}

// instanceKey reads the key, or makes one for an instance that has never been
// started.
func instanceKey(cfg config.Config, hasBeen bool, notice io.Writer) (archive.InstanceKey, error) {
	key, err := archive.ReadInstanceKey(cfg.KeyFile)
	hasData := cfg.Database.Engine == "postgres"
	if !hasData {
		_, statErr := os.Stat(databasePath(cfg))
		hasData = statErr == nil
	}
	switch {
	case err == nil && hasBeen && !hasData:
		return key, fmt.Errorf("open %s: %w: %w", databasePath(cfg), errNoDatabase, archive.ErrRolledBack)
	case err == nil:
		return key, nil
	case !errors.Is(err, os.ErrNotExist):
		return key, err
	case cfg.Database.Engine == "sqlite" && hasData:
		return key, fmt.Errorf("%w: there is data in %s, but no key at %s", archive.ErrWrongKey, cfg.Data, cfg.KeyFile)
	}
	if key, err = archive.NewInstanceKey(cfg.KeyFile); err != nil {
		return key, err
	}
	return key, writeRecoverySheet(notice, cfg, key)
}

// writeRecoverySheet tells the person who starts daybook for the first time
// what they must keep.
func writeRecoverySheet(w io.Writer, cfg config.Config, key archive.InstanceKey) error {
	_, err := fmt.Fprintf(w, `---- recovery sheet: print this, or write it down, and keep it away from this machine ----
Everything that is kept here can be opened with this key and with nothing else:

    %s

The key lies in  %s
The data lies in %s
The key is not part of any backup. If both the file and this sheet are lost, the
data is lost. Whoever has the key and the data can read everything.
To put the key back: daybook key restore
-------------------------------------------------------------------------------------------
`, key.Text(), cfg.KeyFile, cfg.Data)
	return err
}

// Close closes what is open, in the opposite order.
func (a *app) Close() error {
	var errs []error
	if a.index != nil {
		errs = append(errs, a.index.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Release())
	}
	return errors.Join(errs...)
}

// followers are what is derived from a log, in the order in which one needs the
// other: the index asks for the versions of messages, alerts for all facts.
func (a *app) followers() []archive.Follower {
	return []archive.Follower{a.messages, a.index, a.alerts.follower}
}

// catchUp brings everything that is derived from a case's log up to its end. An
// index that was found damaged is built again; what an erasure or a rebuild has
// made begin again meanwhile does.
func (a *app) catchUp(ctx context.Context, c daybook.CaseID) error {
	return a.catchUpWith(ctx, c, a.followers()...)
}

// catchUpWith is catchUp for some of what is derived. Where one stumbles over a
// message, that case is behind and all others are not.
func (a *app) catchUpWith(ctx context.Context, c daybook.CaseID, followers ...archive.Follower) error {
	derive := func() error {
		return survive(ctx, a.logger.With(slog.String("case", string(c))), "what is derived from a log", func() error { return a.log.CatchUp(ctx, c, followers...) })
	}
	err := derive()
	if errors.Is(err, index.ErrBehind) || errors.Is(err, archive.ErrBehind) {
		err = derive()
	}
	return err
}

// settle is what follows every append: derive, plan mails, sign. The log is signed
// also where something could not be derived from it, unless it is not what it was.
func (a *app) settle(ctx context.Context, c daybook.CaseID) error {
	err := a.catchUp(ctx, c)
	if errors.Is(err, archive.ErrBroken) {
		return err
	}
	_, signed := a.log.Checkpoint(ctx, c)
	return errors.Join(err, signed)
}
