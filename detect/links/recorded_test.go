package links_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/detect/links"
	"daybook/internal/need"
)

// truth is what happened in the recorded story.
type truth struct {
	Linked     []string          `json:"linked_accounts"`
	LookAlikes []string          `json:"not_linked_look_alikes"`
	People     map[string]any    `json:"people"`
	Accounts   map[string]string `json:"accounts"`
	Person     string            `json:"victim"`
	Events     []struct {
		N           int       `json:"n"`
		Time        time.Time `json:"time"`
		Actor       string    `json:"actor"`
		Kind        string    `json:"kind"`
		Text        string    `json:"text"`
		Language    string    `json:"language"`
		Target      string    `json:"target"`
		DisplayName string    `json:"display_name"`
		Note        string    `json:"note"`
		Picture     string    `json:"avatar_sha256"`
	} `json:"events"`
}

type stretch struct {
	Points []struct {
		Recorded time.Time `json:"recorded"`
		Story    time.Time `json:"story"`
	} `json:"points"`
}

// to maps a recorded time to that of the story, by straight lines.
func (s *stretch) to(t time.Time) time.Time {
	p := s.Points
	i := slices.IndexFunc(p, func(x struct {
		Recorded time.Time `json:"recorded"`
		Story    time.Time `json:"story"`
	}) bool {
		return x.Recorded.After(t)
	})
	switch i {
	case -1:
		last := p[len(p)-1]
		return last.Story.Add(t.Sub(last.Recorded))
	case 0:
		return p[0].Story.Add(t.Sub(p[0].Recorded))
	}
	a, b := p[i-1], p[i]
	part := new(big.Int).Mul(big.NewInt(int64(b.Story.Sub(a.Story))), big.NewInt(int64(t.Sub(a.Recorded))))
	part.Div(part, big.NewInt(int64(b.Recorded.Sub(a.Recorded))))
	return a.Story.Add(time.Duration(part.Int64()))
}

func readJSON(t *testing.T, file string, to any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// TestRecordedStory plays the recorded story, stretched to six weeks, and looks
// after every event: the later handles of the one sender are suggested for the
// first one by their third message, nobody else ever is.
func TestRecordedStory_E15(t *testing.T) {
	dir := need.TestData(t)
	var story truth
	var times stretch
	readJSON(t, filepath.Join(dir, "recordings", "truth.json"), &story)
	readJSON(t, filepath.Join(dir, "recordings", "timemap.json"), &times)
	for _, with := range []struct {
		name                      string
		pictures, asked, confirms bool
	}{{"nothing marked", false, false, false}, {"with pictures", true, false, false}, {"asked to stop", false, true, false}, {"confirmed", true, true, true}} {
		t.Run(with.name, func(t *testing.T) {
			s := newStage(t)
			messages := map[string]int{}
			from := map[string]int{} // at which message it was first suggested
			created := map[string]time.Time{}
			for _, e := range story.Events {
				at := times.to(e.Time)
				switch e.Kind {
				case "account_created":
					created[e.Actor] = at
				case "profile_change":
					if e.Actor != story.Person {
						p := links.Profile{Account: e.Actor + "@birds.example", Display: e.DisplayName, Note: e.Note, Created: created[e.Actor], Server: "birds.example"}
						if with.pictures && e.Picture != "" {
							p.Avatar = keyOf(e.Picture)
						}
						s.shows(e.Actor, at, p)
					}
				case "post", "reply", "direct_message":
					if e.Actor == story.Person {
						if who, _, ok := strings.Cut(strings.TrimPrefix(e.Text, "@"), " "); ok && strings.HasPrefix(e.Text, "@") {
							s.wrote(who, at, e.Text)
						} else {
							s.facts.Said.Message(links.Message{Entry: s.next(), Key: uint64(e.N), At: at, Text: e.Text})
						}
						break
					}
					messages[e.Actor]++
					s.says(e.Actor, at, e.Text, func(m *links.Message) {
						m.Lang = e.Language
						for name := range story.People {
							if name != e.Actor && name != story.Person && strings.Contains(e.Text, "@"+name) {
								m.Others = append(m.Others, "mastodon:https://birds.example/users/"+name)
							}
						}
					})
				case "follow_attempt":
					s.does(e.Actor, at, daybook.KindFollow)
				case "block":
					s.blocks(e.Target, at)
				}
				if with.asked && e.N == 37 {
					s.mark(daybook.MarkStop, "kestrel_74", at)
				}
				if with.confirms && from["clay_admirer"] > 0 && len(s.facts.Groups) == 0 {
					s.decide(daybook.MarkLinked, "clay_admirer", "kestrel_74")
					s.group("clay_admirer", "kestrel_74")
				}
				for _, f := range s.detect(t) {
					for _, h := range f.Handles {
						name := h.Native[strings.LastIndexByte(h.Native, '/')+1:]
						if !slices.Contains(story.Linked, name) {
							t.Fatalf("after event %d (%s): %s", e.N, at, about(f))
						}
					}
					later := f.Handles[0].Native[strings.LastIndexByte(f.Handles[0].Native, '/')+1:]
					first := slices.ContainsFunc(f.Handles[1:], func(h daybook.Handle) bool { return strings.HasSuffix(h.Native, "/kestrel_74") })
					if from[later] == 0 && first {
						from[later] = messages[later]
						t.Log(fmt.Sprintf("at message %d: ", messages[later]), about(f))
					}
				}
			}
			for _, later := range []string{"clay_admirer", "quiet_kiln"} {
				if n := from[later]; n == 0 || n > 3 {
					t.Errorf("%s was suggested from its message %d on, want 3 at the latest; %s", later, n, about(s.explain(t, later, "kestrel_74")))
				}
			}
		})
	}
}
