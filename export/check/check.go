// Package check verifies a bundle without a store, a key or a network: that all
// in it fits together, and whether something from outside speaks for it.
// docs/bundle-format.md says what is checked, and verify.py, which lies beside
// this file and in every bundle, does the same in Python; a test compares the two.
//
// A bundle is hostile until shown otherwise: sizes are bounded before anything is
// read, and whatever is wrong with it is an answer, never an error.
package check

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"daybook"
	"daybook/archive"
)

// Options is what a reader has from elsewhere than the bundle.
type Options struct {
	Anchors []Anchor
	Keys    []daybook.Digest // fingerprints: SHA-256 of the public key
	// Stamp checks a time stamp (RFC 3161) over the bytes of a note; chain is
	// what lies beside it, PEM, and speaks for nothing. trusted says whether it
	// ends in a root that the reader trusts; an error, that it does not fit at
	// all. at is zero if it cannot be told. nil: time stamps are not checked, and none counts.
	Stamp func(token, note, chain []byte) (at time.Time, trusted bool, err error)
}

// A Report is what a check found.
type Report struct {
	Answer       archive.Answer    `json:"answer"`
	Kind         string            `json:"kind"` // complete or selection; "" if it cannot be read
	Origin       string            `json:"origin"`
	Entries      uint64            `json:"entries"` // of the log, at the checkpoint
	Covered      uint64            `json:"covered"` // the same: a bundle has nothing that the checkpoint does not cover
	Root         string            `json:"root"`
	Fingerprint  string            `json:"fingerprint"`    // of the key that signed
	Items        int               `json:"items"`          // entries that are in the bundle
	Shown        int               `json:"shown"`          // fields of them
	Withheld     int               `json:"withheld"`       // fields of them
	MediaGone    int               `json:"media_gone"`     // attachments whose bytes were erased
	Files        int               `json:"files"`          // that were added, and are in the bundle as they are
	FilesLeftOut int               `json:"files_left_out"` // pieces of files that were added and are not in the bundle
	Erased       int               `json:"erased"`         // entries whose content was destroyed on somebody's word
	LeftOut      map[string]int    `json:"left_out"`       // of a complete bundle: entries that are not in it for other reasons, by kind
	Pending      int               `json:"pending_time_stamps"`
	TimeStamps   []TimeStamp       `json:"time_stamps"`
	Anchors      []archive.Anchor  `json:"anchors"`
	Speaks       []string          `json:"speaks"`   // what from outside speaks for it, in words; empty unless Answer is OK or broken
	Remarks      []string          `json:"remarks"`  // what could not be compared, in words
	Problems     []archive.Problem `json:"problems"` // empty unless broken
	SHA256       string            `json:"file_sha256"`
}

// A TimeStamp is what was found of one.
type TimeStamp struct {
	Authority string `json:"authority"`    // as the bundle calls it
	State     string `json:"state"`        // pending, trusted, not trusted, not checked
	Over      string `json:"over"`         // the file of the checkpoint
	At        string `json:"at,omitempty"` // RFC 3339, UTC
	Root      string `json:"root,omitempty"`
}

// maxProblems bounds a report: a bundle that is broken everywhere is as broken
// as one that is broken in a hundred places.
const maxProblems = 100

// File checks a bundle as one ZIP file. Whatever is wrong with it is in the
// report; an error means that r could not be read, or that ctx ended.
func File(ctx context.Context, r io.ReaderAt, size int64, o Options) (Report, error) {
	watched := &watchedReader{r: r}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(watched, 0, size)); err != nil {
		return Report{}, fmt.Errorf("check a bundle: %w", err)
	}
	c := newChecker(ctx, o)
	c.report.SHA256 = fmt.Sprintf("%x", h.Sum(nil))
	c.open = func() (*files, error) { return openZip(watched, size) }
	if err := errors.Join(c.run(), watched.err); err != nil {
		return Report{}, fmt.Errorf("check a bundle: %w", err)
	}
	return c.report, nil
}

// Folder checks the folder that a bundle was unpacked to: the one with bagit.txt
// in it.
func Folder(ctx context.Context, fsys fs.FS, o Options) (Report, error) {
	c := newChecker(ctx, o)
	c.open = func() (*files, error) { return openFolder(fsys) }
	if err := c.run(); err != nil {
		return Report{}, fmt.Errorf("check a bundle: %w", err)
	}
	return c.report, nil
}

// bad says that something in a bundle does not fit.
type bad struct{ where, what string }

// Error implements error.
func (b bad) Error() string { return b.where + ": " + b.what }

// Is makes it one of the errors of hostile or damaged input.
func (bad) Is(target error) bool { return target == daybook.ErrInvalid }

func badf(where, format string, args ...any) error { return bad{where, fmt.Sprintf(format, args...)} }

// A checker goes through one bundle.
type checker struct {
	ctx    context.Context
	o      Options
	open   func() (*files, error)
	report Report

	files      *files
	bundle     description
	signed     []byte
	key        key
	checkpoint checkpoint
	here       map[uint64]bool  // entries that the bundle has
	items      map[uint64]*item // of these, those that fit
	kept       map[string]bool  // files that something speaks of
	kinds      []string         // of all entries, in complete bundles
	earlier    map[uint64]earlierRoot
	wanted     map[uint64]bool // sizes of anchors
	rootsAt    map[uint64]daybook.Digest

	keySpokenFor bool // by something from outside
}

type earlierRoot struct {
	name string
	root daybook.Digest
}

func newChecker(ctx context.Context, o Options) *checker {
	c := &checker{
		ctx: ctx, o: o, here: map[uint64]bool{}, items: map[uint64]*item{}, kept: map[string]bool{},
		earlier: map[uint64]earlierRoot{}, wanted: map[uint64]bool{}, rootsAt: map[uint64]daybook.Digest{},
		report: Report{
			LeftOut: map[string]int{}, TimeStamps: []TimeStamp{}, Anchors: []archive.Anchor{},
			Speaks: []string{}, Remarks: []string{}, Problems: []archive.Problem{},
		},
	}
	for _, a := range o.Anchors {
		c.wanted[a.Size] = true
	}
	return c
}

func (c *checker) broken(where, format string, args ...any) {
	p := archive.Problem{Where: where, What: fmt.Sprintf(format, args...)}
	if len(c.report.Problems) < maxProblems && !slices.Contains(c.report.Problems, p) {
		c.report.Problems = append(c.report.Problems, p)
	}
}

// step notes that what a step checked does not fit. It returns whether it fitted
// as far as what follows needs it; an error is one of reading.
func (c *checker) step(err error) (bool, error) {
	var b bad
	switch {
	case err == nil:
		return true, c.ctx.Err()
	case errors.As(err, &b):
		c.broken(b.where, "%s", b.what)
		return false, c.ctx.Err()
	}
	return false, err
}

func (c *checker) run() error {
	err := c.all()
	switch {
	case err != nil:
		return err
	case len(c.report.Problems) > 0:
		c.report.Answer = archive.Broken
	case len(c.report.Speaks) > 0:
		c.report.Answer = archive.OK
	default:
		c.report.Answer = archive.CannotBeKnown
	}
	return nil
}

// all goes on after what does not fit, so that a reader sees all of it, as long
// as there is something to compare the rest with.
func (c *checker) all() error {
	for _, fn := range []func() error{c.openFiles, c.readBundle, c.checkLog} {
		fits, err := c.step(fn())
		if err != nil || !fits {
			return err
		}
	}
	steps := []func() error{c.checkSigned}
	for _, n := range c.bundle.items {
		steps = append(steps, func() error { return c.checkItem(n) })
	}
	for _, e := range c.bundle.earlier {
		steps = append(steps, func() error { return c.readEarlier(e) })
	}
	steps = append(steps, c.checkLeaves, c.checkCompleteness, c.checkStamps, c.checkTimeline, c.checkKeys, c.checkRest)
	for _, fn := range steps {
		if len(c.report.Problems) >= maxProblems {
			return nil
		}
		if _, err := c.step(fn()); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) openFiles() (err error) {
	if c.files, err = c.open(); err != nil {
		return err
	}
	for _, name := range neededFiles() {
		if _, ok := c.files.sizes[name]; !ok {
			c.broken(name, "it is missing")
		}
	}
	_, err = c.step(c.checkBag())
	return err
}

// checkRest finds files that nothing speaks of.
func (c *checker) checkRest() error {
	for _, name := range c.files.names() {
		if !c.kept[name] && !allowedFile.MatchString(name) {
			c.broken(name, "nothing in the bundle speaks of this file")
		}
	}
	return nil
}
