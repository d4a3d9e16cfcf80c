package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"daybook"
	"daybook/cases"
	"daybook/detect/flags"
	"daybook/index"
)

type searchCommand struct {
	Query   []string `arg:"" optional:"" help:"Words (all of them), \"a phrase\", OR, -not, prefix*, word~ (one letter more, less or other), from:, kind:, flag:, before:, after:."`
	Case    string   `required:"" help:"The case." placeholder:"CASE"`
	Terms   string   `help:"A file with one term a line: how many messages hold each." placeholder:"FILE"`
	Limit   uint     `default:"20" help:"At most this many hits." placeholder:"N"`
	Offset  uint     `default:"0" help:"Pass over this many hits." placeholder:"N"`
	ByTime  bool     `help:"Newest first, instead of best first."`
	Around  uint     `default:"0" help:"Also this many messages before and after each hit." placeholder:"N"`
	Content bool     `help:"Show the places that were found. This is written into the access log."`
}

type hitJSON struct {
	Entry     uint64         `json:"entry"`
	Score     float64        `json:"score"`
	Fragments []fragmentJSON `json:"fragments,omitempty"`
	Around    []messageJSON  `json:"around,omitempty"`

	message     daybook.Message
	found       []flags.Flag
	around      []daybook.Message
	aroundFound [][]flags.Flag
}

type fragmentJSON struct {
	Text  string   `json:"text"`
	Marks [][2]int `json:"marks"` // byte ranges in text
}

func (cmd *searchCommand) Run(c *call) error {
	if (len(cmd.Query) == 0) == (cmd.Terms == "") {
		return fmt.Errorf("%w: give words to search for, or --terms FILE", errUsage)
	}
	return c.in(cmd.Case, func(a *app, actor daybook.Actor, id daybook.CaseID) error {
		words := strings.Join(cmd.Query, " ")
		if err := a.cases.Look(c.ctx, actor, id, cases.Search, daybook.Access{Words: words}); err != nil {
			return err
		}
		if cmd.Content {
			if err := a.cases.Look(c.ctx, actor, id, cases.Content, daybook.Access{Detail: "looked at what a search found"}); err != nil {
				return err
			}
		}
		// The access entries just written have nothing to index, but a case's
		// index answers only for what it has seen.
		if err := a.catchUp(c.ctx, id); err != nil {
			return err
		}
		ctx, _, err := a.seeing(c.ctx, actor, id)
		if err != nil {
			return err
		}
		among, err := a.among(ctx, id)
		if err != nil {
			return err
		}
		if cmd.Terms != "" {
			return cmd.terms(c, a, id, among)
		}
		q, err := a.query(c.ctx, id, words)
		if err != nil {
			return err
		}
		q.Among = among
		if err := a.withFlags(ctx, actor, &q); err != nil {
			return err
		}
		q.Limit, q.Offset, q.SortByTime, q.Facets = int(cmd.Limit), int(cmd.Offset), cmd.ByTime, c.cmd.JSON
		result, err := a.index.Search(c.ctx, q)
		if errors.Is(err, index.ErrBehind) {
			if err = a.catchUp(c.ctx, id); err == nil {
				result, err = a.index.Search(c.ctx, q)
			}
		}
		if err != nil {
			return err
		}
		hits, err := cmd.hits(ctx, a, actor, id, q, result)
		if err != nil {
			return err
		}
		if !c.cmd.JSON {
			return cmd.print(c, a, id, result, hits)
		}
		byFlag, err := a.flagFacet(ctx, actor, id, q)
		if err != nil {
			return err
		}
		return cmd.printJSON(c, result, hits, byFlag)
	})
}

// query reads the words and looks up the names of from:.
func (a *app) query(ctx context.Context, id daybook.CaseID, words string) (index.Query, error) {
	q, err := index.Parse(words)
	if err != nil {
		return q, fmt.Errorf("%w: %w", errUsage, err)
	}
	q.Case = id
	if q.Zone, err = a.zone(ctx, id); err != nil {
		return q, err
	}
	for _, name := range q.Names {
		h, err := a.findHandle(ctx, id, name)
		if err != nil {
			return q, err
		}
		q.Senders = append(q.Senders, h)
	}
	return q, nil
}

// withFlags narrows a query to the messages that flag: names.
func (a *app) withFlags(ctx context.Context, actor daybook.Actor, q *index.Query) error {
	if len(q.Flags) == 0 {
		return nil
	}
	var which []flags.Flag
	for _, name := range q.Flags {
		f, err := flagNamed(name)
		if err != nil {
			return err
		}
		which = append(which, f)
	}
	if err := a.bringFlags(ctx, actor, q.Case); err != nil {
		return err
	}
	some, err := a.db.Flagged(ctx, q.Case, which...)
	q.Among = append(q.Among, some)
	return err
}

// flagFacet counts the hits of a query by flag, for an actor who may read what
// messages say; nil otherwise.
func (a *app) flagFacet(ctx context.Context, actor daybook.Actor, id daybook.CaseID, q index.Query) (map[flags.Flag]int, error) {
	err := a.bringFlags(ctx, actor, id)
	if errors.Is(err, daybook.ErrForbidden) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := flags.All()
	for _, f := range all {
		some, err := a.db.Flagged(ctx, id, f)
		if err != nil {
			return nil, err
		}
		q.Tell = append(q.Tell, some)
	}
	n := map[flags.Flag]int{}
	_, err = a.index.Each(ctx, q, func(hit index.Found) {
		for i, f := range all {
			if hit.In&(1<<i) != 0 {
				n[f]++
			}
		}
	})
	return n, err
}

// among are the messages that whoever asks may be told to hold a word; nil: all.
func (a *app) among(ctx context.Context, id daybook.CaseID) ([]index.Messages, error) {
	some, all, err := a.db.SeenMessages(ctx, id)
	if err != nil || all {
		return nil, err
	}
	return []index.Messages{some}, nil
}

func (cmd *searchCommand) hits(ctx context.Context, a *app, actor daybook.Actor, id daybook.CaseID, q index.Query, r index.Result) ([]hitJSON, error) {
	book, err := a.flagBook(ctx, actor, id, cmd.Limit*(2*cmd.Around+1))
	if err != nil {
		return nil, err
	}
	out := []hitJSON{}
	names := a.nameBook(id)
	for _, h := range r.Hits {
		m, err := a.db.MessageByMAC(ctx, id, h.Message)
		if err != nil {
			return nil, err
		}
		one := []daybook.Message{m}
		if err := names.name(ctx, one); err != nil {
			return nil, err
		}
		j := hitJSON{Score: h.Score, message: one[0]}
		if len(m.Captures) > 0 {
			j.Entry = m.Captures[0]
		}
		if cmd.Content {
			for _, f := range index.MessageFragments(&m, q) {
				fj := fragmentJSON{Text: f.Text, Marks: [][2]int{}}
				for _, s := range f.Marks {
					fj.Marks = append(fj.Marks, [2]int{s.From, s.To})
				}
				j.Fragments = append(j.Fragments, fj)
			}
		}
		if cmd.Around > 0 {
			if j.around, err = a.db.Around(ctx, id, j.Entry, int(cmd.Around)); err != nil {
				return nil, err
			}
			if err := names.name(ctx, j.around); err != nil {
				return nil, err
			}
			if j.aroundFound, err = book.of(ctx, j.around); err != nil {
				return nil, err
			}
			for i := range j.around {
				j.Around = append(j.Around, toJSON(&j.around[i], j.aroundFound[i], cmd.Content, false))
			}
		}
		found, err := book.of(ctx, []daybook.Message{m})
		if err != nil {
			return nil, err
		}
		j.found = found[0]
		out = append(out, j)
	}
	return out, nil
}

func (cmd *searchCommand) printJSON(c *call, r index.Result, hits []hitJSON, byFlag map[flags.Flag]int) error {
	kinds := map[daybook.Kind]int{}
	for _, k := range r.Kinds {
		kinds[k.Kind] = k.Messages
	}
	senders := map[string]int{}
	for _, s := range r.Senders {
		senders[hex.EncodeToString(s.Sender[:8])] = s.Messages
	}
	facets := map[string]any{"kind": kinds, "sender": senders}
	if byFlag != nil {
		facets["flag"] = byFlag
	}
	return jsonLine(c.out, map[string]any{"total": r.Total, "took_us": r.Took.Microseconds(), "hits": hits, "facets": facets})
}

func (cmd *searchCommand) print(c *call, a *app, id daybook.CaseID, r index.Result, hits []hitJSON) error {
	zone, err := a.zone(c.ctx, id)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.out, "%s\n", plural(int(r.Total), "message", "messages")); err != nil {
		return err
	}
	if len(hits) > 0 {
		if err := messageHeader(c); err != nil {
			return err
		}
	}
	for _, h := range hits {
		if err := c.printMessage(&h.message, h.found, sourceJSON{}, zone, false); err != nil {
			return err
		}
		for _, f := range h.Fragments {
			if _, err := fmt.Fprintf(c.out, "        … %s …\n", marked(f)); err != nil {
				return err
			}
		}
		for i := range h.around {
			if h.around[i].Key == h.message.Key {
				continue
			}
			if _, err := fmt.Fprint(c.out, "    "); err != nil {
				return err
			}
			if err := c.printMessage(&h.around[i], h.aroundFound[i], sourceJSON{}, zone, cmd.Content); err != nil {
				return err
			}
		}
	}
	return nil
}

// marked puts brackets around what was found.
func marked(f fragmentJSON) string {
	var b strings.Builder
	at := 0
	for _, m := range f.Marks {
		b.WriteString(shown(f.Text[at:m[0]]) + "[" + shown(f.Text[m[0]:m[1]]) + "]")
		at = m[1]
	}
	return b.String() + shown(f.Text[at:])
}

const maxTermsFile = 1 << 20

func (cmd *searchCommand) terms(c *call, a *app, id daybook.CaseID, among []index.Messages) error {
	f, err := os.Open(c.path(cmd.Terms))
	if err != nil {
		return fmt.Errorf("read the terms: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	var list []string
	lines := bufio.NewScanner(io.LimitReader(f, maxTermsFile))
	for lines.Scan() {
		if s := strings.TrimSpace(lines.Text()); s != "" && !strings.HasPrefix(s, "#") {
			list = append(list, s)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the terms: %w", err)
	}
	counts, err := a.index.TermsAmong(c.ctx, id, list, among)
	if err != nil {
		return err
	}
	unread := 0
	for _, t := range counts {
		if t.Err != nil {
			unread++
			if _, err := fmt.Fprintf(c.err, "warning: %s: %s\n", shown(t.Term), shown(plain(t.Err))); err != nil {
				return err
			}
			continue
		}
		if c.cmd.JSON {
			err = jsonLine(c.out, map[string]any{"term": t.Term, "messages": t.Messages})
		} else {
			_, err = fmt.Fprintf(c.out, "%7d  %s\n", t.Messages, shown(t.Term))
		}
		if err != nil {
			return err
		}
	}
	if unread > 0 {
		return fmt.Errorf("%w: %s cannot be searched for", errPartial, plural(unread, "term", "terms"))
	}
	return nil
}
