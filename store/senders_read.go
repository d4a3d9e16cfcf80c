package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"daybook"
)

// A wroteRow is one message as its row has it.
type wroteRow struct {
	id, sender, sent, entry int64
	key                     uint64
	sealed                  []byte
	told                    content         // what is sealed
	message                 daybook.Message // what that says together
}

// A lot is some rows that are opened together; err ends the reading.
type lot struct {
	rows []wroteRow
	err  error
}

const rowsPerLot = 256

// mostUntold is how many messages wait until senders are told of them.
const mostUntold = 20_000

// read takes in the messages for which rest holds, one after the other. Rows are
// read and opened while those before them are taken in.
func (r *senderReader) read(ctx context.Context, rest string, args ...any) (err error) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	lots := make(chan chan lot, 4)
	wg.Go(func() {
		defer close(lots)
		next := func(l lot) bool {
			opened := make(chan lot, 1)
			wg.Go(func() {
				if l.err == nil {
					l.err = r.open(l.rows)
				}
				opened <- l
			})
			select {
			case lots <- opened:
				return true
			case <-ctx.Done():
				return false
			}
		}
		if err := r.rows(ctx, rest, args, func(rows []wroteRow) bool { return next(lot{rows: rows}) }); err != nil {
			next(lot{err: fmt.Errorf("read messages: %w", err)})
		}
	})
	for opened := range lots {
		l := <-opened
		if l.err != nil {
			return l.err
		}
		for i := range l.rows {
			r.take(&l.rows[i])
		}
		if r.untold += len(l.rows); r.untold > mostUntold {
			r.tell()
		}
	}
	r.tell()
	return ctx.Err()
}

// tell tells senders of the messages that wait. To take in a text costs more than
// to read it, and no sender knows of another: so several are told at a time.
func (r *senderReader) tell() {
	r.untold = 0
	waiting := make(chan *senderKept)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(waiting)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for s := range waiting {
				for _, m := range s.untold {
					s.sender.Message(m)
				}
				s.untold = nil
			}
		})
	}
	for _, s := range r.kept.senders {
		if len(s.untold) > 0 {
			waiting <- s
		}
	}
}

// rows reads rows and hands them on in lots, until each says no.
func (r *senderReader) rows(ctx context.Context, rest string, args []any, each func([]wroteRow) bool) error {
	rows, err := r.db.from(ctx).QueryContext(ctx, `SELECT m.id, m.key_mac, m.direction, m.sender, m.sent, m.first_entry, s.sealed FROM message m
		JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0`+rest,
		append([]any{string(r.caseID)}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var (
		out         []wroteRow
		mac, sealed sql.RawBytes
		direction   daybook.Direction
	)
	for rows.Next() {
		var row wroteRow
		if err := rows.Scan(&row.id, &mac, &direction, &row.sender, &row.sent, &row.entry, &sealed); err != nil {
			return err
		}
		switch {
		case direction == daybook.Out:
			row.sender = thePerson
		case row.sender == 0:
			continue
		}
		row.key, row.sealed = shortKey(mac), slices.Clone(sealed)
		if out = append(out, row); len(out) == rowsPerLot {
			if !each(out) {
				return nil
			}
			out = nil
		}
	}
	if len(out) > 0 && !each(out) {
		return nil
	}
	return rows.Err()
}

func (r *senderReader) open(rows []wroteRow) error {
	for i := range rows {
		if err := open(r.key, "message", rows[i].id, rows[i].sealed, &rows[i].told); err != nil {
			return err
		}
		rows[i].sealed, rows[i].message = nil, rows[i].told.message()
	}
	return nil
}

// shortKey is the end of a keyMAC: what is in front of it tells about when.
func shortKey(mac []byte) (key uint64) {
	for _, b := range mac[max(0, len(mac)-8):] {
		key = key<<8 | uint64(b)
	}
	return key
}
