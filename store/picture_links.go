package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"daybook"
	"daybook/archive"
	"daybook/internal/likeness"
)

// pictures reads the pictures of accounts that are new, and tells those who
// showed them. Each is looked at once.
func (r *senderReader) pictures(ctx context.Context) error {
	if r.db.profiles.log == nil {
		return nil
	}
	type row struct {
		entry, handle int64
		told          pictureTold
	}
	var all []row
	rows, err := r.db.from(ctx).QueryContext(ctx, `SELECT entry, handle, sealed FROM picture WHERE case_id = $1 AND entry >= $2 ORDER BY entry`,
		string(r.caseID), int64(r.kept.position))
	if err != nil {
		return fmt.Errorf("read pictures: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			p      row
			sealed []byte
		)
		if err := rows.Scan(&p.entry, &p.handle, &sealed); err != nil {
			return fmt.Errorf("read pictures: %w", err)
		}
		if err := open(r.key, "picture", p.entry, sealed, &p.told); err != nil {
			return err
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read pictures: %w", err)
	}
	for _, p := range all {
		if err := r.lookAt(ctx, p.entry, &p.told); err != nil {
			return fmt.Errorf("look at a picture: %w", err)
		}
		s := r.kept.senders[p.handle]
		if s == nil || p.told.Likeness == 0 {
			continue
		}
		s.pictures[p.told.URL] = p.told.Likeness
		for _, profile := range s.profiles {
			if profile != nil && profile.AvatarAt == p.told.URL && profile.Avatar != p.told.Likeness {
				profile.Avatar = p.told.Likeness
				s.sender.Profile(*profile)
			}
		}
	}
	return nil
}

// lookAt works out the likeness of a picture and keeps it.
func (r *senderReader) lookAt(ctx context.Context, entry int64, told *pictureTold) error {
	if told.Looked {
		return nil
	}
	b, err := r.db.profiles.log.Blob(ctx, r.caseID, told.Digest)
	switch {
	case errors.Is(err, daybook.ErrNotFound), errors.Is(err, fs.ErrNotExist), errors.Is(err, archive.ErrErased):
		return nil // erased; it may come back with a backup
	case err != nil:
		return err
	}
	if told.Likeness, err = likeness.Of(b); err != nil && !errors.Is(err, likeness.ErrNone) {
		return err
	}
	told.Looked = true
	sealed, err := seal(r.key, "picture", entry, told)
	if err != nil {
		return err
	}
	_, err = r.db.to(ctx).ExecContext(ctx, `UPDATE picture SET sealed = $1 WHERE case_id = $2 AND entry = $3`, sealed, string(r.caseID), entry)
	return err
}
