package archive

import (
	"sync"

	"daybook"
)

// recent keeps the records that were appended last, for the followers that come
// right after: what was just sealed need not be read and opened again. A record
// is found by its commitment, which is random and says all of it; one whose
// transaction was taken back is never asked for and makes room in time. Each is
// handed out once, and only while nothing was erased from its log since. Verify
// does not use it: it reads what is stored.
type recent struct {
	mu    sync.Mutex
	bytes int
	order []daybook.Digest
	by    map[daybook.Digest]recentRecord
}

type recentRecord struct {
	daybook.Record
	erasures uint64 // Head.Erasures when it was appended
}

// Bounds of what is kept: two batches of a follower, and 32 MB.
const (
	recentRecords = 2 * followBatch
	recentBytes   = 32 << 20
)

func size(r daybook.Record) int {
	n := 0
	for i := range r.Fields {
		n += len(r.Fields[i].Value) + 64
	}
	return n
}

func (k *recent) put(d daybook.Digest, r daybook.Record, erasures uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[daybook.Digest]recentRecord{}
	}
	k.by[d] = recentRecord{r, erasures}
	k.order = append(k.order, d)
	k.bytes += size(r)
	for len(k.order) > 0 && (len(k.by) > recentRecords || k.bytes > recentBytes) {
		k.remove(k.order[0])
		k.order = k.order[1:]
	}
	if old := len(k.order) - recentRecords; old > recentRecords { // most of them were taken
		for _, d := range k.order[:old] {
			k.remove(d)
		}
		k.order = append([]daybook.Digest(nil), k.order[old:]...)
	}
}

func (k *recent) remove(d daybook.Digest) {
	if r, ok := k.by[d]; ok {
		k.bytes -= size(r.Record)
		delete(k.by, d)
	}
}

// take returns the records of rows, if it has all of them.
func (k *recent) take(rows []Row, erasures uint64) ([]daybook.Record, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range rows {
		if r, ok := k.by[rows[i].Commitment]; !ok || r.erasures != erasures {
			return nil, false
		}
	}
	out := make([]daybook.Record, len(rows))
	for i := range rows {
		out[i] = k.by[rows[i].Commitment].Record
		k.remove(rows[i].Commitment)
	}
	return out, true
}
