package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/export"
	"daybook/web"
)

// orderOf sends the form for a bundle and returns where it leads.
func orderOf(b *browserClient, in string, form ...string) answer {
	return b.post(in+"archive/look", append([]string{"kind", "everything", "for", "police", "mark", "M"}, form...)...)
}

func TestEvidence_LookMakeSave_C3_C10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	page := maya.get(in + "archive")
	maya.says(page, 200, "Evidence", "New bundle", "98 contacts and diary entries", "may reach the person who sent the messages", "None was made yet", "State of the record")

	a := orderOf(maya, in, "own", "1", "others", "1", "words", "Riverside School = a school\nOak Lane")
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, in+"archive/look/") {
		t.Fatalf("got %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(a.Location), 200, "Everything: 141 messages", "the police", "“ an address ”: stands in 2 messages (M/7, M/9)", "“ Person 1 ”: found nowhere",
		"What it says: withheld in 3 messages (M/1, M/2, M/3)", "The text of entry 7 also stands in entry 9.", "M: line 17 of the record becomes M/17", "3 are listed")
	makes := strings.Replace(a.Location, "/look/", "/make/", 1)
	maya.says(maya.get(makes), 200, "Make it now", "written into the record", "for the police")
	a = maya.post(makes)
	if !strings.HasPrefix(a.Location, in+"archive/bundle/") {
		t.Fatalf("got %d to %q", a.Status, a.Location)
	}
	bundle := a.Location
	check := daybook.DigestOf([]byte(bundleBytes)).String()
	maya.says(maya.get(bundle), 200, "It is made", check, "Save the file", "until 10:14 GMT")
	maya.says(maya.get(in+"archive"), 200, "waits to be saved")

	file := maya.post(bundle + "/save")
	if file.Body != bundleBytes || file.Header.Get("Content-Disposition") != "attachment; filename=archive-170.zip" || file.Header.Get("Content-Type") != "application/octet-stream" ||
		file.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %q, %v", file.Body, file.Header)
	}
	maya.says(maya.get(bundle), 200, "was removed from here")
	if a := maya.post(bundle + "/save"); a.Location != bundle {
		t.Errorf("saved twice: %d to %q", a.Status, a.Location)
	}
	got := h.accessed(h.mayas)
	for _, want := range []string{"Maya list looked through what a bundle would hold", "Maya export", "Maya export saved the file of bundle " + check[:4] + " " + check[4:8] + " " + check[8:12]} {
		if !slices.Contains(got, want) {
			t.Errorf("the access log does not say %q: %q", want, got)
		}
	}
	o := h.shelf.orders[0]
	want := []export.Cover{{Word: "Riverside School", As: "a school", Reason: "covered by whoever made this"}, {Word: "Oak Lane", As: "covered", Reason: "covered by whoever made this"}}
	if !slices.Equal(o.Spec.Covers, want) || !o.Own || !o.Others || o.Replies || o.Spec.Kind != export.Complete || o.Spec.Access {
		t.Errorf("the order is %+v", o)
	}
}

func TestEvidence_FormIsChecked(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	for _, tc := range []struct {
		name string
		form []string
		says string
	}{
		{"no kind", []string{"for", "police"}, "Choose one of the three"},
		{"nothing chosen", []string{"kind", "chosen", "for", "police"}, "No entry is chosen yet"},
		{"no period", []string{"kind", "narrowed", "for", "police"}, "Choose a day, or a handle below"},
		{"the wrong way round", []string{"kind", "narrowed", "for", "police", "from", "2026-11-02", "to", "2026-11-01"}, "The last day lies before the first one"},
		{"no day", []string{"kind", "narrowed", "for", "police", "from", "soon"}, "This date could not be read"},
		{"somebody who is not there", []string{"kind", "narrowed", "for", "police", "who", "abcdefghijklmnopqrstuvwxyz"}, ""},
		{"a mark", []string{"kind", "everything", "for", "police", "mark", "M/1"}, "Up to eight letters or digits"},
		{"a word", []string{"kind", "everything", "for", "police", "words", "x"}, "from 2 to 200 characters"},
		{"a key", []string{"kind", "everything", "for", "police", "key", "AGE-SECRET-KEY-1"}, "A public key begins with age1"},
		{"for nobody", []string{"kind", "everything", "for", "the king"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := maya.post(in+"archive/look", tc.form...)
			maya.says(a, http.StatusUnprocessableEntity, "State of the record", tc.says)
		})
	}
	a := orderOf(maya, in, "key", "age1wrong")
	maya.says(maya.get(a.Location), http.StatusUnprocessableEntity, "This cannot be made as it was asked for")
	change := strings.Replace(a.Location, "/look/", "/change/", 1)
	if page := maya.get(change); !strings.Contains(page.Body, `value="age1wrong"`) {
		t.Error("the form has forgotten what was typed")
	}
	for _, part := range []string{"look", "change", "make"} {
		if a := maya.get(in + "archive/" + part + "/" + daybook.NewID()); a.Location != in+"archive" {
			t.Errorf("%s that was forgotten: %d to %q", part, a.Status, a.Location)
		}
	}
}

// A full copy for the person has nothing covered but what they typed, and says
// who looked; a copy for others does not.
func TestEvidence_ForThePerson(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	a := maya.post(in+"archive/look", "kind", "everything", "for", "me", "own", "1", "others", "1", "replies", "1")
	maya.post(strings.Replace(a.Location, "/look/", "/make/", 1))
	if o := h.shelf.orders[0]; o.Own || o.Others || o.Replies || !o.Spec.Access || !o.Spec.Files || o.Spec.For != "the person, a full copy" {
		t.Errorf("the order is %+v", o)
	}
	a = maya.post(in+"archive/look", "kind", "everything", "for", "me", "words", "kestrel")
	maya.post(strings.Replace(a.Location, "/look/", "/make/", 1))
	if o := h.shelf.orders[1]; o.Spec.Files || len(o.Spec.Covers) != 1 {
		t.Errorf("with a word that is covered, the order is %+v", o)
	}
}

func TestEvidence_NarrowedToDaysAndHandles_A6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	page := maya.get(in + "archive")
	ref := ""
	for _, e := range elementsOf(t, page.Body) {
		if e.Data == "input" && attribute(e, "name") == "who" && ref == "" {
			ref = attribute(e, "value")
		}
	}
	a := maya.post(in+"archive/look", "kind", "narrowed", "for", "solicitor", "from", "2026-10-24", "to", "2026-10-25", "who", ref)
	maya.says(maya.get(a.Location), 200, "A selection: 12 messages", "12 Oct 2026 to 22 Nov 2026", "129 other messages of this period are left out, and the bundle says so")
	maya.post(strings.Replace(a.Location, "/look/", "/make/", 1))
	o := h.shelf.orders[0]
	// Days of the person: British Summer Time ends on the 25th.
	if !o.Spec.From.Equal(time.Date(2026, 10, 23, 23, 0, 0, 0, time.UTC)) || !o.Spec.To.Equal(time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)) || len(o.Spec.Handles) != 1 {
		t.Errorf("the order is %+v", o.Spec)
	}
}

// While one is made the page looks again by itself; a second one is refused in
// words, and the first can be ended.
func TestEvidence_ProgressAndEnd(t *testing.T) {
	h := newHouse(t)
	h.shelf.hold = true
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	makes := strings.Replace(orderOf(maya, in).Location, "/look/", "/make/", 1)
	bundle := maya.post(makes).Location
	page := maya.get(bundle)
	maya.says(page, 200, "Being made", "3 of 10 steps are done", "You can leave it")
	if !strings.Contains(page.Body, `<progress aria-labelledby="making" max="10" value="3">`) || page.Header.Get("Refresh") != "2; url=?again" {
		t.Error("the page does not look again, or shows no progress")
	}
	still := maya.get(bundle + "/still")
	maya.says(still, 200, "3 of 10 steps are done", "Let it look again by itself")
	if still.Header.Get("Refresh") != "" {
		t.Error("the page that stays as it is looks again")
	}
	if a := maya.post(makes); a.Location != in+"archive" {
		t.Errorf("a second one: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"archive"), 200, "One is being made already", "One is being made, since")
	if a := maya.post(bundle + "/drop"); a.Location != in+"archive" {
		t.Errorf("ended: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"archive"), 200, "Nothing was made: it was stopped")
	if a := maya.get(bundle); a.Status != http.StatusNotFound {
		t.Errorf("after it was ended: %d", a.Status)
	}
	h.shelf.hold = false
	bundle = maya.post(makes).Location
	h.shelf.become(h.mayas, func(j *web.BundleJob) { j.State, j.Err = web.BundleFailed, errFull })
	maya.says(maya.get(bundle), 200, "It could not be made. Try again")
	h.shelf.become(h.mayas, func(j *web.BundleJob) { j.State = web.BundleEnded })
	maya.says(maya.get(bundle), 200, "it was stopped")
}

// What somebody made is theirs: nobody else saves it, and in another session they
// are asked who is there.
func TestEvidence_WhoMaySave_C10(t *testing.T) {
	h := newHouse(t)
	maya := h.signer(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	first := maya.signIn(maya.device)
	bundle := first.post(strings.Replace(orderOf(first, in).Location, "/look/", "/make/", 1)).Location
	eve := h.user("Somebody who hands over")
	h.grant(h.mayas, eve, cases.Exporter)
	other := h.enter(eve)
	other.says(other.get(in+"archive"), 200, "New bundle")
	for _, a := range []answer{other.get(bundle), other.post(bundle + "/save"), other.post(bundle + "/drop")} {
		if a.Status != http.StatusNotFound {
			t.Errorf("somebody else: got %d to %q", a.Status, a.Location)
		}
	}
	second := maya.signIn("")
	if a := second.get(bundle); a.Status != 200 { // a sign-in of a moment ago
		t.Errorf("after a fresh sign-in: %d to %q", a.Status, a.Location)
	}
	for range 2 {
		h.move(3 * time.Minute)
		second.get("/settings")
		first.get("/settings")
	}
	for _, a := range []answer{second.get(bundle), second.post(bundle + "/save")} {
		if a.Location != "/again" {
			t.Errorf("in another session: got %d to %q", a.Status, a.Location)
		}
	}
	first.says(first.get(bundle), 200, "Save the file")
}

func TestEvidence_Again_B10(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.shelf.tellMade(h.mayas, h.actor(h.mayas))
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	page := maya.get(in + "archive")
	check := daybook.DigestOf([]byte(bundleBytes)).String()
	maya.says(page, 200, "A selection: 31 messages; 81 others in the same time left out", "Everything up to that day: 112 messages", check[:4]+" "+check[4:8]+" "+check[8:12])
	var again []string
	for _, e := range elementsOf(t, page.Body) {
		if e.Data == "form" && strings.Contains(attribute(e, "action"), "/archive/again/") {
			again = append(again, attribute(e, "action"))
		}
	}
	if len(again) != 1 {
		t.Fatalf("%d can be made again, want 1: the order of the other is not kept", len(again))
	}
	a := maya.post(again[0])
	maya.says(maya.get(a.Location), 200, "The bundle of 9 Nov 2026, 10:00 GMT", "once more")
	makes := strings.Replace(a.Location, "/look/", "/make/", 1)
	bundle := maya.post(makes).Location
	maya.says(maya.get(bundle), 200, "it is the same file")
	h.shelf.become(h.mayas, func(j *web.BundleJob) { j.Before = daybook.DigestOf([]byte("other bytes")) })
	maya.says(maya.get(bundle), 200, "make it another file")
	if o := h.shelf.orders[0]; o.Spec.Size != 150 {
		t.Errorf("the order is %+v", o)
	}
	if a := maya.post(in + "archive/again/" + daybook.NewID()); a.Status != http.StatusNotFound {
		t.Errorf("one that was never made: %d", a.Status)
	}
}

// Who may not make bundles sees the state alone.
func TestEvidence_StateAloneForOthers_D6(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.shelf.tellMade(h.mayas, h.actor(h.mayas))
	priya := h.enter(h.priya)
	page := priya.get("/c/" + string(h.mayas) + "/archive")
	priya.says(page, 200, "State of the record", "what it shows")
	priya.saysNot(page, "New bundle", "Earlier bundles", "the police")
	lines := priya.get("/c/" + string(h.mayas) + "/timeline")
	if strings.Contains(lines.Body, `type="checkbox"`) {
		t.Error("the timeline offers to choose entries to somebody who makes no bundles")
	}
}

// Entries are chosen on lists and on their own pages, without script, and kept
// for the session alone.
func TestEvidence_ChosenEntries(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	var refs []string
	for _, e := range elementsOf(t, maya.get(in+"timeline").Body) {
		if e.Data == "input" && attribute(e, "form") == "basket" {
			refs = append(refs, attribute(e, "value"))
		}
	}
	if len(refs) < 10 {
		t.Fatalf("%d entries can be ticked", len(refs))
	}
	a := maya.post(in+"archive/chosen", "entry", refs[0], "entry", refs[1], "entry", refs[2], "back", "-")
	if a.Location != in+"timeline" {
		t.Fatalf("got %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"timeline"), 200, "3 entries are chosen", "chosen")
	maya.says(maya.get(in+"archive"), 200, "3 entries are chosen. The others of the same time are left out, and the bundle will say how many.")
	page := maya.get(in + "archive/chosen")
	maya.says(page, 200, "Chosen for a bundle", "3 entries are chosen")
	maya.saysNot(page, contents...)

	entry := in + "e/" + refs[0]
	maya.says(maya.get(entry), 200, "This entry is chosen for a bundle", "Withhold a part of it")
	if a := maya.post(in+"archive/chosen", "entry", refs[0], "do", "remove", "back", refs[0]); a.Location != entry {
		t.Errorf("taken out: %d to %q", a.Status, a.Location)
	}
	if a := maya.post(in+"archive/withhold", "entry", refs[1], "field", "text", "field", "attachments", "field", "everything", "reason", "about a child", "back", refs[1]); a.Location != in+"e/"+refs[1] {
		t.Errorf("withheld: %d to %q", a.Status, a.Location)
	}
	maya.says(maya.get(in+"archive/chosen"), 200, "2 entries are chosen", "What it says, Attachments ( about a child )")
	a = maya.post(in+"archive/look", "kind", "chosen", "for", "police")
	maya.post(strings.Replace(a.Location, "/look/", "/make/", 1))
	o := h.shelf.orders[0]
	if len(o.Spec.Entries) != 2 || len(o.Spec.Redactions) != 2 || o.Spec.Redactions[0].Field != export.FieldText || o.Spec.Redactions[1].Field != export.FieldAttachments || !o.Spec.From.IsZero() {
		t.Errorf("the order is %+v", o.Spec)
	}
	maya.post(in+"archive/withhold", "entry", refs[1], "do", "remove")
	maya.post(in+"archive/chosen", "do", "clear")
	page = maya.get(in + "archive/chosen")
	maya.says(page, 200, "No entry is chosen")
	maya.saysNot(page, "about a child")

	if a := maya.post(in+"archive/chosen", "entry", daybook.NewID()); a.Status != http.StatusNotFound {
		t.Errorf("an entry that is not there: %d", a.Status)
	}
	maya.post(in+"archive/chosen", "entry", refs[0])
	again := h.enter(h.maya)
	again.says(again.get(in+"archive/chosen"), 200, "No entry is chosen")
}

// Without anybody to make them the page says so, and nothing else breaks.
func TestEvidence_NobodyMakesBundles(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Bundles = nil })
	h.tell()
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/"
	maya.says(maya.get(in+"archive"), 200, "This installation makes no bundles", "State of the record")
	for _, path := range []string{"archive/look", "archive/bundle/x/save", "archive/again/" + daybook.NewID()} {
		if a := maya.post(in+path, "kind", "everything"); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

// Whatever is typed, words to cover can be used or are refused.
func FuzzWordsToCover(f *testing.F) {
	for _, s := range []string{"", "Oak Lane", "Oak Lane = a street\n\n Dee=", "x", "= a street", "a=b=c", "\xff\xfe = x", strings.Repeat("word\n", 300), strings.Repeat("x", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		covers, ok := web.TypedCovers(typed, "covered", "why")
		if !ok {
			return
		}
		for _, c := range covers {
			if n := len([]rune(c.Word)); n < 2 || n > export.MaxWord || c.As == "" || len([]rune(c.As)) > export.MaxWord || c.Reason != "why" || strings.ContainsAny(c.Word, "=\n") {
				t.Errorf("%q gives %+v", typed, c)
			}
		}
	})
}
