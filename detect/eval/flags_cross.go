package main

import (
	"errors"
	"io"

	"daybook/internal/labelled"
)

func crossValidated(_ []labelled.Message, _ io.Writer) ([]scoredMessage, error) {
	return nil, errors.New("not there yet")
}
