package check

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
)

// Handover reads a complete bundle without withheld fields as a log that is put
// back (archive.Log.Restore). r is read from while that goes on. File should have
// been asked before: here, only what is put back is looked at. Name and Reason
// are left to the caller.
//
// The error, also of what is read later, wraps daybook.ErrInvalid if the bundle
// is another one or does not fit.
func Handover(r io.ReaderAt, size int64) (archive.Handover, error) {
	files, err := openZip(&watchedReader{r: r}, size)
	if err != nil {
		return archive.Handover{}, fmt.Errorf("read a bundle: %w", err)
	}
	c := &checker{files: files, here: map[uint64]bool{}}
	if err := c.readBundle(); err != nil {
		return archive.Handover{}, fmt.Errorf("read a bundle: %w", err)
	}
	if c.bundle.kind != "complete" {
		return archive.Handover{}, fmt.Errorf("%w: a selection cannot be put back: it does not have the whole log", daybook.ErrInvalid)
	}
	h := archive.Handover{Leaves: files.leaves(), Entry: files.entry}
	h.Restore, err = c.stands()
	if err != nil {
		return archive.Handover{}, fmt.Errorf("read a bundle: %w", err)
	}
	return h, nil
}

// stands reads what the log stands on.
func (c *checker) stands() (out daybook.Restore, err error) {
	out.Origin, out.Key, out.Size = c.bundle.origin, c.bundle.key, c.bundle.size
	if err := out.Root.UnmarshalText([]byte(c.bundle.root)); err != nil {
		return out, bad{"data/bundle.json", "it has no fitting root"}
	}
	if out.Checkpoint, err = c.files.read("data/log/checkpoint", maxNote); err != nil {
		return out, err
	}
	for _, t := range c.bundle.timeStamps {
		if t["state"] != "stamped" {
			continue
		}
		r := reading{where: "data/bundle.json"}
		s := daybook.HandedStamp{Authority: r.text(t, "authority")}
		token, chain, at := r.text(t, "token"), r.text(t, "chain"), r.text(t, "at")
		if r.err != nil {
			return out, r.err
		}
		if s.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return out, bad{"data/bundle.json", "a time stamp has no fitting time"}
		}
		if s.Token, err = c.files.read(token, maxToken); err != nil {
			return out, err
		}
		if s.Chain, err = c.files.read(chain, maxToken); err != nil {
			return out, err
		}
		out.Stamps = append(out.Stamps, s)
	}
	return out, nil
}

// leaves yields the lines of leaves.txt, each of which is good until the next.
func (f *files) leaves() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		stop := errors.New("enough")
		err := f.lines("data/log/leaves.txt", func(line []byte) error {
			if !yield(line, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	}
}

// entry reads all of an entry.
func (f *files) entry(n uint64) (e archive.HandedEntry, err error) {
	where, folder := fmt.Sprintf("entry %d", n), fmt.Sprintf("data/items/%06d/", n)
	if _, ok := f.sizes[folder+"record.json"]; !ok {
		return e, fmt.Errorf("entry %d of the bundle: %w", n, daybook.ErrNotFound)
	}
	record, err := f.object(folder + "record.json")
	if err != nil {
		return e, err
	}
	salts, err := f.object(folder + "salts.json")
	if err != nil {
		return e, err
	}
	r := reading{where: where}
	if withheld := r.texts(record, "withheld", true); len(withheld) > 0 {
		return e, bad{where, "a field of it is withheld, so it cannot be put back"}
	}
	for name, value := range r.texts(record, "values", false) {
		e.Fields = append(e.Fields, daybook.Field{Name: name, Value: []byte(value)})
	}
	media := r.objects(record, "media")
	seed := r.digest(salts["seed"], "seed")
	if r.err != nil {
		return e, r.err
	}
	e.Seed = seed
	if _, ok := f.sizes[folder+"raw.bin"]; ok {
		raw, err := f.read(folder+"raw.bin", maxJSON)
		if err != nil {
			return e, err
		}
		e.Fields = append(e.Fields, daybook.Field{Name: "raw", Value: raw})
	}
	slices.SortFunc(e.Fields, func(a, b daybook.Field) int { return strings.Compare(a.Name, b.Name) })
	e.Blob = func(d daybook.Digest) ([]byte, error) {
		for _, m := range media {
			file, ok := m["file"].(string)
			if ok && m["sha256"] == hex.EncodeToString(d[:]) && mediaName.MatchString(file) {
				return f.read(folder+file, maxMedia)
			}
		}
		return nil, daybook.ErrNotFound
	}
	return e, nil
}
