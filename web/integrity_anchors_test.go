package web_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/web"
)

// anchors stand for whoever hands out size and root.
type anchors struct {
	h           *house
	authorities []string
	given       map[daybook.CaseID][]web.AnchorGiven
}

func (a *anchors) Give(ctx context.Context, actor daybook.Actor, c daybook.CaseID, form string) (web.AnchorGiven, error) {
	cp, err := a.h.log.Checkpoint(ctx, c)
	if err != nil {
		return web.AnchorGiven{}, err
	}
	if err := a.h.cases.Audit(ctx, actor, c, daybook.Access{Action: string(cases.Checkpoint), Detail: "gave out size and root, as a " + form}); err != nil {
		return web.AnchorGiven{}, err
	}
	g := web.AnchorGiven{At: a.h.clock(), Form: form, Size: cp.Size, Root: cp.Root, Line: "a line of " + count(cp.Size), Signed: cp.Signed}
	a.given[c] = append([]web.AnchorGiven{g}, a.given[c]...)
	return g, nil
}

func (a *anchors) Given(_ context.Context, c daybook.CaseID, limit int) ([]web.AnchorGiven, error) {
	return a.given[c][:min(limit, len(a.given[c]))], nil
}

func (a *anchors) Authorities() []string { return a.authorities }

// What is given out is listed, and whether what is here still agrees with it.
func TestArchive_GivenOut_B3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/archive"
	file := maya.post(in + "/checkpoint")
	cp, err := h.log.ParseCheckpoint(h.mayas, []byte(file.Body))
	if err != nil || file.Header.Get("Content-Disposition") != "attachment; filename=checkpoint.txt" {
		t.Fatalf("got %q, %v, %v", file.Body, file.Header, err)
	}
	line := maya.post(in + "/line")
	maya.says(line, 200, "A line to keep", "a line of")
	page := maya.get(in)
	maya.says(page, 200, "Given out here", "as a file: size "+count(cp.Size), "as a printed line", "What is here agrees")
	maya.saysNot(page, "does not agree")
	h.anchors.given[h.mayas][0].Root = daybook.DigestOf([]byte("another"))
	maya.says(maya.get(in), 200, "What is here does not agree")
	if got := h.accessed(h.mayas); !slices.Contains(got, "Maya checkpoint gave out size and root, as a file") {
		t.Errorf("access log %v", got)
	}
}

// Of each time service the page says what it has stamped; none is no failure.
func TestArchive_TimeStamps_B3(t *testing.T) {
	h := newHouse(t)
	h.tell()
	cp, err := h.log.LastCheckpoint(t.Context(), h.mayas)
	h.ok(err)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/archive"
	maya.says(maya.get(in), 200, "Not set up yet")
	h.anchors.authorities = []string{"swift", "slow", "silent"}
	for _, s := range []archive.Stamp{
		{Size: cp.Size, Authority: "swift", Token: []byte("token"), At: monday, Got: monday},
		{Size: 3, Authority: "slow", Token: []byte("token"), At: monday.Add(-time.Hour), Got: monday},
	} {
		h.ok(h.db.WantStamps(t.Context(), h.mayas, s.Size, []string{s.Authority}))
		h.ok(h.db.PutStamp(t.Context(), h.mayas, s, monday))
	}
	maya.says(maya.get(in), 200, "1 of 3 outside time services have stamped the newest checkpoint", "swift: stamped at 23 Nov 2026, 09:14 GMT",
		"slow: not yet; it has stamped the one of size 3 at 23 Nov 2026, 08:14 GMT", "silent: asked, and not answered yet")
}
