package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"daybook"
	"daybook/archive"
	"daybook/collectors"
	"daybook/collectors/upload"
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
	// errNoDatabase: a key that has been in use, and nothing that it opens.
	errNoDatabase = errors.New("the key has been in use, but there is no database here")
	// errNoServer: the data folder is locked and its owner does not answer.
	errNoServer = errors.New("no running daybook answers")
)

// A severalError is what went wrong with some of several things that were asked
// for. Each has its line, and its hint.
type severalError []error

// Error implements error.
func (e severalError) Error() string { return errors.Join(e...).Error() }

func (e severalError) Unwrap() []error { return e }

// status is that of the first that failed; errPartial counts only where nothing
// did.
func (e severalError) status() int {
	out := statusDone
	for _, err := range e {
		if out = status(err); out != statusPartial {
			return out
		}
	}
	return out
}

func status(err error) int {
	var several severalError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &several):
		return several.status()
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
	{archive.ErrWrongKey, "put the instance key of this data back (daybook key restore), or choose another data folder; nothing was changed"},
	{errNoDatabase, "choose the folder that it is in (--data, or data in the configuration), or put a backup back (daybook restore); nothing was changed"},
	{archive.ErrRolledBack, "if a backup was put back on purpose, say so: daybook restore --declare --case CASE --reason TEXT; if not, keep this folder as it is and look for the newer one"},
	{errBundle, "ask for the file again, in case it was damaged on the way; if it is the same, keep it as it is"},
	{archive.ErrBroken, "keep the data folder as it is, make a copy, and run daybook verify; do not repair it by hand"},
	{archive.ErrErased, "its content was erased on somebody's word; daybook verify says when"},
	{daybook.ErrConsentEnded, "if the person agrees, connect the account again (daybook connect)"},
	{collectors.ErrRefused, "connect the account again (daybook connect): the platform no longer takes the token"},
	{lockfile.ErrLocked, "another daybook has this data folder open and does not answer; stop it, or wait until it is done"},
	{daybook.ErrNotFound, "check the identifier: daybook case list, daybook list --case CASE, daybook handles --case CASE and, for accounts, daybook doctor show them"},
	{os.ErrExist, "nothing was overwritten: move away what is there, or choose another name"},
	{os.ErrPermission, "check who owns the file or folder"},
}

// plain is the text of an error as a person reads it. The names of kinds of
// errors, by which the program branches, are left out: the rest says what is
// wrong, and the exit status says of which kind it is.
func plain(err error) string {
	var lines []string // of errors that were joined; what one of them ends with is said
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !slices.ContainsFunc(lines, func(said string) bool { return strings.HasSuffix(said, line) }) {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "; ")
	for _, kind := range []error{errUsage, daybook.ErrInvalid, errPartial} {
		name := kind.Error() + ": "
		text = strings.ReplaceAll(strings.TrimPrefix(text, name), ": "+name, ": ")
	}
	return text
}

// printError writes what went wrong and what to do next. Results never go
// here, content never at all. command is what was to be done: "mark"; "" if that
// is not known.
func printError(w io.Writer, err error, command string) {
	var several severalError
	if errors.As(err, &several) {
		for _, err := range several {
			printError(w, err, command)
		}
		return
	}
	fmt.Fprintf(w, "error: %s\n", shown(plain(err))) //nolint:errcheck // nothing can be said about standard error
	switch {
	case errors.Is(err, errUsage) && command == "":
		fmt.Fprintln(w, "hint: daybook --help lists the commands") //nolint:errcheck // as above
		return
	case errors.Is(err, errUsage):
		fmt.Fprintf(w, "hint: daybook %s --help has examples\n", command) //nolint:errcheck // as above
		return
	}
	var refused *upload.RefusedError
	if errors.As(err, &refused) {
		return // it says itself what to do next
	}
	for _, h := range hints {
		if errors.Is(err, h.is) {
			if errors.Is(h.is, daybook.ErrNotFound) && strings.Contains(err.Error(), "daybook ") {
				return // it says itself where to look
			}
			fmt.Fprintf(w, "hint: %s\n", h.hint) //nolint:errcheck // as above
			return
		}
	}
}
