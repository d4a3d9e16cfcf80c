package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook"
)

// An Answer is what a check comes to.
type Answer string

const (
	OK            Answer = "ok"
	Broken        Answer = "broken"
	CannotBeKnown Answer = "cannot be checked"
)

// A Problem is one place that is broken or cannot be checked.
type Problem struct {
	Where string `json:"where"` // "entry 17", "checkpoint of 120 entries"
	What  string `json:"what"`
}

// An Anchor is a size and root that are held outside this archive: in an
// adviser's mail, on paper, by a witness. Without one, an archive alone cannot
// notice that its newest part is missing together with the checkpoints over it.
type Anchor struct {
	Where   string         `json:"where"`
	Size    uint64         `json:"size"`
	Root    daybook.Digest `json:"root,omitzero"`
	Prefix  string         `json:"prefix,omitzero"` // first hexadecimal digits of the root, if that is all there is
	Matches bool           `json:"matches"`         // set by Verify
}

// A Report is what Verify found.
type Report struct {
	Answer  Answer   `json:"answer"`
	Entries uint64   `json:"entries"`
	Covered uint64   `json:"covered"`             // entries under the newest checkpoint; the others are the uncovered tail
	Pending int      `json:"pending_time_stamps"` // authorities whose stamp over the newest checkpoint is still to be had
	Anchors []Anchor `json:"anchors"`             // outside copies that were compared
	Erased  int      `json:"erased"`              // entries whose content was destroyed on somebody's word
	// NotHandedOver counts entries whose content was not in the bundle that this
	// case came from.
	NotHandedOver int       `json:"not_handed_over"`
	Problems      []Problem `json:"problems"` // empty if Answer is OK
	Root          string    `json:"root"`

	TimeStamps []StampReport `json:"time_stamps"` // by authority; one that says so if none is set up
	Remarks    []Problem     `json:"remarks"`     // what a reader should know, and what does not make it broken
}

// maxRemarks bounds them, as maxProblems does problems.
const maxRemarks = 20

func (r *Report) remark(where, what string, args ...any) {
	if len(r.Remarks) < maxRemarks {
		r.Remarks = append(r.Remarks, Problem{where, fmt.Sprintf(what, args...)})
	}
}

func (r *Report) broken(where, what string, args ...any) {
	r.Answer = Broken
	r.Problems = append(r.Problems, Problem{where, fmt.Sprintf(what, args...)})
}

// unknown notes what could not be checked; that something is broken outweighs it.
func (r *Report) unknown(where, what string) {
	if r.Answer == OK {
		r.Answer = CannotBeKnown
	}
	r.Problems = append(r.Problems, Problem{where, what})
}

// maxProblems bounds a report: an archive that is broken everywhere is as
// broken as one that is broken in a hundred places.
const maxProblems = 100

// Verify reads every byte of a log and compares it with what was committed to:
// fields with the record, the record with the leaf, the leaves with the tree,
// the tree with every checkpoint, with the high-water mark and with the anchors
// that it is given, and every time stamp with its checkpoint. An error means that the check itself could not be made.
func (l *Log) Verify(ctx context.Context, c daybook.CaseID, anchors ...Anchor) (Report, error) {
	v := verifier{log: l, c: c, want: map[uint64][]wanted{}, stamped: map[uint64]time.Time{}, missing: map[uint64]bool{}}
	v.report.Answer = OK
	v.report.Anchors = slices.Clone(anchors)
	if v.report.Anchors == nil {
		v.report.Anchors = []Anchor{}
	}
	v.report.Problems, v.report.Remarks, v.report.TimeStamps = []Problem{}, []Problem{}, []StampReport{}
	if err := v.run(ctx); err != nil {
		return Report{}, fmt.Errorf("verify case %s: %w", c, err)
	}
	return v.report, nil
}

type verifier struct {
	log     *Log
	c       daybook.CaseID
	report  Report
	want    map[uint64][]wanted  // size → who says what root
	missing map[uint64]bool      // entries without content
	allowed []uint64             // entries that an erased entry names
	last    time.Time            // of the entry before
	stamped map[uint64]time.Time // size → the earliest time stamp over so many entries that is right
	before  daybook.Digest       // root over the entries before one of kind restore
	handed  []handed             // logs that were put back
	blobs   []daybook.Digest
	com     committer
	seal    sealer

	whole      bool   // the case key was destroyed
	lastErased uint64 // the newest entry of kind erased, counted from 1; 0: none was seen
}

// wanted is a statement about the root over some number of entries.
type wanted struct {
	where string
	check func(root daybook.Digest) bool
	short string // what it means when the log is shorter
}

func (v *verifier) run(ctx context.Context) error {
	// The log goes on meanwhile: what is checked is the log of the moment at
	// which its head is read, and nothing that was collected before speaks of more.
	if err := v.collect(ctx); err != nil {
		return err
	}
	head, err := v.log.storage.Head(ctx, v.c)
	if err != nil {
		return err
	}
	key, keyErr := v.log.keys.Case(ctx, v.c)
	if keyErr != nil {
		v.withoutKey(keyErr)
	}
	v.seal = sealer{dict: v.log.dict, passing: true}
	var (
		edge frontier
		n    uint64
		root = edge.root()
	)
	v.compare(0, root)
	for n < head.Size && len(v.report.Problems) < maxProblems {
		rows, err := v.log.storage.Rows(ctx, v.c, n, int(min(batchRows, head.Size-n)), keyErr != nil)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			row := &rows[i]
			if row.Index != n {
				v.report.broken(fmt.Sprintf("entry %d", n), "it is missing; the next one is entry %d", row.Index)
				return nil
			}
			if row.Kind == daybook.RecordRestore {
				v.before = edge.root()
			}
			var hashes []byte
			hashes, edge = edge.add(n, Leaf(n, row.Kind, row.Commitment), row.Hashes[:0:0])
			if !bytes.Equal(hashes, row.Hashes) {
				v.report.broken(fmt.Sprintf("entry %d", n), "its leaf does not give the tree hashes that are stored")
			}
			if keyErr == nil {
				v.content(key, row)
			} else {
				v.bare(row)
			}
			n++
			v.time(row, n)
			if len(v.want[n]) > 0 {
				v.compare(n, edge.root())
			}
			if len(v.report.Problems) >= maxProblems {
				break
			}
		}
	}
	v.report.Entries = n
	root = edge.root()
	v.report.Root = root.String()
	if head.Size != n {
		v.report.broken("head", "it says %d entries, %d are here", head.Size, n)
	} else if !bytes.Equal(head.Frontier, edge.bytes()) {
		v.report.broken("head", "its root is not the one over the entries")
	}
	if err := v.beyondHead(ctx); err != nil {
		return err
	}
	v.tooShort(n)
	v.erasures()
	v.wholeErased()
	return v.checkBlobs(ctx)
}

// beyondHead looks for entries that the head does not know of. An entry that is
// appended meanwhile moves the head on with it.
func (v *verifier) beyondHead(ctx context.Context) error {
	for {
		head, err := v.log.storage.Head(ctx, v.c)
		if err != nil {
			return err
		}
		rows, err := v.log.storage.Rows(ctx, v.c, head.Size, 1, true)
		if err != nil || len(rows) == 0 {
			return err
		}
		now, err := v.log.storage.Head(ctx, v.c)
		if err != nil {
			return err
		}
		if now.Size == head.Size {
			v.report.broken("head", "it says %d entries, more are here", head.Size)
			return nil
		}
	}
}

// collect gathers everything that says what the root should be.
func (v *verifier) collect(ctx context.Context) error {
	notes, err := v.log.storage.Checkpoints(ctx, v.c)
	if err != nil {
		return err
	}
	signedBySize := make(map[uint64][]byte, len(notes))
	for _, signed := range notes {
		cp, err := v.log.ParseCheckpoint(v.c, signed)
		if err != nil {
			v.report.broken("checkpoint", "its signature is not one by this instance's key, or it was altered")
			continue
		}
		signedBySize[cp.Size] = signed
		v.report.Covered = max(v.report.Covered, cp.Size)
		v.wants(cp.Size, wanted{
			where: "checkpoint of " + entries(cp.Size),
			check: func(root daybook.Digest) bool { return root == cp.Root },
			short: "it covers entries that are not here: the log was cut",
		})
	}
	if err := v.stamps(ctx, signedBySize, v.report.Covered); err != nil {
		return err
	}
	if v.log.water != nil {
		if m, ok := v.log.water.All()[v.c]; ok {
			v.wants(m.Size, wanted{
				where: "high-water file",
				check: func(root daybook.Digest) bool { return root == m.Root },
				short: fmt.Sprintf("the log has had %d entries: an older store was put in its place, or it was cut", m.Size),
			})
		}
	}
	for i := range v.report.Anchors {
		a := &v.report.Anchors[i]
		v.wants(a.Size, wanted{
			where: "anchor: " + a.Where,
			check: func(root daybook.Digest) bool {
				a.Matches = root == a.Root || a.Prefix != "" && len(a.Prefix) >= 16 && root.String()[:min(64, len(a.Prefix))] == a.Prefix
				return a.Matches
			},
			short: "it covers entries that are not here: the log was cut",
		})
	}
	return nil
}

func (v *verifier) wants(size uint64, w wanted) { v.want[size] = append(v.want[size], w) }

func (v *verifier) compare(size uint64, root daybook.Digest) {
	for _, w := range v.want[size] {
		if !w.check(root) {
			v.report.broken(w.where, "root differs: the first %d entries are not those that it covers", size)
		}
	}
	delete(v.want, size)
}

// tooShort reports what speaks of more entries than there are.
func (v *verifier) tooShort(n uint64) {
	sizes := make([]uint64, 0, len(v.want))
	for size := range v.want {
		if size > n {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	for _, size := range sizes {
		for _, w := range v.want[size] {
			v.report.broken(w.where, "%s (%d covered, %d here)", w.short, size, n)
		}
	}
}

// clockStep is how far this machine's clock may go back before that is said.
const clockStep = 2 * time.Second

// time compares an entry's time with that of the entry before it and, if it is
// the last of the first n that were stamped, with the time stamp.
func (v *verifier) time(row *Row, n uint64) {
	if at, ok := v.stamped[n]; ok && row.Logged.Sub(at) > clockStep {
		v.report.remark(v.entry(row), "its time is %s later than that of a time stamp over it: the clock of this machine was ahead", row.Logged.Sub(at).Round(time.Second))
	}
	if back := v.last.Sub(row.Logged); back > clockStep {
		v.report.remark(v.entry(row), "its time is %s earlier than that of the entry before it: the clock of the machine was set back in between", back.Round(time.Second))
	}
	v.last = row.Logged
}

// content checks one entry's fields against its leaf.
func (v *verifier) content(key *CaseKey, row *Row) {
	if row.Sealed == nil {
		v.missing[row.Index] = true
		return
	}
	p, err := v.seal.open(key, row)
	if err != nil {
		v.report.broken(v.entry(row), "its content does not open: it was altered or moved")
		return
	}
	if v.com.commit(&p) != row.Commitment {
		v.report.broken(v.entry(row), "content does not match its commitment")
		return
	}
	if logged, ok := p.logged(); !ok || logged.UnixMicro() != row.Logged.UnixMicro() {
		v.report.broken(v.entry(row), "the time that it is listed with is not the one that it was written with")
	}
	switch row.Kind {
	case daybook.RecordErased, daybook.RecordMedia, daybook.RecordDiary, daybook.RecordImport, daybook.RecordRestore:
	default:
		return
	}
	r, err := p.record(row.Kind)
	if err != nil {
		v.report.broken(v.entry(row), "its fields cannot be read")
		return
	}
	v.blobs = append(v.blobs, r.Blobs...)
	if row.Kind == daybook.RecordErased {
		var e daybook.Erased
		if err := r.Decode(&e); err != nil {
			v.report.broken(v.entry(row), "its fields cannot be read")
			return
		}
		v.allowed = append(v.allowed, e.Entries...)
	}
	if row.Kind == daybook.RecordRestore {
		var e daybook.Restore
		if err := r.Decode(&e); err != nil {
			v.report.broken(v.entry(row), "its fields cannot be read")
			return
		}
		v.handed = append(v.handed, handed{Restore: e, index: row.Index, before: v.before})
	}
}

func (v *verifier) entry(row *Row) string { return fmt.Sprintf("entry %d", row.Index) }

// erasures compares the entries without content with those that somebody had
// erased.
func (v *verifier) erasures() {
	for _, i := range v.allowed {
		if v.missing[i] {
			v.report.Erased++
			delete(v.missing, i)
		}
	}
	v.handovers()
	left := make([]uint64, 0, len(v.missing))
	for i := range v.missing {
		left = append(left, i)
	}
	slices.Sort(left)
	for _, i := range left {
		v.report.broken(fmt.Sprintf("entry %d", i), "its content is missing, and no entry says that it was erased")
	}
}

func (v *verifier) checkBlobs(ctx context.Context) error {
	lacking := map[daybook.Digest]bool{}
	for _, r := range v.handed {
		for _, d := range r.BlobsNotHandedOver {
			lacking[d] = true
		}
	}
	for _, d := range v.blobs {
		_, err := v.log.Blob(ctx, v.c, d)
		switch {
		case err == nil:
		case errors.Is(err, ErrBroken):
			v.report.broken("blob "+d.String()[:16], "its bytes are not those that were kept")
		case errors.Is(err, daybook.ErrNotFound) && lacking[d]:
		case errors.Is(err, daybook.ErrNotFound):
			v.report.broken("blob "+d.String()[:16], "its bytes are missing")
		default:
			return err
		}
		if len(v.report.Problems) >= maxProblems {
			return nil
		}
	}
	return nil
}

// logged returns when a record was written, as its content has it.
func (p *payload) logged() (time.Time, bool) {
	at, ok := slices.BinarySearchFunc(p.fields, daybook.Field{Name: "logged"}, byName)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(p.fields[at].Value))
	return t, err == nil
}
