package xarchive_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
	"daybook/collectors/upload/xarchive"
	"daybook/internal/need"
)

// TestRefused_E4 holds that one bad file refuses the archive, and that the error
// names it.
func TestRefused_E4(t *testing.T) {
	good := conversation(talk, message("5", ruben, "hello"))
	broken := func(s string) made { return made{types: map[string][]string{"directMessages": {s}}} }
	bare := func(s string) made {
		return made{types: map[string][]string{"directMessages": {""}}, others: map[string]string{"data/direct-messages.js": s}}
	}
	edited := func(old, text string) made {
		a := broken(good)
		a.edit = func(m string) string { return strings.Replace(m, old, text, 1) }
		return a
	}
	for _, tt := range []struct {
		name string
		made made
		want []string
	}{
		{"cut in a message", broken(good[:len(good)/2]), []string{"direct-messages.js", "ends too early"}},
		{"cut after a message", broken(good[:len(good)-4]), []string{"direct-messages.js", "ends too early"}},
		{"empty", bare(""), []string{"direct-messages.js", "not what X puts there"}},
		{"nothing after the name", broken(" "), []string{"direct-messages.js", "ends too early"}},
		{"something after it", broken(good + "alert(1)"), []string{"direct-messages.js", "not built as X builds it"}},
		{"a second list after it", broken(good + ";" + good), []string{"direct-messages.js", "not built as X builds it"}},
		{"no name before it", bare(good), []string{"direct-messages.js", "not what X puts there"}},
		{"another script before it", bare("alert(1); window.YTD.a.part0 = " + good), []string{"not what X puts there"}},
		{"a page", bare("<!DOCTYPE html><html></html>"), []string{"direct-messages.js", "a page to look at"}},
		{"damaged", broken(strings.Replace(good, ",", ";", 1)), []string{"direct-messages.js", "damaged, at byte"}},
		{"a member twice", broken(strings.Replace(good, `"id"`, `"id":"6","id"`, 1)), []string{"direct-messages.js", "damaged"}},
		{"an object", broken(`{}`), []string{"not built as X builds it"}},
		{"numbers", broken(`[1,2]`), []string{"not built as X builds it"}},
		{"messages that are none", broken(`[{"dmConversation":{"conversationId":"1-2","messages":{}}}]`), []string{"not built as X builds it"}},
		{"too deep", broken(strings.Repeat("[", 20_000)), []string{"not built as X builds it"}},
		{"too deep in a message", broken(conversation(talk, message("5", ruben, "a", `"x":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)))), []string{"damaged"}},
		{"a message that is too long", broken(conversation(talk, message("5", ruben, strings.Repeat("a", 9<<20)))), []string{"too long"}},
		{"a broken list of contents", edited("{", "["), []string{"manifest.js"}},
		{"an empty list of contents", edited(`"dataTypes"`, `"none"`), []string{"list of what is in the archive is empty"}},
		{"nobody's", edited(me, ""), []string{"whose account"}},
		{"an owner that is no number", edited(me, "../x"), []string{"whose account"}},
		{"posts that are broken", made{types: map[string][]string{"tweets": {"[{"}}}, []string{"tweets.js", "ends too early"}},
		{"headers that are broken", made{types: map[string][]string{"directMessageHeaders": {"[{"}}}, []string{"direct-message-headers.js", "ends too early"}},
		{"two people's files", made{types: map[string][]string{"directMessages": {good}, "account": {`[{"account":{"accountId":"99","username":"other"}}]`}}}, []string{"two accounts"}},
		{"two archives", made{types: map[string][]string{"directMessages": {good}}, others: map[string]string{"b/data/manifest.js": "window.__THAR_CONFIG = {}"}}, []string{"several archives"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := xarchive.Format().Open(t.Context(), tt.made.file(t), upload.Options{})
			var refused *upload.RefusedError
			if !errors.As(err, &refused) || !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v, %v, want a RefusedError", e, err)
			}
			for _, part := range tt.want {
				if !strings.Contains(refused.What, part) {
					t.Errorf("got %q, want %q in it", refused.What, part)
				}
			}
			if refused.Hint == "" || strings.Contains(refused.What, "hello") {
				t.Errorf("the error says %q; %q", refused.What, refused.Hint)
			}
		})
	}
}

// TestErrorsAreSafe holds that the name of a file cannot speak in an error.
func TestErrorsAreSafe(t *testing.T) {
	a := made{types: map[string][]string{"directMessages": {"[{"}}, files: map[string]string{"directMessages": "data/\u202e\u2066x.js"}}
	_, err := xarchive.Format().Open(t.Context(), a.file(t), upload.Options{})
	if err == nil || strings.ContainsAny(err.Error(), "\u202e\u2066\x1b\n") || !strings.Contains(err.Error(), `\u202e`) {
		t.Errorf("got %q", err)
	}
}

// TestNotUnderstood holds that what is not known is counted and kept, and spoils
// nothing else.
func TestNotUnderstood(t *testing.T) {
	a := direct(
		message("5", ruben, "hello"),
		`{"callStarted":{"createdAt":"2026-10-03T10:00:00.000Z"}}`,
		`{"messageCreate":{"id":"6","text":"no sender","createdAt":"2026-10-03T10:00:00.000Z"}}`,
		strings.Replace(message("7", ruben, "no time"), "2026-10", "soon", 1),
		message("8/../9", ruben, "a number that is none"),
		message("10", ruben, "edited", `"editHistory":[{"createdAtSec":"1"}]`),
		`[]`,
	)
	a.types["aNewThing"] = []string{`[{"aNewThing":{}},{"aNewThing":{}}]`}
	a.types["like"] = []string{`[{"like":{}}]`}
	a.types["follower"] = []string{`[`}
	a.others = map[string]string{"data/stray.js": "window.YTD.stray.part0 = []", "data/direct_messages_media/99-x.jpg": "bytes", "a\tb": ""}
	sum, items := open(t, a.file(t))
	var failed []string
	for _, it := range items {
		if it.Item.Reading == nil {
			if it.Thread != talk || it.Item.Failed == "" || strings.Contains(it.Item.Failed, "soon") {
				t.Errorf("in %q: %q", it.Thread, it.Item.Failed)
			}
			_, pointer := daybook.SplitPlace(it.Item.Capture.Member)
			failed = append(failed, pointer)
		}
	}
	if got := texts(items); !slices.Equal(got, []string{"hello", "edited"}) {
		t.Errorf("messages %q", got)
	}
	base := "/0/dmConversation/messages/"
	if want := []string{base + "1", base + "2", base + "3", base + "4", base + "6"}; !slices.Equal(failed, want) {
		t.Errorf("kept without a reading: %q, want %q", failed, want)
	}
	dm := "data/direct-messages.js"
	want := []daybook.NotRead{
		{Member: `a\u0009b`, What: "a file with a name that no platform gives", Count: 1},
		{Member: "data/a-new-thing.js", What: "aNewThing", Count: 2, Where: "/0"},
		{Member: dm, What: "callStarted", Count: 1, Where: base + "1"},
		{Member: dm, What: "earlier texts of edited messages", Count: 1, Where: base + "5/messageCreate/editHistory"},
		{Member: dm, What: "messageCreate", Count: 3, Where: base + "2"},
		{Member: dm, What: "not known", Count: 1, Where: base + "6"},
		{Member: "data/direct_messages_media/99-x.jpg", What: "pictures and videos that no message in the archive names", Count: 1},
		{Member: "data/follower.js", What: "cannot be read", Count: 1},
		{Member: "data/stray.js", What: "not in the list of contents", Count: 1},
	}
	if diff := cmp.Diff(want, sum.Report.NotRead); diff != "" {
		t.Errorf("not read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]daybook.NotRead{{Member: "data/like.js", What: "like", Count: 1}}, sum.Report.NotTaken); diff != "" {
		t.Errorf("not taken (-want +got):\n%s", diff)
	}
}

func TestIncomplete(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	a.info = `"generationDate":"soon","isPartialArchive":true`
	a.types["directMessagesGroup"] = []string{""}
	sum, _ := open(t, a.file(t))
	want := []string{
		"X gave this archive in several ZIP files, and this is one of them: add the others as well.",
		"The list of contents names the file “data/direct-messages-group.js”, and it is not in the archive.",
		"It does not say when X made it: nothing follows from what it lacks, and whom it shows as blocked has no time.",
	}
	if diff := cmp.Diff(want, sum.Report.Incomplete); diff != "" || sum.Whole || !sum.Made.IsZero() {
		t.Errorf("whole: %t, made %s, incomplete (-want +got):\n%s", sum.Whole, sum.Made, diff)
	}
}

// TestNotWhole holds that a file of conversations that is missing is missed.
func TestNotWhole(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	a.types["directMessagesGroup"] = []string{""}
	if sum, _ := open(t, a.file(t)); sum.Whole || len(sum.Report.Incomplete) != 1 {
		t.Errorf("whole: %t, incomplete: %q", sum.Whole, sum.Report.Incomplete)
	}
	delete(a.types, "directMessagesGroup")
	a.types["like"] = []string{""}
	if sum, _ := open(t, a.file(t)); !sum.Whole || len(sum.Report.Incomplete) != 1 {
		t.Errorf("without likes: whole: %t, incomplete: %q", sum.Whole, sum.Report.Incomplete)
	}
}

// TestHoles holds that where something is missing or cannot be read, that a
// message is not there says nothing.
func TestHoles(t *testing.T) {
	tests := []struct {
		name   string
		change func(a *made)
		want   bool
	}{
		{"whole", func(*made) {}, false},
		{"one of several files", func(a *made) { a.info = `"generationDate":"2026-11-18T08:00:00.000Z","isPartialArchive":true` }, true},
		{"without a file of conversations", func(a *made) { a.types["directMessagesGroup"] = []string{""} }, true},
		{"without a file of posts", func(a *made) { a.types["tweets"] = []string{""} }, true},
		{"without a file of likes", func(a *made) { a.types["like"] = []string{""} }, false},
		{"a text is missing", func(a *made) {
			a.types["directMessageHeaders"] = []string{`[{"dmConversation":{"conversationId":"1-2","messages":[{"messageCreate":{"id":"6"}}]}}]`}
		}, true},
		{"earlier texts of a message, which are not read", func(a *made) {
			a.types["directMessages"] = []string{conversation("1-2", message("6", ruben, "hello", `"editHistory":[{"text":"hallo"}]`))}
		}, false},
		{"a message without a time", func(a *made) {
			a.types["directMessages"] = append(a.types["directMessages"], `[{"dmConversation":{"conversationId":"1-2","messages":[{"messageCreate":{"id":"6","senderId":"2"}}]}}]`)
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := direct(message("5", ruben, "hello"))
			tt.change(&a)
			if sum, _ := open(t, a.file(t)); sum.Holes != tt.want || sum.Whole == tt.want {
				t.Errorf("holes: %t, whole: %t, want holes: %t", sum.Holes, sum.Whole, tt.want)
			}
		})
	}
}

// TestFormerNames holds that what the person was called before is known.
func TestFormerNames(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	a.types["screenNameChange"] = []string{`[{"screenNameChange":{"accountId":"` + me + `","screenNameChange":{"changedAt":"2024-01-02T03:04:05.000Z","changedFrom":"mara_l","changedTo":"maralindqvist"}}}]`}
	sum, _ := open(t, a.file(t))
	if n := sum.Owner.Names; len(n) != 2 || n[0].Account != "mara_l" || n[0].To.Year() != 2024 || n[1].Account != "maralindqvist" {
		t.Errorf("names %+v", sum.Owner.Names)
	}
}

func TestRecognize(t *testing.T) {
	archive := func(names ...string) upload.File {
		return uploadtest.Zipped(t, "x.zip", func(z *zip.Writer) error {
			for _, name := range names {
				w, err := z.Create(name)
				if err != nil {
					return err
				}
				if _, err := io.WriteString(w, "text"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, tt := range []struct {
		name  string
		file  upload.File
		needs string // a part of it
	}{
		{"one of its files", inMemory("direct-messages.js", []byte("window.YTD.direct_messages.part0 = []")), "whole ZIP file"},
		{"its list", inMemory("manifest.js", []byte("\uFEFFwindow.__THAR_CONFIG = {}")), "whole ZIP file"},
		{"its page", inMemory("Your archive.html", []byte("<!DOCTYPE html>")), "whole ZIP file"},
		{"its page in a ZIP file", archive("Your archive.html", "assets/x.js"), "data/manifest.js"},
		{"its pictures", archive("data/direct_messages_media/1-a.jpg"), "data/manifest.js"},
		{"within another ZIP file", archive("Downloads/twitter-2026-11-18-abc.zip"), "inner ZIP file"},
		{"of old", archive("tweets.csv", "index.html"), "no longer makes"},
		{"without its list", archive("data/tweets.js"), "no longer makes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			format, r, err := upload.Recognize(t.Context(), tt.file, xarchive.Format())
			var refused *upload.RefusedError
			if format.Kind != xarchive.Kind || r.Kind != xarchive.Kind || !errors.As(err, &refused) || errors.Is(err, upload.ErrUnknown) {
				t.Fatalf("got %q, %+v, %v, want a RefusedError", format.Kind, r, err)
			}
			if !strings.Contains(refused.Hint, tt.needs) {
				t.Errorf("got %q, want %q in it", refused.Hint, tt.needs)
			}
			if _, err := xarchive.Format().Open(t.Context(), tt.file, upload.Options{}); !errors.As(err, &refused) {
				t.Errorf("open: %v, want a RefusedError", err)
			}
		})
	}
}

// TestRecognizeDamaged holds that an archive whose list is damaged is known as one,
// and that opening it says what is wrong.
func TestRecognizeDamaged(t *testing.T) {
	a := direct(message("5", ruben, "hello"))
	a.edit = func(m string) string { return m[:len(m)/2] }
	f := a.file(t)
	format, r, err := upload.Recognize(t.Context(), f, xarchive.Format())
	if err != nil || format.Kind != xarchive.Kind || r.Confidence >= 90 {
		t.Fatalf("got %q, %+v, %v", format.Kind, r, err)
	}
	var refused *upload.RefusedError
	if _, err := format.Open(t.Context(), f, upload.Options{}); !errors.As(err, &refused) || !strings.Contains(refused.What, "manifest.js") {
		t.Errorf("got %v, want that the list of contents is damaged", err)
	}
}

// TestHostileFolder_E4 goes over the whole folder of hostile files.
func TestHostileFolder_E4(t *testing.T) {
	dir := filepath.Join(need.TestData(t), "recordings", "exports", "hostile")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			f := inMemory(entry.Name(), b)
			var refused *upload.RefusedError
			if _, _, err := upload.Recognize(t.Context(), f, xarchive.Format()); !errors.As(err, &refused) || !errors.Is(err, upload.ErrUnknown) {
				t.Errorf("recognize: %v, want ErrUnknown and a RefusedError", err)
			} else {
				t.Logf("%s; %s", refused.What, refused.Hint)
			}
			if _, err := xarchive.Format().Open(t.Context(), f, upload.Options{}); !errors.As(err, &refused) {
				t.Errorf("open: %v, want a RefusedError", err)
			}
		})
	}
}

// FuzzArchive reads whatever stands in the file of conversations. It is refused,
// or every message comes out of it twice in the same way.
func FuzzArchive(f *testing.F) {
	for _, s := range []string{
		"", "[]", "[", conversation(talk), conversation(talk, message("5", ruben, "hello")),
		conversation(talk, message("5", ruben, "a", `"mediaUrls":["https://ton.twitter.com/dm/5/66666/a.jpg"]`, `"reactions":[{"senderId":"1","eventId":"2","createdAt":"2026-10-03T10:00:00Z"}]`)),
		conversation(talk, `{"participantsJoin":{"userIds":["1"],"createdAt":"2026-10-03T10:00:00Z"}}`, `{"x":{}}`),
		`[{"dmConversation":{"messages":[{"messageCreate":{}}],"conversationId":5}}]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file := made{types: map[string][]string{"directMessages": {s}, "directMessageHeaders": {s}, "tweets": {s}, "block": {s}}}.file(t)
		e, err := xarchive.Format().Open(t.Context(), file, upload.Options{})
		if err != nil {
			var refused *upload.RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a RefusedError", err)
			}
			return
		}
		first, err := uploadtest.Items(t.Context(), e)
		if err != nil {
			t.Fatalf("opened, and then: %v", err)
		}
		second, err := uploadtest.Items(t.Context(), e)
		if err != nil || len(first) != len(second) {
			t.Fatalf("%d and then %d items, %v", len(first), len(second), err)
		}
		n := 0
		for _, it := range first {
			if it.Item.Capture.NativeID == "" || it.Thread == "" {
				t.Fatalf("an item of %s is called %q in %q", it.Item.Capture.Member, it.Item.Capture.NativeID, it.Thread)
			}
			if r := it.Item.Reading; r != nil {
				n += len(r.Messages)
			}
		}
		if sum := e.Summary(); sum.Report.Messages != n {
			t.Fatalf("%d messages were counted, and %d came", sum.Report.Messages, n)
		}
	})
}

// FuzzOpen opens archives with changed bytes.
func FuzzOpen(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", recorded))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(100), byte(1), uint32(0))
	f.Add(uint32(len(b)-10), byte(0xFF), uint32(1))
	f.Fuzz(func(t *testing.T, at uint32, with byte, cut uint32) {
		c := slices.Clone(b)
		c[int(at)%len(c)] ^= with
		c = c[:len(c)-int(cut)%len(c)]
		e, err := xarchive.Format().Open(t.Context(), inMemory(recorded, c), upload.Options{})
		var refused *upload.RefusedError
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a RefusedError", err)
			}
			return
		}
		if items, err := uploadtest.Items(t.Context(), e); err != nil || len(items) != 57 {
			t.Fatal(fmt.Sprint(len(items), " items, ", err))
		}
	})
}

// TestChangedMeanwhile changes a file between the readings so that its checksums
// stay as they were.
func TestChangedMeanwhile(t *testing.T) {
	a := direct(message("5", ruben, "aaAaa"))
	f := uploadtest.Zipped(t, "x.zip", func(z *zip.Writer) error {
		packed := a.file(t)
		r, err := zip.NewReader(packed, packed.Size)
		if err != nil {
			return err
		}
		for _, m := range r.File {
			in, err := m.Open()
			if err != nil {
				return err
			}
			out, err := z.CreateHeader(&zip.FileHeader{Name: m.Name, Method: zip.Store})
			if err != nil {
				return err
			}
			if _, err := io.Copy(out, in); err != nil {
				return err
			}
		}
		return nil
	})
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil {
		t.Fatal(err)
	}
	file := inMemory("x.zip", b)
	e, err := xarchive.Format().Open(t.Context(), file, upload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if items, err := uploadtest.Items(t.Context(), e); err != nil || !slices.Equal(texts(items), []string{"aaAaa"}) {
		t.Fatalf("%q, %v", texts(items), err)
	}
	// The bits of the generator itself change no CRC-32.
	at := strings.Index(string(b), "aaAaa")
	for i, bits := range []byte{0x41, 0x06, 0x71, 0xDB, 0x01} {
		b[at+i] ^= bits
	}
	var refused *upload.RefusedError
	if items, err := uploadtest.Items(t.Context(), e); !errors.As(err, &refused) || !strings.Contains(refused.What, "changed") {
		t.Errorf("got %q, %v, want that the file was changed", texts(items), err)
	}
}

// TestTooManyConversations_E4 spreads conversations over the parts of an archive:
// what is remembered of them is bounded for all parts together.
func TestTooManyConversations_E4(t *testing.T) {
	part := func(first, n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`{"dmConversation":{"conversationId":"1-%d","messages":[]}}`, first+i)
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for _, tt := range []struct {
		name    string
		second  int
		refused bool
	}{{"as many as there may be", 40_000, false}, {"one more", 40_001, true}} {
		t.Run(tt.name, func(t *testing.T) {
			f := made{types: map[string][]string{"directMessages": {part(0, 60_000), part(60_000, tt.second)}}}.file(t)
			e, err := xarchive.Format().Open(t.Context(), f, upload.Options{})
			if !tt.refused {
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "too many conversations") {
				t.Errorf("got %v", err)
			}
		})
	}
}
