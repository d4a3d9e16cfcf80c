package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/alerts"
	"daybook/archive"
	"daybook/cases"
	"daybook/collectors"
	"daybook/config"
	"daybook/internal/fakemastodon"
	"daybook/internal/pgtest"
)

// What the sender whose messages are erased has written, is called, and sent.
const (
	goneText    = "quokkafrost"
	goneEdited  = "quokkathaw"
	goneHandle  = "quokkarook"
	goneDisplay = "quokkaplume"
	goneFile    = "quokkanest"
	goneAlt     = "quokkatwig"
	goneReason  = "quokkawish"
	goneOwn     = "quokkalane"
	goneCase    = "quokkagarden"
	goneLabel   = "quokkadesk"
)

// ofMessages is what an erasure of that sender's messages has to take.
var ofMessages = []string{goneText, goneEdited, goneHandle, goneDisplay, goneFile, goneAlt}

// A plot is a case with two senders on an instance of its own.
type plot struct {
	t       *testing.T
	dir     string
	cfg     config.Config
	server  *fakemastodon.Server
	app     *app
	now     time.Time
	start   time.Time
	logged  bytes.Buffer
	mails   int
	id      daybook.CaseID
	account daybook.Account
	actor   daybook.Actor
	sender  *fakemastodon.Person
	post    *fakemastodon.Status
	wren    *fakemastodon.Person
}

// Notify is the plot's mail.
func (p *plot) Notify(context.Context, alerts.Notification) error { p.mails++; return nil }

func newPlot(t *testing.T, set func(*config.Config)) *plot {
	p := &plot{t: t, dir: t.TempDir(), actor: cases.Operator("test")}
	p.cfg = killConfig(p.dir)
	set(&p.cfg)
	p.server = fakemastodon.New(fakemastodon.Options{Domain: "social.example"})
	p.now = p.server.Now()
	p.start = p.now
	p.open()
	p.wren = p.server.Person("wren", "Wren")
	p.sender = p.server.Person(goneHandle+"@birds.example", goneDisplay)
	p.sender.Profile(goneDisplay, goneText)
	kestrel := p.server.Person("kestrel@birds.example", "Kestrel")
	var err error
	p.id, err = p.app.log.NewCase(t.Context(), p.actor, goneCase, "UTC")
	p.must(err)
	account, secret, err := p.app.mastodon.FromToken(t.Context(), "social.example", p.server.Token(p.wren))
	p.must(err)
	account.Case = p.id
	p.account, err = p.app.cases.Connect(t.Context(), p.actor, account, secret, daybook.Consent{Scopes: []string{"read"}, Purpose: "test", Text: "1"})
	p.must(err)
	r := alerts.NewRecipient(p.id, alerts.Adviser, "adviser@charity.example", "UTC")
	r.Label, r.QuietFrom, r.QuietUntil = goneLabel, 0, 0
	p.must(p.app.alerts.add(t.Context(), p.actor, r))
	p.must(p.app.cases.AddOwn(t.Context(), p.actor, p.id, daybook.OwnDetail{Kind: daybook.OwnName, Value: goneOwn}))
	p.post = p.sender.Post("@wren "+goneText, fakemastodon.With(p.server.File([]byte(strings.Repeat(goneFile, 10_000)), "image/png", goneAlt)))
	p.sender.Direct(p.wren, goneText+" once more")
	kestrel.Post("@wren an ordinary message", fakemastodon.With(p.server.File([]byte(strings.Repeat("plain", 1000)), "image/png", "a door")))
	p.collect()
	p.tick(time.Minute)
	p.post.Edit("@wren " + goneEdited)
	p.tick(10 * time.Minute)
	p.collect()
	return p
}

func (p *plot) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plot) open() {
	p.t.Helper()
	a, err := openApp(context.WithoutCancel(p.t.Context()), p.cfg, appOptions{
		log:   slog.New(slog.NewJSONHandler(&p.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		clock: func() time.Time { return p.now }, elapsed: func() time.Duration { return p.now.Sub(p.start) }, notice: io.Discard, mailer: p,
		exception: &collectors.Exception{Hosts: map[string]http.Handler{"social.example": p.server}},
	})
	p.must(err)
	p.app = a
}

func (p *plot) close() {
	p.t.Helper()
	p.must(p.app.Close())
}

func (p *plot) reopen() {
	p.t.Helper()
	p.close()
	p.open()
}

func (p *plot) tick(d time.Duration) {
	p.server.Wait(d)
	p.now = p.server.Now()
}

func (p *plot) collect() collectors.Report {
	p.t.Helper()
	r, err := p.app.collect(p.t.Context(), p.account)
	p.must(err)
	return r
}

// messages returns the messages of the case, by whether the sender that is erased
// wrote them.
func (p *plot) messages() (theirs, others []daybook.Message) {
	p.t.Helper()
	all, _, err := p.app.db.List(p.t.Context(), p.id, daybook.MessageFilter{}, 100, "")
	p.must(err)
	for _, m := range all {
		if strings.Contains(m.Sender.Native, goneHandle) {
			theirs = append(theirs, m)
		} else {
			others = append(others, m)
		}
	}
	return theirs, others
}

// entries names the messages of that sender by their last captures.
func (p *plot) entries() []uint64 {
	p.t.Helper()
	theirs, others := p.messages()
	if len(theirs) != 2 || len(others) == 0 {
		p.t.Fatalf("%d messages of the sender and %d others: the test plays nothing", len(theirs), len(others))
	}
	var out []uint64
	for _, m := range theirs {
		out = append(out, m.Captures[len(m.Captures)-1])
	}
	return out
}

// hits counts what a search finds.
func (p *plot) hits(words string) uint64 {
	p.t.Helper()
	p.must(p.app.catchUp(p.t.Context(), p.id))
	found, err := p.app.index.Search(p.t.Context(), mustQuery(p.t, p.app, p.id, words))
	p.must(err)
	return found.Total
}

func (p *plot) verify() archive.Report {
	p.t.Helper()
	r, err := p.app.log.Verify(p.t.Context(), p.id)
	p.must(err)
	if r.Answer != archive.OK {
		p.t.Errorf("verify: %s %v", r.Answer, r.Problems)
	}
	return r
}

// isGone looks for words wherever somebody with the key could find them: in each
// entry, in each column of the database, opened, in lists and by a search; and in
// every file as it lies there.
func (p *plot) isGone(words []string) {
	p.t.Helper()
	look := func(where string, b []byte) {
		p.t.Helper()
		low := bytes.ToLower(b)
		for _, w := range words {
			if bytes.Contains(low, []byte(w)) {
				p.t.Errorf("%s holds %q", where, w)
			}
		}
	}
	for e, err := range p.app.log.Entries(p.t.Context(), p.id, 0) {
		p.must(err)
		for _, f := range e.Record.Fields {
			look(fmt.Sprintf("entry %d, field %s", e.Index, f.Name), f.Value)
		}
	}
	for _, w := range words {
		if n := p.hits(w); n > 0 {
			p.t.Errorf("a search for %q finds %d", w, n)
		}
	}
	theirs, others := p.messages()
	b, err := json.Marshal(append(theirs, others...))
	p.must(err)
	look("the list", b)
	p.eachColumn(func(where string, b []byte) { look(where, b) })
	p.inFiles(words)
}

func (p *plot) inFiles(words []string) {
	p.t.Helper()
	was := marks
	marks = words
	defer func() { marks = was }()
	if n := searchFiles(p.t, p.dir, nil); n < 3 {
		p.t.Errorf("only %d files were searched", n)
	}
	searchBytes(p.t, "the log of the program", p.logged.Bytes(), nil)
}

// eachColumn calls fn with every value of every table, and with what it holds if
// the key of the case opens it.
func (p *plot) eachColumn(fn func(where string, b []byte)) {
	p.t.Helper()
	var (
		db     *sql.DB
		tables []string
		err    error
	)
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if p.cfg.Database.Engine == "postgres" {
		db, err = sql.Open("pgx", p.cfg.Database.URL.Reveal())
		query = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	} else {
		key, kerr := archive.ReadInstanceKey(p.cfg.KeyFile)
		p.must(kerr)
		file := key.Derive("daybook/sqlite/v1")
		db, err = sql.Open("sqlite3", "file:"+(&url.URL{Path: databasePath(p.cfg)}).EscapedPath()+"?vfs=adiantum&hexkey="+hex.EncodeToString(file[:])+"&_pragma=query_only(1)")
	}
	p.must(err)
	defer db.Close() //nolint:errcheck // only read from
	rows, err := db.QueryContext(p.t.Context(), query)
	p.must(err)
	for rows.Next() {
		var name string
		p.must(rows.Scan(&name))
		tables = append(tables, name)
	}
	p.must(rows.Err())
	p.must(rows.Close())
	caseKey, err := p.app.db.Keys.Case(p.t.Context(), p.id)
	p.must(err)
	opened := map[string]int{}
	for _, table := range tables {
		rows, err := db.QueryContext(p.t.Context(), `SELECT * FROM `+table)
		p.must(err)
		names, err := rows.Columns()
		p.must(err)
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			p.must(rows.Scan(values...))
			var texts []string
			for _, v := range values {
				texts = append(texts, fmt.Sprint(*v.(*any)))
			}
			for i, v := range values {
				where := table + "." + names[i]
				b, ok := (*v.(*any)).([]byte)
				if !ok {
					fn(where, []byte(texts[i]))
					continue
				}
				fn(where, b)
				if plain := openAny(caseKey, table, texts, b); plain != nil {
					opened[table]++
					fn(where+", opened", plain)
				}
			}
		}
		p.must(rows.Err())
		p.must(rows.Close())
	}
	for _, table := range []string{"message_content", "handle", "consent_event", "case_", "lane"} {
		if opened[table] == 0 {
			p.t.Errorf("nothing of table %s could be opened: the test looks for nothing", table)
		}
	}
}

// openAny opens a sealed value by the places that its row may name.
func openAny(key *archive.CaseKey, table string, row []string, sealed []byte) []byte {
	places := []string{"case-name", "task", "lane", "own"}
	kinds := []string{table, "message", "handle", "decision", "gap", "consent", "picture", "erasure", "mail", "recipient", "told", "saved_search"}
	for _, kind := range kinds {
		for _, v := range row[:min(len(row), 3)] {
			places = append(places, kind+"/"+v)
		}
	}
	for _, place := range places {
		if plain, err := key.Open(place, sealed); err == nil {
			return plain
		}
	}
	return nil
}

func onSQLite(*config.Config) {}

func onPostgres(t *testing.T) func(*config.Config) {
	url := pgtest.Start(t)
	return func(cfg *config.Config) { cfg.Database = config.Database{Engine: "postgres", URL: config.Secret(url)} }
}

// B-6: what was erased is nowhere any more, for whoever has the key too; it does
// not come again; everything else is as it was.
func TestEraseNow_B6_C10(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { playEraseNow(t, newPlot(t, onSQLite)) })
	t.Run("postgres", func(t *testing.T) { playEraseNow(t, newPlot(t, onPostgres(t))) })
}

func playEraseNow(t *testing.T, p *plot) {
	ctx := t.Context()
	entries := p.entries()
	for _, w := range []string{goneText, goneEdited} {
		if p.hits(w) == 0 {
			t.Errorf("a search for %q finds nothing before", w)
		}
	}
	blobs := countFiles(t, blobPath(p.cfg))
	plan, err := p.app.cases.PlanErasure(ctx, p.actor, p.id, entries)
	p.must(err)
	if plan.Messages != 2 || plan.Versions < 3 || plan.Media < 1 || len(plan.Entries) < 4 || len(plan.Kept) > 0 || plan.Whole {
		t.Errorf("the plan: %+v", plan)
	}
	e, err := p.app.cases.EraseNow(ctx, p.actor, p.id, entries, goneReason)
	p.must(err)
	if e.State != cases.ErasureDone || !slices.Equal(e.Entries, plan.Entries) {
		t.Errorf("the erasure: %+v; the plan had entries %v", e, plan.Entries)
	}
	if theirs, others := p.messages(); len(theirs) != 0 || len(others) == 0 {
		t.Errorf("%d messages of the sender and %d others", len(theirs), len(others))
	}
	if r := p.verify(); r.Erased != len(plan.Entries) {
		t.Errorf("verify says that %d entries are erased, want %d", r.Erased, len(plan.Entries))
	}
	p.isGone(ofMessages)
	if n := countFiles(t, blobPath(p.cfg)); n >= blobs || n == 0 {
		t.Errorf("%d files of media, before %d", n, blobs)
	}

	// It does not come again: by a poll, by second looks, by making everything
	// derived again, by a start.
	size, _, err := p.app.log.Head(ctx, p.id)
	p.must(err)
	for range 3 {
		p.tick(30 * time.Hour)
		if r := p.collect(); r.New > 0 {
			t.Errorf("%d new items after the erasure", r.New)
		}
	}
	p.isGone(ofMessages)
	p.must(p.app.rebuild(ctx, p.id))
	p.reopen()
	p.isGone(ofMessages)
	if now, _, err := p.app.log.Head(ctx, p.id); err != nil || now < size {
		t.Errorf("the log has %d entries, %v", now, err)
	}
	// What the sender writes later is something else.
	p.sender.Post("@wren hello again")
	p.tick(time.Minute)
	p.collect()
	if theirs, _ := p.messages(); len(theirs) != 1 {
		t.Errorf("%d messages of the sender that came later, want 1", len(theirs))
	}
	p.verify()
	p.close()
	p.inFiles(ofMessages)
}

func countFiles(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
