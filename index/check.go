package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/blevesearch/bleve/v2/util"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// checkFiles reads all files of an index through, before bleve maps them into
// memory and trusts them. bleve's own look at opening misses most damage: it
// goes on with an older or empty state, or fails at some search.
func checkFiles(words string) error {
	store := filepath.Join(words, "store")
	var segments []string
	err := guard(func() error {
		// Bolt would make the file if it were not there.
		if _, err := os.Stat(filepath.Join(store, "root.bolt")); err != nil {
			return damaged(err)
		}
		db, err := bolt.Open(filepath.Join(store, "root.bolt"), 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: 2 * time.Second})
		if errors.Is(err, bolterrors.ErrTimeout) {
			return ErrInUse
		}
		if err != nil {
			return damaged(err)
		}
		err = db.View(func(tx *bolt.Tx) error {
			if err := checkHeads(filepath.Join(store, "root.bolt"), int64(db.Info().PageSize)); err != nil {
				return err
			}
			if err := tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return walk(b, 0) }); err != nil {
				return err
			}
			segments = newestSegments(tx)
			// Check finds what only writing would stumble over. It panics in
			// a goroutine of its own, but not where walk has been.
			for err := range tx.Check() {
				return err
			}
			return nil
		})
		return errors.Join(err, db.Close())
	})
	if err != nil {
		if errors.Is(err, ErrInUse) {
			return err
		}
		return damaged(err)
	}
	for _, name := range segments {
		if err := checkSegment(filepath.Join(store, filepath.Base(name))); err != nil {
			return damaged(fmt.Errorf("check %s: %w", filepath.Base(name), err))
		}
	}
	return nil
}

// checkHeads looks at the first two pages of a bolt file, of which one is enough
// to open it: each begins with its number (8 bytes) and its kind (2 bytes; 4 is
// "meta"), in the order of bytes of this machine.
func checkHeads(path string, pageSize int64) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for n := range int64(2) {
		var head [10]byte
		if _, err := file.ReadAt(head[:], n*pageSize); err != nil {
			return err
		}
		if binary.NativeEndian.Uint64(head[:]) != uint64(n) || binary.NativeEndian.Uint16(head[8:]) != 4 {
			return errors.New("root.bolt: a head page is damaged")
		}
	}
	return nil
}

// walk touches every page and every byte below a bucket, in this goroutine,
// where a panic can be caught.
func walk(b *bolt.Bucket, depth int) error {
	if depth > 8 {
		return errors.New("root.bolt: buckets are nested too deep")
	}
	return b.ForEach(func(k, v []byte) error {
		crc32.ChecksumIEEE(k)
		if v != nil {
			crc32.ChecksumIEEE(v)
			return nil
		}
		return walk(b.Bucket(k), depth+1)
	})
}

// newestSegments names the files that the newest state consists of. Others may
// be half written: a crash leaves them behind, and bleve removes them.
func newestSegments(tx *bolt.Tx) (names []string) {
	states := tx.Bucket(util.BoltSnapshotsBucket)
	if states == nil {
		return nil
	}
	c := states.Cursor()
	for k, v := c.Last(); k != nil; k, v = c.Prev() {
		state := states.Bucket(k)
		if v != nil || state == nil {
			continue
		}
		if state.Bucket(util.BoltMetaDataKey) == nil {
			continue
		}
		sc := state.Cursor()
		for k, v := sc.First(); k != nil; k, v = sc.Next() {
			if v != nil {
				continue
			}
			if name := state.Bucket(k).Get(util.BoltPathKey); name != nil {
				names = append(names, string(name))
			}
		}
		return names
	}
	return nil
}

// checkSegment compares a segment with the CRC-32 in its last four bytes.
func checkSegment(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 4 {
		return io.ErrUnexpectedEOF
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyN(sum, file, info.Size()-4); err != nil {
		return err
	}
	var want [4]byte
	if _, err := io.ReadFull(file, want[:]); err != nil {
		return err
	}
	if sum.Sum32() != binary.BigEndian.Uint32(want[:]) {
		return errors.New("the checksum does not fit")
	}
	return nil
}
