// Package store keeps everything that is a row: the log, cases, people, tokens,
// cursors, work, and what is derived from the log. It implements the small
// interfaces that archive, cases, collectors, detect and alerts declare, on
// SQLite (ncruces, the whole database encrypted with Adiantum) and on
// PostgreSQL, with the same SQL text.
//
// The rules that every statement here keeps: placeholders are $1, $2, … in
// order of first use; times are BIGINT, Unix microseconds UTC; JSON is decoded
// in Go; identifiers are made in Go; a transaction that writes begins with a
// write; text that came from a person or a platform is sealed under the case
// key, and what is looked up by is a keyed hash.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "github.com/ncruces/go-sqlite3/driver"
	sqlitevfs "github.com/ncruces/go-sqlite3/vfs"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum"
	"github.com/pressly/goose/v3"

	"daybook"
	"daybook/archive"
)

//go:embed migrations/*.sql
var migrations embed.FS

// A DB is an open store. Its methods may be called from several goroutines.
type DB struct {
	write *sql.DB
	read  *sql.DB
	skip  string                   // " FOR UPDATE SKIP LOCKED" on PostgreSQL: the only difference in the SQL
	uri   func(path string) string // of an encrypted SQLite file; nil on PostgreSQL
	ended func()                   // after Close; nil: nothing is left to do

	bulk     statements
	flagging *flagging

	senders  senderCases   // what DB.Links keeps in memory
	profiles profileReader // where it reads profiles

	// Keys opens and seals what lies in the rows.
	Keys *archive.Keyring
}

// OpenSQLite opens, or makes, the database file at path. The whole file is
// encrypted with a key derived from the instance key; with another key the
// error wraps archive.ErrWrongKey, and nothing is changed.
func OpenSQLite(ctx context.Context, path string, key archive.InstanceKey) (*DB, error) {
	return OpenSQLiteOn(ctx, "adiantum", path, key)
}

// OpenSQLiteOn is OpenSQLite on another SQLite VFS, which has to encrypt as
// "adiantum" does: tests put one between it and the disk that loses writes.
func OpenSQLiteOn(ctx context.Context, vfs, path string, key archive.InstanceKey) (*DB, error) {
	below := sqlitevfs.Find(vfs)
	if below == nil {
		return nil, fmt.Errorf("open store: there is no VFS %q", vfs)
	}
	gathered := vfs + "-gathered"
	sqlitevfs.Register(gathered, gatheredVFS{below})
	db := &DB{uri: func(path string) string {
		fileKey := key.Derive("daybook/sqlite/v1")
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?vfs=" + gathered + "&hexkey=" + hex.EncodeToString(fileKey[:])
	}}
	dsn := func(extra string) string {
		return db.uri(path) +
			"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
			"&_pragma=secure_delete(ON)&_pragma=temp_store(memory)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(8000)" + extra
	}
	var err error
	if db.write, err = sql.Open("sqlite3", dsn("")); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = sql.Open("sqlite3", dsn("&_pragma=query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), db.write.Close())
	}
	db.read.SetMaxOpenConns(4)
	if err := db.start(ctx, goose.DialectSQLite3, key); err != nil {
		if strings.Contains(err.Error(), "file is not a database") {
			err = fmt.Errorf("%w: %w", archive.ErrWrongKey, err)
		}
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// OpenPostgres opens the database at a postgres:// URL and makes its tables.
func OpenPostgres(ctx context.Context, dsn string, key archive.InstanceKey) (*DB, error) {
	w, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	w.SetMaxOpenConns(16)
	w.SetMaxIdleConns(16)
	db := &DB{write: w, read: w, skip: " FOR UPDATE SKIP LOCKED"}
	if err := db.start(ctx, goose.DialectPostgres, key); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) start(ctx context.Context, dialect goose.Dialect, key archive.InstanceKey) error {
	db.flagging = newFlagging()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	p, err := goose.NewProvider(dialect, db.write, files)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the store's tables up to date: %w", err)
	}
	if db.Keys, err = archive.OpenKeyring(ctx, key, db); err != nil {
		return err
	}
	return db.prepare(ctx, insertEntry, insertPayload, upsertSeen)
}

// Close closes the store.
func (db *DB) Close() error {
	err := db.write.Close()
	if db.read != nil && db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	if db.ended != nil {
		db.ended()
	}
	return err
}

// Truncate leaves as little of what was deleted on the disk as the engine lets.
// On SQLite it moves what lies in the write-ahead log into the database, whose
// free pages are overwritten, and empties the log. On PostgreSQL it has the dead
// rows of the tables with content removed, unless an older transaction can still
// see them; the server keeps its own log for as long as it is set up to.
func (db *DB) Truncate(ctx context.Context) error {
	if db.uri == nil {
		tables := append(slices.Clone(derivedTables), ofCase...)
		tables = append(tables, "erasure", "case_", "lane", "account_token")
		if _, err := db.write.ExecContext(ctx, `VACUUM `+strings.Join(tables, ", ")); err != nil {
			return fmt.Errorf("remove dead rows: %w", err)
		}
		return nil
	}
	var busy, frames, moved int
	if err := db.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("empty the write-ahead log: somebody reads from it; try again")
	}
	return nil
}

// BackupTo writes a copy of the database, encrypted with the same key, to a new
// file, while it is in use. SQLite only: daybook.ErrInvalid otherwise.
func (db *DB) BackupTo(ctx context.Context, path string) error {
	if db.uri == nil {
		return fmt.Errorf("copy the database: %w: a PostgreSQL server is backed up with its own tools", daybook.ErrInvalid)
	}
	if _, err := db.write.ExecContext(ctx, `VACUUM INTO $1`, db.uri(path)); err != nil {
		return errors.New("copy the database: it could not be written to " + path) // the driver's text has the key
	}
	return nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

type txKey struct{}

// Update runs fn in one transaction. Calls made with the context that fn gets
// belong to it; a further Update joins it.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	if _, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		return fn(ctx)
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{}, tx)); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// from returns where to read: the transaction of ctx, or the readers' pool.
func (db *DB) from(ctx context.Context) querier {
	if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		return tx
	}
	return db.read
}

// to returns where to write: the transaction of ctx, or the writers' pool, where
// each statement is a transaction of its own.
func (db *DB) to(ctx context.Context) querier {
	if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		return tx
	}
	return db.write
}

// values returns "($1,$2),($3,$4)" for rows of cols columns; on SQLite
// "(?,?),(?,?)", which means the same there: SQLite looks each $N up by its name
// among all that came before, and a thousand of them cost more than the rows.
func (db *DB) values(rows, cols int) string {
	var b strings.Builder
	b.Grow(rows * cols * 5)
	n := 1
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		for c := range cols {
			if c == 0 {
				b.WriteByte('(')
			} else {
				b.WriteByte(',')
			}
			db.placeholder(&b, n)
			n++
		}
		b.WriteByte(')')
	}
	return b.String()
}

func (db *DB) placeholder(b *strings.Builder, n int) {
	if db.uri != nil {
		b.WriteByte('?')
		return
	}
	b.WriteByte('$')
	b.WriteString(strconv.Itoa(n))
}

// micros is how a time stands in a column: Unix microseconds UTC, 0 for the
// zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
