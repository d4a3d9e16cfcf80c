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

// Words tells an access entry in plain words, as it is shown to the person:
// "Ana (adviser) searched this case". who is what Who returned. It gives away
// nothing of what was read or searched for.
func Words(a daybook.Access, who string) string {
	action := Action(a.Action)
	s := who + " " + didWhat(action, a)
	if a.Detail != "" && !action.Reads() {
		if action == GiveAccess {
			return who + " " + a.Detail
		}
		s += ": " + a.Detail
	}
	return s
}

func didWhat(action Action, a daybook.Access) string {
	switch action {
	case Counts:
		return "looked at the counts of this case"
	case List:
		return "looked at the list of messages, without their text"
	case Content:
		switch n := max(len(a.Entries), a.Count); {
		case n == 1 && len(a.Entries) == 1:
			return fmt.Sprintf("read entry %d", a.Entries[0])
		case n == 1:
			return "read one entry"
		case n > 1:
			return fmt.Sprintf("read %d entries", n)
		}
		return "read messages"
	case Search:
		return "searched this case"
	case SeeAccess:
		return "looked at who has access"
	case Verify:
		return "checked the archive of this case"
	case Mark:
		return "made a mark"
	case Link:
		return "decided about linked handles"
	case Diary:
		return "wrote in the diary"
	case Import:
		return "read in an export file"
	case Collect:
		return "started collecting"
	case Connect:
		return "connected an account"
	case Consent:
		return "changed a consent"
	case Alert:
		return "changed who is told of new contact"
	case GiveAccess:
		return "changed who has access"
	case Export:
		return "made a bundle to hand over"
	case Checkpoint:
		return "signed the state of the archive"
	case Erase:
		return "asked for content to be erased"
	case CancelErase:
		return "stopped an erasure"
	case OpenCase:
		return "opened this case"
	case People:
		return "changed the list of users"
	case Operate:
		return "maintained this installation"
	}
	return "did something that this version has no words for (" + strings.ToValidUTF8(a.Action, "?") + ")"
}
