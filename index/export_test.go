package index

import (
	"context"
	"encoding/binary"

	"daybook"
)

// PretendVersion makes an index look as if another version of the mapping had
// written it.
func (x *Index) PretendVersion(ctx context.Context, c daybook.CaseID, version uint64) error {
	return x.with(ctx, c, func(f *folder) error {
		b := f.state.bytes()
		binary.BigEndian.PutUint64(b, version)
		if err := f.reserve(ctx); err != nil {
			return err
		}
		batch := f.words.NewBatch()
		batch.SetInternal([]byte(stateValue), b)
		batch.SetPersistedCallback(func(error) { <-f.unwritten })
		return f.words.Batch(batch)
	})
}
