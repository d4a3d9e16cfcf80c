package fakemastodon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Snapshots is how many snapshots a recording has: files 01-… to 09-….
const Snapshots = 9

// A Recording answers from the exchanges of a real server. A query that was
// recorded is answered with the recorded bytes and headers. Any other page is
// put together of recorded items, each with its bytes unchanged, and paged as
// the server does it: rows of blocked accounts, known from earlier snapshots,
// count as rows and are not shown. A context that was not recorded is put
// together of the statuses that the snapshot shows anywhere, and of what the
// person had said by then.
//
// It takes any token. It is an http.Handler; its methods may be called from
// several goroutines.
type Recording struct {
	mu        sync.Mutex
	dir       string
	times     *TimeMap
	connect   []exchange
	snapshots [Snapshots + 1][]exchange
	deleted   map[string]time.Time // by status id, in recorded time; of truth.json, if there is one
	*view
	requests   []Request
	violations []string
}

// An exchange is one line of a recording.
type exchange struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Status  int         `json:"status"`
	Headers [][2]string `json:"response_headers"`
	Body    string      `json:"body"`
	Base64  string      `json:"body_base64"`
	Time    time.Time   `json:"time"`
	real    time.Time   // Time before it was mapped
}

// A view is what one snapshot shows.
type view struct {
	exact         map[string]exchange // by path and query, GET
	notifications []recorded          // newest first, with those that are not shown
	conversations []recorded          // newest first
	statuses      map[string]recorded // by id
	blocked       map[string]bool     // by account id
	relations     map[string]json.RawMessage
	at            time.Time
}

type recorded struct {
	id      string // that pages go by
	raw     json.RawMessage
	account string
	reply   string // in_reply_to_id of a status
	hidden  bool
}

// Replay reads a recording. snapshot is 1 to Snapshots; Show moves to another.
// With a time map the story's times are told in bodies and headers; then of
// course the bytes are not the recorded ones.
func Replay(dir string, snapshot int, times *TimeMap) (*Recording, error) {
	r := &Recording{dir: dir, times: times}
	files, err := filepath.Glob(filepath.Join(dir, "0[0-9]-*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("find recordings: %w", err)
	}
	for _, f := range files {
		lines, err := readLines(f, times)
		if err != nil {
			return nil, err
		}
		if n := int(filepath.Base(f)[1] - '0'); n == 0 {
			r.connect = lines
		} else {
			r.snapshots[n] = lines
		}
	}
	if r.deleted, err = readDeleted(filepath.Join(dir, "..", "truth.json")); err != nil {
		return nil, err
	}
	if err := r.Show(snapshot); err != nil {
		return nil, err
	}
	return r, nil
}

// readDeleted reads when statuses were deleted: their rows are no rows any
// more. Without the file all count.
func readDeleted(file string) (map[string]time.Time, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was deleted: %w", err)
	}
	var truth struct {
		Events []struct {
			ID      string
			Deleted time.Time `json:"deleted_at"`
		}
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		return nil, fmt.Errorf("read what was deleted: %w", err)
	}
	deleted := map[string]time.Time{}
	for _, e := range truth.Events {
		if !e.Deleted.IsZero() {
			deleted[e.ID] = e.Deleted
		}
	}
	return deleted, nil
}

func readLines(file string, times *TimeMap) ([]exchange, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer f.Close()
	var lines []exchange
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 8<<20)
	for scan.Scan() {
		var x exchange
		if err := json.Unmarshal(scan.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("read recording %s: %w", filepath.Base(file), err)
		}
		x.real = x.Time
		if times != nil {
			times.exchange(&x)
		}
		lines = append(lines, x)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read recording %s: %w", filepath.Base(file), err)
	}
	return lines, nil
}

// Show moves to another snapshot.
func (r *Recording) Show(snapshot int) error {
	if snapshot < 1 || snapshot > Snapshots || len(r.snapshots[snapshot]) == 0 {
		return fmt.Errorf("there is no snapshot %d in %s", snapshot, r.dir)
	}
	v := &view{
		exact: map[string]exchange{}, statuses: map[string]recorded{}, blocked: map[string]bool{},
		relations: map[string]json.RawMessage{},
	}
	for _, x := range r.connect {
		if x.Method == http.MethodGet {
			v.exact[target(x.URL)] = x
		}
	}
	for n := 1; n <= Snapshots; n++ {
		for _, x := range r.snapshots[n] {
			if strings.HasPrefix(target(x.URL), "/fileserver/") {
				v.exact[target(x.URL)] = x // files never change, and each was fetched once
			}
		}
	}
	var end time.Time
	for _, x := range r.snapshots[snapshot] {
		v.exact[target(x.URL)] = x
		v.at, end = x.Time, x.real
	}
	for _, x := range r.snapshots[snapshot] {
		if err := v.learn(x); err != nil {
			return fmt.Errorf("read snapshot %d: %w", snapshot, err)
		}
	}
	// Rows of accounts that are blocked now are rows still.
	for n := 1; n <= snapshot; n++ {
		for _, x := range r.snapshots[n] {
			if path(x.URL) == "/api/v1/notifications" && x.Status == http.StatusOK {
				v.hide(x, r.deleted, end)
			}
		}
	}
	if err := r.ownStatuses(v, end); err != nil {
		return fmt.Errorf("read snapshot %d: %w", snapshot, err)
	}
	newest := func(a, b recorded) int { return strings.Compare(b.id, a.id) }
	slices.SortFunc(v.notifications, newest)
	slices.SortFunc(v.conversations, newest)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.view = v
	return nil
}

// ownStatuses adds what the person had said by the end of a snapshot and was
// recorded only in another: nobody's block hides one's own posts, and a server
// shows them at any time. end is the recorded time of it.
func (r *Recording) ownStatuses(v *view, end time.Time) error {
	var own struct{ ID string }
	for _, x := range r.connect {
		if path(x.URL) == "/api/v1/accounts/verify_credentials" && x.Status == http.StatusOK {
			if err := json.Unmarshal([]byte(x.Body), &own); err != nil {
				return err
			}
		}
	}
	all := &view{statuses: map[string]recorded{}, blocked: map[string]bool{}, relations: map[string]json.RawMessage{}}
	for n := range r.snapshots {
		for _, x := range r.snapshots[n] {
			if err := all.learn(x); err != nil {
				return err
			}
		}
	}
	for id, s := range all.statuses {
		var times struct {
			Created time.Time  `json:"created_at"`
			Edited  *time.Time `json:"edited_at"`
		}
		if err := json.Unmarshal(s.raw, &times); err != nil {
			return err
		}
		_, known := v.statuses[id]
		at, gone := r.deleted[id]
		if own.ID == "" || s.account != own.ID || known || times.Created.After(v.at) || times.Edited != nil && times.Edited.After(v.at) || gone && at.Before(end) {
			continue
		}
		v.statuses[id] = s
	}
	return nil
}

// At returns the time of the end of the snapshot that is shown: a clock for
// whoever reads the recording.
func (r *Recording) At() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.at
}

// Requests and Violations are as those of Server.
func (r *Recording) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *Recording) Violations() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.violations)
}

func target(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.RequestURI()
}

func path(raw string) string {
	p, _, _ := strings.Cut(target(raw), "?")
	return p
}

// learn takes the items out of an exchange.
func (v *view) learn(x exchange) error {
	if x.Status != http.StatusOK || x.Base64 != "" {
		return nil
	}
	p := path(x.URL)
	var list []json.RawMessage
	switch {
	case p == "/api/v1/notifications", p == "/api/v1/conversations", p == "/api/v1/blocks",
		p == "/api/v1/accounts/relationships", strings.HasSuffix(p, "/statuses"):
		if err := json.Unmarshal([]byte(x.Body), &list); err != nil {
			return err
		}
	case strings.HasSuffix(p, "/context"):
		var c struct{ Ancestors, Descendants []json.RawMessage }
		if err := json.Unmarshal([]byte(x.Body), &c); err != nil {
			return err
		}
		list = append(c.Ancestors, c.Descendants...)
	case strings.HasPrefix(p, "/api/v1/statuses/") && strings.Count(p, "/") == 4:
		list = []json.RawMessage{json.RawMessage(x.Body)}
	}
	for _, raw := range list {
		var it struct {
			ID         string
			Type       string
			InReplyTo  string `json:"in_reply_to_id"`
			Account    struct{ ID string }
			Status     json.RawMessage
			LastStatus json.RawMessage `json:"last_status"`
		}
		if err := json.Unmarshal(raw, &it); err != nil {
			return err
		}
		rec := recorded{id: it.ID, raw: raw, account: it.Account.ID, reply: it.InReplyTo}
		switch {
		case p == "/api/v1/notifications":
			v.notifications = add(v.notifications, rec)
			v.status(it.Status)
		case p == "/api/v1/conversations":
			rec.id = v.status(it.LastStatus)
			v.conversations = add(v.conversations, rec)
		case p == "/api/v1/blocks":
			v.blocked[it.ID] = true
		case p == "/api/v1/accounts/relationships":
			v.relations[it.ID] = raw
		default:
			v.status(raw)
		}
	}
	return nil
}

// status takes a status, which may be nothing, and returns its id.
func (v *view) status(raw json.RawMessage) string {
	var st struct {
		ID        string
		InReplyTo string `json:"in_reply_to_id"`
		Account   struct{ ID string }
	}
	if len(raw) == 0 || json.Unmarshal(raw, &st) != nil || st.ID == "" {
		return ""
	}
	v.statuses[st.ID] = recorded{id: st.ID, raw: raw, account: st.Account.ID, reply: st.InReplyTo}
	return st.ID
}

// hide adds the rows of a page that came from accounts which are blocked now,
// but for those whose status was deleted before end.
func (v *view) hide(x exchange, deleted map[string]time.Time, end time.Time) {
	var list []struct {
		ID      string
		Account struct{ ID string }
		Status  struct{ ID string }
	}
	if json.Unmarshal([]byte(x.Body), &list) != nil {
		return // cannot be: learn has read it
	}
	for _, it := range list {
		at, gone := deleted[it.Status.ID]
		if v.blocked[it.Account.ID] && !(gone && at.Before(end)) {
			v.notifications = add(v.notifications, recorded{id: it.ID, account: it.Account.ID, hidden: true})
		}
	}
}

func add(list []recorded, rec recorded) []recorded {
	if slices.ContainsFunc(list, func(r recorded) bool { return r.id == rec.id }) {
		return list
	}
	return append(list, rec)
}
