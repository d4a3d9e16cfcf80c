package archive

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"daybook"
)

// ManifestText is what is signed of a bundle over the first size entries of a log:
// digest is the SHA-256 of its manifest. It is never a checkpoint: those begin with
// the origin and have a number in the second line, this has the origin there.
func ManifestText(origin string, size uint64, digest daybook.Digest) string {
	return "daybook-bundle/v1\n" + origin + "\n" + strconv.FormatUint(size, 10) + "\n" + base64.StdEncoding.EncodeToString(digest[:]) + "\n"
}

// SignManifest signs the manifest of a bundle over the first size entries of a
// case's log, with the key of its checkpoints, and returns the signed note: the
// same again for the same. It writes nothing.
//
// It refuses what Checkpoint refuses to go on from, daybook.ErrForbidden if the
// case is out of the scope of ctx, daybook.ErrInvalid if the log has fewer
// entries.
func (l *Log) SignManifest(ctx context.Context, c daybook.CaseID, size uint64, digest daybook.Digest) ([]byte, error) {
	if err := Allowed(ctx, c); err != nil {
		return nil, fmt.Errorf("sign a manifest: %w", err)
	}
	if err := l.refusedFor(c); err != nil {
		return nil, fmt.Errorf("sign a manifest: %w", err)
	}
	h, err := l.storage.Head(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("sign a manifest: %w", err)
	}
	if size > h.Size {
		return nil, fmt.Errorf("sign a manifest: %w: it is over %d entries, %d are here", daybook.ErrInvalid, size, h.Size)
	}
	s, err := l.signer(c)
	if err != nil {
		return nil, fmt.Errorf("sign a manifest: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: ManifestText(l.Origin(c), size, digest)}, s)
	if err != nil {
		return nil, fmt.Errorf("sign a manifest: %w", err)
	}
	return signed, nil
}
