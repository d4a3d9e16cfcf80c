package cases

import (
	"slices"

	"daybook"
)

// An Action is something that can be done. The list is closed; the words are
// what an access entry says for ever, so they are never changed.
type Action string

// What can be done in a case.
const (
	Counts      Action = "counts"       // how many entries, which days were watched, what alerts there were; no handle, no text
	List        Action = "list"         // messages without their text, handles, findings
	Content     Action = "content"      // text, media, raw bytes, and flags, which tell of the text
	Search      Action = "search"       // by words
	SeeAccess   Action = "access"       // who has access, and who looked
	Verify      Action = "verify"       // check the archive; shows nothing of it
	Mark        Action = "mark"         // stop, unwanted, allowed, named day
	Link        Action = "link"         // confirm, reject or leave open that two handles are linked
	Diary       Action = "diary"        // add what happened offline
	Import      Action = "import"       // read an export
	Collect     Action = "collect"      // read now what is due
	Connect     Action = "connect"      // connect an account
	Consent     Action = "consent"      // pause, resume, renew, withdraw; exclude a sender
	Alert       Action = "alert"        // who is told when
	GiveAccess  Action = "grant"        // give and end access
	Export      Action = "export"       // make a bundle
	Checkpoint  Action = "checkpoint"   // sign now; see what is held where
	Erase       Action = "erase"        // destroy content
	CancelErase Action = "cancel erase" // stop an erasure that is waiting
	ReviewCase  Action = "review"       // mark the case as reviewed
	OwnDetails  Action = "own details"  // see and change the person's own details
)

// What concerns the whole installation. Only the local operator may do it; the
// case is then "".
const (
	OpenCase Action = "open case" // make a case
	People   Action = "people"    // add users, let them leave
	Operate  Action = "operate"   // serve, backup, restore, rebuild, keys, doctor
)

// Actions lists every action, in the order of the constants.
func Actions() []Action {
	return []Action{
		Counts, List, Content, Search, SeeAccess, Verify, Mark, Link, Diary, Import, Collect,
		Connect, Consent, Alert, GiveAccess, Export, Checkpoint, Erase, CancelErase, ReviewCase, OwnDetails,
		OpenCase, People, Operate,
	}
}

// Reads reports whether an action only looks at what is there.
func (a Action) Reads() bool {
	switch a {
	case Counts, List, Content, Search, SeeAccess, Verify:
		return true
	}
	return false
}

// A Role is what a user is in one case.
type Role string

const (
	Owner    Role = "owner"    // a person whom the case is about
	Counter  Role = "counts"   // an adviser who sees counts alone
	Reader   Role = "content"  // an adviser who reads
	Exporter Role = "exporter" // an adviser who reads and makes bundles
	Manager  Role = "manager"  // an adviser who reads and runs the case for the person
)

// Roles lists every role that can be granted.
func Roles() []Role { return []Role{Owner, Counter, Reader, Exporter, Manager} }

// roleOperator is the actor's role of a person at the command line. It is not
// granted.
const roleOperator = "operator"

// actionsOf is the table of what each role may do. A manager runs a case but
// takes nothing out of it and destroys nothing: that is another person's key to
// turn.
func actionsOf(r Role) []Action {
	switch r {
	case Owner:
		return []Action{
			Counts, List, Content, Search, SeeAccess, Verify, Mark, Link, Diary, Import, Collect,
			Connect, Consent, Alert, GiveAccess, Export, Checkpoint, Erase, CancelErase, ReviewCase, OwnDetails,
		}
	case Counter:
		return []Action{Counts, Verify, ReviewCase}
	case Reader:
		return []Action{Counts, Verify, List, Content, Search, ReviewCase}
	case Exporter:
		return []Action{Counts, Verify, List, Content, Search, Export, Checkpoint, ReviewCase}
	case Manager:
		return []Action{
			Counts, Verify, List, Content, Search, SeeAccess, Mark, Link, Diary, Import, Collect,
			Connect, Consent, Alert, GiveAccess, Checkpoint, CancelErase, ReviewCase, OwnDetails,
		}
	}
	return nil
}

// May reports whether a role allows an action.
func (r Role) May(a Action) bool { return slices.Contains(actionsOf(r), a) }

// Title says what a role is in words for a person.
func (r Role) Title() string {
	switch r {
	case Owner:
		return "the person"
	case Counter:
		return "reader of counts"
	case Reader:
		return "reader of content"
	case Exporter:
		return "exporter"
	case Manager:
		return "manager"
	}
	return string(r)
}

// Operator returns the actor for a person at the command line of the machine
// that holds the instance key. Nothing but the command line may make one.
func Operator(osUser string) daybook.Actor {
	return daybook.Actor{ID: "local", Role: roleOperator, Via: "command line (OS user " + osUser + ")"}
}

func isOperator(a daybook.Actor) bool { return a.ID == "local" && a.Role == roleOperator }
