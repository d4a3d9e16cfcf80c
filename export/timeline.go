package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"daybook"
	"daybook/detect/flags"
)

// WriteTimelineCSV writes one line for each exhibit, for a spreadsheet: RFC 4180,
// UTF-8 with a byte order mark, CRLF.
func (s *Shown) WriteTimelineCSV(w io.Writer) error {
	t := newTable(w, "exhibit", "number", "sent (UTC)", "sent (local)", "time zone", "how the time is known", "edited (UTC)", "fetched (UTC)",
		"logged (UTC)", "last seen (UTC)", "platform", "account", "kind", "direction", "sender (identifier)", "sender (account name)",
		"sender (display name)", "others", "text", "earlier texts", "versions", "state", "not there at (UTC)", "origin", "attachments", "address",
		"entries", "after a request to stop", "flags", "covered", "file (SHA-256)", "place in the file", "position there")
	for i := range s.Exhibits {
		t.row(s.timelineRow(&s.Exhibits[i])...)
	}
	return t.end("timeline.csv")
}

func (s *Shown) timelineRow(x *Exhibit) []string {
	m := &x.Message
	var accounts, displays []string
	for _, n := range m.Sender.Names {
		accounts, displays = addText(accounts, n.Account), addText(displays, n.Display)
	}
	text, earlier := m.Text, ""
	if why := x.withheld(FieldText); why != "" {
		text = "[withheld: " + why + "]"
	} else if n := len(m.Versions); n > 1 {
		var before []string
		for _, v := range m.Versions[:n-1] {
			before = append(before, "until later, seen first "+utc(v.FirstSeen)+": "+v.Text)
		}
		earlier = strings.Join(before, "\n")
	}
	edited := ""
	if n := len(m.Versions); n > 1 {
		edited = utc(m.Versions[n-1].At)
	}
	zone := ""
	if !m.Sent.At.IsZero() {
		zone = s.Zone.String()
	}
	file, member, position := x.fromFiles()
	return []string{x.FromMark, strconv.FormatUint(x.Number, 10), utc(m.Sent.At), local(m.Sent.At, s.Zone), zone, KnownHow(m.Sent), edited,
		utc(m.FirstSeen), utc(x.Logged()), utc(m.LastSeen), string(m.Platform), s.AccountName(m.Account), string(m.Kind), string(m.Direction),
		m.Sender.Native, strings.Join(accounts, " / "), strings.Join(displays, " / "), x.others(), text, earlier, strconv.Itoa(max(1, len(m.Versions))),
		string(m.State), utc(m.GoneAt), x.origins(), x.attachments(), x.address(), numbers(x.Entries), x.afterStop(), flagWords(x.Flags), x.coveredWords(),
		file, member, position}
}

// Logged is when the first capture was appended.
func (x *Exhibit) Logged() time.Time {
	if len(x.Entries) == 0 {
		return time.Time{}
	}
	return x.Entries[0].Logged
}

// withheld returns why a field is withheld; "" if it is shown.
func (x *Exhibit) withheld(f Field) string {
	for _, c := range x.Covered {
		if c.Field == f {
			return c.Reason
		}
	}
	return ""
}

// AccountName is what an account of the person is called.
func (s *Shown) AccountName(id daybook.AccountID) string {
	for i := range s.Accounts {
		if s.Accounts[i].ID == id {
			return s.Accounts[i].Handle.Shown()
		}
	}
	return string(id)
}

func (x *Exhibit) others() string {
	if why := x.withheld(FieldNames); why != "" {
		return "[withheld: " + why + "]"
	}
	var all []string
	for _, h := range x.Message.To {
		name := h.Native
		if shown := h.Shown(); shown != h.Native {
			name = shown + " (" + h.Native + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, "\n")
}

func (x *Exhibit) attachments() string {
	var all []string
	for _, m := range x.Media {
		switch {
		case m.Withheld != "":
			all = append(all, "[withheld: "+m.Withheld+"]")
		case m.File != "":
			all = append(all, m.File)
		default:
			all = append(all, "[no bytes: "+m.Why+"]")
		}
	}
	return strings.Join(all, "\n")
}

func (x *Exhibit) address() string {
	if why := x.withheld(FieldAddresses); why != "" {
		return "[withheld: " + why + "]"
	}
	return Defang(x.Message.URL)
}

// origins are the ways in which it came: "collected, imported".
func (x *Exhibit) origins() string {
	ways := x.Ways()
	if len(ways) == 0 {
		return string(x.Message.Origin)
	}
	all := make([]string, len(ways))
	for i, o := range ways {
		all[i] = string(o)
	}
	return strings.Join(all, ", ")
}

func (x *Exhibit) afterStop() string {
	switch {
	case x.Message.Direction == daybook.Out:
		return ""
	case x.Allowed:
		return "no: contact was agreed"
	case x.Stop == "after":
		return "yes"
	case x.Stop == "around":
		return "around: the exact time is not known"
	}
	return "no"
}

func flagWords(all []flags.Found) string {
	var words []string
	for _, f := range all {
		words = addText(words, FlagWords(f.Flag))
	}
	return strings.Join(words, ", ")
}

// FlagWords is what is said of a message with a flag. It is always "possible".
func FlagWords(f flags.Flag) string {
	switch f {
	case flags.SelfHarm:
		return "possible self-harm"
	case flags.ThirdParties:
		return "possible third parties"
	case flags.Sexual:
		return "possible sexual content"
	case flags.Doxxing:
		return "possible details made known"
	}
	return "possible " + string(f)
}

func (x *Exhibit) coveredWords() string {
	var all []string
	for _, c := range x.Covered {
		what := string(c.Field)
		if what == "" {
			what = c.As
		}
		all = append(all, what+": "+c.Reason)
	}
	return strings.Join(all, "\n")
}

// KnownHow says in words how a time is known; "" if it is exact.
func KnownHow(w daybook.When) string {
	var parts []string
	if w.At.IsZero() {
		parts = append(parts, "the platform gave no time")
	}
	if w.Precision != daybook.Exact {
		parts = append(parts, "known to: "+string(w.Precision))
	}
	if !w.Until.IsZero() {
		parts = append(parts, "until "+utc(w.Until))
	}
	if w.Assumed != "" {
		parts = append(parts, w.Assumed)
	}
	return strings.Join(parts, "; ")
}

func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func local(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}

func addText(all []string, s string) []string {
	if s == "" || slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

// numbers writes the numbers of entries: "17, 18, 40".
func numbers(entries []EntryLine) string {
	all := make([]string, len(entries))
	for i := range entries {
		all[i] = strconv.FormatUint(entries[i].Index, 10)
	}
	return strings.Join(all, ", ")
}

// A table writes CSV. Its first error ends it.
type table struct {
	csv *csv.Writer
	err error
}

func newTable(w io.Writer, head ...string) *table {
	t := &table{}
	if _, t.err = io.WriteString(w, "\ufeff"); t.err != nil {
		return t
	}
	t.csv = csv.NewWriter(w)
	t.csv.UseCRLF = true
	t.row(head...)
	return t
}

func (t *table) row(cells ...string) {
	if t.err != nil {
		return
	}
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	t.err = t.csv.Write(cells)
}

func (t *table) end(name string) error {
	if t.err == nil {
		t.csv.Flush()
		t.err = t.csv.Error()
	}
	if t.err != nil {
		return fmt.Errorf("write %s: %w", name, t.err)
	}
	return nil
}
