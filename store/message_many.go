package store

import (
	"context"
	"fmt"
	"slices"

	"daybook"
)

// MessagesByMAC returns messages by the keyed hashes of their keys, in the order
// of the hashes. Those that are not there are left out.
func (db *DB) MessagesByMAC(ctx context.Context, c daybook.CaseID, macs [][32]byte) ([]daybook.Message, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	order := make(map[keyMAC]int, len(macs))
	for i := range macs {
		order[keyMAC(macs[i][:len(keyMAC{})])] = i
	}
	out := make([]daybook.Message, 0, len(macs))
	place := func(m *daybook.Message) int {
		mac := key.MessageMAC(m.Key)
		return order[keyMAC(mac[:len(keyMAC{})])]
	}
	for part := range slices.Chunk(macs, rowsPerStatement) {
		args := make([]any, len(part))
		for i := range part {
			args[i] = part[i][:len(keyMAC{})]
		}
		// The hash is keyed by case, so it alone is asked for: with the case
		// beside it, SQLite walks through the whole case.
		ids := []any{}
		err := db.pairs(ctx, `SELECT id, 0 FROM message WHERE key_mac IN `+db.list(1, len(args)), args, func(id, _ int64) { ids = append(ids, id) })
		if err != nil {
			return nil, fmt.Errorf("look messages up: %w", err)
		}
		if len(ids) == 0 {
			continue
		}
		found, err := db.messages(ctx, c, ` AND m.id IN `+db.list(2, len(ids)), ids)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		out = append(out, plainMessages(found)...)
	}
	slices.SortFunc(out, func(a, b daybook.Message) int { return place(&a) - place(&b) })
	return out, nil
}
