package xarchive

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"daybook"
	"daybook/collectors/twitter"
	"daybook/collectors/upload"
)

// mediaFolders are where attachments have lain over the years, beside those that
// the list of contents names.
var mediaFolders = []string{
	"direct_messages_media", "direct_message_media", "direct_messages_group_media", "direct_message_group_media",
	"direct_messages_group", "tweets_media", "tweet_media", "deleted_tweets_media", "community_tweet_media",
}

// mediaFiles finds attachments. They are called "<message>-<file>".
type mediaFiles struct {
	byName    map[string]*upload.Member   // without the folder
	byMessage map[string][]*upload.Member // by what stands before the first "-"
}

// newMediaFiles takes in all files in the folders for attachments.
func newMediaFiles(a *upload.Archive, m *manifest, root string) mediaFiles {
	folders := make(map[string]bool)
	for _, name := range mediaFolders {
		folders[root+"data/"+name] = true
	}
	for _, t := range m.DataTypes {
		if t.MediaDirectory != "" {
			folders[path.Clean(root+t.MediaDirectory)] = true
		}
	}
	f := mediaFiles{byName: make(map[string]*upload.Member), byMessage: make(map[string][]*upload.Member)}
	for _, m := range a.Members() {
		dir, name := path.Split(m.Name)
		message, _, ok := strings.Cut(name, "-")
		if !ok || !folders[strings.TrimSuffix(dir, "/")] {
			continue
		}
		if f.byName[name] == nil {
			f.byName[name] = m
		}
		f.byMessage[message] = append(f.byMessage[message], m)
	}
	return f
}

// find returns the file of an attachment, nil if it is not there. If a message has
// one attachment and one file, they belong together whatever the file is called:
// that of a moving picture has varied.
func (f mediaFiles) find(message, address string, only bool) *upload.Member {
	_, name := twitter.ArchiveMedia(address)
	if m := f.byName[message+"-"+name]; m != nil && name != "" {
		return m
	}
	if files := f.byMessage[message]; only && len(files) == 1 {
		return files[0]
	}
	return nil
}

// attach finds the files of a message. addresses are in the order of media.
func (e *export) attach(ctx context.Context, message string, media []daybook.Media, addresses []string) []upload.Attachment {
	if len(media) == 0 || len(media) > len(addresses) {
		return nil
	}
	list := make([]upload.Attachment, 0, len(media))
	for i := range media {
		a := upload.Attachment{Media: media[i]}
		if m := e.media.find(message, addresses[i], len(media) == 1); m != nil {
			a.Member, a.Size = m.Name, m.Size
			a.Open = func() (io.ReadCloser, error) { return m.Open(ctx) }
		}
		list = append(list, a)
	}
	return list
}

// unnamed returns how many files belong to messages that are not in used.
func (f mediaFiles) unnamed(used map[string]bool) (n int, first string) {
	var names []string
	for _, files := range f.byMessage {
		for _, m := range files {
			if !used[m.Name] && strings.Contains(m.Name, "/direct_message") {
				names = append(names, m.Name)
			}
		}
	}
	if len(names) == 0 {
		return 0, ""
	}
	return len(names), slices.Min(names)
}
