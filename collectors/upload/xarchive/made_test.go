package xarchive_test

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
)

// A made archive is one that a test writes: data types by name, each with the
// JSON of its parts, and other members.
type made struct {
	types   map[string][]string // "directMessages": parts
	folders map[string]string   // of a data type: its media directory
	others  map[string]string   // members by name
	info    string              // of archiveInfo
	user    string              // of userInfo
	top     string              // folder that all lies in
	files   map[string]string   // by data type: what its file is called
	edit    func(manifest string) string
}

const (
	me    = "1480000101"
	ruben = "2220000101"
)

// fileNames are what X calls the files of data types.
func fileName(kind string, part int) string {
	var b strings.Builder
	for _, r := range kind {
		if 'A' <= r && r <= 'Z' {
			b.WriteString("-" + strings.ToLower(string(r)))
			continue
		}
		b.WriteRune(r)
	}
	if part > 0 {
		fmt.Fprintf(&b, "-part%d", part)
	}
	return b.String() + ".js"
}

// file writes the archive.
func (a made) file(t testing.TB) upload.File {
	t.Helper()
	if a.info == "" {
		a.info = `"generationDate":"2026-11-18T08:00:00.000Z","isPartialArchive":false`
	}
	if a.user == "" {
		a.user = `"accountId":"` + me + `","userName":"maralindqvist","displayName":"Mara Lindqvist"`
	}
	var types []string
	members := map[string]string{a.top + "Your archive.html": "<!DOCTYPE html>"}
	for kind, parts := range a.types {
		var files []string
		for i, part := range parts {
			name := "data/" + fileName(kind, i)
			if a.files[kind] != "" {
				name = a.files[kind]
			}
			files = append(files, fmt.Sprintf(`{"fileName":%q,"globalName":"YTD.a.part%d","count":"1"}`, name, i))
			if part != "" {
				members[a.top+name] = fmt.Sprintf("window.YTD.a.part%d = %s", i, part)
			}
		}
		folder := ""
		if a.folders[kind] != "" {
			folder = fmt.Sprintf(`,"mediaDirectory":%q`, a.folders[kind])
		}
		types = append(types, fmt.Sprintf(`%q:{"files":[%s]%s}`, kind, strings.Join(files, ","), folder))
	}
	slices.Sort(types)
	manifest := fmt.Sprintf(`window.__THAR_CONFIG = {"userInfo":{%s},"archiveInfo":{%s},"dataTypes":{%s}}`, a.user, a.info, strings.Join(types, ","))
	if a.edit != nil {
		manifest = a.edit(manifest)
	}
	members[a.top+"data/manifest.js"] = manifest
	for name, body := range a.others {
		members[a.top+name] = body
	}
	return uploadtest.Zipped(t, "twitter-made.zip", func(z *zip.Writer) error {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			w, err := z.Create(name)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(w, members[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// conversation is one with elements in it.
func conversation(id string, elements ...string) string {
	return fmt.Sprintf(`[{"dmConversation":{"conversationId":%q,"messages":[%s]}}]`, id, strings.Join(elements, ","))
}

// message is a message with further members.
func message(id, sender, text string, more ...string) string {
	members := append([]string{
		fmt.Sprintf(`"id":%q,"senderId":%q,"text":%q,"createdAt":"2026-10-03T10:00:00.000Z"`, id, sender, text),
	}, more...)
	return `{"messageCreate":{` + strings.Join(members, ",") + `}}`
}

// texts returns the texts of all messages, in their order.
func texts(items []upload.Item) []string {
	var list []string
	for _, it := range items {
		if it.Item.Reading == nil {
			continue
		}
		for _, m := range it.Item.Reading.Messages {
			list = append(list, m.Text)
		}
	}
	return list
}
