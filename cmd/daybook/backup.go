package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/internal/durable"
)

// A backup is one tar file: a manifest, the database (encrypted, as it lies on
// the disk) and the blobs (sealed). The key is not in it; what is derived is
// not either, but for what lies in the database.

type backupCommand struct {
	File string `arg:"" help:"The file to write. It must not be there."`
}

type backupManifest struct {
	Format  string                          `json:"format"`
	Version string                          `json:"version"`
	Cases   map[daybook.CaseID]archive.Mark `json:"cases"`
}

const backupFormat = "daybook-backup/v1"

func (cmd *backupCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		out := c.path(cmd.File)
		n, err := a.backup(c.ctx, out)
		if err != nil {
			return err
		}
		if c.cmd.JSON {
			return jsonLine(c.out, map[string]any{"file": out, "size": n})
		}
		_, err = fmt.Fprintf(c.out, "%s: %s; the key is not in it\n", cmd.File, plural(int(n), "byte", "bytes"))
		return err
	})
}

// backup writes the tar file, whole or not at all.
func (a *app) backup(ctx context.Context, out string) (size int64, err error) {
	if _, err := os.Stat(out); err == nil {
		return 0, fmt.Errorf("back up to %s: %w", out, os.ErrExist)
	}
	if a.cfg.Database.Engine != "sqlite" {
		return 0, fmt.Errorf("%w: the database is a PostgreSQL server: back it up with pg_dump, and the folder %s with it", daybook.ErrInvalid, blobPath(a.cfg))
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), ".daybook-backup-*")
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The database first: every blob that it names is in the folder already.
	copied := filepath.Join(dir, "daybook.db")
	if err := a.db.BackupTo(ctx, copied); err != nil {
		return 0, err
	}
	tmp := filepath.Join(dir, "backup.tar")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	w := tar.NewWriter(f)
	err = a.fillBackup(ctx, w, copied)
	if err = errors.Join(err, w.Close(), f.Sync(), f.Close()); err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	info, err := os.Stat(tmp)
	if err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	if err := os.Link(tmp, out); err != nil {
		return 0, fmt.Errorf("back up: %w", err)
	}
	return info.Size(), durable.SyncDir(filepath.Dir(out))
}

func (a *app) fillBackup(ctx context.Context, w *tar.Writer, database string) error {
	m := backupManifest{Format: backupFormat, Version: version, Cases: map[daybook.CaseID]archive.Mark{}}
	rows, err := a.db.Cases(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		size, root, err := a.log.Head(ctx, r.ID)
		if err != nil {
			return err
		}
		m.Cases[r.ID] = archive.Mark{Size: size, Root: root}
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: "manifest.json", Mode: 0o600, Size: int64(len(b))}); err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := tarFile(w, "daybook.db", database); err != nil {
		return err
	}
	return filepath.WalkDir(blobPath(a.cfg), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !blobName.MatchString(d.Name()) {
			return err
		}
		return tarFile(w, path.Join("blobs", d.Name()[:2], d.Name()), p)
	})
}

var blobName = regexp.MustCompile(`^[a-z2-7]{26}$`)

func tarFile(w *tar.Writer, name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

type restoreCommand struct {
	File    string   `arg:"" optional:"" help:"The backup, or a complete bundle that another daybook has made of a case."`
	Declare bool     `help:"A backup was put back by other means: declare it, so that the log goes on from there."`
	Case    string   `help:"With --declare: this case alone." placeholder:"CASE"`
	Name    string   `help:"With a bundle: what to call the case here." placeholder:"NAME"`
	Key     []string `help:"With a bundle: the fingerprint of the key of whoever kept the case, which you have by another way." placeholder:"FINGERPRINT"`
	Reason  string   `required:"" help:"Why, in your words. It is an entry of the log." placeholder:"TEXT"`
}

func (cmd *restoreCommand) Run(c *call) error {
	if (cmd.File == "") != cmd.Declare {
		return fmt.Errorf("%w: give a backup file, or --declare", errUsage)
	}
	if c.app != nil {
		return fmt.Errorf("%w: stop the running daybook first", daybook.ErrInvalid)
	}
	if cmd.File != "" {
		of, err := isBundle(c.path(cmd.File))
		if err != nil {
			return err
		}
		if of {
			return cmd.bundle(c, c.path(cmd.File))
		}
		if err := unpackBackup(c.cfg.Data, c.path(cmd.File)); err != nil {
			return err
		}
	}
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		rows, err := a.db.Cases(c.ctx)
		if err != nil {
			return err
		}
		refused := a.log.Refused()
		for _, r := range rows {
			if cmd.Case != "" && string(r.ID) != cmd.Case {
				continue
			}
			// Also a case whose log is no shorter gets its entry: that a
			// backup was put back belongs in the history.
			if cmd.Declare && refused[r.ID] == nil || r.WrappedKey == nil {
				continue
			}
			if err := a.log.DeclareRestore(c.ctx, actor, r.ID, cmd.Reason); err != nil {
				return err
			}
			// What was derived may know entries that are no longer there.
			if err := a.rebuild(c.ctx, r.ID); err != nil {
				return err
			}
			if err := a.settle(c.ctx, r.ID); err != nil {
				return err
			}
			size, _, err := a.log.Head(c.ctx, r.ID)
			if err != nil {
				return err
			}
			if c.cmd.JSON {
				err = jsonLine(c.out, map[string]any{"case": r.ID, "entries": size})
			} else {
				_, err = fmt.Fprintf(c.out, "case %s: put back; the break is entry %d of its log\n", r.ID, size-1)
			}
			if err != nil {
				return err
			}
			if err := c.warnOfErased(a, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// unpackBackup puts a backup into an empty data folder. Names in the file are
// not trusted: only those that backup writes are taken.
func unpackBackup(data, file string) (err error) {
	if _, err := os.Stat(filepath.Join(data, "daybook.db")); err == nil {
		return fmt.Errorf("restore %s: %w", filepath.Join(data, "daybook.db"), os.ErrExist)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	r := tar.NewReader(f)
	first := true
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("restore: %w: the file is not a whole backup: %w", daybook.ErrInvalid, err)
		}
		if first {
			var m backupManifest
			if h.Name != "manifest.json" || json.NewDecoder(io.LimitReader(r, 16<<20)).Decode(&m) != nil || m.Format != backupFormat {
				return fmt.Errorf("restore: %w: %s is not a backup that this version can read", daybook.ErrInvalid, file)
			}
			first = false
			continue
		}
		dir, name := path.Split(h.Name)
		if h.Name != "daybook.db" && (!blobName.MatchString(name) || dir != "blobs/"+name[:2]+"/") {
			return fmt.Errorf("restore: %w: the file holds %q, which no backup does", daybook.ErrInvalid, h.Name)
		}
		to := filepath.Join(data, filepath.FromSlash(h.Name))
		if h.Name == "daybook.db" {
			to += ".restoring" // its name comes last, when all is there
		}
		if err := unpackOne(to, r); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if first {
		return fmt.Errorf("restore: %w: %s is empty", daybook.ErrInvalid, file)
	}
	if err := os.Rename(filepath.Join(data, "daybook.db.restoring"), filepath.Join(data, "daybook.db")); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return durable.SyncDir(data)
}

func unpackOne(to string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

type rebuildCommand struct {
	Case string `help:"This case alone." placeholder:"CASE"`
}

func (cmd *rebuildCommand) Run(c *call) error {
	return c.with(func(a *app) error {
		actor, err := c.actor(a, "")
		if err != nil {
			return err
		}
		if err := a.cases.Authorize(c.ctx, actor, "", cases.Operate); err != nil {
			return err
		}
		rows, err := a.db.Cases(c.ctx)
		if err != nil {
			return err
		}
		found := false
		for _, r := range rows {
			if cmd.Case != "" && string(r.ID) != cmd.Case {
				continue
			}
			found = true
			if r.WrappedKey == nil {
				if cmd.Case != "" {
					return errErasedCase(r.ID)
				}
				continue
			}
			if err := a.rebuild(c.ctx, r.ID); err != nil {
				return err
			}
			counts, err := a.db.Counts(c.ctx, r.ID)
			if err != nil {
				return err
			}
			if c.cmd.JSON {
				err = jsonLine(c.out, map[string]any{"case": r.ID, "messages": counts.Messages})
			} else {
				_, err = fmt.Fprintf(c.out, "case %s: %s\n", r.ID, plural(counts.Messages, "message", "messages"))
			}
			if err != nil {
				return err
			}
		}
		if !found && cmd.Case != "" {
			return fmt.Errorf("case %s: %w", cmd.Case, daybook.ErrNotFound)
		}
		return nil
	})
}

// rebuild throws away what is derived from a case's log and makes it again. It
// sends nothing: what had been told of stays told.
func (a *app) rebuild(ctx context.Context, id daybook.CaseID) error {
	if err := a.db.ResetDerived(ctx, id); err != nil {
		return err
	}
	if err := a.index.Drop(ctx, id); err != nil {
		return err
	}
	return a.catchUp(ctx, id)
}
