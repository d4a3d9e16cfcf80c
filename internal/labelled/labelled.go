// Package labelled reads the data that the detectors are trained and measured
// on: accounts with their messages, pairs of accounts that are or are not one
// person's, pairs of handles, and single messages with labels. A set is a
// folder of files of JSON lines, each plain or compressed (accounts.jsonl or
// accounts.jsonl.zst). None of it is part of the repository.
//
// It keeps nothing and writes nothing. The programs detect/train and
// detect/eval and their tests call it.
package labelled

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// maxLine is the longest line that is read, in bytes: an account with all its
// messages is one line.
const maxLine = 64 << 20

// An Account is one handle with its messages, oldest first.
type Account struct {
	ID        string   `json:"account"`
	Platform  string   `json:"platform"`
	Source    string   `json:"source"`
	Community string   `json:"community"` // only in a pool
	Person    string   `json:"person"`    // only in a pool: accounts of one person have the same
	InDev     []string `json:"in_dev"`    // only in a pool: the accounts of the same person in the set for development
	Blocks    []int    `json:"blocks"`    // only in a pool: where runs of consecutive messages begin
	Messages  []Post   `json:"messages"`
}

// A Post is one message of an account.
type Post struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// A Pair is two accounts and whether they are one person's.
type Pair struct {
	A      string `json:"a"` // the account that is known
	B      string `json:"b"` // the later one
	Same   bool   `json:"same"`
	Kind   string `json:"kind"`
	Source string `json:"src"`
}

// A HandlePair is two names and whether one person used both.
type HandlePair struct {
	A      string `json:"a"`
	B      string `json:"b"`
	Same   bool   `json:"same"`
	Source string `json:"src"`
}

// A Message is one text with its labels. A label that nobody gave is nil.
type Message struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Text    string `json:"text"`
	Abusive *bool  `json:"abusive"`
	Threat  *bool  `json:"threat"`
	Detail  string `json:"detail"`
	Split   string `json:"split"`
}

// UnmarshalJSON reads labels written as 0, 1, false, true or null.
func (m *Message) UnmarshalJSON(data []byte) error {
	type plain Message
	var raw struct {
		plain
		Abusive label `json:"abusive"`
		Threat  label `json:"threat"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*m = Message(raw.plain)
	m.Abusive, m.Threat = raw.Abusive.value, raw.Threat.value
	return nil
}

type label struct{ value *bool }

func (l *label) UnmarshalJSON(data []byte) error {
	yes, no := true, false
	switch string(data) {
	case "null":
		l.value = nil
	case "1", "true":
		l.value = &yes
	case "0", "false":
		l.value = &no
	default:
		return fmt.Errorf("%s is no label: 0, 1 or null", data)
	}
	return nil
}

// Accounts reads the accounts of a set, in the order of the file. No file is an
// error that is fs.ErrNotExist, for this and the functions below. Two accounts
// with one id are an error.
func Accounts(dir string) ([]Account, error) {
	seen := map[string]bool{}
	return lines(dir, "accounts", func(a *Account) error {
		switch {
		case a.ID == "":
			return errors.New("no account")
		case seen[a.ID]:
			return fmt.Errorf("account %s is there twice", a.ID)
		case len(a.Messages) == 0:
			return fmt.Errorf("account %s has no messages", a.ID)
		}
		seen[a.ID] = true
		return nil
	})
}

// Pairs reads the pairs of a set, in the order of the file. It does not look
// whether their accounts are there.
func Pairs(dir string) ([]Pair, error) {
	return lines(dir, "pairs", func(p *Pair) error {
		if p.A == "" || p.B == "" || p.A == p.B {
			return fmt.Errorf("%q and %q are no pair", p.A, p.B)
		}
		return nil
	})
}

// HandlePairs reads the pairs of handles of a set, in the order of the file.
func HandlePairs(dir string) ([]HandlePair, error) {
	return lines(dir, "handles", func(p *HandlePair) error {
		if p.A == "" || p.B == "" {
			return fmt.Errorf("%q and %q are no pair", p.A, p.B)
		}
		return nil
	})
}

// Messages reads the labelled messages of a set, in the order of the file.
func Messages(dir string) ([]Message, error) {
	return lines(dir, "messages", func(m *Message) error {
		if m.ID == "" || m.Source == "" {
			return errors.New("no id or no source")
		}
		return nil
	})
}

// lines reads NAME.jsonl or NAME.jsonl.zst in dir and has each line checked.
func lines[T any](dir, name string, check func(*T) error) (all []T, err error) {
	f, err := open(dir, name+".jsonl")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := io.Reader(f)
	if strings.HasSuffix(f.Name(), ".zst") {
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", f.Name(), err)
		}
		defer z.Close()
		r = z
	}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 1<<20), maxLine)
	for n := 1; s.Scan(); n++ {
		if len(s.Bytes()) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", f.Name(), n, err)
		}
		if err := check(&v); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", f.Name(), n, err)
		}
		all = append(all, v)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return all, nil
}

// open opens the file, or the compressed one where only that is there.
func open(dir, name string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = os.Open(filepath.Join(dir, name+".zst"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("neither %s nor %s.zst in %s: %w", name, name, dir, fs.ErrNotExist)
	}
	return f, err
}
