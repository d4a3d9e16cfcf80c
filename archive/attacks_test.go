package archive_test

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	flog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"daybook"
	"daybook/archive"
	"daybook/archive/archivetest"
	"daybook/archive/stamp"
	"daybook/internal/faketsa"
	"daybook/store"
)

// A scene is an instance on a real SQLite file, with a case of eight messages
// under a checkpoint, and with an intruder who can write to every table.
type scene struct {
	t        *testing.T
	dir      string
	key      archive.InstanceKey
	now      time.Time
	stamping archive.Stamping

	db       *store.DB
	log      *archive.Log
	c        daybook.CaseID
	intruder *sql.DB
	late     archive.Checkpoint // over all that there was
}

func newScene(t *testing.T, s archive.Stamping) *scene {
	t.Helper()
	w := &scene{t: t, dir: t.TempDir(), now: time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC), stamping: s}
	rand.Read(w.key[:])
	w.open()
	var err error
	if w.c, err = w.log.NewCase(t.Context(), archivetest.Actor, "Garden", "UTC"); err != nil {
		t.Fatal(err)
	}
	w.append(4)
	mustCheckpoint(t, w.log, w.c)
	w.append(4)
	w.late = mustCheckpoint(t, w.log, w.c)
	fileKey := w.key.Derive("daybook/sqlite/v1")
	w.intruder, err = sql.Open("sqlite3", "file:"+(&url.URL{Path: w.path()}).EscapedPath()+"?vfs=adiantum&hexkey="+hex.EncodeToString(fileKey[:])+"&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.check(w.intruder.Close()) })
	return w
}

func (w *scene) path() string { return filepath.Join(w.dir, "daybook.db") }

// open starts the instance, as after each boot.
func (w *scene) open() {
	w.t.Helper()
	var err error
	if w.db, err = store.OpenSQLite(w.t.Context(), w.path(), w.key); err != nil {
		w.t.Fatal(err)
	}
	db := w.db
	w.t.Cleanup(func() { w.check(db.Close()) })
	water, err := archive.OpenHighWater(filepath.Join(w.dir, "high-water.json"))
	w.check(err)
	w.log, err = archive.Open(w.t.Context(), archive.Config{Storage: w.db, Keys: w.db.Keys, Blobs: archivetest.NewMemory(),
		HighWater: water, Stamping: w.stamping, Clock: func() time.Time { return w.now }})
	w.check(err)
}

func (w *scene) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *scene) append(n int) {
	w.t.Helper()
	for i := range n {
		w.now = w.now.Add(time.Minute)
		_, err := w.log.Append(w.t.Context(), w.c, []daybook.Record{archivetest.Item(fmt.Sprint(i), "text")})
		w.check(err)
	}
}

func (w *scene) exec(statement string, args ...any) {
	w.t.Helper()
	_, err := w.intruder.ExecContext(w.t.Context(), statement, args...)
	w.check(err)
}

// cover writes hashes and head anew, so that they fit what is in the rows.
func (w *scene) cover() {
	w.t.Helper()
	rows, err := w.db.Rows(w.t.Context(), w.c, 0, 1000, true)
	w.check(err)
	head := rehashed(w.t, rows)
	for _, r := range rows {
		w.exec(`UPDATE log_entry SET hashes = ? WHERE case_id = ? AND idx = ?`, r.Hashes, string(w.c), int64(r.Index))
	}
	w.exec(`UPDATE log_head SET size = ?, frontier = ? WHERE case_id = ?`, int64(head.Size), head.Frontier, string(w.c))
}

// cut takes the entries from n on away, and leaves what fits to the rest.
func (w *scene) cut(n int, checkpoints, highWater bool) {
	w.t.Helper()
	for _, table := range []string{"log_entry", "log_payload"} {
		w.exec(`DELETE FROM `+table+` WHERE idx >= ?`, n)
	}
	w.cover()
	if checkpoints {
		w.exec(`DELETE FROM checkpoint WHERE size > ?`, n)
	}
	if highWater {
		w.check(os.Remove(filepath.Join(w.dir, "high-water.json")))
		w.open()
	}
}

// shift gives the entries from n on numbers that are greater by one.
func (w *scene) shift(from, by int) {
	w.t.Helper()
	for _, table := range []string{"log_entry", "log_payload"} {
		w.exec(`UPDATE `+table+` SET idx = -idx WHERE idx >= ?`, from)
		w.exec(`UPDATE `+table+` SET idx = -idx + ? WHERE idx < 0`, by)
	}
}

// swap exchanges two entries.
func (w *scene) swap(a, b int) {
	w.t.Helper()
	for _, table := range []string{"log_entry", "log_payload"} {
		for _, move := range [][2]int{{a, -1}, {b, a}, {-1, b}} {
			w.exec(`UPDATE `+table+` SET idx = ? WHERE idx = ?`, move[1], move[0])
		}
	}
}

// What an intruder does, and what a person reads of it afterwards.
func TestAttackTable_B2_B3(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(w *scene)
		answer archive.Answer
		says   string // one of the problems or, if it is ok, of the remarks
	}{
		{"nothing", func(*scene) {}, archive.OK, ""},

		{"alter a message", func(w *scene) {
			w.exec(`UPDATE log_payload SET sealed = zeroblob(length(sealed)) WHERE idx = 3`)
		}, archive.Broken, "entry 3: its content does not open: it was altered or moved"},
		{"put another message in its place", func(w *scene) {
			w.exec(`UPDATE log_payload SET (wrapped_key, sealed) = (SELECT wrapped_key, sealed FROM log_payload WHERE idx = 4) WHERE idx = 3`)
		}, archive.Broken, "entry 3: its content does not open: it was altered or moved"},
		{"alter when it was written", func(w *scene) {
			w.exec(`UPDATE log_entry SET logged = logged + 1000000 WHERE idx = 3`)
		}, archive.Broken, "entry 3: the time that it is listed with is not the one that it was written with"},
		{"alter what kind of entry it is", func(w *scene) {
			w.exec(`UPDATE log_entry SET kind = 'gap' WHERE idx = 3`)
		}, archive.Broken, "entry 3: its leaf does not give the tree hashes that are stored"},
		{"alter what kind of entry it is, and all hashes", func(w *scene) {
			w.exec(`UPDATE log_entry SET kind = 'gap' WHERE idx = 3`)
			w.cover()
		}, archive.Broken, "checkpoint of 5 entries: root differs: the first 5 entries are not those that it covers"},
		{"take a message's content away", func(w *scene) {
			w.exec(`DELETE FROM log_payload WHERE idx = 3`)
		}, archive.Broken, "entry 3: its content is missing, and no entry says that it was erased"},

		{"delete an entry", func(w *scene) {
			w.exec(`DELETE FROM log_entry WHERE idx = 3`)
		}, archive.Broken, "entry 3: it is missing; the next one is entry 4"},
		{"delete an entry and close the gap", func(w *scene) {
			w.exec(`DELETE FROM log_entry WHERE idx = 3`)
			w.exec(`DELETE FROM log_payload WHERE idx = 3`)
			w.shift(4, -1)
			w.cover()
		}, archive.Broken, "checkpoint of 5 entries: root differs: the first 5 entries are not those that it covers"},
		{"insert an entry", func(w *scene) {
			w.shift(3, 1)
			w.exec(`INSERT INTO log_entry (case_id, idx, kind, logged, commitment, hashes) SELECT case_id, 3, kind, logged, commitment, hashes FROM log_entry WHERE idx = 2`)
			w.exec(`INSERT INTO log_payload (case_id, idx, wrapped_key, sealed) SELECT case_id, 3, wrapped_key, sealed FROM log_payload WHERE idx = 2`)
			w.cover()
		}, archive.Broken, "checkpoint of 5 entries: root differs: the first 5 entries are not those that it covers"},
		{"change the order", func(w *scene) {
			w.swap(2, 3)
			w.cover()
		}, archive.Broken, "checkpoint of 5 entries: root differs: the first 5 entries are not those that it covers"},

		{"cut off the end", func(w *scene) { w.cut(6, false, false) },
			archive.Broken, "checkpoint of 9 entries: it covers entries that are not here: the log was cut (9 covered, 6 here)"},
		{"cut off the end and the checkpoints over it", func(w *scene) { w.cut(6, true, false) },
			archive.Broken, "high-water file: the log has had 9 entries: an older store was put in its place, or it was cut (9 covered, 6 here)"},
		// Nothing here can notice this: it takes an anchor from outside, as the
		// next test has it.
		{"cut off the end, the checkpoints over it, and the high-water file", func(w *scene) { w.cut(6, true, true) }, archive.OK, ""},

		{"sign with another key", func(w *scene) {
			w.append(1)
			size, root, err := w.log.Head(w.t.Context(), w.c)
			w.check(err)
			w.exec(`INSERT INTO checkpoint (case_id, size, note, made) VALUES (?, ?, ?, 0)`, string(w.c), int64(size), signedByAnother(w.t, w.log.Origin(w.c), size, root))
		}, archive.Broken, "checkpoint: its signature is not one by this instance's key, or it was altered"},
		{"alter a signature", func(w *scene) {
			b := slices.Clone(w.late.Signed)
			b[len(b)-10] ^= 3
			w.exec(`UPDATE checkpoint SET note = ? WHERE size = 9`, b)
		}, archive.Broken, "checkpoint: its signature is not one by this instance's key, or it was altered"},
		{"alter the size in a checkpoint", func(w *scene) {
			w.exec(`UPDATE checkpoint SET note = ? WHERE size = 9`, []byte(strings.Replace(string(w.late.Signed), "\n9\n", "\n8\n", 1)))
		}, archive.Broken, "checkpoint: its signature is not one by this instance's key, or it was altered"},
		{"alter the head", func(w *scene) {
			w.exec(`UPDATE log_head SET size = 8`)
		}, archive.Broken, "head: it says 8 entries, more are here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newScene(t, archive.Stamping{})
			tt.do(w)
			r := verify(t, w.log, w.c)
			if r.Answer != tt.answer {
				t.Errorf("answer %q (%v), want %q", r.Answer, r.Problems, tt.answer)
			}
			if tt.says != "" && !slices.Contains(said(r.Problems), tt.says) {
				t.Errorf("problems %q, want one of them %q", said(r.Problems), tt.says)
			}
		})
	}
}

// said is what a person reads.
func said(all []archive.Problem) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.Where+": "+p.What)
	}
	return out
}

// signedByAnother is a checkpoint as it should be, but for the key.
func signedByAnother(t *testing.T, origin string, size uint64, root daybook.Digest) []byte {
	t.Helper()
	secret, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	body := flog.Checkpoint{Origin: origin, Size: size, Hash: root[:]}
	b, err := note.Sign(&note.Note{Text: string(body.Marshal())}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What lies elsewhere notices what this archive cannot.
func TestCutWithEverythingOverIt_B2_B3(t *testing.T) {
	w := newScene(t, archive.Stamping{})
	w.cut(6, true, true)
	if r := verify(t, w.log, w.c); r.Answer != archive.OK || len(r.Anchors) != 0 {
		t.Errorf("without an anchor: %s, %v; want ok, and no anchor that was compared", r.Answer, r.Problems)
	}
	for _, a := range []archive.Anchor{
		{Where: "checkpoint file", Size: w.late.Size, Root: w.late.Root},
		{Where: "given by hand", Size: w.late.Size, Prefix: w.late.Root.String()[:16]},
	} {
		r := verify(t, w.log, w.c, a)
		want := "anchor: " + a.Where + ": it covers entries that are not here: the log was cut (9 covered, 6 here)"
		if r.Answer != archive.Broken || !slices.Contains(said(r.Problems), want) || r.Anchors[0].Matches {
			t.Errorf("got %s, %q; want broken, %q", r.Answer, said(r.Problems), want)
		}
	}
}

// What was added after the last checkpoint is not covered by it; how much, is
// said. Whoever has the keys can add there, and nowhere else.
func TestForgedEnd_B2_B3(t *testing.T) {
	w := newScene(t, archive.Stamping{})
	w.append(2)
	if r := verify(t, w.log, w.c); r.Answer != archive.OK || r.Entries != 11 || r.Covered != 9 {
		t.Errorf("%s, %d entries, %d covered, %v; want ok with 9 of 11 covered", r.Answer, r.Entries, r.Covered, r.Problems)
	}
	// Without the case key, what is added does not open.
	w.exec(`UPDATE log_payload SET sealed = zeroblob(300) WHERE idx = 10`)
	if r := verify(t, w.log, w.c); r.Answer != archive.Broken || !slices.Contains(said(r.Problems), "entry 10: its content does not open: it was altered or moved") {
		t.Errorf("%s, %q", r.Answer, said(r.Problems))
	}
}

// A clock that is set back makes nothing broken: it is remarked.
func TestClockSetBack_B9(t *testing.T) {
	w := newScene(t, archive.Stamping{})
	w.now = w.now.Add(-time.Hour)
	w.append(2)
	w.now = w.now.Add(time.Minute - 2*time.Second) // as an NTP client does: not worth a word
	w.now = w.now.Add(-time.Minute)
	w.append(1)
	r := verify(t, w.log, w.c)
	want := []string{"entry 9: its time is 59m0s earlier than that of the entry before it: the clock of the machine was set back in between"}
	if r.Answer != archive.OK || len(r.Problems) != 0 || !slices.Equal(said(r.Remarks), want) {
		t.Errorf("%s, %q, %q; want ok and %q", r.Answer, said(r.Problems), said(r.Remarks), want)
	}
}

// An older copy of the whole database is noticed when it is opened.
func TestOldBackupPutBack_B7(t *testing.T) {
	w := newScene(t, archive.Stamping{})
	copied := filepath.Join(w.dir, "copy.db")
	w.check(w.db.BackupTo(t.Context(), copied))
	w.append(3)
	mustCheckpoint(t, w.log, w.c)
	w.check(w.db.Close())
	w.check(w.intruder.Close())
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(w.path() + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	w.check(os.Rename(copied, w.path()))
	w.open()
	if err := w.log.Refused()[w.c]; !errors.Is(err, archive.ErrRolledBack) {
		t.Errorf("refused: %v, want ErrRolledBack", err)
	}
	if _, err := w.log.Checkpoint(t.Context(), w.c); !errors.Is(err, archive.ErrRolledBack) {
		t.Errorf("checkpoint: %v, want ErrRolledBack", err)
	}
	r := verify(t, w.log, w.c)
	want := "high-water file: the log has had 12 entries: an older store was put in its place, or it was cut (12 covered, 9 here)"
	if r.Answer != archive.Broken || !slices.Contains(said(r.Problems), want) {
		t.Errorf("%s, %q; want broken, %q", r.Answer, said(r.Problems), want)
	}
}

// The key of another instance opens nothing and signs nothing.
func TestKeyOfAnotherInstance_B7(t *testing.T) {
	w := newScene(t, archive.Stamping{})
	var other archive.InstanceKey
	rand.Read(other[:])
	if _, err := store.OpenSQLite(t.Context(), w.path(), other); !errors.Is(err, archive.ErrWrongKey) {
		t.Errorf("open: %v, want ErrWrongKey", err)
	}
	if _, err := archive.OpenKeyring(t.Context(), other, w.db); !errors.Is(err, archive.ErrWrongKey) {
		t.Errorf("on a server that anybody opens: %v, want ErrWrongKey", err)
	}
	if r := verify(t, w.log, w.c); r.Answer != archive.OK {
		t.Errorf("afterwards: %s, %q", r.Answer, said(r.Problems))
	}
}

// Time stamps that are not what they should be.
func TestAttacksOnTimeStamps_B2_B8(t *testing.T) {
	tsa, foreign := faketsa.Start(t), faketsa.Start(t)
	roots, err := stamp.ParseRoots(tsa.RootPEM)
	if err != nil {
		t.Fatal(err)
	}
	all := []stamp.Authority{{Name: "time-one", URL: tsa.URL, Roots: roots}}
	others, err := stamp.ParseRoots(foreign.RootPEM)
	if err != nil {
		t.Fatal(err)
	}
	stranger := stamp.Authority{Name: "time-one", URL: foreign.URL, Roots: others}
	token := func(w *scene, a stamp.Authority, data []byte) []byte {
		got, err := a.Request(w.t.Context(), data, time.Now)
		w.check(err)
		return got.Raw
	}
	put := func(w *scene, size uint64, name string, b []byte) {
		w.check(w.db.PutStamp(w.t.Context(), w.c, archive.Stamp{Size: size, Authority: name, Token: b, At: w.now, Got: w.now}, w.now))
	}
	for _, tt := range []struct {
		name   string
		do     func(w *scene)
		answer archive.Answer
		says   string
	}{
		{"nothing", func(*scene) {}, archive.OK, ""},
		{"alter a token", func(w *scene) {
			w.exec(`UPDATE stamp SET token = substr(token, 1, length(token) - 5) || zeroblob(5)`)
		}, archive.Broken, "time stamp of time-one over 9 entries: it was altered: its signature is not right"},
		{"cut a token", func(w *scene) {
			w.exec(`UPDATE stamp SET token = substr(token, 1, length(token) - 5)`)
		}, archive.Broken, "time stamp of time-one over 9 entries: it is not an answer to a request for a time stamp"},
		{"one over another checkpoint", func(w *scene) {
			w.exec(`UPDATE stamp SET size = 5`)
		}, archive.Broken, "time stamp of time-one over 5 entries: it is over other bytes than these"},
		{"one of somebody whom nobody named", func(w *scene) {
			w.exec(`UPDATE stamp SET token = ?`, token(w, stranger, w.late.Signed))
		}, archive.CannotBeKnown, "time stamps of time-one: 1 of 1 cannot be checked: its certificate does not lead to a root that is set up, or did not hold at its time"},
		{"one of an authority that is not set up", func(w *scene) {
			put(w, 9, "time-two", token(w, stranger, w.late.Signed))
		}, archive.CannotBeKnown, "time stamps of time-two: 1 of 1 cannot be checked: this authority is not set up here"},
		{"another time in the column", func(w *scene) {
			w.exec(`UPDATE stamp SET stamped = 0`)
		}, archive.OK, ""}, // what is told is the time in the token
		{"cut off the end and all over it but the stamp", func(w *scene) { w.cut(6, true, true) },
			archive.Broken, "time stamp of time-one over 9 entries: the checkpoint that it is over is not here, or is not signed as it should be"},
		{"alter entries, and sign with the instance's own key", func(w *scene) {
			// Whoever has the keys can make all that is here anew, but not what
			// an authority has signed.
			w.cut(6, true, true)
			w.append(3)
			mustCheckpoint(w.t, w.log, w.c)
		}, archive.Broken, "time stamp of time-one over 9 entries: it is over other bytes than these"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newScene(t, archive.Stamping{Authorities: stamp.Names(all), Check: stamp.Checker(all)})
			put(w, 9, "time-one", token(w, all[0], w.late.Signed))
			tt.do(w)
			r := verify(t, w.log, w.c)
			if r.Answer != tt.answer {
				t.Errorf("answer %q (%q), want %q", r.Answer, said(r.Problems), tt.answer)
			}
			if tt.says != "" && !slices.Contains(said(r.Problems), tt.says) {
				t.Errorf("problems %q, want one of them %q", said(r.Problems), tt.says)
			}
			if tt.answer == archive.OK && (len(r.TimeStamps) != 1 || r.TimeStamps[0].At.Year() < 2026) {
				t.Errorf("time stamps %+v", r.TimeStamps)
			}
		})
	}
}
