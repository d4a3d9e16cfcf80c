package uploadtest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/collectorstest"
	"daybook/collectors/upload"
	"daybook/internal/work"
)

// excluded checks that nothing is kept of a sender who is never stored (D-5), but
// how many of their messages there were.
func (in Importing) excluded(t *testing.T) {
	w := in.world(t)
	who, _ := w.other()
	w.Exclude(who)
	w.withoutTrace(who, w.read(w.order()))
}

// leftOut is excluded for one file alone.
func (in Importing) leftOut(t *testing.T) {
	w := in.world(t)
	who, _ := w.other()
	o := w.order()
	o.Exclude = []string{who.Ref()}
	w.withoutTrace(who, w.read(o))
}

func (w *world) withoutTrace(who daybook.Handle, r upload.Result) {
	w.t.Helper()
	if where := w.has(who.Native); where != "" {
		w.t.Errorf("the sender stands in %s", where)
	}
	if r.Report.Excluded == 0 || r.Report.New == 0 || r.Kept {
		w.t.Errorf("the report says %+v, file kept %t", r.Report, r.Kept)
	}
	begun := told[daybook.Import](w, daybook.RecordImport)[0]
	if begun.Excluded != 1 || len(begun.Parts) != 0 || begun.File.IsZero() || begun.Size != w.file.Size {
		w.t.Errorf("the first entry says %+v", begun)
	}
}

// alone is a message whose text stands nowhere else in the file.
func (w *world) alone() daybook.ReadMessage {
	w.t.Helper()
	all := w.inFile(w.order())
	var best daybook.ReadMessage
	for key, m := range all {
		once := true
		for other, o := range all {
			once = once && (other == key || !strings.Contains(o.Text, m.Text))
		}
		if once && (len(m.Text) > len(best.Text) || len(m.Text) == len(best.Text) && key < best.Key) {
			best = m
		}
	}
	if len(best.Text) < 8 {
		w.t.Fatal("no text of the file stands in one message alone")
	}
	return best
}

// erased checks that a message that was erased does not come back, not in the
// file itself either.
func (in Importing) erased(t *testing.T) {
	w := in.world(t)
	m := w.alone()
	w.tombs[m.Key] = true
	r := w.read(w.order())
	w.goneForGood(m, r)
	before := w.shown()
	w.goneForGood(m, w.read(w.order()))
	if diff := gocmp.Diff(before, w.shown()); diff != "" {
		t.Errorf("the same file again changed what there is:\n%s", diff)
	}
}

func (w *world) goneForGood(m daybook.ReadMessage, r upload.Result) {
	w.t.Helper()
	if where := w.has(m.Text); where != "" {
		w.t.Errorf("its text stands in %s", where)
	}
	if where := w.has(string(m.Key)); where != "" {
		w.t.Errorf("its key stands in %s", where)
	}
	if r.Report.Erased != 1 || r.Kept {
		w.t.Errorf("the report says %+v, file kept %t", r.Report, r.Kept)
	}
}

// erasedMeanwhile lets a message be erased when all its items are appended and
// not committed yet.
func (in Importing) erasedMeanwhile(t *testing.T) {
	w := in.world(t)
	m := w.alone()
	w.im.Log = appended{w.Memory, func(batch []daybook.Record) {
		for _, r := range batch {
			if r.Kind == daybook.RecordItem && strings.Contains(string(r.Value("m0.key")), string(m.Key)) {
				w.tombs[m.Key] = true
			}
		}
	}}
	if r := w.read(w.order()); r.Report.Erased != 1 {
		t.Errorf("the report says %+v", r.Report)
	}
	if _, there := w.messages()[m.Key]; there {
		t.Error("it is in the log")
	}
}

// appended tells of each batch once it is appended.
type appended struct {
	*collectorstest.Memory
	tell func(batch []daybook.Record)
}

func (a appended) Append(ctx context.Context, c daybook.CaseID, batch []daybook.Record) (uint64, error) {
	n, err := a.Memory.Append(ctx, c, batch)
	a.tell(batch)
	return n, err
}

// stopped checks that a person can end an import early, that the log says so, and
// that the same file goes on where it ended.
func (in Importing) stopped(t *testing.T) {
	clean := in.world(t)
	clean.read(clean.order())
	w := in.world(t)
	o := w.order()
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(s upload.Stage, done, _ int64) {
		if s == upload.StageItems && done > 0 {
			cancel()
		}
	}
	_, err := w.im.Import(ctx, importer, o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that it was stopped", err)
	}
	all := told[daybook.Import](w, daybook.RecordImport)
	if len(all) != 2 || all[1].Event != daybook.ImportStopped || all[1].Report == nil || all[1].Report.New != len(w.messages()) {
		t.Errorf("entries of kind import: %+v", all)
	}
	if n, whole := len(w.messages()), len(clean.messages()); n == 0 || n >= whole {
		t.Errorf("%d of %d messages are in the log: it was not stopped in the middle", n, whole)
	}
	w.read(w.order())
	if diff := gocmp.Diff(clean.shown(), w.shown()); diff != "" {
		t.Errorf("after it went on (-want +got):\n%s", diff)
	}
}

// threads checks that nothing is kept of what the person did not choose.
func (in Importing) threads(t *testing.T) {
	w := in.world(t)
	_, th := w.other()
	o := w.order()
	o.Threads = []string{th.ID}
	r := w.read(o)
	if diff := gocmp.Diff(w.inFile(o), w.messages()); diff != "" {
		t.Errorf("messages (-file +log):\n%s", diff)
	}
	begun := told[daybook.Import](w, daybook.RecordImport)[0]
	if r.Kept || len(begun.Parts) != 0 || !slices.Equal(begun.Threads, o.Threads) {
		t.Errorf("file kept %t, the first entry says %+v", r.Kept, begun)
	}
	if r.Report.NotChosen == 0 || r.Report.Messages != len(w.messages()) {
		t.Errorf("the report says %+v", r.Report)
	}
	for _, other := range w.export.Summary().Threads {
		if other.ID != th.ID && len(other.ID) > 12 && w.has(other.ID) != "" {
			t.Errorf("another thread stands in %s", w.has(other.ID))
		}
	}
	// The rest comes with the whole file.
	w.read(w.order())
	if diff := gocmp.Diff(w.inFile(w.order()), w.messages()); diff != "" {
		t.Errorf("messages after the whole file (-file +log):\n%s", diff)
	}
}

func (in Importing) refused(t *testing.T) {
	w := in.world(t)
	tests := []struct {
		name  string
		order func(o *upload.Order)
		busy  bool
		want  error
	}{
		{"of another account", func(o *upload.Order) {
			o.Account.Handle = daybook.Handle{Platform: o.Account.Platform, Native: "somebody else"}
		}, false, daybook.ErrInvalid},
		{"no such thread", func(o *upload.Order) { o.Threads = []string{"no such thread"} }, false, daybook.ErrInvalid},
		{"without an account", func(o *upload.Order) { o.Account.ID = "" }, false, daybook.ErrInvalid},
		{"while another is read in", func(*upload.Order) {}, true, upload.ErrBusy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := w.order()
			tt.order(&o)
			im := w.im
			if tt.busy {
				first := w.order()
				first.Progress = func(upload.Stage, int64, int64) {
					other := im
					other.Owner = "another process"
					if _, err := other.Import(t.Context(), importer, o); !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					}
				}
				w.read(first)
				return
			}
			if _, err := im.Import(t.Context(), importer, o); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if n := len(w.Records()); n != 0 {
				t.Errorf("%d entries were written", n)
			}
		})
	}
}

// lost checks that who was taken for dead writes nothing more once another has
// begun.
func (in Importing) lost(t *testing.T) {
	w := in.world(t)
	o := w.order()
	entries := 0
	o.Progress = func(s upload.Stage, done, _ int64) {
		if s != upload.StageItems || done == 0 || entries > 0 {
			return
		}
		entries = len(w.Records())
		now := w.clock.Now().Add(time.Hour)
		tasks, err := w.ClaimAbout(t.Context(), "import", string(w.account.ID), "another process", now, now, time.Hour, 1)
		if len(tasks) != 1 || err != nil {
			t.Fatalf("claimed %v, %v", tasks, err)
		}
	}
	if _, err := w.im.Import(t.Context(), importer, o); !errors.Is(err, work.ErrLost) {
		t.Errorf("got %v, want that the lease is lost", err)
	}
	if n := len(w.Records()); n != entries {
		t.Errorf("%d entries were written afterwards", n-entries)
	}
}

// A doubled export shows each item twice.
type doubled struct{ upload.Export }

func (d doubled) Items(ctx context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		for it, err := range d.Export.Items(ctx) {
			if !yield(it, err) || err == nil && !yield(it, nil) {
				return
			}
		}
	}
}

// repeated checks that what stands twice in a file is kept once.
func (in Importing) repeated(t *testing.T) {
	clean := in.world(t)
	clean.read(clean.order())
	for _, batch := range []int{1, 7, 500} {
		w := in.world(t)
		w.im.Batch = batch
		o := w.order()
		o.Export = doubled{w.export}
		r := w.read(o)
		if diff := gocmp.Diff(clean.shown(), w.shown()); diff != "" {
			t.Errorf("in batches of %d (-once +twice):\n%s", batch, diff)
		}
		if n := len(w.messages()); r.Report.New != n || r.Report.Known != n {
			t.Errorf("in batches of %d the report says %+v", batch, r.Report)
		}
	}
}
