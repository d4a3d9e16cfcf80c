package links_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"daybook"
	"daybook/detect/links"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden_E15 compares all reasons of a made-up case, in which there is too
// little text for the model, with what was written down. It is the same on every
// machine (GOARCH=386, GOAMD64=v3).
func TestGolden_E15(t *testing.T) {
	s := newStage(t)
	for _, m := range aHarsherSender("tern_watcher") {
		m(s)
	}
	s.shows("sea_glass_9", on(12, 22, 0), links.Profile{Account: "sea_glass_9@birds.example", Display: "Tern Watchеr", Created: on(12, 21, 50), Avatar: 0x0f1e2d3c4b5a6978, Server: "rock.example"})
	s.shows("tern_watcher", on(2, 22, 0), links.Profile{Avatar: 0x0f1e2d3c4b5a6970, Links: []string{"https://shop.example/tern"}, Server: "rock.example"})
	s.says("sea_glass_9", on(12, 22, 10), "hello, you do not know me, https://shop.example/tern")
	s.says("sea_glass_9", on(12, 22, 20), "i walked past the yellow gate tonight")
	s.says("sea_glass_9", on(12, 22, 30), "allways the same")
	s.says("cliff_walk", on(14, 9, 0), "nobody knows you like i do", func(m *links.Message) { m.Lang = "de" })
	s.says("cliff_walk", on(14, 9, 1), "a lovely day on the cliffs")
	for d := range 6 {
		s.wrote("cliff_walk", on(15+d, 9, 0), "see you there")
		s.says("cliff_walk", on(15+d, 9, 3), "good")
	}
	s.decide(daybook.MarkOpen, "sea_glass_9", "tern_watcher")
	found := s.detect(t)
	for _, pair := range [][2]string{{"cliff_walk", "tern_watcher"}, {"cliff_walk", "sea_glass_9"}} {
		found = append(found, s.explain(t, pair[0], pair[1]))
	}
	for i := range found {
		found[i].Model = "" // names the model of writing too
	}
	got, err := json.MarshalIndent(found, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "links.golden")
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Error(diff)
	}
}
