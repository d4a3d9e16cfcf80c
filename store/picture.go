package store

import (
	"context"

	"daybook"
	"daybook/archive"
)

// A pictureTold is what is kept of the picture of an account, as it is sealed.
type pictureTold struct {
	URL      string         `json:"u"`
	Digest   daybook.Digest `json:"d"`
	Looked   bool           `json:"k,omitzero"` // Likeness is known
	Likeness uint64         `json:"l,omitzero"` // 0: it is none that can be compared
}

// readPicture takes in what is told of the picture of an account. One without
// bytes says nothing more.
func (b *messageBatch) readPicture(e *archive.Entry, m daybook.MediaRecord) {
	if m.Media.State != daybook.MediaKept || b.tombs.HasPicture(b.key, m.Handle) {
		return
	}
	whose := b.handle(m.Handle, daybook.SeenName{})
	b.events = append(b.events, func(ctx context.Context) error {
		sealed, err := seal(b.key, "picture", int64(e.Index), pictureTold{URL: m.Media.URL, Digest: m.Media.Digest})
		if err != nil {
			return err
		}
		return b.exec(ctx, `INSERT INTO picture (case_id, entry, handle, sealed) VALUES ($1, $2, $3, $4)
			ON CONFLICT (case_id, entry) DO NOTHING`, string(b.caseID), int64(e.Index), whose.id, sealed)
	})
}
