package index

import "daybook"

// Forget removes the index of a case whose key was destroyed, if it is open: one
// that was not was dropped before.
func (x *Index) Forget(c daybook.CaseID) error {
	s, err := x.slot(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return nil
	}
	return s.remove(s.folder.path)
}
