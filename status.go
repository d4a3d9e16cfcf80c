package daybook

import "time"

// What pages and lists say about the reading of accounts. Nothing of it is
// kept as such: package store puts it together.

// An AccountStatus tells the people of a case how the reading of one account
// stands.
type AccountStatus struct {
	Account Account
	Consent Consent
	Changes []ConsentChange // of this account, oldest first
	Newest  time.Time       // when a new message of it was last archived; zero if none was lately
	Lanes   []LaneStatus    // that were ever read, in order of name
}

// Checked returns when the account was last read to its newest end in every
// place that is being read; zero if there is none.
func (s AccountStatus) Checked() time.Time {
	var t time.Time
	for _, l := range s.Lanes {
		if !l.Lost && l.Failing.IsZero() && (t.IsZero() || l.Checked.Before(t)) {
			t = l.Checked
		}
	}
	return t
}

// Since returns when one of these changes last happened, and the entry that says
// so; zero if none did.
func (s AccountStatus) Since(events ...ConsentEvent) (at time.Time, entry uint64) {
	for _, c := range s.Changes {
		for _, e := range events {
			if c.Event == e {
				at, entry = c.At, c.Entry
			}
		}
	}
	return at, entry
}

// A ConsentChange is one change of the consent for an account.
type ConsentChange struct {
	Event ConsentEvent
	At    time.Time
	Entry uint64
}

// A LaneStatus tells how one place of an account is read.
type LaneStatus struct {
	Lane    Lane
	Opened  time.Time // watched from here on; zero: it was never read to its newest end
	Checked time.Time // last read to its newest end
	Behind  bool      // its past is still being fetched
	Lost    bool      // the server does not offer it
	Failing time.Time // start of a failure that still goes on; zero: none
	Cause   string    // of that failure, in words without personal data
}

// A GapStatus is a gap with the entry that says so.
type GapStatus struct {
	Gap
	Entry uint64
}

// Coverage tells how much of a time was watched, in local days of the case.
type Coverage struct {
	From   time.Time // when the first place was first read to its end; zero: never
	Days   int       // from then to now, both included
	Wholly int       // of these: every place that was being read was read from midnight to midnight
	Partly int       // of these: some of it
}
