package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"daybook"
)

type completeness struct {
	Kind        Kind             `json:"kind"`
	From        time.Time        `json:"from,omitzero"`
	To          time.Time        `json:"to,omitzero"`
	Messages    completeMessages `json:"messages"`
	Gaps        []gapObject      `json:"gaps"`
	Erased      []erasedObject   `json:"erased"`
	NotIncluded map[string]int   `json:"not_included,omitempty"`
	Unread      []uint64         `json:"unread"`
	Before      time.Time        `json:"not_watched_before,omitzero"`
	Accounts    []watchedAccount `json:"watched,omitempty"`
	Unsaid      int              `json:"reasons_left_out,omitzero"`
	Imports     []importObject   `json:"imports,omitempty"`
	Covered     []coverObject    `json:"covered,omitempty"`
	Limits      []string         `json:"limits"`
}

type completeMessages struct {
	Period   int    `json:"period"`
	Included int    `json:"included"`
	LeftOut  int    `json:"left_out"`
	Outside  int    `json:"outside_period,omitzero"`
	Why      string `json:"why,omitempty"`
	KeptBack int    `json:"kept_back,omitzero"`
	KeptWhy  string `json:"kept_back_why,omitempty"`
}

type coverObject struct {
	As     string `json:"as"`
	Reason string `json:"reason"`
}

type gapObject struct {
	Entry   uint64            `json:"entry"`
	Account daybook.AccountID `json:"account"`
	Lane    daybook.Lane      `json:"lane,omitempty"`
	Class   daybook.GapClass  `json:"class"`
	From    time.Time         `json:"from"`
	To      time.Time         `json:"to"`
	Cause   string            `json:"cause"`
}

type erasedObject struct {
	Entry  uint64    `json:"entry"`
	SaidBy uint64    `json:"said_by"`
	At     time.Time `json:"at"`
}

type watchedAccount struct {
	Account daybook.AccountID `json:"account"`
	From    time.Time         `json:"from"`
	To      time.Time         `json:"to"`
}

// WriteCompleteness writes what is not in the bundle, and where nobody looked.
func (s *Shown) WriteCompleteness(w io.Writer) error {
	c := completeness{Kind: s.Spec.Kind, From: s.From, To: s.To, Gaps: []gapObject{}, Erased: []erasedObject{}, Unread: append([]uint64{}, s.Unread...),
		Messages: completeMessages{Period: s.InPeriod, Included: s.InPeriod - s.LeftOut, LeftOut: s.LeftOut}, Unsaid: s.Unsaid, Limits: Limits()}
	c.Messages.Outside = len(s.Exhibits) - c.Messages.Included
	if s.LeftOut > 0 {
		c.Messages.Why = "not selected"
	}
	if c.Messages.KeptBack = s.KeptBack; s.KeptBack > 0 {
		c.Messages.KeptWhy = KeptBackWhy
	}
	for _, g := range s.Gaps {
		c.Gaps = append(c.Gaps, gapObject{g.Entry, g.Account, g.Lane, g.Class, g.From, g.To, g.Cause})
	}
	gone := map[uint64]bool{}
	for _, e := range s.Erased {
		for _, n := range e.Entries {
			if !gone[n] {
				c.Erased = append(c.Erased, erasedObject{n, e.By, e.At})
			}
			gone[n] = true
		}
	}
	slices.SortFunc(c.Erased, func(a, b erasedObject) int { return cmp.Compare(a.Entry, b.Entry) })
	if s.Spec.Kind == Complete {
		c.NotIncluded = map[string]int{}
		for i := range s.Entries {
			if e := &s.Entries[i]; !s.Holds(e.Index) && !gone[e.Index] {
				c.NotIncluded[string(e.Kind)]++
			}
		}
	}
	for _, iv := range s.Facts.Watched {
		if c.Before.IsZero() || iv.From.Before(c.Before) {
			c.Before = iv.From
		}
		if n := len(c.Accounts); n > 0 && c.Accounts[n-1].Account == iv.Account {
			a := &c.Accounts[n-1]
			if iv.From.Before(a.From) {
				a.From = iv.From
			}
			if iv.To.After(a.To) {
				a.To = iv.To
			}
			continue
		}
		c.Accounts = append(c.Accounts, watchedAccount{iv.Account, iv.From, iv.To})
	}
	c.Imports = s.importObjects()
	for _, h := range s.Handled {
		c.Covered = append(c.Covered, coverObject{h.As, h.Reason})
	}
	b, err := json.MarshalIndent(c, "", " ")
	if err == nil {
		_, err = w.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write completeness.json: %w", err)
	}
	return nil
}
