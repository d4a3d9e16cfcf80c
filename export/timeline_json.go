package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"daybook"
	"daybook/detect/flags"
)

// A timelineObject is one message in timeline.json. docs/bundle-format.md says
// which of its members a verifier compares.
type timelineObject struct {
	Exhibit   uint64             `json:"exhibit"`
	Mark      string             `json:"mark"`
	Entries   []uint64           `json:"entries"`
	Key       string             `json:"key,omitempty"`
	Kind      string             `json:"kind,omitempty"`
	Direction string             `json:"direction,omitempty"`
	Sender    string             `json:"sender,omitempty"`
	Text      string             `json:"text,omitempty"`
	Again     *readAgain         `json:"read_again,omitempty"`
	Covered   map[string]string  `json:"covered,omitempty"`
	Sealed    bool               `json:"raw_withheld,omitempty"`
	Platform  daybook.Platform   `json:"platform"`
	Account   daybook.AccountID  `json:"account"`
	Called    string             `json:"account_name"`
	Names     []daybook.SeenName `json:"sender_names,omitempty"`
	To        []daybook.Handle   `json:"to,omitempty"`
	Sent      daybook.When       `json:"sent"`
	Local     string             `json:"sent_local,omitempty"`
	Zone      string             `json:"zone"`
	FirstSeen time.Time          `json:"first_seen,omitzero"`
	LastSeen  time.Time          `json:"last_seen,omitzero"`
	Logged    time.Time          `json:"logged,omitzero"`
	Lang      string             `json:"lang,omitempty"`
	Thread    string             `json:"thread,omitempty"`
	ReplyTo   string             `json:"reply_to,omitempty"`
	URL       string             `json:"url,omitempty"`
	Versions  []versionObject    `json:"versions,omitempty"`
	State     daybook.State      `json:"state"`
	GoneAt    time.Time          `json:"gone_at,omitzero"`
	Origin    daybook.Origin     `json:"origin"`
	Sources   []sourceObject     `json:"sources,omitempty"`
	Lanes     []daybook.Lane     `json:"lanes,omitempty"`
	Parser    string             `json:"parser,omitempty"`
	Media     []mediaObject      `json:"media,omitempty"`
	Stop      string             `json:"request_to_stop,omitempty"`
	Asked     time.Time          `json:"asked,omitzero"`
	Allowed   bool               `json:"agreed,omitempty"`
	Flags     []flagObject       `json:"flags,omitempty"`
}

// readAgain is what a later parser made of the same bytes: it is in no entry.
type readAgain struct {
	Parser    string `json:"parser"`
	Key       string `json:"key,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Direction string `json:"direction,omitempty"`
	Sender    string `json:"sender,omitempty"`
	Text      string `json:"text,omitempty"`
}

type versionObject struct {
	At        time.Time `json:"at,omitzero"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	Entry     uint64    `json:"entry"`
	Text      string    `json:"text"`
}

type mediaObject struct {
	Entry    uint64             `json:"entry,omitzero"`
	File     string             `json:"file,omitempty"`
	SHA256   string             `json:"sha256,omitempty"`
	Type     string             `json:"type,omitempty"`
	Bytes    int64              `json:"bytes,omitzero"`
	Text     string             `json:"description,omitempty"`
	State    daybook.MediaState `json:"state,omitempty"`
	Why      string             `json:"why,omitempty"`
	Withheld string             `json:"withheld,omitempty"`
}

type flagObject struct {
	Flag flags.Flag `json:"flag"`
	Rule string     `json:"rule"`
	Text string     `json:"text"`
}

// WriteTimelineJSON writes an array of objects, one for each exhibit, each on a
// line of its own.
func (s *Shown) WriteTimelineJSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	err := writeArray(b, len(s.Exhibits), func(i int) any { return s.timelineObject(&s.Exhibits[i]) })
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("write timeline.json: %w", err)
	}
	return nil
}

// writeArray writes a JSON array, each element on a line of its own.
func writeArray(b *bufio.Writer, n int, at func(i int) any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	between := "[\n"
	for i := range n {
		line.Reset()
		if err := e.Encode(at(i)); err != nil {
			return err
		}
		if _, err := b.WriteString(between); err != nil {
			return err
		}
		if _, err := b.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n"))); err != nil {
			return err
		}
		between = ",\n"
	}
	end := "\n]\n"
	if n == 0 {
		end = "[]\n"
	}
	_, err := b.WriteString(end)
	return err
}

func (s *Shown) timelineObject(x *Exhibit) timelineObject {
	m := &x.Message
	o := timelineObject{Exhibit: x.Number, Mark: x.FromMark, Sealed: x.Sealed, Platform: m.Platform, Account: m.Account, Called: s.AccountName(m.Account),
		Names: m.Sender.Names, To: m.To, Sent: m.Sent, Local: local(m.Sent.At, s.Zone), Zone: s.Zone.String(), FirstSeen: m.FirstSeen, LastSeen: m.LastSeen,
		Logged: x.Logged(), Lang: m.Lang, Thread: m.Thread, ReplyTo: m.ReplyTo, URL: m.URL, State: m.State, GoneAt: m.GoneAt, Origin: m.Origin,
		Lanes: m.Lanes, Parser: m.Parser, Stop: x.Stop, Asked: x.Asked, Allowed: x.Allowed}
	read := readAgain{Parser: m.Parser, Key: string(m.Key), Kind: string(m.Kind), Direction: string(m.Direction), Sender: m.Sender.Native, Text: m.Text}
	if slices.ContainsFunc(x.Entries, func(e EntryLine) bool { return e.Parser == m.Parser }) {
		o.Key, o.Kind, o.Direction, o.Sender, o.Text = read.Key, read.Kind, read.Direction, read.Sender, read.Text
	} else {
		o.Again = &read
	}
	for i := range x.Entries {
		o.Entries = append(o.Entries, x.Entries[i].Index)
	}
	o.Sources = x.sourceObjects()
	for _, v := range m.Versions {
		o.Versions = append(o.Versions, versionObject(v))
	}
	for _, md := range x.Media {
		mo := mediaObject{Entry: md.Entry, File: md.File, Type: md.Type, Bytes: md.Bytes, Text: md.Description, State: md.State, Why: md.Why, Withheld: md.Withheld}
		if !md.Digest.IsZero() {
			mo.SHA256 = md.Digest.String()
		}
		o.Media = append(o.Media, mo)
	}
	for _, f := range x.Flags {
		o.Flags = append(o.Flags, flagObject{f.Flag, f.Rule, f.Text})
	}
	o.Covered = s.coveredMembers(x)
	return o
}

// coveredMembers names the members that are not as the log has them, with what
// stands in their place.
func (s *Shown) coveredMembers(x *Exhibit) map[string]string {
	was, is := s.choice.originals[x.key], &x.Message
	if was == nil || len(x.Covered) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, c := range x.Covered {
		switch c.Field {
		case FieldText:
			out["text"], out["versions"], out["lang"] = c.Reason, c.Reason, c.Reason
		case FieldNames:
			out["to"] = c.Reason
		case FieldAddresses:
			out["key"], out["url"] = c.Reason, c.Reason
		case FieldAttachments:
			out["media"] = c.Reason
		}
	}
	var as []string
	for _, c := range x.Covered {
		if c.Field == "" {
			as = addText(as, c.As)
		}
	}
	words := strings.Join(as, ", ")
	if words == "" {
		words = addressWithheld
	}
	for _, member := range []struct{ name, was, is string }{
		{"key", string(was.Key), string(is.Key)}, {"sender", was.Sender.Native, is.Sender.Native}, {"text", was.Text, is.Text}, {"url", was.URL, is.URL},
		{"thread", was.Thread, is.Thread}, {"reply_to", was.ReplyTo, is.ReplyTo},
	} {
		if member.was != member.is && out[member.name] == "" {
			out[member.name] = words
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
