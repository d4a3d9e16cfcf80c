// Package xarchive reads the account archive of X: the ZIP file that X gives a
// person who asks for their data.
//
// What is in it is listed in data/manifest.js, which decides; the names of files
// have changed over the years. Each file is an assignment in JavaScript, of which
// the JSON is read and nothing is run. Conversations are read as they stream past:
// memory does not grow with the number of messages, but for eight bytes each.
//
// A capture is the exact bytes of one element; package twitter reads it, and says
// what its identifier means.
package xarchive

import (
	"context"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

// Kind is what the format is called in entries and on the command line.
const Kind = "x-archive"

// The threads that are no conversations.
const (
	ThreadPosts   = "posts"
	ThreadLogins  = "logins"
	ThreadBlocked = "blocked"
)

// Format returns the format.
func Format() upload.Format { return WithLimits(upload.DefaultLimits()) }

// WithLimits returns the format with other limits.
func WithLimits(l upload.Limits) upload.Format {
	return upload.Format{
		Kind:      Kind,
		Title:     "X account archive",
		Platform:  twitter.Platform,
		Recognize: func(ctx context.Context, f upload.File) upload.Recognition { return recognize(ctx, f, l) },
		Open: func(ctx context.Context, f upload.File, o upload.Options) (upload.Export, error) {
			return open(ctx, f, o, l)
		},
	}
}

// What to ask X for.
const (
	askX      = "at X, go to Settings, Your account, Download an archive of your data; X sends word after a day or more; add the ZIP file as it comes"
	needsZIP  = "this is one file out of the archive; add the whole ZIP file as X gave it. If you no longer have it: " + askX
	needsData = "this ZIP file holds only the pages to look at, or only pictures, and not the list of what is in the archive (data/manifest.js). " +
		"If X gave you several ZIP files, add the one with the list; else: " + askX
	needsInner = "the archive lies inside this ZIP file; take the inner ZIP file out and add it as it is"
	needsOld   = "this archive is of a form that X no longer makes, without a list of what is in it; " + askX
)

func recognize(ctx context.Context, f upload.File, l upload.Limits) upload.Recognition {
	head := upload.Head(f)
	if !upload.IsZIP(head) {
		text := strings.TrimSpace(strings.TrimPrefix(string(head), "\uFEFF"))
		switch {
		case strings.HasPrefix(text, "window.YTD."), strings.HasPrefix(text, "window.__THAR_CONFIG"):
			return upload.Recognition{Kind: Kind, Confidence: 90, Needs: needsZIP}
		case strings.HasPrefix(text, "<") && strings.EqualFold(path.Base(f.Name), "your archive.html"):
			return upload.Recognition{Kind: Kind, Confidence: 80, Needs: needsZIP}
		}
		return upload.Recognition{}
	}
	a, err := upload.OpenArchive(ctx, f, l)
	if err != nil {
		return upload.Recognition{} // upload.Recognize says why
	}
	switch m, err := findManifest(a); {
	case err != nil:
		return upload.Recognition{Kind: Kind, Confidence: 70} // Open says why not
	case m != nil:
		if _, _, err := readManifest(ctx, a); err != nil {
			return upload.Recognition{Kind: Kind, Confidence: 70}
		}
		return upload.Recognition{Kind: Kind, Confidence: 100}
	}
	if needs := needs(a); needs != "" {
		return upload.Recognition{Kind: Kind, Confidence: 70, Needs: needs}
	}
	return upload.Recognition{}
}

// needs says what to add instead of an archive that lacks its list.
func needs(a *upload.Archive) string {
	for _, m := range a.Members() {
		base := strings.ToLower(path.Base(m.Name))
		switch {
		case strings.HasPrefix(base, "twitter-") && path.Ext(base) == ".zip":
			return needsInner
		case path.Dir(m.Name) == "." && base == "tweets.csv", base == "direct-messages.js", base == "tweet.js", base == "tweets.js":
			return needsOld
		case base == "your archive.html",
			strings.Contains(m.Name, "data/direct_message") && strings.Contains(m.Name, "_media/"),
			strings.Contains(m.Name, "data/tweet") && strings.Contains(m.Name, "_media/"):
			return needsData
		}
	}
	return ""
}

// An export is an archive that was read once.
type export struct {
	a       *upload.Archive
	files   []file // that items are made of, in the order in which they are read
	self    daybook.Account
	summary upload.Summary
	media   mediaFiles
	notes   notes
	yielded int // items that there are
}

// Summary implements upload.Export.
func (e *export) Summary() upload.Summary { return e.summary }

// number is the place of a file among the others.
func (e *export) number(f *file) int {
	return slices.IndexFunc(e.files, func(o file) bool { return o.member == f.member })
}

// Close implements upload.Export.
func (e *export) Close() error { return nil }

func open(ctx context.Context, f upload.File, o upload.Options, l upload.Limits) (upload.Export, error) {
	a, err := upload.OpenArchive(ctx, f, l)
	if err != nil {
		return nil, err
	}
	m, root, err := readManifest(ctx, a)
	if err != nil {
		return nil, err
	}
	c := newCounter(a, m, root, o.Progress)
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	return c.finish(), nil
}

// errStopped says that whoever takes the items wants no more.
var errStopped = errors.New("stopped")

// Items implements upload.Export.
func (e *export) Items(ctx context.Context) iter.Seq2[upload.Item, error] {
	return func(yield func(upload.Item, error) bool) {
		n := 0
		emit := func(it upload.Item) error {
			n++
			if !yield(it, nil) {
				return errStopped
			}
			return nil
		}
		for i := range e.files {
			switch err := e.items(ctx, &e.files[i], emit); {
			case errors.Is(err, errStopped):
				return
			case err != nil:
				yield(upload.Item{}, err)
				return
			}
		}
		if n != e.yielded {
			yield(upload.Item{}, changed(""))
		}
	}
}

// items reads one file again.
func (e *export) items(ctx context.Context, f *file, emit func(upload.Item) error) error {
	s, err := openStream(ctx, f.member, nil)
	if err != nil {
		return err
	}
	m := maker{export: e, ctx: ctx, file: f}
	err = m.walk(s, emit)
	if errors.Is(err, errStopped) {
		return errors.Join(err, s.Close())
	}
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if s.digest() != f.digest {
		return changed(f.member.Name)
	}
	return s.Close()
}

// changed is the error for a file that is not what it was when it was counted.
func changed(name string) error {
	what := "the file was changed while it was read"
	if name != "" {
		what += ": “" + upload.Shown(name) + "”"
	}
	return &upload.RefusedError{What: what, Hint: "add it again, and leave it alone until it was read"}
}
