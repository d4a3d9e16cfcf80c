package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/export"
)

const hostileName = "=cmd|x\u202egpj.zip\nfalconword"

func archiveFile() daybook.Import {
	b := []byte("the file as it was added")
	return daybook.Import{ID: "import1", Account: "acct0", Name: hostileName, File: daybook.DigestOf(b), Size: int64(len(b)), Kind: "x-archive", Parser: "x/1", Made: start,
		Parts:   []daybook.ImportPart{{Digest: daybook.DigestOf(b[:10]), Bytes: 10}, {Digest: daybook.DigestOf(b[10:]), Bytes: int64(len(b) - 10)}},
		Members: []daybook.ImportMember{{Name: "data/membername.js", Bytes: 7}}, Threads: []string{"threadname"}}
}

// imported appends a file that was added, with items of it, and how that ended.
func (m *maker) imported(i daybook.Import, posts ...post) {
	i.Event = daybook.ImportBegun
	r := daybook.NewRecord(daybook.RecordImport, i)
	for _, p := range i.Parts {
		r.Blobs = append(r.Blobs, p.Digest)
	}
	begun := i
	m.add(r, export.EntryLine{Account: i.Account, Import: &begun})
	for k, p := range posts {
		n := m.item(p)
		place, offset := daybook.Place("data/direct#messages.js", "/0/dmConversation/messages/"+string(rune('0'+k))), int64(100+k)
		e := &m.view.Entries[n]
		e.Origin, e.File, e.Place, e.Offset, e.Fetched = daybook.Imported, i.File, place, offset, e.Fetched.AddDate(-1, 0, 0)
		m.records[n].Fields = append(m.records[n].Fields, daybook.Field{Name: "file", Value: []byte(i.File.String())}, daybook.Field{Name: "member", Value: []byte(place)})
	}
	done := i
	done.Event, done.Parts, done.Members, done.Threads = daybook.ImportDone, nil, nil, nil
	done.Report = &daybook.ImportReport{Threads: 1, Messages: len(posts), New: len(posts), ByKind: map[daybook.Kind]int{daybook.KindDirectMessage: len(posts)},
		NotRead: []daybook.NotRead{{Member: "data/ads.js", What: "ads", Count: 3, Where: "/3/wherename"}}, Never: []string{"mentions by others"}}
	m.add(daybook.NewRecord(daybook.RecordImport, done), export.EntryLine{Account: i.Account, Import: &done})
}

// A message that came from the account and in a file is one exhibit with both
// captures; each says where it stands.
func TestFromFiles_A2_E15(t *testing.T) {
	m := newMaker()
	both := post{id: "1", text: "both ways", sender: "kestrel"}
	m.item(both)
	file := archiveFile()
	m.imported(file, both, post{id: "2", text: "in the file alone", sender: "kestrel"})
	s := show(t, m.made, export.Spec{Kind: export.Complete})
	if got := s.Exhibits[0].Ways(); !slices.Equal(got, []daybook.Origin{daybook.Collected, daybook.Imported}) || len(s.Exhibits[0].Sources()) != 2 {
		t.Errorf("the first exhibit came by %v, %+v", got, s.Exhibits[0].Sources())
	}

	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(written(t, s, "timeline.csv"), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(row int, name string) string { return rows[row][slices.Index(rows[0], name)] }
	got := [][]string{}
	for row := 1; row <= 2; row++ {
		got = append(got, []string{column(row, "origin"), column(row, "file (SHA-256)"), column(row, "place in the file"), column(row, "position there")})
	}
	want := [][]string{
		{"collected, imported", file.File.String(), "data/direct#messages.js", "/0/dmConversation/messages/0"},
		{"imported", file.File.String(), "data/direct#messages.js", "/0/dmConversation/messages/1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline.csv (-want +got):\n%s", diff)
	}

	var lines []struct {
		Sources []struct {
			Entry                         uint64
			Origin, File, Member, Pointer string
			Offset                        *int64
		}
	}
	if err := json.Unmarshal([]byte(written(t, s, "timeline.json")), &lines); err != nil {
		t.Fatal(err)
	}
	if src := lines[0].Sources; len(src) != 2 || src[0].File != "" || src[0].Offset != nil || src[1].File != file.File.String() || src[1].Offset == nil || *src[1].Offset != 100 ||
		src[1].Pointer != "/0/dmConversation/messages/0" || src[1].Entry != 4 {
		t.Errorf("timeline.json: %+v", src)
	}
}

// Custody says who added a file and when, by a name that does nothing to whoever
// reads it.
func TestCustodyOfAFile(t *testing.T) {
	m := newMaker()
	file := archiveFile()
	m.imported(file, post{id: "2", text: "in the file", sender: "kestrel"})
	s := show(t, m.made, export.Spec{Kind: export.Complete})
	custody := written(t, s, "custody.csv")
	name := "=cmd|x_gpj.zip_falconword"
	for _, want := range []string{
		"began to read in the file “" + name + "” (X account archive, 24 bytes, SHA-256 " + file.File.String() + "); the file itself is kept",
		"imported: 1 item", "read in the file “" + name + "”", "1 message, of which 1 had not been here",
	} {
		if !strings.Contains(custody, want) {
			t.Errorf("custody.csv does not say %q:\n%s", want, custody)
		}
	}
	var c struct {
		Imports []struct {
			Begun, Ended uint64
			How, Name    string
			SHA256       string
			Whole        bool `json:"kept_whole"`
			InBundle     bool `json:"in_bundle"`
			Report       *daybook.ImportReport
		}
	}
	if err := json.Unmarshal([]byte(written(t, s, "completeness.json")), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Imports) != 1 {
		t.Fatalf("completeness.json tells of %d files", len(c.Imports))
	}
	i := c.Imports[0]
	if i.Begun != 2 || i.Ended != 4 || i.How != "done" || i.Name != name || i.SHA256 != file.File.String() || !i.Whole || i.InBundle || i.Report == nil || i.Report.Never[0] != "mentions by others" {
		t.Errorf("completeness.json: %+v", i)
	}
}

// The file as a whole holds what is left out and covered.
func TestFilesNeverWithCovers(t *testing.T) {
	m := newMaker()
	m.imported(archiveFile(), post{id: "2", text: "in the file", sender: "kestrel"})
	tests := []struct {
		name string
		spec export.Spec
		ok   bool
	}{
		{"complete", export.Spec{Kind: export.Complete, Files: true}, true},
		{"selection", export.Spec{Kind: export.Selection, Files: true, Entries: []uint64{3}}, false},
		{"covered", export.Spec{Kind: export.Complete, Files: true, Covers: []export.Cover{{Word: "file", As: "x"}}}, false},
		{"withheld", export.Spec{Kind: export.Complete, Files: true, Redactions: []export.Redaction{{Entry: 3, Field: export.FieldText}}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := export.Show(m.view, tt.spec)
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if tt.ok && !s.AddedFiles()[0].InBundle {
				t.Error("the file is not in it")
			}
		})
	}
}

// A selection tells of the files that its messages were read from, and nothing
// of what else stood in them; covered words are nowhere.
func TestSelectionOfAFile_B5(t *testing.T) {
	m := newMaker()
	other := archiveFile()
	other.ID, other.Name, other.File = "import2", "othername.zip", daybook.DigestOf([]byte("another"))
	m.imported(archiveFile(), post{id: "2", text: "chosen", sender: "kestrel"})
	m.imported(other, post{id: "3", text: "left out", sender: "kestrel"})
	s := show(t, m.made, export.Spec{Kind: export.Selection, Entries: []uint64{3}, Covers: []export.Cover{{Word: "falconword", As: "a word"}}})
	all := m.disclosed(t, s)
	for _, gone := range []string{"othername", "threadname", "membername", "wherename", "falconword"} {
		if strings.Contains(all, gone) {
			t.Errorf("%q is in the selection: %s", gone, around(all, gone))
		}
	}
	if !strings.Contains(all, archiveFile().File.String()) || !strings.Contains(all, "gpj.zip_a word") {
		t.Error("the file that the chosen message was read from is not named")
	}
	if got := s.AddedFiles(); len(got) != 1 || got[0].InBundle {
		t.Errorf("it tells of %d files", len(got))
	}
}

// An item that also shows a message which is not in the selection does not say
// where it stands.
func TestPlaceOfAnother_B5(t *testing.T) {
	m := newMaker()
	m.imported(archiveFile(), post{id: "2", text: "chosen", sender: "kestrel"})
	n := m.item(post{id: "5", text: "with it", sender: "kestrel"}, post{id: "2", text: "chosen", sender: "kestrel"})
	e := &m.view.Entries[n]
	e.File, e.Place, e.Offset = archiveFile().File, "data/secretplace.js#/7", 700
	s := show(t, m.made, export.Spec{Kind: export.Selection, Entries: []uint64{3}, Handles: []daybook.Handle{handle("nobody", "")}})
	if len(s.Exhibits) != 1 {
		t.Fatalf("%d exhibits", len(s.Exhibits))
	}
	if all := m.disclosed(t, s); strings.Contains(all, "secretplace") {
		t.Error("the place is shown")
	}
}

// FuzzFileName: a name is one line of what can be seen.
func FuzzFileName(f *testing.F) {
	f.Add(hostileName)
	f.Add(strings.Repeat("x", 1000))
	f.Fuzz(func(t *testing.T, name string) {
		s := export.FileName(name)
		if strings.ContainsAny(s, "\n\r\x00\u202e\u200b") || len([]rune(s)) > 101 {
			t.Errorf("%q is shown as %q", name, s)
		}
		i := archiveFile()
		i.Name = name
		if words := export.ImportWords(&i); bytes.ContainsAny([]byte(words), "\n\r") {
			t.Errorf("the words are on several lines: %q", words)
		}
	})
}
