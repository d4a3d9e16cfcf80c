package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// recordedArchive is an account archive in the layout of X, with made-up people.
func recordedArchive() ([]byte, error) {
	return os.ReadFile(filepath.Join("..", "..", "collectors", "upload", "xarchive", "testdata", "twitter-2026-11-18.zip"))
}

// recordedDate is when the recorded archive was made.
const recordedDate = "2026-11-18T08:00:00.000Z"

// otherArchive is the recorded archive, made at another time, without some direct
// messages.
func otherArchive(made string, without ...string) ([]byte, error) {
	return changedArchive(func(name string, b []byte) ([]byte, error) {
		switch {
		case name == "manifest.js":
			return bytes.ReplaceAll(b, []byte(recordedDate), []byte(made)), nil
		case strings.HasPrefix(name, "direct-messages") && strings.HasSuffix(name, ".js"), strings.HasPrefix(name, "direct-message-headers"):
			return withoutMessages(b, without)
		}
		return b, nil
	})
}

// changedArchive is the recorded archive with each file changed.
func changedArchive(change func(name string, b []byte) ([]byte, error)) ([]byte, error) {
	old, err := recordedArchive()
	if err != nil {
		return nil, err
	}
	r, err := zip.NewReader(bytes.NewReader(old), int64(len(old)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		member, err := f.Open()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(member)
		if err != nil {
			return nil, err
		}
		if b, err = change(filepath.Base(f.Name), b); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		to, err := w.Create(f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(b); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// withoutMessages takes messages out of a file of conversations.
func withoutMessages(b []byte, without []string) ([]byte, error) {
	prefix, list, _ := bytes.Cut(b, []byte("="))
	var all []map[string]map[string]any
	if err := json.Unmarshal(list, &all); err != nil {
		return nil, err
	}
	for _, c := range all {
		messages, ok := c["dmConversation"]["messages"].([]any)
		if !ok {
			continue
		}
		var left []any
		for _, m := range messages {
			text, err := json.Marshal(m)
			if err != nil {
				return nil, err
			}
			gone := false
			for _, id := range without {
				gone = gone || bytes.Contains(text, []byte(`"id":"`+id+`"`))
			}
			if !gone {
				left = append(left, m)
			}
		}
		c["dmConversation"]["messages"] = left
	}
	list, err := json.Marshal(all)
	return append(append(prefix, '='), list...), err
}

// archive makes a file of the recorded archive, or of otherArchive.
func (st *stage) archive(ts *testscript.TestScript, args []string) error {
	b, err := recordedArchive()
	if len(args) > 1 {
		b, err = otherArchive(args[1], args[2:]...)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[0]), b, 0o600)
}

// archiveOf makes a file of the recorded archive as if it was somebody else's.
func (st *stage) archiveOf(ts *testscript.TestScript, args []string) error {
	const me, between = "1480000101", "another number"
	b, err := changedArchive(func(_ string, b []byte) ([]byte, error) {
		for _, swap := range [][2]string{{me, between}, {args[0], me}, {between, args[0]}} {
			b = bytes.ReplaceAll(b, []byte(swap[0]), []byte(swap[1]))
		}
		return b, nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), b, 0o600)
}
