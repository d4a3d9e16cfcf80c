package detect

import "time"

// Asked returns when the group of a handle was first asked to stop: the earliest
// moment that it can have been, and the latest. What came after the latest is
// after it. ok is false if it was not asked. handle must be an index of
// Facts.Handles.
func (s *Standings) Asked(handle int) (earliest, latest time.Time, ok bool) {
	u := s.terms(handle)
	return u.askedLo, u.askedHi, u.asked
}
