package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/archive"
	tsa "daybook/archive/stamp"
	bundles "daybook/export/check"
)

// file checks a bundle. It needs no data folder and no key, and makes none: what
// speaks for a bundle comes from whoever asks.
func (cmd *verifyCommand) file(c *call) error {
	o, err := cmd.options(c)
	if err != nil {
		return err
	}
	r, err := checkBundle(c, c.path(cmd.File), o)
	if err != nil {
		return err
	}
	if c.cmd.JSON {
		err = jsonLine(c.out, r)
	} else {
		_, err = io.WriteString(c.out, bundleReport(r))
	}
	if err != nil {
		return err
	}
	switch r.Answer {
	case archive.Broken:
		return fmt.Errorf("verify %s: %w", cmd.File, errBundle)
	case archive.CannotBeKnown:
		return fmt.Errorf("%w: nothing from outside of the bundle speaks for it", errPartial)
	}
	return nil
}

// errBundle says that a bundle is broken: that file, not the archive.
var errBundle error = brokenBundle{}

type brokenBundle struct{}

// Error implements error.
func (brokenBundle) Error() string { return "something in it does not fit" }

// Is makes it one of the errors of integrity.
func (brokenBundle) Is(target error) bool { return target == archive.ErrBroken }

// ageHeader begins a file that is sealed for a receiver.
const ageHeader = "age-encryption.org/v1"

func checkBundle(c *call, path string, o bundles.Options) (bundles.Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return bundles.Report{}, fmt.Errorf("verify: %w", err)
	}
	if info.IsDir() {
		return bundles.Folder(c.ctx, os.DirFS(path), o)
	}
	f, err := os.Open(path)
	if err != nil {
		return bundles.Report{}, fmt.Errorf("verify: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	start := make([]byte, len(ageHeader))
	if n, err := f.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return bundles.Report{}, fmt.Errorf("verify: %w", err)
	} else if string(start[:n]) == ageHeader {
		return bundles.Report{}, fmt.Errorf("%w: the file is sealed for a receiver: open it first, with age --decrypt and the key that it is sealed for", errUsage)
	}
	return bundles.File(c.ctx, f, info.Size(), o)
}

func (cmd *verifyCommand) options(c *call) (o bundles.Options, err error) {
	for _, s := range cmd.Anchor {
		a, err := bundleAnchor(c, s)
		if err != nil {
			return o, err
		}
		o.Anchors = append(o.Anchors, a)
	}
	for _, s := range cmd.Key {
		digits := strings.NewReplacer("sha256:", "", ":", "", " ", "").Replace(strings.ToLower(s))
		var d daybook.Digest
		if err := d.UnmarshalText([]byte(digits)); err != nil || d.IsZero() {
			return o, fmt.Errorf("%w: the fingerprint of a key has 64 hexadecimal digits", errUsage)
		}
		o.Keys = append(o.Keys, d)
	}
	var roots []byte
	if cmd.Roots != "" {
		if roots, err = readAtMost(c.path(cmd.Roots), maxRootsFile); err != nil {
			return o, fmt.Errorf("read the root certificates: %w", err)
		}
		if _, err := tsa.ParseRoots(roots); err != nil {
			return o, fmt.Errorf("read the root certificates in %s: %w", cmd.Roots, err)
		}
	}
	o.Stamp = func(token, note, chain []byte) (time.Time, bool, error) { return checkToken(token, note, chain, roots) }
	return o, nil
}

// bundleAnchor reads size and root as they were given out, or the name of a
// checkpoint file.
func bundleAnchor(c *call, s string) (bundles.Anchor, error) {
	if a, err := bundles.ParseAnchor(s); err == nil {
		return a, nil
	}
	b, err := readAtMost(c.path(s), maxAnchorFile)
	if err != nil {
		return bundles.Anchor{}, fmt.Errorf("read the anchor, which is neither SIZE:ROOT with 16 digits at least nor a file: %w", err)
	}
	a, err := bundles.ReadAnchor(b)
	if err != nil {
		return a, fmt.Errorf("%s: %w", s, err)
	}
	return a, nil
}

// checkToken checks a time stamp over a note: by itself, with the certificates
// that lie beside it, and then under the roots that somebody trusts.
func checkToken(token, note, chain, trusted []byte) (at time.Time, ok bool, err error) {
	own, err := tsa.ParseRoots(chain)
	if err != nil {
		own = tsa.Roots{} // it has no root of its own: good in all else is good enough
	}
	t, err := tsa.Check(token, note, own)
	if err != nil && (len(own.PEM) > 0 || tsa.FailureOf(err) != tsa.Untrusted) {
		return at, false, err
	}
	if trusted == nil {
		return t.At, false, nil
	}
	roots, err := tsa.ParseRoots(append(slices.Clone(trusted), between(chain)...))
	if err != nil {
		return t.At, false, nil //nolint:nilerr // what lies beside the token cannot make it trusted
	}
	if under, err := tsa.Check(token, note, roots); err == nil {
		return under.At, true, nil
	}
	return t.At, false, nil
}

// between returns the certificates that are no roots: they may show the way from
// a token to a root that somebody trusts.
func between(certificates []byte) (out []byte) {
	for {
		var block *pem.Block
		if block, certificates = pem.Decode(certificates); block == nil {
			return out
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err == nil && !bytes.Equal(cert.RawIssuer, cert.RawSubject) {
			out = append(out, pem.EncodeToMemory(block)...)
		}
	}
}

// bundleReport says what was found in a bundle: the answer first, then what was
// checked, then what would settle it. verify.py says the same.
func bundleReport(r bundles.Report) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("verify: %s", r.Answer)
	if r.Entries > 0 {
		kind := "selection"
		if r.Kind == "complete" {
			kind = "complete bundle"
		}
		line("  a %s of the log %s", kind, shown(r.Origin))
		line("  checkpoint over %s, root %s", plural(int(r.Entries), "entry", "entries"), r.Root)
		line("  signed with the key that has the fingerprint %s", r.Fingerprint)
		line("  %s here, with %d fields that are shown and %d that are withheld", plural(r.Items, "entry is", "entries are"), r.Shown, r.Withheld)
	}
	if r.MediaGone > 0 {
		line("  %s named whose bytes were erased", plural(r.MediaGone, "attachment is", "attachments are"))
	}
	if r.Files > 0 {
		line("  %s in it as it was added: its pieces are whole", plural(r.Files, "file is", "files are"))
	}
	if r.FilesLeftOut > 0 {
		line("  %s not in it, only what was read from them", plural(r.FilesLeftOut, "piece of files that were added is", "pieces of files that were added are"))
	}
	if r.Kind == "complete" {
		rest := ""
		for _, kind := range slices.Sorted(maps.Keys(r.LeftOut)) {
			rest += fmt.Sprintf(", %d of kind %s", r.LeftOut[kind], kind)
		}
		line("  not here: %d erased on somebody's word%s", r.Erased, rest)
	}
	for _, t := range r.TimeStamps {
		more := ""
		if t.At != "" {
			more = ", " + t.At + ", root " + t.Root
		}
		line("  time stamp of %s over %s: %s%s", shown(t.Authority), t.Over, t.State, more)
	}
	if len(r.TimeStamps) == 0 {
		line("  no time stamps")
	}
	for _, s := range r.Remarks {
		line("  %s", s)
	}
	if r.SHA256 != "" {
		line("  SHA-256 of this file: %s", r.SHA256)
	}
	for _, s := range r.Speaks {
		line("  speaks for it: %s", s)
	}
	for _, p := range r.Problems {
		line("  %s: %s", shown(p.Where), shown(p.What))
	}
	switch r.Answer {
	case archive.OK:
		b.WriteString(whatItShows)
	case archive.CannotBeKnown:
		b.WriteString(whatWouldSettle)
	}
	return b.String()
}

const (
	whatItShows = `What this shows: the system held these bytes when the checkpoint was made, in this order, and they were not altered since.
It does not show that a platform or a sender told the truth, who the human was, or that nothing was left out before.
The same key signed the list of all files: the report and the tables are as whoever has that key made them from these entries.
`
	whatWouldSettle = `All of it fits together, but whoever makes a bundle with a key of their own can bring that about. What would settle it:
  --key FINGERPRINT   the fingerprint of the key, from the organisation that keeps the log, by another way than this file
  --anchor FILE       a checkpoint that was held elsewhere since, or SIZE:ROOT from a mail or a printed report
  --roots FILE        root certificates of the time-stamp authority that you trust, from its own site
`
)
