package collectors

import (
	"context"
	"errors"
	"slices"

	"daybook"
)

// A message that was erased, or that is hidden until it will be, is dropped
// before anything of it is stored, whatever way it comes again.

// errErasedMeanwhile says that a message was erased while it was being collected.
// Nothing was kept; the next try drops it.
var errErasedMeanwhile = errors.New("a message was erased meanwhile")

// erased returns which of some messages are not to be collected.
func (r *run) erased(ctx context.Context, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error) {
	if r.Tombs == nil || len(messages) == 0 {
		return nil, nil
	}
	return r.Tombs.Erased(ctx, r.acc.Case, messages)
}

// erased is run.erased, and remembers what it has met.
func (b *batch) erased(ctx context.Context, messages []daybook.MessageKey) (map[daybook.MessageKey]bool, error) {
	found, err := b.run.erased(ctx, messages)
	for m := range found {
		if b.buried == nil {
			b.buried = map[daybook.MessageKey]bool{}
		}
		b.buried[m] = true
	}
	return found, err
}

// stillWanted is called once the log is held by what was appended: a message that
// was erased since it was asked for takes the transaction back.
func (b *batch) stillWanted(ctx context.Context) error {
	found, err := b.run.erased(ctx, b.messages)
	if err != nil {
		return err
	}
	for m := range found {
		if !b.buried[m] {
			return errErasedMeanwhile
		}
	}
	return nil
}

// keysOf returns the keys of the messages that items show.
func keysOf(items []daybook.Item) (keys []daybook.MessageKey) {
	for m := range messagesOf(items) {
		keys = append(keys, m.Key)
	}
	return keys
}

// onlyErased reports whether a reading shows messages, and none that was not
// erased.
func onlyErased(reading *daybook.Reading, erased map[daybook.MessageKey]bool) bool {
	return reading != nil && len(erased) > 0 && len(reading.Messages) > 0 &&
		!slices.ContainsFunc(reading.Messages, func(m daybook.ReadMessage) bool { return !erased[m.Key] })
}
