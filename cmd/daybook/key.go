package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"daybook"
	"daybook/archive"
	"daybook/internal/durable"
)

type keyCommands struct {
	Sheet   keySheetCommand   `cmd:"" default:"1" help:"Print the recovery sheet again."`
	Restore keyRestoreCommand `cmd:"" help:"Put the key back from the recovery sheet."`
}

type keySheetCommand struct{}

func (cmd *keySheetCommand) Run(c *call) error {
	if c.cmd.As != "" {
		return fmt.Errorf("%w: the key belongs to whoever runs this machine", daybook.ErrForbidden)
	}
	key, err := archive.ReadInstanceKey(c.cfg.KeyFile)
	if err != nil {
		return err
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]string{"key": key.Text(), "key_file": c.cfg.KeyFile, "data": c.cfg.Data})
	}
	return writeRecoverySheet(c.out, c.cfg, key)
}

type keyRestoreCommand struct {
	File string `required:"" help:"A file with the line of the recovery sheet that begins with daybook-instance-key ('-': standard input)." placeholder:"FILE"`
}

func (cmd *keyRestoreCommand) Run(c *call) error {
	text, err := c.readSecret(cmd.File)
	if err != nil {
		return err
	}
	key, err := archive.ParseInstanceKey(text)
	if err != nil {
		return fmt.Errorf("read the recovery sheet: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.cfg.KeyFile), 0o700); err != nil {
		return fmt.Errorf("make the key's folder: %w", err)
	}
	if err := createNew(c.cfg.KeyFile, []byte(key.Text()+"\n")); err != nil {
		return fmt.Errorf("put the key back: %w", err)
	}
	here, err := c.hasData()
	if err != nil {
		return err
	}
	opens := "; there is no data yet (daybook restore puts a backup back)"
	if here {
		// Whether it is the right one is known only when it has opened the data.
		if err := c.with(func(*app) error { return nil }); err != nil {
			if errors.Is(err, archive.ErrWrongKey) {
				err = errors.Join(err, os.Remove(c.cfg.KeyFile)) // so that the right one can be put there
			}
			return err
		}
		opens = " and opens the data"
	}
	if c.cmd.JSON {
		return jsonLine(c.out, map[string]any{"key_file": c.cfg.KeyFile, "opens_data": here})
	}
	_, err = fmt.Fprintf(c.out, "the key is in %s%s\n", c.cfg.KeyFile, opens)
	return err
}

// createNew writes a file of mode 0600 that is not there yet. The error wraps
// os.ErrExist if it is.
func createNew(path string, b []byte) error {
	err := durable.Create(path, b, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	return err
}

// hasData reports whether there is a database that a key could open.
func (c *call) hasData() (bool, error) {
	if c.cfg.Database.Engine == "postgres" {
		return true, nil
	}
	_, err := os.Stat(databasePath(c.cfg))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
