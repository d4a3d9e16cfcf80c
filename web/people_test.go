package web_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/cases"
	"daybook/signin"
)

// peopleShow reports on what a page shows and does not show.
func peopleShow(t *testing.T, page answer, status int, texts ...string) {
	t.Helper()
	if page.Status != status {
		t.Errorf("got status %d, want %d", page.Status, status)
	}
	text := readable(t, page.Body)
	for _, s := range texts {
		if s, not := strings.CutPrefix(s, "!"); not {
			if strings.Contains(text, s) {
				t.Errorf("the page shows %q: %s", s, text)
			}
		} else if !strings.Contains(text, s) {
			t.Errorf("the page does not show %q: %s", s, text)
		}
	}
}

func last(lines []string) string { return lines[len(lines)-1] }

func TestPeople_D6_D7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	maya, priya := h.enter(h.maya), h.enter(h.priya)
	page := maya.get("/c/" + string(h.mayas) + "/people")
	peopleShow(t, page, 200, "People with access", "1 person, besides you", "Priya N.", "Run the record with you", "Why: chosen by the person",
		"30 days left", "No end", "Change: Priya N.", "End now: Priya N.", "You", "!Lee", "!Tom")
	peopleShow(t, page, 200, "marked contact as unwanted: nightjar_42", "agreed that an account is read", "the operator")
	if got := last(h.accessed(h.mayas)); got != "Maya access looked at who has access" {
		t.Errorf("got entry %q", got)
	}
	peopleShow(t, priya.get("/c/"+string(h.mayas)+"/people"), 200, "2 people", "Maya (the person)", "Run the record", "!with you")
	lee := h.enter(h.lee)
	for _, b := range []*browserClient{lee, h.enter(h.tom)} {
		if got := b.get("/c/" + string(h.mayas) + "/people"); got.Status != 404 {
			t.Errorf("%s: got %d, want 404", b.user.Name, got.Status)
		}
	}
	// A reader may not see who else there is.
	peopleShow(t, lee.get("/c/"+string(h.toms)+"/people"), 403, "!Tom", "!No end")
	peopleShow(t, maya.get("/c/"+string(h.mayas)+"/people"), 200, "somebody without access", "and was refused", "Priya N. (adviser) looked at who has access")
}

var codePattern = regexp.MustCompile(`[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}`)

func TestInvitingAnAdviser_C9_D6(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/people"
	peopleShow(t, maya.get(in+"/new"), 200, "Give someone access", "Someone new", "See numbers only", "See content, make bundles", "Run the record with you", "!The person")
	form := []string{"name", "Ana", "role", "content", "until", "2026-12-24", "reason", "my caseworker"}
	with := func(field, value string) []string {
		f := slices.Clone(form)
		f[slices.Index(f, field)+1] = value
		return f
	}
	entries := len(h.accessed(h.mayas))
	for _, tt := range []struct {
		name, field, value, says string
	}{
		{"no name", "name", " ", "Give a name"},
		{"a long name", "name", strings.Repeat("a", 101), "Give a name"},
		{"a name that turns around", "name", "Ana\u202e", "Give a name"},
		{"no role", "role", "", "Choose what they may do"},
		{"the person's own role", "role", "owner", "Choose what they may do"},
		{"no such role", "role", "operator", "Choose what they may do"},
		{"no day", "until", "tomorrow", "Choose a day"},
		{"yesterday", "until", "2026-11-22", "Choose a day"},
		{"more than a year", "until", "2027-11-24", "Choose a day"},
		{"no reason", "reason", "", "Say in a few words why"},
	} {
		got := maya.post(in+"/invite", with(tt.field, tt.value)...)
		peopleShow(t, got, 422, tt.says)
		if !strings.Contains(got.Body, `aria-invalid="true"`) || tt.field != "name" && !strings.Contains(got.Body, `value="Ana"`) {
			t.Errorf("%s: the form is not shown again with what was typed", tt.name)
		}
	}
	if got := len(h.accessed(h.mayas)); got != entries {
		t.Errorf("forms with mistakes left %d entries", got-entries)
	}

	got := maya.post(in+"/invite", form...)
	if got.Status != 303 || !strings.HasPrefix(got.Location, in+"/code/") {
		t.Fatalf("got %d to %q", got.Status, got.Location)
	}
	shown := maya.get(got.Location)
	peopleShow(t, shown, 200, "The code for Ana", "This is the only time that it is shown", "Not by e-mail", "30 Nov 2026, 09:14 GMT")
	code := codePattern.FindString(shown.Body)
	if code == "" {
		t.Fatal("no code is shown")
	}
	again := maya.get(got.Location)
	peopleShow(t, again, 200, "not shown again")
	if strings.Contains(again.Body, code) {
		t.Error("the code is shown twice")
	}
	if got := last(h.accessed(h.mayas)); got != "Maya grant gave Ana access as reader of content until 24 December 2026" {
		t.Errorf("got entry %q", got)
	}
	_, _, c, err := h.desk.UseCode(t.Context(), signin.Door{Address: "127.0.0.1", Agent: "test"}, code)
	h.ok(err)
	ana, err := h.cases.FindUser(t.Context(), "Ana")
	h.ok(err)
	if c.User != ana.ID || c.Purpose != signin.SetUp {
		t.Errorf("the code is for %v", c)
	}
	peopleShow(t, maya.get(in), 200, "Ana", "Has not signed in yet", "New code")

	// A lost code is replaced; the one before stops working.
	var grant string
	grants, err := h.cases.Grants(t.Context(), operator, h.mayas)
	h.ok(err)
	for _, g := range grants {
		if g.User == ana.ID {
			grant = g.ID
			if want := time.Date(2026, 12, 24, 23, 59, 59, 0, time.UTC); !g.End.Equal(want) {
				t.Errorf("the end is %v, want %v", g.End, want)
			}
		}
	}
	got = maya.post(in + "/grant/" + grant + "/code")
	second := codePattern.FindString(maya.get(got.Location).Body)
	if second == "" || second == code {
		t.Errorf("got the code %q after %q", second, code)
	}
	// A name that is there already is no mistake, and no answer says so.
	got = maya.post(in+"/invite", with("name", "Lee")...)
	peopleShow(t, maya.get(got.Location), 200, "The code for Lee 2")
	// An adviser gives no more than they have.
	priya := h.enter(h.priya)
	peopleShow(t, priya.get(in+"/new"), 200, "!make bundles of the record")
	peopleShow(t, priya.post(in+"/invite", with("role", "exporter")...), 422, "Choose what they may do")
}

func TestGivingAccessByCode_D6(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/people"
	form := func(code string) []string {
		return []string{"code", code, "role", "counts", "until", "2026-12-24", "reason", "stands in"}
	}
	var answers []string
	for _, code := range []string{"Lee", "lee", daybook.NewID(), "", "../x", h.maya.ID} {
		got := maya.post(in+"/give", form(code)...)
		peopleShow(t, got, 422, "Nobody could be given access with this code")
		answers = append(answers, strings.ReplaceAll(got.Body, `value="`+code+`"`, ""))
	}
	if answers[0] != answers[2] {
		t.Error("a name and an unknown code are answered differently")
	}
	typed := strings.ToUpper(h.lee.ID[:13] + " " + h.lee.ID[13:])
	if got := maya.post(in+"/give", form(typed)...); got.Status != 303 || got.Location != in {
		t.Fatalf("got %d to %q: %s", got.Status, got.Location, readable(t, got.Body))
	}
	peopleShow(t, maya.get(in), 200, "Lee", "See numbers only", "gave Lee access as reader of counts until 24 December 2026")
}

// A grant that ended, or was ended, ends what is open.
func TestAccessEndsInMidSession_C8_D6(t *testing.T) {
	h := newHouse(t)
	maya, priya := h.enter(h.maya), h.enter(h.priya)
	in := "/c/" + string(h.mayas) + "/people"
	grants, err := h.cases.Grants(t.Context(), operator, h.mayas)
	h.ok(err)
	id := grants[slices.IndexFunc(grants, func(g cases.Grant) bool { return g.User == h.priya.ID })].ID
	change := in + "/grant/" + id
	peopleShow(t, maya.get(change), 200, "Access of Priya N.", "Keep until this day", "End access now")
	peopleShow(t, maya.post(change+"/until", "until", "2026-11-01"), 422, "Choose a day")
	if got := maya.post(change+"/until", "until", "2027-02-01"); got.Status != 303 {
		t.Errorf("another end: got %d", got.Status)
	}
	peopleShow(t, maya.get(in), 200, "1 Feb 2027", "70 days left")
	peopleShow(t, priya.get(change), 200, "!Keep until this day", "End access now")
	if got := priya.post(change+"/until", "until", "2027-02-01"); got.Status != 403 {
		t.Errorf("one's own end: got %d, want 403", got.Status)
	}
	if got := priya.get(in); got.Status != 200 {
		t.Fatalf("before the end: got %d", got.Status)
	}
	if got := maya.post(change+"/end", "why", "has moved on"); got.Status != 303 {
		t.Fatalf("end: got %d", got.Status)
	}
	got := priya.get(in)
	if got.Status != 303 || got.Location != "/signin" || strings.Contains(got.Body, "Maya") {
		t.Errorf("after the end: got %d to %q", got.Status, got.Location)
	}
	if left, err := h.desk.Sessions(t.Context(), h.priya.ID); err != nil || len(left) != 0 {
		t.Errorf("sessions are left: %v, %v", left, err)
	}
	peopleShow(t, maya.get(in), 200, "1 access that has ended", "ended the access of Priya N. as manager: has moved on", "Priya N. (without access by then)")
	peopleShow(t, maya.get(change), 200, "This access is over", "!End access now")

	// By time.
	lee := h.signer(h.lee)
	h.move(cases.GrantPeriod - time.Minute)
	b := lee.signIn(lee.device)
	if got := b.get("/c/" + string(h.toms) + "/overview"); got.Status != 200 {
		t.Fatalf("before the end: got %d to %q", got.Status, got.Location)
	}
	h.move(2 * time.Minute)
	if got := b.get("/c/" + string(h.toms) + "/overview"); got.Status != 303 || got.Location != "/signin" {
		t.Errorf("after the end: got %d to %q", got.Status, got.Location)
	}
	if left, err := h.desk.Sessions(t.Context(), h.lee.ID); err != nil || len(left) != 0 {
		t.Errorf("sessions are left: %v, %v", left, err)
	}
}

// Somebody who has left is out at their next click, wherever that leads.
func TestLeavingEndsSessions_D6(t *testing.T) {
	h := newHouse(t)
	priya := h.enter(h.priya)
	h.ok(h.cases.Leave(t.Context(), operator, h.priya.ID))
	for _, path := range []string{"/c/" + string(h.mayas) + "/people", "/settings", "/work"} {
		if got := priya.get(path); got.Status != 303 || got.Location != "/signin" {
			t.Errorf("%s: got %d to %q", path, got.Status, got.Location)
		}
	}
	if left, err := h.desk.Sessions(t.Context(), h.priya.ID); err != nil || len(left) != 0 {
		t.Errorf("sessions are left: %v, %v", left, err)
	}
}

// A new way in for the person: asked for by their adviser, seen at once, and not
// before 72 hours.
func TestRecoveryByAnAdviser_C9(t *testing.T) {
	h := newHouse(t)
	maya, priyas := h.enter(h.maya), h.signer(h.priya)
	priya := priyas.browserClient
	in := "/c/" + string(h.mayas) + "/people"
	ask := in + "/ask/" + h.maya.ID
	peopleShow(t, priya.get(in), 200, "Ask for a new way in")
	peopleShow(t, maya.get(in), 200, "!Ask for a new way in")
	peopleShow(t, priya.get(ask), 200, "A new way to sign in for Maya", "26 Nov 2026, 09:14 GMT")
	for _, id := range []string{h.tom.ID, h.lee.ID, daybook.NewID()} {
		if got := priya.post(in + "/ask/" + id); got.Status != 404 {
			t.Errorf("for somebody else: got %d, want 404", got.Status)
		}
	}
	if got := maya.post(ask); got.Status != 403 {
		t.Errorf("for oneself: got %d, want 403", got.Status)
	}
	if got := priya.post(ask); got.Status != 303 {
		t.Fatalf("got %d", got.Status)
	}
	waiting, err := h.desk.Recoveries(t.Context(), h.maya.ID)
	h.ok(err)
	if len(waiting) != 1 {
		t.Fatalf("got %v", waiting)
	}
	at := in + "/recovery/" + waiting[0].ID
	peopleShow(t, priya.post(at+"/take"), 422)
	peopleShow(t, maya.get(in), 200, "Priya N. (adviser) asked for a new way for you to sign in", "Stop it", "!Show the code")
	if !strings.Contains(maya.get("/settings").Body, "A new way to sign in as you was asked for") {
		t.Error("another page does not say it")
	}
	if strings.Contains(priya.get("/settings").Body, "A new way to sign in as you") {
		t.Error("it is said to somebody else")
	}
	if got := maya.post(at + "/stop"); got.Status != 303 {
		t.Fatalf("stop: got %d", got.Status)
	}
	if got := priya.post(at + "/take"); got.Status != 404 {
		t.Errorf("after it was stopped: got %d, want 404", got.Status)
	}
	log := strings.Join(h.accessed(h.mayas), "\n")
	if !strings.Contains(log, "Priya N. grant asked for a new way to sign in for Maya\n") || !strings.Contains(log, "Maya grant stopped that Maya gets a new way to sign in") {
		t.Errorf("got %s", log)
	}

	priya.post(ask)
	waiting, err = h.desk.Recoveries(t.Context(), h.maya.ID)
	h.ok(err)
	h.move(signin.RecoveryHold)
	priya = priyas.signIn(priyas.device)
	peopleShow(t, priya.get(in), 200, "The wait is over")
	got := priya.post(in + "/recovery/" + waiting[0].ID + "/take")
	if got.Status != 303 {
		t.Fatalf("take: got %d: %s", got.Status, readable(t, got.Body))
	}
	code := codePattern.FindString(priya.get(got.Location).Body)
	_, _, c, err := h.desk.UseCode(t.Context(), signin.Door{Address: "127.0.0.1", Agent: "test"}, code)
	if err != nil || c.Purpose != signin.Recover || c.User != h.maya.ID {
		t.Errorf("the code stands for %v, %v", c, err)
	}
}

// Older lines come a page at a time, and what the reader did can be left out.
func TestAccessLogByPage_D7(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/people"
	mayas, err := h.cases.Actor(t.Context(), h.maya, h.mayas, "web")
	h.ok(err)
	priyas, err := h.cases.Actor(t.Context(), h.priya, h.mayas, "web")
	h.ok(err)
	batch := make([]daybook.Record, 0, 700)
	for i := range 700 {
		r := daybook.NewRecord(daybook.RecordAccess, daybook.Access{Action: "list", Detail: "looked at the timeline"})
		if r.Actor = mayas; i == 20 {
			r.Actor = priyas
		}
		r.Logged = monday.Add(time.Duration(i-700) * time.Minute)
		batch = append(batch, r)
	}
	_, err = h.log.Append(t.Context(), h.mayas, batch)
	h.ok(err)

	page := maya.get(in)
	older := regexp.MustCompile(`href="(` + in + `/[a-z0-9]{26})"`)
	seen := []int{strings.Count(page.Body, "looked at the timeline")}
	for range 3 {
		m := older.FindStringSubmatch(page.Body)
		if m == nil {
			t.Fatal("no way to earlier lines")
		}
		page = maya.get(m[1])
		seen = append(seen, strings.Count(page.Body, "looked at the timeline"))
	}
	if diff := cmp.Diff([]int{49, 50, 50, 50}, seen); diff != "" { // the first has the visit itself
		t.Errorf("lines on each page: %s", diff)
	}

	got := maya.post(in+"/log", "others", "1")
	page = maya.get(got.Location)
	peopleShow(t, page, 200, "Nobody else did anything in the lines that were looked through", "!looked at the timeline")
	page = maya.get(older.FindStringSubmatch(page.Body)[1])
	peopleShow(t, page, 200, "Priya N. (adviser) looked at the timeline", "!You looked")
	if got := h.enter(h.priya).get(got.Location); strings.Contains(got.Body, "looked through") {
		t.Error("a view of somebody else's session was shown")
	}
	peopleShow(t, maya.get(in+"/"+daybook.NewID()), 200, "not kept any more", "looked at the timeline")
}

func TestReviewed(t *testing.T) {
	h := newHouse(t)
	priya, tom := h.enter(h.priya), h.enter(h.tom)
	if got := priya.post("/c/" + string(h.mayas) + "/reviewed"); got.Status != 303 || got.Location != "/c/"+string(h.mayas)+"/overview" {
		t.Errorf("got %d to %q", got.Status, got.Location)
	}
	if got := last(h.accessed(h.mayas)); got != "Priya N. review" {
		t.Errorf("got entry %q", got)
	}
	if got := tom.post("/c/" + string(h.mayas) + "/reviewed"); got.Status != 404 {
		t.Errorf("somebody else: got %d, want 404", got.Status)
	}
	a, err := h.cases.Actor(t.Context(), h.priya, h.mayas, "web")
	h.ok(err)
	if at, size, err := h.cases.Reviewed(t.Context(), a, h.mayas); err != nil || !at.Equal(monday) || size == 0 {
		t.Errorf("got %v, %d, %v", at, size, err)
	}
}

// Names and reasons are people's own words, and markup in them is text.
func TestPeopleWithHostileNames(t *testing.T) {
	h := newHouse(t)
	maya := h.enter(h.maya)
	in := "/c/" + string(h.mayas) + "/people"
	hostile := `<img src=x onerror=alert(1)>`
	got := maya.post(in+"/invite", "name", hostile, "role", "counts", "until", "2026-12-24", "reason", `"><script>alert(1)</script>`+strings.Repeat("x", 900))
	page := maya.get(got.Location).Body + maya.get(in).Body
	for _, bad := range []string{"<img", "<script>alert", `"><script`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if !strings.Contains(page, "&lt;img") {
		t.Error("the name is not shown")
	}
}
