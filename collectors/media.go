package collectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"daybook"
	"daybook/internal/work"
)

// mediaArgs are the arguments of a task of kind media.
type mediaArgs struct {
	Message daybook.MessageKey `json:"message"` // "": the picture of the sender's account
	Sender  daybook.Handle     `json:"sender"`
	Media   daybook.Media      `json:"media"`
}

// planMedia plans that an attachment is fetched at once.
func (b *batch) planMedia(i, j int, m daybook.ReadMessage, md daybook.Media) {
	b.plan("media", "-"+strconv.Itoa(i)+"/"+strconv.Itoa(j), b.now(), mediaArgs{m.Key, plain(m.Sender), md})
}

// Media fetches the attachments of an account that are due. One that is not to
// be had, that lies on a host that is not asked, or that is too large gives an
// entry that says so. Errors: as Once.
func (r *Runner) Media(ctx context.Context, id daybook.AccountID) (Report, error) {
	return r.tasks(ctx, "media", id, nil, 1, (*run).attachment)
}

func (r *run) attachment(ctx context.Context, tasks []work.Task) error {
	t := tasks[0]
	var args mediaArgs
	if err := json.Unmarshal(t.Args, &args); err != nil {
		return fmt.Errorf("attachment: %w", err)
	}
	excluded, err := r.Accounts.Excluded(ctx, r.acc.Case)
	if err != nil {
		return err
	}
	erased, err := r.erased(ctx, []daybook.MessageKey{args.Message})
	if err != nil {
		return err
	}
	if excluded[args.Sender.Ref()] || erased[args.Message] {
		return r.heldAll(ctx, tasks, func(ctx context.Context, _ map[string]bool) error { return r.doneAll(ctx, tasks) })
	}
	var (
		body []byte
		x    daybook.Exchange
	)
	err = r.ask(ctx, func() (err error) { body, x, err = r.src.Media(ctx, args.Media); return err })
	rec := daybook.MediaRecord{Account: r.acc.ID, Message: args.Message, Media: args.Media}
	most := r.MaxMedia
	if args.Message == "" {
		rec.Handle, most = args.Sender, min(most, maxPicture)
	}
	if !x.Start.IsZero() {
		rec.Exchange = &x
	}
	var fetch *fetchError
	switch {
	case err == nil && int64(len(body)) > most:
		rec.Media.State, rec.Why = daybook.MediaMissing, fmt.Sprintf("it has %d bytes, which is more than is kept", len(body))
		rec.Media.Bytes, body = int64(len(body)), nil
	case err == nil:
		rec.Media.State = daybook.MediaKept
	case errors.Is(err, ErrNotFetched):
		rec.Media.State, rec.Why = daybook.MediaRefused, "it does not lie on the person's own server"
	case x.Status == http.StatusNotFound || x.Status == http.StatusGone || fetched(err, daybook.ErrNotFound):
		rec.Media.State, rec.Why = daybook.MediaMissing, "the server does not have it"
	case errors.As(err, &fetch) && !putOff(err) && t.Tries+1 >= work.MaxTries:
		rec.Media.State, rec.Why = daybook.MediaMissing, fmt.Sprintf("it could not be fetched in %d attempts", t.Tries+1)
	default:
		return err
	}
	return r.keepAttachment(ctx, tasks, args, rec, body)
}

// fetched reports whether the platform's answer, not the store's, was target.
func fetched(err, target error) bool {
	var fetch *fetchError
	return errors.As(err, &fetch) && errors.Is(fetch, target)
}

// putOff reports whether a task that failed with err is put off without
// counting the failure.
func putOff(err error) bool {
	var limit *RateLimitError
	return errors.As(err, &limit) || errors.Is(err, ErrRefused)
}

// keepAttachment appends what is known of an attachment and ends its task.
func (r *run) keepAttachment(ctx context.Context, tasks []work.Task, args mediaArgs, rec daybook.MediaRecord, body []byte) error {
	kept := rec.Media.State == daybook.MediaKept
	err := r.heldAll(ctx, tasks, func(ctx context.Context, excluded map[string]bool) error {
		erased, err := r.erased(ctx, []daybook.MessageKey{args.Message})
		if err != nil {
			return err
		}
		if excluded[args.Sender.Ref()] || erased[args.Message] {
			kept = false
			return r.doneAll(ctx, tasks)
		}
		var blobs []daybook.Digest
		if rec.Media.State == daybook.MediaKept {
			d, err := r.Log.PutBlob(ctx, r.acc.Case, body)
			if err != nil {
				return err
			}
			rec.Media.Digest, rec.Media.Bytes = d, int64(len(body))
			blobs = []daybook.Digest{d}
		}
		record := r.record(daybook.RecordMedia, rec)
		record.Blobs = blobs
		if _, err := r.append(ctx, []daybook.Record{record}); err != nil {
			return err
		}
		if erased, err = r.erased(ctx, []daybook.MessageKey{args.Message}); err != nil {
			return err
		}
		if erased[args.Message] {
			return errErasedMeanwhile
		}
		return r.doneAll(ctx, tasks)
	})
	if err != nil {
		return fmt.Errorf("keep an attachment: %w", err)
	}
	if kept && args.Message != "" {
		r.rep.Media++
	}
	return nil
}
