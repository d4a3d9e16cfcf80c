package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/web"
)

// A tray stands for whoever reads files that people add: it counts the bytes of
// a file and finds the same in each.
type tray struct {
	h *house

	mu      sync.Mutex
	taken   []string // names
	bytes   []int64
	choices []web.ImportChoice
	jobs    map[daybook.CaseID][]web.ImportJob
	made    map[daybook.CaseID][]web.ImportMade
}

func xHandle(id string) daybook.Handle { return daybook.Handle{Platform: "x", Native: id} }

// foundFile is what a tray finds: three conversations, posts and log-ins.
func foundFile() *web.ImportFound {
	thread := func(id, kind string, n, in int, usual bool, with ...string) web.ImportThread {
		t := web.ImportThread{ID: id, Kind: kind, Messages: n, In: in, Out: n - in, From: at(3, 1, 8, 0), To: at(11, 14, 19, 0), Usual: usual}
		for _, w := range with {
			t.With = append(t.With, xHandle(w))
		}
		return t
	}
	return &web.ImportFound{
		Kind: "x-archive", Title: "X account archive", Platform: "x", Owner: xHandle("2220000100"), Made: at(11, 14, 18, 0), From: at(3, 1, 8, 0), To: at(11, 14, 19, 0), Messages: 2340,
		Threads: []web.ImportThread{
			thread("2220000100-2220000101", "direct", 31, 30, true, "2220000101"), thread("g1", "group", 2200, 1800, true, "2220000101", "2220000102", "2220000103"),
			thread("posts", "posts", 9, 0, true), thread("logins", "logins", 100, 0, false), thread("blocked", "blocked", 0, 0, true, "2220000104"),
		},
		Report: daybook.ImportReport{Never: []string{"encrypted chats", "what others wrote about the account"}, Incomplete: []string{"This is one part of an archive of several."}},
	}
}

func foundReport() *daybook.ImportReport {
	return &daybook.ImportReport{
		From: at(3, 1, 8, 0), To: at(11, 14, 19, 0), Threads: 41, Messages: 2318, New: 2296, Known: 22, Excluded: 3, Erased: 1, NotChosen: 100,
		ByKind: map[daybook.Kind]int{daybook.KindDirectMessage: 2318}, Media: daybook.ImportMedia{Present: 15, Missing: 2},
		NotRead:  []daybook.NotRead{{Member: "data/new-thing.js", What: "newThing", Count: 4}},
		NotTaken: []daybook.NotRead{{Member: "data/like.js", What: "likes", Count: 80}},
		Assumed:  []string{"times are exact, in UTC"}, Never: []string{"encrypted chats", "what others wrote about the account"}, Gone: 3,
	}
}

var errTray = errors.New("the file has no last byte")

func (s *tray) Take(ctx context.Context, actor daybook.Actor, c daybook.CaseID, name string, from io.Reader) (string, error) {
	if err := s.h.cases.Authorize(ctx, actor, c, cases.Import); err != nil {
		return "", err
	}
	n, err := io.Copy(io.Discard, from)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errTray, err)
	}
	if n == 0 {
		return "", daybook.ErrInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.jobs[c], func(j web.ImportJob) bool { return j.State == web.ImportChoosing || j.State == web.ImportReading }) {
		return "", web.ErrImportBusy
	}
	now := s.h.clock()
	j := web.ImportJob{ID: daybook.NewID(), By: actor, State: web.ImportChoosing, Began: now, Since: now, Until: now.Add(time.Hour), Name: name, Size: n, Found: foundFile()}
	if strings.HasSuffix(name, ".html") {
		j.State, j.Found = web.ImportRefused, nil
		j.What, j.Hint = "“"+name+"” is a page of the archive, and not the archive", "Add the .zip as it was downloaded."
	}
	s.taken, s.bytes = append(s.taken, name), append(s.bytes, n)
	s.jobs[c] = append([]web.ImportJob{j}, s.jobs[c]...)
	return j.ID, nil
}

func (s *tray) Choose(ctx context.Context, actor daybook.Actor, c daybook.CaseID, id string, choice web.ImportChoice) error {
	if err := s.h.cases.Authorize(ctx, actor, c, cases.Import); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.jobs[c] {
		j := &s.jobs[c][i]
		if j.ID == id && j.State == web.ImportChoosing {
			j.State, j.Stage, j.Done, j.Total = web.ImportReading, "items", 3412, 5100
			s.choices = append(s.choices, choice)
			return nil
		}
	}
	return daybook.ErrNotFound
}

func (s *tray) Adding(c daybook.CaseID) []web.ImportJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.jobs[c])
}

func (s *tray) Drop(c daybook.CaseID, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.jobs[c])
	s.jobs[c] = slices.DeleteFunc(s.jobs[c], func(j web.ImportJob) bool { return j.ID == id })
	if len(s.jobs[c]) == n {
		return daybook.ErrNotFound
	}
	return nil
}

func (s *tray) Added(_ context.Context, c daybook.CaseID, limit int) ([]web.ImportMade, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[c][:min(limit, len(s.made[c]))], nil
}

func (s *tray) AddedAt(_ context.Context, c daybook.CaseID, entry uint64) (web.ImportMade, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.made[c] {
		if m.Entry == entry {
			return m, nil
		}
	}
	return web.ImportMade{}, daybook.ErrNotFound
}

// become changes the newest file of a case.
func (s *tray) become(c daybook.CaseID, change func(*web.ImportJob)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.jobs[c][0])
}

// tellMade tells of three files of before: one that was read, one that was
// stopped, and one that never came to its end.
func (s *tray) tellMade(c daybook.CaseID, by daybook.Actor, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := func(entry uint64, e daybook.ImportEvent, report *daybook.ImportReport) web.ImportMade {
		return web.ImportMade{Entry: entry, At: at(11, 14, 19, 20), By: by, Platform: "x", Owner: xHandle("2220000100"), Whole: true, Import: daybook.Import{
			ID: "i", Event: e, Name: name, File: daybook.DigestOf([]byte(name)), Size: 4_321_000, Kind: "x-archive", Parser: "x/1", Made: at(11, 14, 18, 0), Report: report}}
	}
	done, stopped, cut := file(5, daybook.ImportDone, foundReport()), file(4, daybook.ImportStopped, nil), file(3, daybook.ImportBegun, nil)
	done.Gone, cut.Unfinished, stopped.Whole = []uint64{6, 7}, true, false
	s.made[c] = []web.ImportMade{done, stopped, cut}
}
