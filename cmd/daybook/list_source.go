package main

import (
	"context"
	"slices"

	"daybook"
	"daybook/archive"
	"daybook/collectors/twitter"
)

// A sourceJSON says where a message came from: a place in a file, an address.
type sourceJSON struct {
	File    *daybook.Digest `json:"file,omitempty"`    // SHA-256 of the file that a person added
	Member  string          `json:"member,omitempty"`  // of that file, if it is an archive
	Pointer string          `json:"pointer,omitempty"` // in the member: a JSON pointer
	Offset  *int64          `json:"offset,omitempty"`  // in the member, in bytes
	URL     string          `json:"url,omitempty"`
}

// mostSkipped is how many entries are read in vain rather than read apart.
const mostSkipped = 16

// sources says where messages came from. Of one that came by several ways, the
// place in the first of the files.
func (a *app) sources(ctx context.Context, c daybook.CaseID, page []daybook.Message) ([]sourceJSON, error) {
	out := make([]sourceJSON, len(page))
	whose := map[uint64]int{} // entry to its place in page
	for i := range page {
		m := &page[i]
		out[i].URL = m.URL
		switch {
		case len(m.Captures) == 0:
		case m.Origin == daybook.Imported:
			whose[m.Captures[0]] = i
		case slices.Contains(m.Lanes, twitter.LaneArchive):
			for _, n := range m.Captures {
				whose[n] = i
			}
		}
	}
	entries := make([]uint64, 0, len(whose))
	for n := range whose {
		entries = append(entries, n)
	}
	slices.Sort(entries)
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n]-entries[n-1] <= mostSkipped {
			n++
		}
		from := entries[0]
		batch, err := a.log.Batch(ctx, c, from, int(entries[n-1]-from)+1)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			at, asked := whose[batch[i].Index]
			if asked && out[at].File == nil {
				out[at].place(&batch[i])
			}
		}
		entries = entries[n:]
	}
	return out, nil
}

// place takes in the place that an entry tells of.
func (s *sourceJSON) place(e *archive.Entry) {
	it, err := e.Item()
	if err != nil || it.Capture.File.IsZero() {
		return // it could not be read, or it came from the platform
	}
	file := it.Capture.File
	s.File = &file
	s.Member, s.Pointer = daybook.SplitPlace(it.Capture.Member)
	if at := it.Capture.Offset; at >= 0 {
		s.Offset = &at
	}
}
