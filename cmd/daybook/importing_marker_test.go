package main

import (
	"archive/zip"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"daybook/cases"
	"daybook/internal/need"
	"daybook/signin"
	"daybook/web"
)

// A page is a plot with its pages, and somebody who has signed in to them.
type page struct {
	inbox
	url    string
	client *http.Client
}

func newPage(t *testing.T) page {
	t.Helper()
	p := newPlot(t, onSQLite)
	t.Cleanup(p.close)
	opened, err := p.app.openPages(t.Context())
	p.must(err)
	t.Cleanup(func() {
		opened.imports.stop()
		opened.imports.wg.Wait()
		p.must(opened.server.Close())
		p.must(opened.listener.Close())
	})
	server := httptest.NewServer(opened.handler)
	t.Cleanup(server.Close)
	d := page{inbox: inbox{p, opened.imports}, url: server.URL}
	d.signIn()
	return d
}

// signIn comes in as the person of the case, through the desk.
func (d *page) signIn() {
	d.t.Helper()
	ctx, desk := d.t.Context(), d.plot.app.desk
	u, err := d.plot.app.cases.NewUser(ctx, d.actor, "Wren", "")
	d.must(err)
	_, err = d.plot.app.cases.Grant(ctx, d.actor, cases.Grant{Case: d.id, User: u.ID, Role: cases.Owner, Reason: "test"})
	d.must(err)
	door := signin.Door{Address: "127.0.0.1", Agent: "test"}
	code, _, err := desk.NewCode(ctx, signin.SetUp, u.ID, d.actor)
	d.must(err)
	token, device, _, err := desk.UseCode(ctx, door, code)
	d.must(err)
	door.Device = device
	d.must(desk.SetPassphrase(ctx, token, words))
	_, secret, _, err := desk.NewTOTP(ctx, token)
	d.must(err)
	now, err := totp.GenerateCode(secret, d.now)
	d.must(err)
	d.must(desk.ConfirmTOTP(ctx, token, now))
	token, _, err = desk.Settle(ctx, token, door)
	d.must(err)
	jar, err := cookiejar.New(nil)
	d.must(err)
	at, err := url.Parse(d.url)
	d.must(err)
	jar.SetCookies(at, []*http.Cookie{{Name: "id", Value: token, Path: "/"}, {Name: "d", Value: device, Path: "/"}})
	d.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// post sends something to a page of the case and returns where it leads.
func (d *page) post(path, kind string, body io.Reader) string {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+"/c/"+string(d.id)+"/"+path, body)
	d.must(err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := d.client.Do(req)
	d.must(err)
	said, err := io.ReadAll(res.Body)
	d.must(err)
	d.must(res.Body.Close())
	if res.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%s answers %d: %s", path, res.StatusCode, said)
	}
	return strings.TrimPrefix(res.Header.Get("Location"), "/c/"+string(d.id)+"/")
}

// markedArchive is the recorded archive with a marker in each thing that it can
// hold, and so large that it does not fit where forms are kept in memory.
func markedArchive(t *testing.T) []byte {
	t.Helper()
	b := archiveOf(t, func(member, text string) string {
		return strings.NewReplacer("I know you read this", markText, "maralindqvist", markHandle, "Mara Lindqvist", markDisplay, "mara@lindqvist.example", markAddress).Replace(text)
	})
	from, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	for _, f := range from.File {
		if err := to.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	w, err := to.CreateHeader(&zip.FileHeader{Name: "data/direct_messages_media/2099999999999999999-" + markLabel + ".jpg", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Repeat(markFile, 48<<20/len(markFile))); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// C20: nothing of a file that is added on the pages lies anywhere in the clear:
// not while it comes in, not while it waits, not after it was read in; neither
// below the data folder nor among temporary files, nor in the log.
func TestAddedFileIsNowhereInTheClear_C20_E12(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	if os.TempDir() != temporary {
		need.Missing(t, "temporary files lie elsewhere on this system")
	}
	d := newPage(t)
	search := func(when string) {
		t.Helper()
		n := searchFiles(t, d.plot.dir, nil) + searchFiles(t, temporary, nil)
		searchBytes(t, "the log", d.logged.Bytes(), nil)
		if n < 5 || t.Failed() {
			t.Errorf("%s: %d files were searched", when, n)
		}
	}

	whole := markedArchive(t)
	body, sends := io.Pipe()
	form := multipart.NewWriter(sends)
	sent := make(chan error, 1)
	go func() {
		part, err := form.CreateFormFile("file", markNote+".zip")
		if err == nil {
			_, err = part.Write(whole[:len(whole)-100])
		}
		if err == nil {
			search("while it comes in")
			if len(d.waiting()) != 1 {
				t.Errorf("%d files are coming in", len(d.waiting()))
			}
			_, err = part.Write(whole[len(whole)-100:])
		}
		if err == nil {
			err = form.Close()
		}
		sent <- sends.CloseWithError(err)
	}()
	path := d.post("accounts/add", form.FormDataContentType(), body)
	d.must(<-sent)
	d.wg.Wait()
	j := d.job(strings.TrimPrefix(path, "adding/"))
	if j.State != web.ImportChoosing || j.Size != int64(len(whole)) {
		t.Fatalf("it is %s: %s %s", j.State, j.What, j.Hint)
	}
	search("while it waits")

	d.post(path+"/choose", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"mine": {"yes"}, "thread": threadsOf(j)}.Encode()))
	d.wg.Wait()
	if j = d.job(j.ID); j.State != web.ImportDone || len(d.waiting()) != 0 {
		t.Fatalf("it is %s: %s %s; the spool has %v", j.State, j.What, j.Hint, d.waiting())
	}
	search("after it was read in")
	found, err := d.plot.app.index.Search(t.Context(), mustQuery(t, d.plot.app, d.id, markText))
	d.must(err)
	made, err := d.AddedAt(t.Context(), d.id, j.Entry)
	d.must(err)
	if found.Total == 0 || !made.Whole {
		t.Errorf("%d hits, %+v: the test plays nothing", found.Total, made)
	}
}

// threadsOf are the usual threads of a file, as a form names them.
func threadsOf(j web.ImportJob) (out []string) {
	for i, th := range j.Found.Threads {
		if th.Usual {
			out = append(out, string(rune('0'+i)))
		}
	}
	return out
}
