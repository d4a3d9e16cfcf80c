package fakex_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/collectors/upload"
	"daybook/collectors/upload/xarchive"
	"daybook/internal/fakex"
)

// An archive is what a reader of archives takes, with all that reached the person
// and nothing that others wrote in public.
func TestArchive(t *testing.T) {
	s := fakex.New(fakex.Options{})
	wren, gull, ana := s.Person("wren_pots", "Wren"), s.Person("gull_77", "Gull"), s.Person("ana_p", "Ana")
	gull.Message(wren, "I know & I <see> https://page.example/x", fakex.With(s.File([]byte("a picture"), "image/png", "")))
	s.Wait(time.Minute)
	wren.Message(gull, "please stop")
	gull.Message(wren, "unsent").Unsend()
	gull.Mention(wren, "in public")
	wren.Post("bowls for @ana_p")
	wren.Group([]*fakex.Person{ana, gull}).Message(ana, "all of us")
	s.Wait(time.Hour)
	wren.Block(gull)
	b := s.Archive(wren)
	f := upload.File{Name: "twitter.zip", Size: int64(len(b)), ReaderAt: bytes.NewReader(b)}
	format := xarchive.Format()
	if r := format.Recognize(t.Context(), f); r.Kind != format.Kind || r.Needs != "" || r.Confidence < 90 {
		t.Fatalf("it is taken for %+v", r)
	}
	e, err := format.Open(t.Context(), f, upload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close() //nolint:errcheck // read from memory
	sum := e.Summary()
	if sum.Owner.Native != wren.ID || !sum.Made.Equal(s.Now()) || len(sum.Report.NotRead) > 0 || sum.Report.Media.Present != 1 || sum.Report.Media.Missing != 0 {
		t.Errorf("%+v", sum)
	}
	var texts []string
	blocked := 0
	for it, err := range e.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if it.Observed != nil && it.Observed.What == daybook.SeenBlocked {
			blocked++
		}
		if it.Item.Reading != nil {
			for _, m := range it.Item.Reading.Messages {
				texts = append(texts, string(m.Direction)+" "+string(m.Kind)+" "+m.Text)
			}
		}
	}
	for _, want := range []string{"in direct_message I know & I <see> https://page.example/x", "out direct_message please stop", "in direct_message all of us"} {
		if !slices.Contains(texts, want) {
			t.Errorf("%q is not in %q", want, texts)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, "in public") || strings.Contains(text, "unsent") {
			t.Errorf("%q is in it", text)
		}
	}
	if blocked != 1 {
		t.Errorf("%d blocks are in it", blocked)
	}
}
