package report

import (
	"fmt"
	"strings"

	"daybook"
	"daybook/export"
	"daybook/internal/pdf"
)

// pictureHeight is how high a picture is shown, in points: enough to tell what
// it is. The bundle has the whole of it.
const pictureHeight = 150

// attachments lists the attachments of an exhibit.
func (w *writer) attachments(c *cell, x *export.Exhibit) {
	if reason, is := fieldWithheld(x, export.FieldAttachments); is {
		c.line(withheld("attachments are withheld: " + reason))
		return
	}
	for i, m := range x.Media {
		label := fmt.Sprintf("Attachment %d", i+1)
		if m.Type != "" {
			label += ": " + name(m.Type)
		}
		if m.Withheld != "" {
			c.line(text(label+" "), withheld("withheld: "+name(m.Withheld)))
			continue
		}
		if m.Bytes > 0 {
			label += fmt.Sprintf(", %d bytes", m.Bytes)
		}
		c.line(text(label + "." + mediaState(&m)))
		if m.Description != "" {
			c.line(dim("Described as: "), text(name(m.Description)))
		}
		if !m.Digest.IsZero() {
			c.line(dim("SHA-256 "), pdf.Span{Text: inFours(m.Digest.String()), Mono: true, Dim: true})
		}
		if m.File != "" {
			c.line(dim("File "), pdf.Span{Text: m.File, Mono: true, Dim: true})
		}
	}
}

// mediaState says why there are no bytes; "" if there are.
func mediaState(m *export.ExhibitMedia) string {
	switch {
	case m.File != "":
		return ""
	case m.Why != "":
		why := name(m.Why)
		return " " + capital(why) + "."
	}
	switch m.State {
	case daybook.MediaPending:
		return " Not fetched yet."
	case daybook.MediaMissing:
		return " Asked for, and not to be had from the server."
	case daybook.MediaRefused:
		return " Not fetched: it lies on a server that is not asked, because whoever runs it would see that somebody looked."
	}
	return ""
}

// pictures shows the pictures among the attachments below the exhibit's row.
func (c *chronicle) pictures(x *export.Exhibit) {
	if _, is := fieldWithheld(x, export.FieldAttachments); is || c.media == nil {
		return
	}
	for i, m := range x.Media {
		if m.File == "" || m.Withheld != "" || m.Digest.IsZero() || !isPicture(m.Type, m.File) {
			continue
		}
		label := fmt.Sprintf("Exhibit %s, attachment %d", x.FromMark, i+1)
		data, err := c.media(c.ctx, m.Digest)
		c.close()
		if err == nil {
			alt := label
			if m.Description != "" {
				alt += ", described as: " + name(m.Description)
			}
			c.d.KeepTogether(func() {
				if err = c.d.Image(alt, data, pictureHeight); err == nil {
					c.note(label + ". Shown small; the bundle has it as it came.")
				}
			})
		}
		if err != nil { // the picture is said to be missing; the report goes on
			c.note(label + " cannot be shown here. The bundle has it as it came.")
		}
	}
}

// isPicture reports whether an attachment may be one of the four kinds of
// picture that are shown. The type is only a claim: whoever draws it looks.
func isPicture(mediaType, file string) bool {
	switch strings.ToLower(mediaType) {
	case "image", "image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp":
		return true
	}
	return strings.HasSuffix(file, ".jpg") || strings.HasSuffix(file, ".png") || strings.HasSuffix(file, ".gif") || strings.HasSuffix(file, ".webp")
}
