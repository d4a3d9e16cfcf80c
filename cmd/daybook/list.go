package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
)

type listCommand struct {
	Case      string `required:"" help:"The case." placeholder:"CASE"`
	From      string `help:"Sent at or after this time or day." placeholder:"T"`
	To        string `help:"Sent before this time, or on or before this day." placeholder:"T"`
	Handle    string `help:"From or to this handle." placeholder:"HANDLE"`
	Kind      string `help:"Of this kind: mention, reply, direct_message, follow, ..." placeholder:"KIND"`
	Origin    string `enum:"collected,imported,entered," default:"" help:"collected, imported or entered."`
	State     string `enum:"present,edited,gone," default:"" help:"present, edited or gone."`
	Direction string `enum:"in,out," default:"" help:"in or out."`
	Flag      string `enum:"threat,presence,surveillance,self-harm,third-parties,sexual,impersonation,doxxing," default:"" help:"Flagged as possible threat, presence, surveillance, self-harm, third-parties, sexual, impersonation or doxxing. No message is harmless because it has no flag."`
	Newest    bool   `help:"Newest first."`
	Limit     uint   `default:"0" help:"At most this many; 0: all." placeholder:"N"`
	Content   bool   `help:"Show the texts. This is written into the access log."`
}

func (cmd *listCommand) Run(c *call) error {
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		action, detail := cases.List, "listed messages"
		if cmd.Content {
			action, detail = cases.Content, "" // which says that messages were read
		}
		if err := a.cases.Authorize(c.ctx, actor, id, action); err != nil {
			return err
		}
		zone, err := a.zone(c.ctx, id)
		if err != nil {
			return err
		}
		filter, err := cmd.filter(c, a, id, zone)
		if err != nil {
			return err
		}
		if cmd.Flag != "" {
			if err := a.bringFlags(c.ctx, actor, id); err != nil {
				return err
			}
			if !cmd.Content {
				detail = "listed messages with a flag"
			}
		}
		if err := a.cases.Look(c.ctx, actor, id, action, daybook.Access{Detail: detail}); err != nil {
			return err
		}
		if !c.cmd.JSON {
			if err := messageHeader(c); err != nil {
				return err
			}
		}
		ctx, _, err := a.seeing(c.ctx, actor, id)
		if err != nil {
			return err
		}
		book, err := a.flagBook(ctx, actor, id, cmd.Limit)
		if err != nil {
			return err
		}
		cursor, names := "", a.nameBook(id)
		for left := int(cmd.Limit); ; {
			n := 200
			if cmd.Limit > 0 {
				n = min(n, left)
			}
			page, next, err := a.db.List(ctx, id, filter, n, cursor)
			if err != nil {
				return err
			}
			if err := names.name(ctx, page); err != nil {
				return err
			}
			found, err := book.of(c.ctx, page)
			if err != nil {
				return err
			}
			sources, err := c.sourcesOf(a, id, page)
			if err != nil {
				return err
			}
			for i := range page {
				if err := c.printMessage(&page[i], found[i], sources[i], zone, cmd.Content); err != nil {
					return err
				}
			}
			left -= len(page)
			if next == "" || len(page) == 0 || cmd.Limit > 0 && left <= 0 {
				return nil
			}
			cursor = next
		}
	})
}

func (cmd *listCommand) filter(c *call, a *app, id daybook.CaseID, zone *time.Location) (f daybook.MessageFilter, err error) {
	f = daybook.MessageFilter{Kind: daybook.Kind(cmd.Kind), Origin: daybook.Origin(cmd.Origin), State: daybook.State(cmd.State),
		Direction: daybook.Direction(cmd.Direction), Flag: cmd.Flag, Newest: cmd.Newest}
	if cmd.From != "" {
		if f.From, _, err = parseTime(cmd.From, zone); err != nil {
			return f, err
		}
	}
	if cmd.To != "" {
		var day bool
		if f.To, day, err = parseTime(cmd.To, zone); err != nil {
			return f, err
		}
		if day {
			f.To = f.To.In(zone).AddDate(0, 0, 1).UTC()
		}
	}
	if cmd.Handle != "" {
		f.Handle, err = a.findHandle(c.ctx, id, cmd.Handle)
	}
	return f, err
}

// zone is the person's time zone.
func (a *app) zone(ctx context.Context, id daybook.CaseID) (*time.Location, error) {
	row, err := a.db.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(row.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone of the case: %w", err)
	}
	return zone, nil
}

// messageJSON is a message as CLI.md describes it.
type messageJSON struct {
	Entry      uint64            `json:"entry"`
	Key        string            `json:"key"`
	Captures   int               `json:"captures"`
	Kind       daybook.Kind      `json:"kind"`
	Platform   daybook.Platform  `json:"platform"`
	Account    daybook.AccountID `json:"account"`
	Direction  daybook.Direction `json:"direction"`
	Sender     senderJSON        `json:"sender"`
	SentAt     string            `json:"sent_at"`
	SentAtNote string            `json:"sent_at_note"` // how the time is known; "" if it is exact
	CapturedAt string            `json:"captured_at"`
	LastSeen   string            `json:"last_seen"`
	GoneAt     string            `json:"gone_at,omitempty"`
	Origin     daybook.Origin    `json:"origin"`
	State      daybook.State     `json:"state"`
	Version    int               `json:"version"`
	Length     int               `json:"length"`
	Text       *string           `json:"text,omitempty"`
	Withheld   string            `json:"withheld,omitempty"` // why the text is not shown
	Versions   []versionJSON     `json:"versions,omitempty"`
	Media      []mediaJSON       `json:"media"`
	Source     sourceJSON        `json:"source"`
	Parser     string            `json:"parser"`
	Flags      []flags.Flag      `json:"flags"`
	Why        []whyJSON         `json:"why,omitempty"`
	Entries    []uint64          `json:"entries,omitempty"`
	Lanes      []daybook.Lane    `json:"lanes,omitempty"`
}

type versionJSON struct {
	At        string  `json:"at"`
	FirstSeen string  `json:"first_seen"`
	Entry     uint64  `json:"entry"`
	Length    int     `json:"length"`
	Text      *string `json:"text,omitempty"`
}

type mediaJSON struct {
	Digest string             `json:"sha256"`
	Type   string             `json:"type"`
	Bytes  int64              `json:"bytes"`
	State  daybook.MediaState `json:"state"`
}

func toJSON(m *daybook.Message, found []flags.Flag, content, details bool) messageJSON {
	out := messageJSON{
		Key: string(m.Key), Captures: len(m.Captures), Kind: m.Kind, Platform: m.Platform, Account: m.Account, Direction: m.Direction,
		Sender: senderOf(m.Sender), SentAt: rfc(m.Sent.At), SentAtNote: sentNote(m.Sent), CapturedAt: rfc(m.FirstSeen), LastSeen: rfc(m.LastSeen),
		GoneAt: rfc(m.GoneAt), Origin: m.Origin, State: m.State, Version: max(1, len(m.Versions)), Length: len([]rune(m.Text)),
		Media: []mediaJSON{}, Source: sourceJSON{URL: m.URL}, Parser: m.Parser, Flags: append([]flags.Flag{}, found...),
	}
	if len(m.Captures) > 0 {
		out.Entry = m.Captures[0]
	}
	if m.Withheld {
		out.Withheld, content = withheldWords, false
	}
	if content {
		out.Text = &m.Text
	}
	for _, md := range m.Media {
		digest := ""
		if !md.Digest.IsZero() {
			digest = md.Digest.String()
		}
		out.Media = append(out.Media, mediaJSON{digest, md.Type, md.Bytes, md.State})
	}
	if details {
		out.Entries, out.Lanes = m.Captures, m.Lanes
		for _, v := range m.Versions {
			j := versionJSON{At: rfc(v.At), FirstSeen: rfc(v.FirstSeen), Entry: v.Entry, Length: len([]rune(v.Text))}
			if content {
				j.Text = &v.Text
			}
			out.Versions = append(out.Versions, j)
		}
	}
	return out
}

// sentNote says in words how the time is known, if it is not exact.
func sentNote(w daybook.When) string {
	note := ""
	if w.Precision != daybook.Exact {
		note = string(w.Precision)
	}
	if !w.Until.IsZero() {
		note += " until " + rfc(w.Until)
	}
	if w.Assumed != "" {
		if note != "" {
			note += "; "
		}
		note += w.Assumed
	}
	return note
}

const messageColumns = "%-7s %-24s %-3s %-15s %-32s %6s  %s\n"

func messageHeader(c *call) error {
	_, err := fmt.Fprintf(c.out, messageColumns, "ENTRY", "SENT", "", "KIND", "SENDER", "LENGTH", "STATE")
	return err
}

// sourcesOf is app.sources where it is shown.
func (c *call) sourcesOf(a *app, id daybook.CaseID, page []daybook.Message) ([]sourceJSON, error) {
	if !c.cmd.JSON {
		return make([]sourceJSON, len(page)), nil
	}
	return a.sources(c.ctx, id, page)
}

func (c *call) printMessage(m *daybook.Message, found []flags.Flag, from sourceJSON, zone *time.Location, content bool) error {
	if c.cmd.JSON {
		j := toJSON(m, found, content, false)
		j.Source = from
		return jsonLine(c.out, j)
	}
	state := string(m.State)
	if words := flagged(found); words != "" {
		state += "  " + words
	}
	first := ""
	if len(m.Captures) > 0 {
		first = strconv.FormatUint(m.Captures[0], 10)
	}
	_, err := fmt.Fprintf(c.out, messageColumns, first, stamp(m.Sent.At, zone), string(m.Direction), shown(string(m.Kind)),
		shown(m.Sender.Shown()), strconv.Itoa(len([]rune(m.Text))), state)
	if err == nil && content {
		text := shown(m.Text)
		if m.Withheld {
			text = "[" + withheldWords + "]"
		}
		_, err = fmt.Fprintf(c.out, "        %s\n", text)
	}
	return err
}
