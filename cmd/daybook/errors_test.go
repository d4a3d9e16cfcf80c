package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook"
)

// Of several things each has its line, and that one failed is not hidden by what
// was done in part.
func TestSeveralErrors(t *testing.T) {
	partial, failed, forbidden := fmt.Errorf("file 1: %w: some", errPartial), errors.New("file 2: no such file"), fmt.Errorf("file 3: %w", daybook.ErrForbidden)
	tests := []struct {
		name  string
		err   severalError
		want  int
		lines string
	}{
		{"one in part", severalError{partial}, statusPartial, "error: file 1: some\n"},
		{"one in part, one failed", severalError{partial, failed}, statusFailed, "error: file 1: some\nerror: file 2: no such file\n"},
		{"one failed, one in part", severalError{failed, partial}, statusFailed, "error: file 2: no such file\nerror: file 1: some\n"},
		{"not allowed", severalError{partial, forbidden}, statusForbidden, "error: file 1: some\nerror: file 3: " + daybook.ErrForbidden.Error() + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := fmt.Errorf("import: %w", tt.err)
			if got := status(err); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
			var b strings.Builder
			printError(&b, err, "import")
			if b.String() != tt.lines {
				t.Errorf("got %q, want %q", b.String(), tt.lines)
			}
		})
	}
}
