package web

// DisplayCopy is displayCopy, for tests.
func DisplayCopy(b []byte) ([]byte, string, error) { return displayCopy(b) }
