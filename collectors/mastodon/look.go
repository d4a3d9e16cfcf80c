package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"daybook"
	"daybook/collectors"
)

// Look implements collectors.Source. What is found so far is returned beside
// an error. A ref without Native (a follow, a favourite) cannot be asked for and
// comes back with nothing set.
//
// Captures of a look are in the lane "statuses": the status as it is now and,
// if it was ever edited, each version that the server keeps. After them comes,
// in the lane "contexts", what stands around it: see around.
//
// Whether the person blocks the sender is read from the list of blocks: the
// call that answers it for one account needs a scope that is not asked for.
func (s *source) Look(ctx context.Context, refs []collectors.Ref) ([]collectors.Look, error) {
	offered, err := s.since43(ctx)
	if err != nil {
		return nil, fmt.Errorf("look again: %w", s.named(LaneStatuses, err))
	}
	l := looker{source: s, walked: map[string]bool{}, shown: map[string]bool{}}
	if offered {
		err = l.batches(ctx, refs)
	} else {
		err = l.each(ctx, refs)
	}
	if err != nil {
		return l.looks, fmt.Errorf("look again: %w", s.named(LaneStatuses, err))
	}
	return l.looks, nil
}

// A looker makes the looks of one call.
type looker struct {
	*source
	looks   []collectors.Look
	blocked map[string]bool // by account id on the person's server; nil until asked
	walked  map[string]bool // by status id: what was said after it has been asked for
	shown   map[string]bool // by status id: part of looks already, beside what is looked at
}

// splitNative reads ReadMessage.Native: "<status id> <account id>".
func splitNative(native string) (status, account string) {
	status, account, _ = strings.Cut(native, " ")
	if !plainID(status) {
		return "", ""
	}
	return status, account
}

func (l *looker) each(ctx context.Context, refs []collectors.Ref) error {
	for _, ref := range refs {
		id, _ := splitNative(ref.Native)
		if id == "" {
			l.looks = append(l.looks, collectors.Look{Ref: ref})
			continue
		}
		a, err := l.get(ctx, "/api/v1/statuses/"+id, http.StatusNotFound, http.StatusGone)
		if err != nil {
			return err
		}
		if a.Exchange.Status != http.StatusOK {
			if err := l.missing(ctx, ref, a.Exchange); err != nil {
				return err
			}
			continue
		}
		it, ok := splitOne(a.Body)
		if !ok {
			return errors.New("the answer is not a status")
		}
		if err := l.found(ctx, ref, a.Exchange, it); err != nil {
			return err
		}
	}
	return nil
}

// batches asks for many statuses at once; those that are not there are left
// out of the answer.
func (l *looker) batches(ctx context.Context, refs []collectors.Ref) error {
	for len(refs) > 0 {
		batch := refs[:min(statusesBatch, len(refs))]
		refs = refs[len(batch):]
		query := url.Values{}
		for _, ref := range batch {
			if id, _ := splitNative(ref.Native); id != "" {
				query.Add("id[]", id)
			}
		}
		if len(query) == 0 {
			for _, ref := range batch {
				l.looks = append(l.looks, collectors.Look{Ref: ref})
			}
			continue
		}
		a, err := l.get(ctx, "/api/v1/statuses?"+query.Encode())
		if err != nil {
			return err
		}
		items, ok := splitArray(a.Body)
		if !ok {
			return errors.New("the answer is not a list of statuses")
		}
		found := map[string]item{}
		for _, it := range items {
			found[it.id] = it
		}
		for _, ref := range batch {
			id, _ := splitNative(ref.Native)
			it, ok := found[id]
			switch {
			case id == "":
				l.looks = append(l.looks, collectors.Look{Ref: ref})
			case ok:
				err = l.found(ctx, ref, a.Exchange, it)
			default:
				err = l.missing(ctx, ref, a.Exchange)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *looker) found(ctx context.Context, ref collectors.Ref, x daybook.Exchange, it item) error {
	look := collectors.Look{Ref: ref, Exchange: x, Captures: l.captures(LaneStatuses, x, []item{it})}
	var status struct {
		URI      string `json:"uri"`
		EditedAt string `json:"edited_at"`
	}
	if err := json.Unmarshal(it.raw, &status, lenient); err == nil && status.EditedAt != "" {
		versions, err := l.history(ctx, it.id, status.URI)
		if err != nil {
			return err
		}
		look.Captures = append(look.Captures, versions...)
	}
	around, err := l.around(ctx, look.Captures[0])
	if err != nil {
		return err
	}
	look.Captures = append(look.Captures, around...)
	l.looks = append(l.looks, look)
	return nil
}

// history asks for the versions of a status, oldest first. A version does not
// say which status it belongs to, so the NativeID does: "<id>/history/<n> <uri>".
func (l *looker) history(ctx context.Context, id, uri string) ([]daybook.Capture, error) {
	a, err := l.get(ctx, "/api/v1/statuses/"+id+"/history", http.StatusNotFound, http.StatusGone)
	if err != nil || a.Exchange.Status != http.StatusOK {
		return nil, err
	}
	items, ok := splitArray(a.Body)
	if !ok {
		return nil, errors.New("the answer is not a list of versions")
	}
	for n := range items {
		items[n].id = id + "/history/" + strconv.Itoa(n) + " " + uri
	}
	return l.captures(LaneStatuses, a.Exchange, items), nil
}

func (l *looker) missing(ctx context.Context, ref collectors.Ref, x daybook.Exchange) error {
	if l.blocked == nil {
		blocked, err := l.blockedIDs(ctx)
		if err != nil {
			return err
		}
		l.blocked = blocked
	}
	_, account := splitNative(ref.Native)
	l.looks = append(l.looks, collectors.Look{Ref: ref, Missing: true, Blocking: l.blocked[account], Exchange: x})
	return nil
}

// blockedIDs walks the list of blocks to its end.
func (s *source) blockedIDs(ctx context.Context) (map[string]bool, error) {
	ids := map[string]bool{}
	here := place{back: true, target: blocksPath + "?limit=" + blocksPage}
	for range mostBlockPages {
		accounts, older, _, err := s.blockPage(ctx, here)
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			ids[string(a.ID)] = true
		}
		if older.target == "" {
			return ids, nil
		}
		here = older
	}
	return nil, errors.New("the list of blocks has no end")
}
