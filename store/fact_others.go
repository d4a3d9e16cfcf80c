package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"daybook"
	"daybook/archive"
)

// Of the third parties that an incoming message names, detection knows a number
// for each and no more. The line of the message has the first bytes of the keyed
// hash by which the table handle finds a handle, because most of them have no
// row there.

const otherBytes = 8

// othersOf returns those hashes as one word, ascending; "" if a message that
// came in names nobody but its sender.
func othersOf(key *archive.CaseKey, m *daybook.Message) string {
	if m.Direction == daybook.Out || len(m.To) == 0 {
		return ""
	}
	var all []string
	for _, h := range m.To {
		if !h.IsZero() && !h.Same(m.Sender) {
			mac := key.MAC("handle", h.Ref())
			all = append(all, hex.EncodeToString(mac[:otherBytes]))
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ".")
}

// others makes numbers of such hashes.
type others struct {
	known   map[string]knownHandle // by hash
	lists   map[string][]int       // by the word of a line
	order   [][]int                // each list once, in the order of first mention
	unknown map[string]int         // numbers from 1, of those that have no row
}

type knownHandle struct {
	id  int64
	own bool
}

// knownHandles reads by what hashes the handles of the case are found.
func (b *factsBuilder) knownHandles(ctx context.Context) error {
	b.others = others{known: map[string]knownHandle{}, lists: map[string][]int{}, unknown: map[string]int{}}
	rows, err := b.db.from(ctx).QueryContext(ctx, `SELECT mac, id, own FROM handle WHERE case_id = $1`, string(b.caseID))
	if err != nil {
		return fmt.Errorf("read the hashes of handles: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			mac     []byte
			id, own int64
		)
		if err := rows.Scan(&mac, &id, &own); err != nil {
			return fmt.Errorf("read the hashes of handles: %w", err)
		}
		b.others.known[hex.EncodeToString(mac[:min(len(mac), otherBytes)])] = knownHandle{id, own != 0}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the hashes of handles: %w", err)
	}
	return nil
}

// list returns the third parties of a word: handle.id, and for those that have
// no row there a number below 0. The person's own handles are none. Equal words
// share one list, so that number changes it everywhere.
func (o *others) list(word string) []int {
	if word == "" {
		return nil
	}
	if list, known := o.lists[word]; known {
		return list
	}
	var list []int
	for mac := range strings.SplitSeq(word, ".") {
		h, known := o.known[mac]
		switch {
		case known && h.own:
		case known:
			list = append(list, int(h.id))
		default:
			n := o.unknown[mac]
			if n == 0 {
				n = len(o.unknown) + 1
				o.unknown[mac] = n
			}
			list = append(list, -n)
		}
	}
	o.lists[word] = list
	if len(list) > 0 {
		o.order = append(o.order, list)
	}
	return list
}

// number puts numbers from handles on in place of those below 0.
func (o *others) number(handles int) {
	for _, list := range o.order {
		for i, n := range list {
			if n < 0 {
				list[i] = handles - 1 - n
			}
		}
		slices.Sort(list)
	}
}
