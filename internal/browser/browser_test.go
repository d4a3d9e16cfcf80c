package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"daybook/internal/browser"
)

const shop = `<!doctype html><html lang="en"><head><title>Shop</title></head><body><main><h1>Shop</h1>
<form action="/next"><label>Name <input id="n" name="n"></label><button>Go on</button></form><a href="/next">Next</a></main></body></html>`

func TestBrowser(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := shop
		if r.URL.Path == "/next" {
			page = `<!doctype html><html lang="en"><head><title>Next</title></head><body><p style="color:#bbb">hello ` + r.FormValue("n") +
				`</p><img src="http://127.0.0.1:1/x.png"><script>document.title = "Scripted"; alert(1)</script></body></html>`
		}
		if _, err := io.WriteString(w, page); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	b := browser.Start(t)
	tab := b.Tab(t)
	tab.Size(390, 800)
	tab.Open(srv.URL)
	if got := tab.Axe(); len(got) != 0 {
		t.Errorf("axe: %v", got)
	}
	if got := tab.Outside(srv.URL); len(got) != 0 {
		t.Errorf("outside: %v", got)
	}
	tab.Type("#n", "Wren")
	tab.Script(false)
	tab.Press("Go on")
	if got := tab.Text(); !strings.Contains(got, "hello Wren") || tab.Title() != "Next" {
		t.Errorf("got %q, %q", got, tab.Title())
	}
	if got := tab.Outside(srv.URL); len(got) == 0 {
		t.Error("a request to another host was not noticed")
	}
	if got := strings.Join(tab.Axe(), "\n"); !strings.Contains(got, "color-contrast") || !strings.Contains(got, "image-alt") {
		t.Errorf("axe: %v", got)
	}
	tab.Back()
	if tab.Title() != "Shop" {
		t.Errorf("got %q", tab.Title())
	}
}
