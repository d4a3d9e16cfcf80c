package export

import (
	"fmt"
	"strings"

	"daybook"
)

// attachments tells of the attachments of a message, whose entries these are.
func (s *Shown) attachments(m *daybook.Message, entries []EntryLine) []ExhibitMedia {
	why, withheld := s.choice.redacted[m.Key][FieldAttachments]
	var out []ExhibitMedia
	for _, md := range m.Media {
		x := ExhibitMedia{Media: md}
		for i := range entries {
			e := &entries[i]
			if e.Kind != daybook.RecordMedia || e.Media == nil || !sameMedia(md, *e.Media) {
				continue
			}
			x.Entry, x.Why = e.Index, e.Why
			if !e.Media.Digest.IsZero() {
				x.Digest, x.Bytes, x.Type = e.Media.Digest, e.Media.Bytes, e.Media.Type
				x.File = ItemFolder(e.Index) + "/media/" + MediaName(*e.Media)
				x.Why = ""
				break
			}
		}
		if x.File == "" && x.Why == "" {
			x.Why = whyNoBytes(md.State)
		}
		if withheld {
			x = ExhibitMedia{Entry: x.Entry, Withheld: why}
		}
		out = append(out, x)
	}
	return out
}

// sameMedia reports whether a record tells of an attachment: by its identifier,
// else by its bytes or its address.
func sameMedia(a, b daybook.Media) bool {
	switch {
	case a.Native != "" || b.Native != "":
		return a.Native == b.Native
	case !a.Digest.IsZero() && !b.Digest.IsZero():
		return a.Digest == b.Digest
	}
	return a.URL == b.URL
}

func whyNoBytes(s daybook.MediaState) string {
	switch s {
	case daybook.MediaMissing:
		return "the server no longer had it"
	case daybook.MediaRefused:
		return "it lies on a host that is not asked"
	case daybook.MediaKept:
		return "its bytes are not in this bundle"
	}
	return "it was not fetched yet"
}

// ItemFolder is the folder of an entry in a bundle: "data/items/000123".
func ItemFolder(entry uint64) string { return fmt.Sprintf("data/items/%06d", entry) }

// MediaName is the name of an attachment's file: the beginning of its SHA-256 and
// an ending from a closed list, by the type that the platform says; where that is
// only a word ("image"), by the ending of its address. Both may be wrong.
func MediaName(m daybook.Media) string {
	kind, _, _ := strings.Cut(strings.ToLower(m.Type), ";")
	ending := ".bin"
	switch kind = strings.TrimSpace(kind); kind {
	case "image/jpeg":
		ending = ".jpg"
	case "image/png":
		ending = ".png"
	case "image/gif":
		ending = ".gif"
	case "image/webp":
		ending = ".webp"
	case "video/mp4":
		ending = ".mp4"
	case "video/webm":
		ending = ".webm"
	case "audio/mpeg":
		ending = ".mp3"
	case "audio/ogg":
		ending = ".ogg"
	case "image", "video", "gifv", "audio":
		ending = endingOf(m.URL)
	}
	return m.Digest.String()[:16] + ending
}

// endingOf is the ending of an address, if it is one that files of a bundle have.
func endingOf(address string) string {
	address, _, _ = strings.Cut(address, "?")
	dot := strings.LastIndexByte(address, '.')
	if dot < 0 {
		return ".bin"
	}
	switch ending := strings.ToLower(address[dot:]); ending {
	case ".jpg", ".png", ".gif", ".webp", ".mp4", ".webm", ".mp3", ".ogg":
		return ending
	case ".jpeg":
		return ".jpg"
	}
	return ".bin"
}

const addressWithheld = "[an address, withheld]"

// addressCovers are the addresses of pages in the texts of a message.
func addressCovers(m *daybook.Message, why string) (out []Cover) {
	texts := []string{m.Text}
	for _, v := range m.Versions {
		texts = append(texts, v.Text)
	}
	for _, t := range texts {
		for word := range strings.FieldsFuncSeq(t, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"<>()[]{}", r) }) {
			if word = strings.TrimRight(word, ".,;:!?'"); isAddress(word) {
				out = append(out, Cover{Word: word, As: addressWithheld, Reason: why})
			}
		}
	}
	return out
}

// isAddress reports whether a word of a text leads to a page: with a scheme, or a
// host and a path.
func isAddress(word string) bool {
	if strings.Contains(word, "://") || strings.HasPrefix(strings.ToLower(word), "www.") {
		return true
	}
	host, _, path := strings.Cut(word, "/")
	dot := strings.LastIndexByte(host, '.')
	return path && dot > 0 && dot < len(host)-2 && !strings.Contains(host, "@")
}
