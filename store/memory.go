package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3/vfs/memdb"
	"github.com/pressly/goose/v3"

	"daybook"
	"daybook/archive"
)

// OpenMemory opens an empty store in memory, under a key that is thrown away
// with it: for deriving from a part of a log, without anybody else seeing it.
// Nothing of it is ever in a file, and Close ends it.
func OpenMemory(ctx context.Context) (*DB, error) {
	var key archive.InstanceKey
	rand.Read(key[:])
	name := "/" + daybook.NewID()
	memdb.Create(name, nil) // kept until it is deleted, also while no connection is open
	db := &DB{
		uri:   func(path string) string { return "file:" + path + "?vfs=memdb" },
		ended: func() { memdb.Delete(name) },
	}
	dsn := func(extra string) string {
		return db.uri(name) + "&_pragma=busy_timeout(10000)&_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)&_pragma=temp_store(memory)" + extra
	}
	var err error
	if db.write, err = sql.Open("sqlite3", dsn("")); err != nil {
		return nil, fmt.Errorf("open a store in memory: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = sql.Open("sqlite3", dsn("&_pragma=query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open a store in memory: %w", err), db.write.Close())
	}
	db.read.SetMaxOpenConns(2)
	if err := db.start(ctx, goose.DialectSQLite3, key); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// AddCase makes a case with a key of its own under an id that another store
// gave it.
func (db *DB) AddCase(ctx context.Context, row archive.CaseRow) error {
	wrapped, key := db.Keys.NewCaseKey(row.ID)
	row.WrappedKey, row.Name = wrapped, key.Seal("case-name", nil)
	return db.PutCase(ctx, row)
}
