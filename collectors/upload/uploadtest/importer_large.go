package uploadtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"testing"

	"daybook"
	"daybook/collectors/upload"
)

// An illustrated export gives its first messages an attachment of so many bytes
// each.
type illustrated struct {
	upload.Export
	bytes int64
	most  int
}

func (e illustrated) Items(ctx context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		n := 0
		for it, err := range e.Export.Items(ctx) {
			if err == nil && n < e.most && it.Item.Reading != nil && len(it.Item.Reading.Messages) > 0 {
				n++
				picture := bytes.Repeat([]byte{byte(n)}, int(e.bytes))
				it.Media = []upload.Attachment{{
					Media: daybook.Media{Native: fmt.Sprint("picture ", n), Type: "image"}, Member: fmt.Sprint(n), Size: e.bytes,
					Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture)), nil },
				}}
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

// A weighing world knows how many bytes of attachments each transaction kept.
type weighing struct {
	*world
	held, most, all int64
}

func (w *weighing) Update(ctx context.Context, fn func(context.Context) error) error {
	w.held = 0
	return w.world.Update(ctx, fn)
}

func (w *weighing) PutBlob(ctx context.Context, c daybook.CaseID, b []byte) (daybook.Digest, error) {
	w.held += int64(len(b))
	w.most, w.all = max(w.most, w.held), w.all+int64(len(b))
	return w.world.PutBlob(ctx, c, b)
}

// large checks that no transaction keeps more attachments than a few, however many
// there are: until it ends nobody else can write.
func (in Importing) large(t *testing.T) {
	const most = 16 << 20
	for _, size := range []int64{3 << 20, most + 1} {
		w := &weighing{world: in.world(t)}
		w.im.Log, w.im.Ledger, w.im.Batch = w, w, 1000
		o := w.order()
		o.Export = illustrated{w.export, size, int(3 * most / size)}
		w.read(o)
		if w.all < 2*size || w.most > max(most, size) {
			t.Errorf("attachments of %d bytes: %d in all, %d in one transaction", size, w.all, w.most)
		}
	}
}
