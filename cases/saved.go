package cases

import (
	"time"

	"daybook"
)

// A SavedSearch is what a user looks for again and again in one case. It belongs
// to that user; nobody else sees it.
type SavedSearch struct {
	ID     string
	Case   daybook.CaseID
	User   string
	Name   string // in the user's words
	Words  string // in the language of searches
	Made   time.Time
	Looked time.Time // when its hits were last looked at
	Found  uint64    // how many there were then
}
