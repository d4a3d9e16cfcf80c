package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"daybook/signin"
)

// The pages on which ways to sign in are made: the same at the first visit, under
// /setup, and later, under /settings, where a fresh sign-in is asked for first.
// Signin itself refuses what a session may not change.

func wayRoutes(base string, who entrance) []route {
	const why = "concerns the user's own way in; nothing of a case is shown"
	in := who == signedIn
	return []route{
		{method: "GET", path: base + "/passphrase", who: who, strong: in, settled: in, why: why, handle: (*request).passphrasePage},
		{method: "POST", path: base + "/passphrase", who: who, strong: in, settled: in, why: why, handle: (*request).setPassphrase},
		{method: "GET", path: base + "/codes", who: who, strong: in, settled: in, why: why, handle: (*request).codesPage},
		{method: "POST", path: base + "/codes", who: who, strong: in, settled: in, why: why, handle: (*request).newCodes},
		// What a fresh sign-in began may be finished for a while after it.
		{method: "GET", path: base + "/codes/{view}", who: who, settled: in, why: why, handle: (*request).secretPage},
		{method: "POST", path: base + "/codes/{view}", who: who, settled: in, why: why, handle: (*request).confirmCodes},
		{method: "GET", path: base + "/passkey", who: who, strong: in, settled: in, why: why, handle: (*request).passkeyPage},
		{method: "POST", path: base + "/passkey", who: who, settled: in, why: why, handle: (*request).passkeyNeedsScript},
		{method: "POST", path: base + "/passkey/begin", who: who, strong: in, settled: in, why: why, handle: (*request).beginAddPasskey},
		{method: "POST", path: base + "/passkey/finish", who: who, settled: in, why: why, handle: (*request).finishAddPasskey},
		{method: "GET", path: base + "/sheet", who: who, strong: in, settled: in, why: why, handle: (*request).sheetPage},
		{method: "POST", path: base + "/sheet", who: who, strong: in, settled: in, why: why, handle: (*request).newSheet},
		{method: "GET", path: base + "/sheet/{view}", who: who, strong: in, settled: in, why: why, handle: (*request).showSheet},
		{method: "POST", path: base + "/sheet/{view}", who: who, settled: in, why: why, handle: (*request).keptSheet},
	}
}

// base is where the pages of the visit lie.
func (r *request) base() string {
	if r.route.who == settingUp {
		return "/setup"
	}
	return "/settings"
}

// made goes on after a way was made or changed; key says what in Settings.
func (r *request) made(key string) error {
	if r.route.who == settingUp {
		return r.to("/setup/ways")
	}
	return r.toSettings(key)
}

// wayTitle names the pages in the history.
func (r *request) wayTitle() string {
	if r.route.who == settingUp {
		return "brand"
	}
	return "title.settings"
}

func (r *request) wayPage(status int, page string, data any, notices ...notice) error {
	return r.render(status, page, r.wayTitle(), data, notices...)
}

// passphrasePage is the page passphrase.html.
type passphrasePage struct {
	Base  string
	Wrong map[string]string // by field
}

func (r *request) passphrasePage() error {
	return r.wayPage(http.StatusOK, "passphrase", passphrasePage{Base: r.base()})
}

func (r *request) setPassphrase() error {
	first, again := r.PostFormValue("pass"), r.PostFormValue("again")
	page := passphrasePage{Base: r.base(), Wrong: map[string]string{}}
	if first != again {
		page.Wrong["again"] = "passphrase.differ"
		return r.wayPage(http.StatusUnprocessableEntity, "passphrase", page)
	}
	err := r.s.Desk.SetPassphrase(r.Context(), r.token, first)
	if errors.Is(err, signin.ErrWeak) {
		page.Wrong["pass"] = "passphrase.weak"
		return r.wayPage(http.StatusUnprocessableEntity, "passphrase", page)
	}
	if err != nil {
		return err
	}
	ways, err := r.s.Desk.SetUpWays(r.Context(), r.token)
	if err != nil {
		return err
	}
	if !ways.Passphrase { // it counts together with one-time codes
		return r.newCodes()
	}
	return r.made("settings.said.passphrase")
}

// codesPage is the page codes.html; with a secret, the page secret.html.
type codesPage struct {
	Base, View string
	Secret     string // in groups of four
	QR         qr
	Wrong      bool
}

// A totpView is what an authenticator app is set up with.
type totpView struct {
	secret string
	code   [][]bool
}

func (r *request) codesPage() error {
	return r.wayPage(http.StatusOK, "codes", codesPage{Base: r.base()})
}

func (r *request) newCodes() error {
	_, secret, code, err := r.s.Desk.NewTOTP(r.Context(), r.token)
	if err != nil {
		return err
	}
	return r.to(r.base() + "/codes/" + r.keep(totpView{secret, code}))
}

func (r *request) secretPage() error { return r.showSecret(http.StatusOK, false) }

func (r *request) showSecret(status int, wrong bool) error {
	v, ok := kept[totpView](r, r.PathValue("view"))
	if !ok {
		return r.to(r.base() + "/codes")
	}
	return r.wayPage(status, "secret", codesPage{Base: r.base(), View: r.PathValue("view"), Secret: groups(v.secret), QR: drawQR(v.code), Wrong: wrong})
}

func (r *request) confirmCodes() error {
	err := r.s.Desk.ConfirmTOTP(r.Context(), r.token, r.form("code"))
	if errors.Is(err, signin.ErrRefused) {
		return r.showSecret(http.StatusUnprocessableEntity, true)
	}
	if err != nil {
		return err
	}
	r.drop(r.PathValue("view"))
	return r.made("settings.said.codes")
}

// groups sets a secret in groups of four characters, as people read it.
func groups(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// A qr is a QR code as an SVG path of dark modules, with the light border of
// four that it needs (ISO/IEC 18004 §5.3.8).
type qr struct {
	Size int
	Path string
}

func drawQR(modules [][]bool) qr {
	const border = 4
	var b strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x+1 < len(row) && row[x+1] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+border, y+border, x-from+1, x-from+1)
		}
	}
	return qr{len(modules) + 2*border, b.String()}
}

// passkeyPage is the page passkey.html.
type passkeyPage struct{ Base string }

func (r *request) passkeyPage() error {
	return r.wayPage(http.StatusOK, "passkey", passkeyPage{Base: r.base()})
}

func (r *request) passkeyNeedsScript() error {
	return r.wayPage(http.StatusUnprocessableEntity, "passkey", passkeyPage{Base: r.base()}, notice{Class: "care", Key: "signin.script"})
}

func (r *request) beginAddPasskey() error {
	options, attempt, err := r.s.Desk.BeginAddPasskey(r.Context(), r.token)
	return r.askPasskey(options, attempt, err)
}

func (r *request) finishAddPasskey() error {
	said, err := r.passkeySaid()
	if err != nil {
		return err
	}
	if err := r.s.Desk.FinishAddPasskey(r.Context(), r.token, r.cookie(attemptCookie), said.Name, said.Response); err != nil {
		return r.noPasskey(err)
	}
	r.setCookie(attemptCookie, "", -time.Second)
	if r.route.who == settingUp {
		return r.goOn("/setup/ways")
	}
	r.say("settings.said.passkey")
	return r.goOn("/settings")
}

// sheetPage is the page sheet.html: before and after the codes are made.
type sheetPage struct {
	Base, View string
	SetUp      bool
	Left       int // codes of an older sheet
	Codes      []string
	Made       stamp
}

// A sheetView is a recovery sheet that is being shown.
type sheetView struct {
	codes []string
	made  time.Time
}

func (r *request) sheetPage() error {
	ways, err := r.s.Desk.SetUpWays(r.Context(), r.token)
	if err != nil {
		return err
	}
	return r.wayPage(http.StatusOK, "sheet", sheetPage{Base: r.base(), SetUp: r.route.who == settingUp, Left: ways.RecoveryCodes})
}

func (r *request) newSheet() error {
	codes, err := r.s.Desk.NewRecoveryCodes(r.Context(), r.token)
	if err != nil {
		return err
	}
	return r.to(r.base() + "/sheet/" + r.keep(sheetView{codes, r.now()}))
}

func (r *request) showSheet() error {
	v, ok := kept[sheetView](r, r.PathValue("view"))
	if !ok {
		return r.to(r.base() + "/sheet")
	}
	return r.wayPage(http.StatusOK, "sheet", sheetPage{Base: r.base(), View: r.PathValue("view"), SetUp: r.route.who == settingUp, Codes: v.codes, Made: r.day(v.made)})
}

// keptSheet says that the codes were printed or written down: they are shown no
// more.
func (r *request) keptSheet() error {
	r.drop(r.PathValue("view"))
	if r.route.who == settingUp {
		return r.finishSetUp()
	}
	return r.toSettings("settings.said.sheet")
}

// drop forgets what this session kept under a name.
func (r *request) drop(name string) {
	v := r.s.views
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all[name].session == r.session.ID {
		delete(v.all, name)
		v.order = slices.DeleteFunc(v.order, func(o string) bool { return o == name })
	}
}
