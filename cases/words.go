package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"daybook"
)

// Who names an actor in plain words: "Ana (adviser)". A user that is not there
// any more is "a former user".
func (s *Cases) Who(ctx context.Context, actor daybook.Actor) (string, error) {
	if isOperator(actor) {
		return "the operator, " + actor.Via, nil
	}
	u, err := s.store.User(ctx, actor.ID)
	switch {
	case err == nil && actor.Role == string(Owner):
		return u.Name + " (the person)", nil
	case err == nil:
		return u.Name + " (adviser)", nil
	case !errors.Is(err, daybook.ErrNotFound):
		return "", fmt.Errorf("look up the user: %w", err)
	case isRole(actor.Role):
		return "a former user (" + Role(actor.Role).Title() + ")", nil
	case actor.Via != "":
		return "daybook (" + actor.Via + ")", nil
	}
	return "daybook (" + actor.Role + ")", nil
}

func isRole(role string) bool { return actionsOf(Role(role)) != nil || role == "user" }

// WhoIn is Who for the access log of a case, which its people read: somebody who
// never had access to it is not named to them, and of somebody whose access was
// over by then it is said.
func (s *Cases) WhoIn(ctx context.Context, actor daybook.Actor, c daybook.CaseID) (string, error) {
	if actor.Role != "user" {
		return s.Who(ctx, actor)
	}
	grants, err := s.store.Grants(ctx, c, actor.ID)
	if err != nil {
		return "", err
	}
	if len(grants) == 0 {
		return "somebody without access", nil
	}
	u, err := s.store.User(ctx, actor.ID)
	if errors.Is(err, daybook.ErrNotFound) {
		return "a former user (without access)", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up the user: %w", err)
	}
	return u.Name + " (without access by then)", nil
}

// Words tells an access entry in plain words, as it is shown to the person:
// "Ana (adviser) searched this case". who is what Who returned. It gives away
// nothing of what was read or searched for.
func Words(a daybook.Access, who string) string { return who + " " + Did(a) }

// Did is Words without who it was: "searched this case".
//
// The detail of an entry is part of it. Of a look it is a whole phrase, such as
// "looked at the timeline", and stands for the action's own words; of a change it
// says more about it. Beside the words of a search it is left out.
func Did(a daybook.Access) string {
	action := Action(a.Action)
	past, infinitive := verbs(action)
	switch {
	case past == "":
		return "did something that this version has no words for (" + strings.ToValidUTF8(a.Action, "?") + ")"
	case Refusal(a):
		return "tried to " + infinitive + " and was refused"
	case action == Content:
		return read(a)
	case a.Detail == "" || action == Search && a.Words != "":
		return past
	case action.Reads(), action == GiveAccess, action == OwnDetails:
		return a.Detail
	}
	return past + ": " + a.Detail
}

// Refusal reports whether an access entry tells of something that was tried and
// not allowed.
func Refusal(a daybook.Access) bool { return a.Detail == refusedDetail }

// read tells of a look at content: how much was read, and where from.
func read(a daybook.Access) string {
	var what string
	switch n := max(len(a.Entries), a.Count); {
	case n == 1 && len(a.Entries) == 1:
		what = fmt.Sprintf("entry %d", a.Entries[0])
	case n == 1:
		what = "one entry"
	case n > 1:
		what = fmt.Sprintf("%d entries", n)
	}
	switch {
	case a.Detail != "" && what != "":
		return a.Detail + " (" + what + ")"
	case a.Detail != "":
		return a.Detail
	case what != "":
		return "read " + what
	}
	return "read messages"
}

// verbs says what an action is, done and to be done; "" if there is no such one.
func verbs(action Action) (past, infinitive string) {
	switch action {
	case Counts:
		return "looked at the counts of this case", "look at the counts"
	case List:
		return "looked at the list of messages, without their text", "look at the list of messages"
	case Content:
		return "read messages", "read messages"
	case Search:
		return "searched this case", "search"
	case SeeAccess:
		return "looked at who has access", "look at who has access"
	case Verify:
		return "checked the archive of this case", "check the archive"
	case Mark:
		return "made a mark", "make a mark"
	case Link:
		return "decided about linked handles", "decide about linked handles"
	case Diary:
		return "wrote in the diary", "write in the diary"
	case Import:
		return "read in an export file", "read in an export file"
	case Collect:
		return "started collecting", "start collecting"
	case Connect:
		return "connected an account", "connect an account"
	case Consent:
		return "changed a consent", "change a consent"
	case Alert:
		return "changed who is told of new contact", "change who is told of new contact"
	case GiveAccess:
		return "changed who has access", "change who has access"
	case Export:
		return "made a bundle to hand over", "make a bundle to hand over"
	case Checkpoint:
		return "signed the state of the archive", "sign the state of the archive"
	case Erase:
		return "asked for content to be erased", "ask for content to be erased"
	case CancelErase:
		return "stopped an erasure", "stop an erasure"
	case ReviewCase:
		return "marked this case as reviewed", "mark this case as reviewed"
	case OwnDetails:
		return ownChanged, "see or change the list of own details"
	case OpenCase:
		return "opened this case", "open a case"
	case People:
		return "changed the list of users", "change the list of users"
	case Operate:
		return "maintained this installation", "maintain this installation"
	}
	return "", ""
}
