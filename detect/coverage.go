package detect

import "daybook"

// Coverage counts the local days on which the accounts of a case were watched,
// from the first one to f.Now, in the same way as the figures watched-days and
// partly-watched-days. Of f it needs Watched, Gaps, Zone and Now.
func Coverage(f Facts) daybook.Coverage {
	c := newCalendar(f)
	if len(c.state) == 0 {
		return daybook.Coverage{}
	}
	out := daybook.Coverage{Wholly: int(c.whole), Partly: int(c.part)}
	for _, iv := range f.Watched {
		if !iv.From.IsZero() && iv.To.After(iv.From) && (out.From.IsZero() || iv.From.Before(out.From)) {
			out.From = iv.From
		}
	}
	out.Days = int(max(dayOf(f.Now, c.zone), c.first+int64(len(c.state))-1) - c.first + 1)
	return out
}
