package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/web"
)

// upload sends a file as a browser does.
func (b *browserClient) upload(path, name string, content io.Reader) answer {
	b.h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	b.h.ok(err)
	_, err = io.Copy(part, content)
	b.h.ok(err)
	b.h.ok(form.Close())
	return b.sendAs(path, form.FormDataContentType(), &body)
}

func (b *browserClient) sendAs(path, kind string, body io.Reader) answer {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), http.MethodPost, b.h.URL+path, body)
	b.h.ok(err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.Do(req)
	b.h.ok(err)
	defer res.Body.Close() //nolint:errcheck // only read from
	got, err := io.ReadAll(res.Body)
	b.h.ok(err)
	return answer{res.StatusCode, string(got), res.Header, res.Header.Get("Location")}
}

// A file goes through the pages: added, looked through, chosen from, read in.
func TestAddFile(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, in := h.enter(h.maya), "/c/"+string(h.mayas)+"/"
	maya.says(maya.get(in+"accounts"), 200, "Import", "No file has been added yet", "Add a file")
	maya.says(maya.get(in+"accounts/add"), 200, "up to 8 GB", "Nothing is kept before you have chosen")

	large := bytes.Repeat([]byte("x"), 3<<20) // more than a form may have
	sent := maya.upload(in+"accounts/add", `C:\Users\maya\twitter-2026.zip`, bytes.NewReader(large))
	if sent.Status != http.StatusSeeOther || !strings.HasPrefix(sent.Location, in+"adding/") {
		t.Fatalf("got %d to %q: %s", sent.Status, sent.Location, said(sent))
	}
	if !slices.Equal(h.tray.taken, []string{"twitter-2026.zip"}) || h.tray.bytes[0] != 3<<20 {
		t.Errorf("taken: %v, %v bytes", h.tray.taken, h.tray.bytes)
	}
	choose := maya.get(sent.Location)
	maya.says(choose, 200, "X account archive", "2220000100", "1 Mar 2026 to 14 Nov 2026", "2,340 messages", "A conversation with number 2220000101",
		"31 messages, 30 to you and 1 from you", "A group with number 2220000101, number 2220000102, number 2220000103", "Public posts", "When and from where the account was used", "100 entries",
		"one part of an archive of several", "encrypted chats", "until 10:14 GMT")
	chosen := map[string]bool{}
	for _, e := range elementsOf(t, choose.Body) {
		if e.Data == "input" && attribute(e, "name") == "thread" {
			ticked := false
			for _, a := range e.Attr {
				ticked = ticked || a.Key == "checked"
			}
			chosen[attribute(e, "value")] = ticked
		}
	}
	if diff := cmp.Diff(map[string]bool{"0": true, "1": true, "2": true, "3": false, "4": true}, chosen); diff != "" {
		t.Errorf("ticked: %s", diff)
	}
	maya.says(maya.post(sent.Location+"/choose", "thread", "0"), 422, "Tick this box if it is so")
	maya.says(maya.post(sent.Location+"/choose", "mine", "yes"), 422, "Choose at least one")
	if len(h.tray.choices) != 0 {
		t.Fatalf("read in without a choice: %+v", h.tray.choices)
	}
	reading := maya.goOn(maya.post(sent.Location+"/choose", "mine", "yes", "thread", "0", "thread", "1", "thread", "2", "thread", "4", "out", "2"))
	maya.says(reading, 200, "Reading it in", "3,412 of 5,100 messages", "You can leave this page", "Stop this import")
	if reading.Header.Get("Refresh") == "" || maya.get(sent.Location+"/still").Header.Get("Refresh") != "" {
		t.Error("the page does not ask again, or the one that stays does")
	}
	want := web.ImportChoice{Exclude: []daybook.Handle{xHandle("2220000103")}}
	if diff := cmp.Diff([]web.ImportChoice{want}, h.tray.choices); diff != "" {
		t.Errorf("chosen: %s", diff)
	}
	maya.says(maya.get(in+"accounts"), 200, "3,412 of 5,100 messages", "the import goes on")
	maya.says(maya.get(in+"accounts/add"), 200, "A file is being read already")
	maya.says(maya.upload(in+"accounts/add", "b.zip", strings.NewReader("PK")), 409, "One comes after the other")

	h.tray.tellMade(h.mayas, h.actor(h.mayas), "twitter-2026.zip")
	h.tray.become(h.mayas, func(j *web.ImportJob) { j.State, j.Entry = web.ImportDone, 5 })
	facts := []string{"Time covered 1 Mar 2026 to 14 Nov 2026", "2,318 messages. 41 conversations were in it. 2,296 are new here", "22 messages, matched", "Not understood newThing",
		"Was here before, not in this file 3 messages", "Entry 6, Entry 7", "and 1 more", "Not in this kind of file encrypted chats; what others wrote", "Pictures missing 2 of 17", "times are exact, in UTC",
		"100 messages in conversations that were not chosen", "3 messages of senders who are left out", "1 message that was erased here", "twitter-2026.zip"}
	maya.says(maya.get(sent.Location), 200, append(facts, "It is read in")...)
	page := maya.get(in + "accounts")
	maya.says(page, 200, append(facts, "Last import", "Finished 14 Nov 2026, 19:20 GMT", "Not finished", "Stopped")...)
}

// What is chosen is what is read in, in every way of choosing.
func TestAddFileChoice(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, in := h.enter(h.maya), "/c/"+string(h.mayas)+"/"
	many := foundFile()
	for range 400 {
		many.Threads = append(many.Threads, web.ImportThread{ID: daybook.NewID(), Kind: "direct", Messages: 2, Usual: true})
	}
	for _, tc := range []struct {
		name  string
		found *web.ImportFound
		form  []string
		want  []string
	}{
		{"all that is usual", foundFile(), []string{"thread", "0", "thread", "1", "thread", "2", "thread", "4"}, nil},
		{"one", foundFile(), []string{"thread", "0"}, []string{"2220000100-2220000101"}},
		{"log-ins too", foundFile(), []string{"thread", "0", "thread", "1", "thread", "2", "thread", "3", "thread", "4"}, []string{"2220000100-2220000101", "g1", "posts", "logins", "blocked"}},
		{"one of many, without the rest", many, []string{"thread", "0"}, []string{"2220000100-2220000101"}},
		{"what is not there", foundFile(), []string{"thread", "0", "thread", "99", "thread", "x"}, []string{"2220000100-2220000101"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := maya.upload(in+"accounts/add", "a.zip", strings.NewReader("PK")).Location
			h.tray.become(h.mayas, func(j *web.ImportJob) { j.Found = tc.found })
			if a := maya.post(path+"/choose", append(tc.form, "mine", "yes")...); a.Status != http.StatusSeeOther {
				t.Fatalf("got %d: %s", a.Status, said(a))
			}
			if diff := cmp.Diff(tc.want, h.tray.choices[len(h.tray.choices)-1].Threads); diff != "" {
				t.Error(diff)
			}
			h.ok(h.tray.Drop(h.mayas, strings.TrimPrefix(path, in+"adding/")))
		})
	}
	path := maya.upload(in+"accounts/add", "a.zip", strings.NewReader("PK")).Location
	h.tray.become(h.mayas, func(j *web.ImportJob) { j.Found = many })
	maya.says(maya.get(path), 200, "105 more, older than these", "210 messages")
	maya.post(path+"/choose", "mine", "yes", "thread", "0", "rest", "yes")
	if n := len(h.tray.choices[len(h.tray.choices)-1].Threads); n != 106 {
		t.Errorf("%d threads with the rest, want 106", n)
	}
}

// What cannot be taken says why, in its own words, and what to do.
func TestAddFileRefused(t *testing.T) {
	h := newHouse(t)
	maya, in := h.enter(h.maya), "/c/"+string(h.mayas)+"/"
	refused := maya.goOn(maya.upload(in+"accounts/add", `<b>archive</b>.html`, strings.NewReader("<html>")))
	maya.says(refused, 200, "It cannot be read", "b>.html” is a page of the archive, and not the archive", "Add the.zip as it was downloaded", "Nothing of it was kept")
	maya.saysNot(refused, "<b>archive")
	for _, tc := range []struct {
		name string
		send func() answer
	}{
		{"no file", func() answer { return maya.post(in+"accounts/add", "file", "a.zip") }},
		{"another field", func() answer {
			return maya.sendAs(in+"accounts/add", "multipart/form-data; boundary=b", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n"))
		}},
		{"empty", func() answer { return maya.upload(in+"accounts/add", "a.zip", strings.NewReader("")) }},
	} {
		t.Run(tc.name, func(t *testing.T) { maya.says(tc.send(), 422, "Choose a file") })
	}
	maya.says(maya.sendAs(in+"accounts/add", "multipart/form-data; boundary=b", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\nPK")), 400, "The upload broke off")
	maya.says(maya.get(in+"adding/"+daybook.NewID()), 404, "It is not here any more", "has to be added again")
	if len(h.tray.taken) != 1 {
		t.Errorf("taken: %v", h.tray.taken)
	}
}

// A form of another site does not add a file.
func TestAddFileFromElsewhere_C12(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/c/"+string(h.mayas)+"/accounts/add", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\nPK\r\n--b--\r\n"))
	h.ok(err)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := maya.Do(req)
	h.ok(err)
	h.ok(res.Body.Close())
	if res.StatusCode != http.StatusForbidden || len(h.tray.taken) != 0 {
		t.Errorf("got %d, taken %v", res.StatusCode, h.tray.taken)
	}
}

// Only whoever may read files in sees those that wait; the person sees an
// adviser's, the adviser does not see hers.
func TestAddFileWhoMay_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya, in := h.enter(h.maya), h.enter(h.priya), "/c/"+string(h.mayas)+"/"
	path := priya.upload(in+"accounts/add", "a.zip", strings.NewReader("PK")).Location
	priya.says(priya.get(path), 200, "Is this account the person’s own?", "30 to the person and 1 from them")
	maya.says(maya.get(in+"accounts"), 200, "It was added by Priya N.")
	maya.says(maya.get(path), 200, "Is this account yours?")
	maya.goOn(maya.post(path + "/drop"))
	own := maya.upload(in+"accounts/add", "a.zip", strings.NewReader("PK")).Location
	for _, a := range []answer{priya.get(own), priya.post(own+"/choose", "mine", "yes", "thread", "0"), priya.post(own + "/drop")} {
		if a.Status != http.StatusNotFound {
			t.Errorf("got %d: %s", a.Status, said(a))
		}
	}
	h.tray.tellMade(h.mayas, h.actor(h.mayas), "quokkaname.zip")
	counter := h.user("Cora")
	h.grant(h.mayas, counter, "counts")
	cora := h.enter(counter)
	page := cora.get(in + "accounts")
	cora.says(page, 200, "2,318 messages")
	cora.saysNot(page, "quokkaname", "2220000100", "/e/", "accounts/add")
	if a := cora.upload(in+"accounts/add", "a.zip", strings.NewReader("PK")); a.Status != http.StatusForbidden {
		t.Errorf("added by whoever may count: %d", a.Status)
	}
}

// The report is a file with counts and words of ours, and without names.
func TestAddedReport(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.tray.tellMade(h.mayas, h.actor(h.mayas), "quokkaname.zip")
	maya, in := h.enter(h.maya), "/c/"+string(h.mayas)+"/"
	var link string
	for _, e := range elementsOf(t, maya.get(in+"accounts").Body) {
		if to := attribute(e, "href"); strings.HasSuffix(to, "/report") {
			link = to
		}
	}
	a := maya.get(link)
	var got struct {
		SHA256 string `json:"sha256"`
		New    int    `json:"new"`
		Gone   int    `json:"gone_since_last"`
		Kept   bool   `json:"file_kept"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || got.New != 2296 || got.Gone != 3 || !got.Kept || len(got.SHA256) != 64 {
		t.Errorf("%d: %+v, %v", a.Status, got, err)
	}
	if strings.Contains(a.Body, "quokkaname") || strings.Contains(a.Body, "2220000100") || strings.Contains(a.Body, "new-thing.js") || !strings.Contains(a.Body, "newThing") || !strings.Contains(a.Header.Get("Content-Disposition"), "report.json") {
		t.Errorf("the file names somebody: %s, %v", a.Body, a.Header)
	}
	if e := h.accessed(h.mayas); !slices.Contains(e, "Maya counts saved the report on a file that was added") {
		t.Errorf("not written down: %v", e)
	}
}
