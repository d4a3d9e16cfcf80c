package twitter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"daybook"
	"daybook/collectors"
)

// postsBatch is how many posts are asked for at once: as many as X takes.
const postsBatch = 100

// Look implements collectors.Source. What is found so far is returned beside an
// error. A ref without Native cannot be asked for and comes back with nothing
// set.
//
// Captures of posts are in the lane "posts": the post, and each version that its
// history names. After them come, in the lane "quotes", quotes of the person's own
// post that it answers or quotes. A direct message cannot be edited; it comes back as the capture
// that its own lane has.
//
// What is missing is never called deleted: X says that it is not there, or that
// this person may not see it, and a protected, a suspended and a blocking account
// look the same.
func (s *v2Source) Look(ctx context.Context, refs []collectors.Ref) ([]collectors.Look, error) {
	l := v2Looker{v2Source: s, looks: make([]collectors.Look, len(refs)), done: make([]bool, len(refs)), asked: map[string]bool{}}
	err := l.all(ctx, refs)
	found := l.looks[:0:0]
	for i := range l.looks {
		if l.done[i] {
			found = append(found, l.looks[i])
		}
	}
	if err != nil {
		return found, fmt.Errorf("look again: %w", s.named(LanePosts, err))
	}
	return found, nil
}

// A v2Looker makes the looks of one call.
type v2Looker struct {
	*v2Source
	looks []collectors.Look
	done  []bool
	asked map[string]bool // posts of the person whose quotes were asked for
}

// isMessage reports whether a ref names a direct message.
func isMessage(ref collectors.Ref) bool {
	return strings.HasPrefix(string(ref.Key), string(MessageKey("")))
}

func (l *v2Looker) all(ctx context.Context, refs []collectors.Ref) error {
	var posts []int
	for i, ref := range refs {
		l.looks[i].Ref = ref
		switch {
		case !userNumber(ref.Native):
			l.done[i] = true
		case !isMessage(ref):
			posts = append(posts, i)
		}
	}
	for lot := range slices.Chunk(posts, postsBatch) {
		if err := l.posts(ctx, lot); err != nil {
			return err
		}
	}
	for i, ref := range refs { // last: X allows few of these calls
		if !l.done[i] && isMessage(ref) {
			if err := l.message(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// posts looks at some posts.
func (l *v2Looker) posts(ctx context.Context, lot []int) error {
	ids := make([]string, len(lot))
	for n, i := range lot {
		ids[n] = l.looks[i].Ref.Native
	}
	x, answer, err := l.lookUp(ctx, ids)
	if err != nil {
		return err
	}
	found := l.byID(x, answer)
	var missing []int
	more := map[string][]int{} // versions that were not shown, and who wants them
	for _, i := range lot {
		look := &l.looks[i]
		look.Exchange = x
		c, ok := found[look.Ref.Native]
		if !ok {
			look.Missing = true
			missing = append(missing, i)
			continue
		}
		look.Captures = append(look.Captures, c)
		for _, id := range versionsOf(answer, look.Ref.Native) {
			switch v, ok := found[id]; {
			case id == look.Ref.Native:
			case ok:
				look.Captures = append(look.Captures, v)
			case userNumber(id):
				more[id] = append(more[id], i)
			}
		}
	}
	l.beside(lot, x, answer)
	if err := l.versions(ctx, more); err != nil {
		return err
	}
	if err := l.blocking(ctx, missing); err != nil {
		return err
	}
	for _, i := range lot {
		l.done[i] = true
	}
	return l.quotes(ctx, lot, answer)
}

// beside keeps what X could not hand out beside what was looked at, a post that is
// answered for example, with the first post that is there. What is said of the
// posts themselves is that they are missing.
func (l *v2Looker) beside(lot []int, x daybook.Exchange, a v2Answer) {
	first := slices.IndexFunc(lot, func(i int) bool { return !l.looks[i].Missing })
	if first < 0 {
		return
	}
	look := &l.looks[lot[first]]
	others := slices.DeleteFunc(slices.Clone(a.errors), func(p part) bool {
		return slices.ContainsFunc(lot, func(i int) bool { return string(readProblem(p).ID) == l.looks[i].Ref.Native })
	})
	look.Captures = append(look.Captures, l.captures(LanePosts, x, v2Answer{errors: others})...)
}

// lookUp asks for posts by their numbers.
func (l *v2Looker) lookUp(ctx context.Context, ids []string) (daybook.Exchange, v2Answer, error) {
	query := l.names.posts()
	slices.Sort(ids)
	query.Set("ids", strings.Join(slices.Compact(ids), ","))
	a, err := l.get(ctx, "/2/tweets", query)
	if err != nil {
		return daybook.Exchange{}, v2Answer{}, err
	}
	answer, ok := splitV2(a.Body)
	if !ok || !answer.hasData && len(answer.errors) == 0 {
		return daybook.Exchange{}, v2Answer{}, errors.New("the answer is not a list of posts")
	}
	return a.Exchange, answer, l.spent(ctx, ReadPost, answer)
}

// byID are the posts of an answer, each as a capture of its own.
func (l *v2Looker) byID(x daybook.Exchange, a v2Answer) map[string]daybook.Capture {
	found := map[string]daybook.Capture{}
	for _, c := range l.captures(LanePosts, x, a) {
		if !strings.HasPrefix(c.NativeID, errorID) {
			found[c.NativeID] = c
		}
	}
	return found
}

func versionsOf(a v2Answer, id string) (ids []string) {
	for _, it := range a.data {
		if it.id == id {
			r := readRefers(it.raw)
			for _, v := range r.versions()[:min(len(r.versions()), most)] {
				ids = append(ids, string(v))
			}
		}
	}
	return ids
}

// versions asks for versions by their own numbers.
func (l *v2Looker) versions(ctx context.Context, wanted map[string][]int) error {
	var ids []string
	for id := range wanted {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for lot := range slices.Chunk(ids, postsBatch) {
		x, answer, err := l.lookUp(ctx, slices.Clone(lot))
		if err != nil {
			return err
		}
		found := l.byID(x, answer)
		for _, id := range lot {
			if c, ok := found[id]; ok {
				for _, i := range wanted[id] {
					l.looks[i].Captures = append(l.looks[i].Captures, c)
				}
			}
		}
	}
	return nil
}

// message looks at one direct message.
func (l *v2Looker) message(ctx context.Context, i int) error {
	look := &l.looks[i]
	a, err := l.get(ctx, "/2/dm_events/"+look.Ref.Native, l.names.messages(), http.StatusNotFound)
	if err != nil {
		return err
	}
	look.Exchange = a.Exchange
	if a.Exchange.Status == http.StatusOK {
		answer, ok := splitV2(a.Body)
		if !ok || !answer.hasData && len(answer.errors) == 0 {
			return errors.New("the answer is not a direct message")
		}
		if err := l.spent(ctx, ReadMessage, answer); err != nil {
			return err
		}
		for _, c := range l.captures(LaneMessages, a.Exchange, answer) {
			if c.NativeID == look.Ref.Native {
				look.Captures = append(look.Captures, c)
			}
		}
	}
	look.Missing = len(look.Captures) == 0
	if look.Missing {
		if err := l.blocking(ctx, []int{i}); err != nil {
			return err
		}
	}
	l.done[i] = true
	return nil
}

// blocking finds out whether the person blocks the senders of what is missing.
// Of an account that X does not show nothing can be said.
func (l *v2Looker) blocking(ctx context.Context, missing []int) error {
	var ids []string
	for _, i := range missing {
		if id := l.looks[i].Ref.Sender.Native; userNumber(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	blocked := map[string]bool{}
	for lot := range slices.Chunk(slices.Compact(ids), postsBatch) {
		a, err := l.get(ctx, "/2/users", url.Values{"ids": {strings.Join(lot, ",")}, "user.fields": {"connection_status"}})
		if err != nil {
			return err
		}
		answer, ok := splitV2(a.Body)
		if !ok {
			return errors.New("the answer is not a list of accounts")
		}
		if err := l.spent(ctx, ReadUser, answer); err != nil {
			return err
		}
		for _, p := range answer.data {
			var u struct {
				Connection []string `json:"connection_status"`
			}
			if err := openV2(p.raw, &u); err != nil {
				return err
			}
			blocked[p.id] = slices.Contains(u.Connection, "blocking")
		}
	}
	for _, i := range missing {
		l.looks[i].Blocking = blocked[l.looks[i].Ref.Sender.Native]
	}
	return nil
}
