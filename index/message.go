package index

import "daybook"

// MessageFragments returns the fragments of a message's newest text, or, if the
// query found nothing there, of the newest earlier version that has some.
func MessageFragments(m *daybook.Message, q Query) []Fragment {
	if f := Fragments(m.Text, q); len(f) > 0 {
		return f
	}
	for i := len(m.Versions) - 1; i >= 0; i-- {
		if f := Fragments(m.Versions[i].Text, q); len(f) > 0 {
			return f
		}
	}
	return nil
}
