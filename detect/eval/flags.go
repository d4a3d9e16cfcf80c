package main

import (
	"errors"
	"io"
)

// flags is not there yet.
func flags(_ []string, _, _ io.Writer) error { return errors.New("flags: not there yet") }
