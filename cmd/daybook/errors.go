package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/internal/lockfile"
)

const (
	statusDone      = 0
	statusFailed    = 1
	statusUsage     = 2
	statusPartial   = 3
	statusBroken    = 4
	statusForbidden = 5
)

var (
	errUsage = errors.New("wrong use")
	// errPartial: done, but something could not be read or checked.
	errPartial = errors.New("done, but not all of it")
	// errNoServer: the data folder is locked and its owner does not answer.
	errNoServer = errors.New("no running daybook answers")
)

func status(err error) int {
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errUsage):
		return statusUsage
	case errors.Is(err, archive.ErrBroken), errors.Is(err, archive.ErrRolledBack):
		return statusBroken
	case errors.Is(err, daybook.ErrForbidden):
		return statusForbidden
	case errors.Is(err, errPartial):
		return statusPartial
	}
	return statusFailed
}

// hints says what to do next, first match.
var hints = []struct {
	is   error
	hint string
}{
	{errUsage, "daybook --help, or daybook COMMAND --help, has the commands and examples"},
	{archive.ErrWrongKey, "put the instance key of this data back (daybook key restore), or choose another data folder; nothing was changed"},
	{archive.ErrRolledBack, "if a backup was put back on purpose, say so: daybook restore --declare --case CASE --reason TEXT; if not, keep this folder as it is and look for the newer one"},
	{archive.ErrBroken, "keep the data folder as it is, make a copy, and run daybook verify; do not repair it by hand"},
	{archive.ErrErased, "its content was erased on somebody's word; daybook verify says when"},
	{daybook.ErrForbidden, "ask the person whose case it is, or the one who manages it, for access"},
	{daybook.ErrConsentEnded, "daybook renew --account ACCOUNT asks for a new consent"},
	{collectors.ErrRefused, "connect the account again (daybook connect): the platform no longer takes the token"},
	{lockfile.ErrLocked, "another daybook has this data folder open and does not answer; stop it, or wait until it is done"},
	{daybook.ErrNotFound, "check the identifier: daybook case list, daybook list --case CASE and daybook handles --case CASE show them"},
	{os.ErrPermission, "check who owns the file or folder"},
}

// printError writes what went wrong and what to do next. Results never go
// here, content never at all.
func printError(w io.Writer, err error) {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	fmt.Fprintf(w, "error: %s\n", text) //nolint:errcheck // nothing can be said about standard error
	for _, h := range hints {
		if errors.Is(err, h.is) {
			fmt.Fprintf(w, "hint: %s\n", h.hint) //nolint:errcheck // as above
			return
		}
	}
}
