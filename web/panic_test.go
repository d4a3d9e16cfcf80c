package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"daybook"
	"daybook/web"
)

// broken is a store with a programmer's error in it.
type broken struct{ web.Store }

func (broken) Changed(context.Context, daybook.CaseID) (uint64, error) {
	panic("what somebody wrote: marzipan")
}

// A page that panics is an error page and a line in the log that says where,
// and not with what.
func TestPanic_E12(t *testing.T) {
	var log bytes.Buffer // slog writes one line at a time
	h := newHouse(t, func(c *web.Config) {
		c.Store = broken{c.Store}
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	got := h.enter(h.maya).get("/c/" + string(h.mayas) + "/overview")
	if got.Status != http.StatusInternalServerError || !strings.Contains(got.Body, "Something went wrong here") || strings.Contains(got.Body, "marzipan") {
		t.Errorf("got %d:\n%s", got.Status, got.Body)
	}
	if text := log.String(); !strings.Contains(text, "a page panicked") || !strings.Contains(text, "overview.go") || strings.Contains(text, "marzipan") {
		t.Errorf("the log says:\n%s", text)
	}
}
