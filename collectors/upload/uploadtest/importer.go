package uploadtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/collectorstest"
	"daybook/collectors/upload"
)

// Importing is what the suite of the Importer needs of a Format: a file of its
// kind with a conversation with one other, and with a text that stands in one
// message alone.
type Importing struct {
	Format  upload.Format
	File    func(t testing.TB) upload.File
	Options upload.Options
}

// RunImporting checks that a Format's files can be read in, whatever happens
// meanwhile.
func RunImporting(t *testing.T, in Importing) {
	t.Run("everything", in.everything)
	t.Run("twice", in.twice)
	t.Run("repeated", in.repeated)
	t.Run("crash", in.crashes)
	t.Run("lease lost", in.lost)
	t.Run("excluded", in.excluded)
	t.Run("left out", in.leftOut)
	t.Run("erased", in.erased)
	t.Run("erased meanwhile", in.erasedMeanwhile)
	t.Run("stopped", in.stopped)
	t.Run("threads", in.threads)
	t.Run("gone", in.gone)
	t.Run("holes", in.holes)
	t.Run("moved", in.moved)
	t.Run("undated", in.undated)
	t.Run("observed", in.observed)
	t.Run("without posts", in.withoutPosts)
	t.Run("refused", in.refused)
	t.Run("large attachments", in.large)
}

// A world is an empty case with a file in front of it.
type world struct {
	*collectorstest.Memory
	t       *testing.T
	file    upload.File
	export  upload.Export
	account daybook.Account
	clock   *collectorstest.Clock
	tombs   map[daybook.MessageKey]bool
	moved   bool // it has the log alone, so that items come twice
	im      upload.Importer
}

const worldCase = daybook.CaseID("case")

func (in Importing) world(t *testing.T) *world {
	t.Helper()
	w := &world{Memory: collectorstest.NewMemory(), t: t, file: in.File(t), tombs: map[daybook.MessageKey]bool{}}
	e, err := in.Format.Open(t.Context(), w.file, in.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	w.export = e
	sum := e.Summary()
	w.clock = collectorstest.NewClock(sum.Made.Add(24 * time.Hour))
	w.account = daybook.Account{ID: "account", Case: worldCase, Platform: in.Format.Platform, Handle: sum.Owner, State: daybook.Named}
	w.im = upload.Importer{
		Log: w, Ledger: w, Accounts: w, Queue: w, Tombs: w, Past: w, Owner: "test", Clock: w.clock.Now, Batch: 7,
	}
	return w
}

func (w *world) order() upload.Order {
	return upload.Order{Account: w.account, File: w.file, Export: w.export}
}

var importer = daybook.Actor{ID: "mara", Role: "user", Via: "test"}

func (w *world) read(o upload.Order) upload.Result {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	r, err := w.im.Import(w.t.Context(), importer, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// Erased implements upload.Tombs.
func (w *world) Erased(_ context.Context, _ daybook.CaseID, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error) {
	out := map[daybook.MessageKey]bool{}
	for _, m := range messages {
		if w.tombs[m] {
			out[m] = true
		}
	}
	return out, nil
}

// Tombstones implements upload.Tombs.
func (w *world) Tombstones(context.Context, daybook.CaseID) (int, error) { return len(w.tombs), nil }

// Imports implements upload.Past.
func (w *world) Imports(context.Context, daybook.CaseID) (out []upload.Former, err error) {
	for i, r := range w.Records() {
		if r.Kind == daybook.RecordImport {
			f := upload.Former{Entry: uint64(i), Logged: r.Logged}
			if err := r.Decode(&f.Import); err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// Messages implements upload.Past.
func (w *world) Messages(_ context.Context, _ daybook.CaseID, before time.Time, fn func([]daybook.Message) error) error {
	var all []daybook.Message
	for key, m := range w.messages() {
		if m.Sent.At.Before(before) {
			all = append(all, daybook.Message{Key: key, Kind: m.Kind, Sender: m.Sender, Sent: m.Sent, Thread: m.Thread, Direction: m.Direction})
		}
	}
	slices.SortFunc(all, func(a, b daybook.Message) int { return cmp.Compare(a.Key, b.Key) })
	for lot := range slices.Chunk(all, 5) {
		if err := fn(lot); err != nil {
			return err
		}
	}
	return nil
}

// items returns the items of the log by capture key; it fails the test if one was
// archived twice.
func (w *world) items() map[string]daybook.Item {
	w.t.Helper()
	all := map[string]daybook.Item{}
	for _, r := range w.Records() {
		if r.Kind != daybook.RecordItem {
			continue
		}
		it, err := daybook.ParseItem(r)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, twice := all[it.CaptureKey()]; twice && !w.moved {
			w.t.Errorf("archived twice: %s %s", it.Capture.Lane, it.Capture.NativeID)
		}
		all[it.CaptureKey()] = it
	}
	return all
}

func (w *world) messages() map[daybook.MessageKey]daybook.ReadMessage {
	all := map[daybook.MessageKey]daybook.ReadMessage{}
	for _, it := range w.items() {
		if it.Reading == nil {
			continue
		}
		for _, m := range it.Reading.Messages {
			if m.Key != "" {
				all[m.Key] = m
			}
		}
	}
	return all
}

// told returns records of a kind, read.
func told[T any](w *world, kind daybook.RecordKind) (out []T) {
	w.t.Helper()
	for _, r := range w.Records() {
		if r.Kind != kind {
			continue
		}
		var v T
		if err := r.Decode(&v); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// has reports whether anything that is kept holds some bytes.
func (w *world) has(b string) string {
	for i, r := range w.Records() {
		for _, f := range r.Fields {
			if bytes.Contains(f.Value, []byte(b)) {
				return fmt.Sprintf("field %s of entry %d, of kind %s", f.Name, i, r.Kind)
			}
		}
		for _, d := range r.Blobs {
			if bytes.Contains(w.Blob(d), []byte(b)) {
				return fmt.Sprintf("a blob of entry %d, of kind %s", i, r.Kind)
			}
		}
	}
	return ""
}

// shown is what a whole log shows, whatever order it came in.
type shown struct {
	Messages map[daybook.MessageKey]string
	Items    int
	Observed []string
	Media    []string
}

func (w *world) shown() shown {
	s := shown{Messages: map[daybook.MessageKey]string{}, Items: len(w.items())}
	for key, m := range w.messages() {
		s.Messages[key] = m.Text
	}
	for _, o := range told[daybook.Observation](w, daybook.RecordObservation) {
		s.Observed = append(s.Observed, string(o.What)+" "+string(o.Message)+" "+o.Handle.Ref()+" "+o.At.String())
	}
	for _, m := range told[daybook.MediaRecord](w, daybook.RecordMedia) {
		s.Media = append(s.Media, string(m.Message)+" "+m.Media.Native+" "+string(m.Media.State)+" "+m.Media.Digest.String())
	}
	slices.Sort(s.Observed)
	slices.Sort(s.Media)
	return s
}

// inFile are the messages of threads that are taken, as the file has them.
func (w *world) inFile(o upload.Order) map[daybook.MessageKey]daybook.ReadMessage {
	w.t.Helper()
	taken := map[string]bool{}
	for _, th := range o.Export.Summary().Threads {
		taken[th.ID] = th.Usual && len(o.Threads) == 0 || slices.Contains(o.Threads, th.ID)
	}
	all := map[daybook.MessageKey]daybook.ReadMessage{}
	for it, err := range o.Export.Items(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		if it.Item.Reading == nil || !taken[it.Thread] {
			continue
		}
		for _, m := range it.Item.Reading.Messages {
			if m.Key != "" {
				all[m.Key] = m
			}
		}
	}
	return all
}

func (in Importing) everything(t *testing.T) {
	w := in.world(t)
	o := w.order()
	stages := map[upload.Stage]bool{}
	o.Progress = func(s upload.Stage, done, total int64) {
		stages[s] = true
		if done < 0 || done > total {
			t.Errorf("%s: %d of %d", s, done, total)
		}
	}
	r := w.read(o)
	if diff := gocmp.Diff(w.inFile(o), w.messages()); diff != "" {
		t.Errorf("messages (-file +log):\n%s", diff)
	}
	if n := len(w.messages()); n == 0 || r.Report.New != n || r.Report.Messages != n || r.Report.Known != 0 {
		t.Errorf("the log has %d messages, the report says %+v", n, r.Report)
	}
	if !stages[upload.StageFile] || !stages[upload.StageItems] {
		t.Errorf("told of the stages %v", stages)
	}
	for _, it := range w.items() {
		c := it.Capture
		if c.Account != w.account.ID || c.File != r.File || c.Origin != daybook.Imported || c.Exchange != nil || c.Member == "" {
			t.Errorf("an item of account %q, file %s, origin %q, at %q", c.Account, c.File, c.Origin, c.Member)
		}
	}
	w.entries(r)
}

// entries checks the two entries of an import that went well, and that what is
// kept of the file is the file.
func (w *world) entries(r upload.Result) {
	w.t.Helper()
	all := told[daybook.Import](w, daybook.RecordImport)
	records := w.Records()
	if len(all) != 2 || all[0].Event != daybook.ImportBegun || all[1].Event != daybook.ImportDone {
		w.t.Fatalf("entries of kind import: %+v", all)
	}
	whole := make([]byte, w.file.Size)
	if _, err := w.file.ReadAt(whole, 0); err != nil && w.file.Size > 0 {
		w.t.Log(err) // an EOF with the last byte
	}
	var kept []byte
	for _, p := range all[0].Parts {
		kept = append(kept, w.Blob(p.Digest)...)
	}
	switch begun := all[0]; {
	case !r.Kept || !bytes.Equal(kept, whole):
		w.t.Errorf("%d bytes of the file are kept, of %d", len(kept), len(whole))
	case begun.File != daybook.DigestOf(whole) || begun.Size != w.file.Size || begun.ID != all[1].ID || begun.Account != w.account.ID:
		w.t.Errorf("the first entry says %+v", begun)
	case all[1].Report == nil || !gocmp.Equal(*all[1].Report, r.Report) || len(all[1].Held) == 0:
		w.t.Errorf("the last entry says %+v", all[1])
	}
	for _, n := range []uint64{r.Begun, r.Ended} {
		if records[n].Kind != daybook.RecordImport || records[n].Actor != importer {
			w.t.Errorf("entry %d is of kind %s, by %+v", n, records[n].Kind, records[n].Actor)
		}
	}
}

func (in Importing) twice(t *testing.T) {
	w := in.world(t)
	first := w.read(w.order())
	before := w.shown()
	n := len(w.Records())
	second := w.read(w.order())
	if diff := gocmp.Diff(before, w.shown()); diff != "" {
		t.Errorf("the same file again changed what there is:\n%s", diff)
	}
	if added := len(w.Records()) - n; added != 2 || second.Report.New != 0 || second.Report.Known != first.Report.New || second.Report.Gone != 0 {
		t.Errorf("%d entries were added; %+v", added, second.Report)
	}
	if len(first.Before) != 0 || len(second.Before) != 1 || second.Before[0].ID != first.ID {
		t.Errorf("read before: %+v, then %+v", first.Before, second.Before)
	}
}

// mostCrashes is how many steps of an import are tried.
const mostCrashes = 40

func (in Importing) crashes(t *testing.T) {
	clean := in.world(t)
	counted := &collectorstest.Faults{At: -1}
	clean.faulty(counted)
	clean.read(clean.order())
	want := clean.shown()
	if counted.Steps < 10 {
		t.Fatalf("an import has %d steps", counted.Steps)
	}
	for at := 0; at < counted.Steps; at += max(1, counted.Steps/mostCrashes) {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d, persisted %t", at, after), func(t *testing.T) {
				w := in.world(t)
				whole := w.im
				w.faulty(&collectorstest.Faults{At: at, After: after})
				_, err := w.im.Import(t.Context(), importer, w.order())
				if !errors.Is(err, collectorstest.ErrFault) {
					t.Fatalf("got %v, want the fault", err)
				}
				w.im = whole
				w.clock.Advance(time.Hour) // the lease ends
				w.read(w.order())
				if diff := gocmp.Diff(want, w.shown()); diff != "" {
					t.Errorf("what there is differs from a run without a crash (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func (w *world) faulty(f *collectorstest.Faults) {
	c := f.Wrap(collectors.Config{Log: w, Ledger: w, Queue: w, Accounts: w})
	w.im.Log, w.im.Ledger, w.im.Queue = c.Log, c.Ledger, c.Queue
}

// other is somebody whom the person has a conversation of their own with.
func (w *world) other() (daybook.Handle, upload.Thread) {
	w.t.Helper()
	for _, th := range w.export.Summary().Threads {
		if th.Kind == upload.ThreadDirect && len(th.With) == 1 && th.In > 0 {
			return th.With[0], th
		}
	}
	w.t.Fatal("the file has no conversation with one other")
	return daybook.Handle{}, upload.Thread{}
}
