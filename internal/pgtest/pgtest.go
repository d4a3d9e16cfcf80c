// Package pgtest gives tests a PostgreSQL server of their own. The first call of
// Start in a test binary makes a throw-away cluster; each call gets a fresh
// database in it. The cluster listens on a Unix socket in its own folder and on
// no port. It ends, and its folder goes, when the test binary ends, also when
// that is killed: a small shell waits for the end of a pipe.
//
// A test is skipped if there is no PostgreSQL, unless DAYBOOK_REQUIRE says that
// there must be (package need).
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"daybook/internal/need"
)

// Start returns the URL of a new, empty database. The database is dropped when
// the test ends. The server does not wait for the disk: it forgets everything in
// a power cut.
func Start(t testing.TB) string {
	t.Helper()
	return newDatabase(t, fast)
}

// StartDurable is like Start, on a second cluster that waits for the disk as one
// in use does: for tests of crashes, and for figures.
func StartDurable(t testing.TB) string {
	t.Helper()
	return newDatabase(t, durable)
}

// One cluster of each sort per test binary, made when it is first asked for.
var (
	fast = sync.OnceValues(func() (*cluster, error) {
		return startCluster("-c fsync=off -c full_page_writes=off -c synchronous_commit=off")
	})
	durable = sync.OnceValues(func() (*cluster, error) { return startCluster("") })
)

func newDatabase(t testing.TB, open func() (*cluster, error)) string {
	t.Helper()
	if _, ok := need.Find("initdb"); !ok {
		need.Missing(t, "PostgreSQL is not installed (Debian: apt-get install postgresql-15)")
	}
	c, err := open()
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ToLower(rand.Text())
	if err := c.exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return c.url(name)
}

type cluster struct {
	dir  string // holds data/, log and the socket
	stop io.WriteCloser
}

func (c *cluster) url(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.User("daybook"), Path: "/" + database,
		RawQuery: url.Values{"host": {c.dir}, "sslmode": {"disable"}}.Encode(),
	}).String()
}

// exec runs one statement in the database that is always there.
func (c *cluster) exec(statement string) error {
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err = db.ExecContext(ctx, statement); err != nil {
		err = fmt.Errorf("%s: %w", statement, err)
	}
	return errors.Join(err, db.Close())
}

// startCluster makes a cluster and waits until it answers.
func startCluster(options string) (*cluster, error) {
	// A socket's path has at most 107 bytes, and the temporary folder's may be
	// long already.
	base := os.TempDir()
	if len(base) > 60 {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "daybook-pg-")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	c := &cluster{dir: dir}
	if err := c.start(options); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return c, nil
}

// guard is the shell that owns the server. Its standard input is a pipe from
// the test binary: when that ends, however it does, read returns, and the
// server is stopped at once (SIGQUIT: nothing in it is worth keeping).
const guard = `
"$1"/initdb -D "$2"/data -A trust -U daybook --no-locale -E UTF8 --no-sync || exit
"$1"/postgres -D "$2"/data -c listen_addresses= -c unix_socket_directories="$2" -c shared_buffers=64MB -c max_connections=200 $3 &
server=$!
read -r line
kill -QUIT $server
wait $server
rm -rf "$2"
`

func (c *cluster) start(options string) error {
	initdb, _ := need.Find("initdb")
	if target, err := filepath.EvalSymlinks(initdb); err == nil {
		initdb = target
	}
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", guard, "pgtest", filepath.Dir(initdb), c.dir, options)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the tests first
	if err := c.giveAway(cmd); err != nil {
		return errors.Join(err, log.Close())
	}
	if c.stop, err = cmd.StdinPipe(); err != nil {
		return errors.Join(err, log.Close())
	}
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return c.waitUntilReady(ended)
}

// giveAway lets the command run as user postgres when the tests run as root,
// which PostgreSQL refuses.
func (c *cluster) giveAway(cmd *exec.Cmd) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(os.Chown(c.dir, int(uid), int(gid)), os.Chown(filepath.Join(c.dir, "log"), int(uid), int(gid)))
}

// waitUntilReady asks the server every 20 ms, for a minute at most.
func (c *cluster) waitUntilReady(ended <-chan error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended: %w\n%s", err, c.log())
		case <-deadline:
			return errors.Join(fmt.Errorf("the server does not answer\n%s", c.log()), c.stop.Close())
		case <-tick.C:
			if c.exec("SELECT 1") == nil {
				return nil
			}
		}
	}
}

func (c *cluster) log() []byte {
	b, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	return b
}
