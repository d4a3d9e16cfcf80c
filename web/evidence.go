package web

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daybook"
	"daybook/cases"
	"daybook/export"
)

func (s *Server) evidenceRoutes() []route {
	return slices.Concat([]route{
		{method: http.MethodPost, path: "/c/{case}/archive/look", who: inCase, action: cases.Export, why: "keeps what was asked for; the page that shows it writes the entry", handle: (*request).order},
		{method: http.MethodGet, path: "/c/{case}/archive/look/{view}", who: inCase, action: cases.Export, why: "the page writes that it was looked through", handle: (*request).lookThrough},
		{method: http.MethodGet, path: "/c/{case}/archive/change/{view}", who: inCase, action: cases.Export, why: "a form; the state beside it is as on the page of the archive", handle: (*request).changeOrder},
	}, s.bundleRoutes(), s.basketRoutes())
}

// An orderForm is the form as it was typed.
type orderForm struct {
	Kind    string // everything, chosen, narrowed
	From    string // 2026-11-23, the person's days
	To      string
	Who     []string // handleRefs
	Mark    string
	For     string // police, solicitor, me, other
	Own     bool
	Others  bool
	Replies bool
	Words   string // one a line: "word" or "word = what stands in its place"
	Key     string // age public keys
}

// An ordered is what a view keeps of an order: the form, to change it, and what
// it came to.
type ordered struct {
	Form  orderForm
	Order Order
}

// An orderPart is the form for a new bundle.
type orderPart struct {
	Form     orderForm
	Wrong    map[string]string // field → key
	Messages int
	Chosen   int // in the basket
	Withheld int // fields
	Who      []whoChoice
	Fors     []choiceOption
	OwnPage  bool // the user may see the list of own details
	None     bool // this instance makes no bundles
}

type whoChoice struct {
	Ref    string
	Name   name
	N      int
	Chosen bool
}

const (
	maxCovers    = 200 // lines
	maxReceivers = 8
	maxKey       = 4000 // characters
	keyLetters   = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// receivers of a bundle, in the order in which they are offered.
func forWhom() []string { return []string{"police", "solicitor", "me", "other"} }

// newOrderForm is the form as it stands before anybody has typed: a chosen entry
// means that a selection is wanted.
func (r *request) newOrderForm() orderForm {
	f := orderForm{Kind: "everything", For: "police", Own: true, Others: true, Mark: initials(r.user.Name)}
	if len(r.basket().Entries) > 0 {
		f.Kind = "chosen"
	}
	return f
}

// initials makes an exhibit mark of a name: the first letters of up to three of
// its words, as far as they are A to Z.
func initials(of string) string {
	var b strings.Builder
	for _, w := range strings.Fields(of) {
		if c := unicode.ToUpper([]rune(w)[0]); c >= 'A' && c <= 'Z' && b.Len() < 3 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// orderPart fills in what there is to choose from.
func (r *request) orderPart(f orderForm, wrong map[string]string) (*orderPart, error) {
	p := &orderPart{Form: f, Wrong: wrong, OwnPage: r.can(cases.OwnDetails), None: r.s.Bundles == nil}
	if p.None {
		return p, nil
	}
	b := r.basket()
	p.Chosen, p.Withheld = len(b.Entries), len(b.Withheld)
	counts, err := r.s.Store.Counts(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	p.Messages = counts.Messages
	for _, k := range forWhom() {
		key := "evidence.for." + k
		if k == "me" && r.owner() {
			key = "evidence.for.me.you"
		}
		p.Fors = append(p.Fors, choiceOption{Value: k, Key: key, Chosen: f.For == k})
	}
	all, err := r.s.Store.Handles(r.Context(), r.caseID)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if h.Own || len(p.Who) >= maxWhoOptions {
			continue
		}
		ref, err := r.handleRef(h.Handle)
		if err != nil {
			return nil, err
		}
		p.Who = append(p.Who, whoChoice{ref, handleName(h.Handle), h.In + h.Out, slices.Contains(f.Who, ref)})
	}
	return p, nil
}

// typedOrder reads the form.
func (r *request) typedOrder() orderForm {
	return orderForm{
		Kind: r.form("kind"), From: r.form("from"), To: r.form("to"), Who: r.picked("who"), Mark: r.form("mark"), For: r.form("for"),
		Own: r.form("own") != "", Others: r.form("others") != "", Replies: r.form("replies") != "", Words: r.form("words"), Key: r.form("key"),
	}
}

// order keeps what the form asks for and goes to a page that shows what it comes
// to.
func (r *request) order() error {
	if r.s.Bundles == nil {
		return daybook.ErrNotFound
	}
	f := r.typedOrder()
	o, wrong, err := r.orderOf(f)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.showArchive(http.StatusUnprocessableEntity, &f, wrong)
	}
	return r.to(r.in("archive/look/" + r.keep(ordered{f, o})))
}

var markPattern = regexp.MustCompile(`^[A-Za-z0-9]{1,8}$`)

// orderOf makes an order of the form; wrong says what is wrong with its fields.
func (r *request) orderOf(f orderForm) (o Order, wrong map[string]string, err error) {
	wrong = map[string]string{}
	b := r.basket()
	full := f.For == "me" // of a full copy for the person nothing is covered but what is typed
	o = Order{Own: f.Own && !full, Others: f.Others && !full, Replies: f.Replies && !full, Session: r.session.ID}
	o.Spec.Redactions = b.Withheld
	switch f.Kind {
	case "everything":
		o.Spec.Kind = export.Complete
	case "chosen":
		o.Spec.Kind, o.Spec.Entries = export.Selection, b.Entries
		if len(b.Entries) == 0 {
			wrong["kind"] = "evidence.wrong.chosen"
		}
	case "narrowed":
		o.Spec.Kind = export.Selection
		if err := r.narrowed(f, &o.Spec, wrong); err != nil {
			return o, wrong, err
		}
	default:
		wrong["kind"] = "evidence.wrong.kind"
	}
	if o.Spec.Mark = f.Mark; f.Mark != "" && !markPattern.MatchString(f.Mark) {
		wrong["mark"] = "evidence.wrong.mark"
	}
	if !slices.Contains(forWhom(), f.For) {
		wrong["for"] = "timeline.wrong.choice"
	} else if o.Spec.For, err = r.s.words.plain("evidence.for." + f.For); err != nil {
		return o, wrong, err
	}
	o.Spec.Access = full && o.Spec.Kind == export.Complete
	usual, err := r.s.words.plain("evidence.cover.as")
	if err != nil {
		return o, wrong, err
	}
	reason, err := r.s.words.plain("evidence.cover.reason")
	if err != nil {
		return o, wrong, err
	}
	var ok bool
	if o.Spec.Covers, ok = typedCovers(f.Words, usual, reason); !ok {
		wrong["words"] = "evidence.wrong.words"
	}
	// What the person added is theirs; where something is covered it would hold
	// that too.
	o.Spec.Files = o.Spec.Access && len(o.Spec.Covers) == 0 && len(o.Spec.Redactions) == 0
	for _, key := range strings.Fields(f.Key) {
		if !strings.HasPrefix(key, "age1") || len(key) > maxKey || len(o.Receivers) == maxReceivers || strings.Trim(key, keyLetters) != "" {
			wrong["key"] = "evidence.wrong.key"
			break
		}
		o.Receivers = append(o.Receivers, key)
	}
	return o, wrong, nil
}

// narrowed reads the period and the handles of a selection.
func (r *request) narrowed(f orderForm, spec *export.Spec, wrong map[string]string) error {
	for _, d := range []struct {
		field, typed string
		to           *time.Time
	}{{"from", f.From, &spec.From}, {"to", f.To, &spec.To}} {
		if d.typed == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, d.typed, r.zone)
		if err != nil || day.Year() < 1900 || day.Year() > 2200 {
			wrong[d.field] = "form.date"
			continue
		}
		*d.to = day
	}
	if !spec.To.IsZero() {
		spec.To = spec.To.AddDate(0, 0, 1) // the last day belongs to it
	}
	if !spec.From.IsZero() && !spec.To.IsZero() && !spec.From.Before(spec.To) {
		wrong["to"] = "timeline.wrong.order"
	}
	for _, ref := range f.Who {
		h, err := r.handle(ref)
		if errors.Is(err, daybook.ErrNotFound) {
			wrong["who"] = "timeline.wrong.choice"
			continue
		}
		if err != nil {
			return err
		}
		spec.Handles = append(spec.Handles, h.Handle)
	}
	if f.From == "" && f.To == "" && len(f.Who) == 0 {
		wrong["from"] = "evidence.wrong.narrowed"
	}
	spec.From, spec.To = spec.From.UTC(), spec.To.UTC()
	return nil
}

// typedCovers reads words to cover, one a line: "word", or "word = what stands in
// its place". usual stands there if nothing is said. false: a line cannot be
// used, or there are too many.
func typedCovers(typed, usual, reason string) (out []export.Cover, ok bool) {
	for line := range strings.Lines(typed) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		word, as, _ := strings.Cut(line, "=")
		c := export.Cover{Word: strings.TrimSpace(word), As: strings.TrimSpace(as), Reason: reason}
		if c.As == "" {
			c.As = usual
		}
		n := utf8.RuneCountInString(c.Word)
		if !utf8.ValidString(line) || n < 2 || n > export.MaxWord || utf8.RuneCountInString(c.As) > export.MaxWord || len(out) == maxCovers {
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}

// changeOrder shows the form again as it was typed.
func (r *request) changeOrder() error {
	k, ok := kept[ordered](r, r.PathValue("view"))
	if !ok {
		return r.to(r.in("archive"))
	}
	return r.showArchive(http.StatusOK, &k.Form, nil)
}

// lookPage is the page evidence-look.html: what a bundle would hold.
type lookPage struct {
	Case     string
	View     string
	Order    Order
	Again    *againOf // it is one of before
	P        BundlePreview
	From, To stamp
	For      string
	Covered  []effectRow
	Withheld []effectRow
	Warnings []name
	Words    int // that were typed to be covered
	Wrong    bool
}

// An effectRow says where something is not shown.
type effectRow struct {
	Key   string // of a field
	As    name   // of a word
	N     int    // messages
	Where []string
	More  int // that are not named
}

const effectsNamed = 12

func newEffectRow(e BundleEffect) effectRow {
	row := effectRow{As: nameOf(e.As), N: len(e.Where), Where: e.Where[:min(len(e.Where), effectsNamed)]}
	row.More = row.N - len(row.Where)
	if e.Field != "" {
		row.Key = fieldKey(e.Field)
	}
	return row
}

// An againOf says which bundle is made again.
type againOf struct {
	At    stamp
	Check string
}

// lookThrough shows what a bundle would hold.
func (r *request) lookThrough() error {
	k, ok := kept[ordered](r, r.PathValue("view"))
	if !ok || r.s.Bundles == nil {
		return r.to(r.in("archive"))
	}
	page := lookPage{Case: r.in(""), View: r.PathValue("view"), Order: k.Order, For: k.Order.Spec.For, Words: len(k.Order.Spec.Covers), Again: r.againOf(k.Order)}
	if err := r.look(cases.List, daybook.Access{Detail: "looked through what a bundle would hold"}); err != nil {
		return err
	}
	var err error
	page.P, err = r.s.Bundles.Preview(r.Context(), r.actor, r.caseID, k.Order)
	if errors.Is(err, daybook.ErrInvalid) || errors.Is(err, daybook.ErrNotFound) {
		page.Wrong = true
		return r.render(http.StatusUnprocessableEntity, "evidence-look", "title.archive", page)
	}
	if err != nil {
		return fmt.Errorf("look through a bundle: %w", err)
	}
	page.From, page.To = r.day(page.P.From), r.day(page.P.To)
	for _, c := range page.P.Covered {
		page.Covered = append(page.Covered, newEffectRow(c))
	}
	for _, x := range page.P.Withheld {
		page.Withheld = append(page.Withheld, newEffectRow(x))
	}
	for _, w := range page.P.Warnings {
		page.Warnings = append(page.Warnings, textOf(w))
	}
	return r.render(http.StatusOK, "evidence-look", "title.archive", page)
}

func (r *request) againOf(o Order) *againOf {
	if o.CheckedAt.IsZero() {
		return nil
	}
	return &againOf{r.when(o.CheckedAt), checkNumber(o.Check)}
}

// checkNumber is the first digits of a bundle's SHA-256, in groups of four.
func checkNumber(d daybook.Digest) string {
	s := d.String()
	return s[:4] + " " + s[4:8] + " " + s[8:12]
}
