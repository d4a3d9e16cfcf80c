package upload

import (
	"bytes"
	"context"
	"errors"
	"path"
	"strings"
)

// Recognize returns the Format that knows a file best. It looks at the file's
// beginning and at its list of members, not at what is in them.
//
// The error is a *RefusedError that says what to do instead if the file cannot be
// opened; it is ErrUnknown as well if no Format knows it.
func Recognize(ctx context.Context, f File, formats ...Format) (Format, Recognition, error) {
	var (
		format Format
		best   Recognition
	)
	for _, candidate := range formats {
		if r := candidate.Recognize(ctx, f); r.Kind != "" && r.Confidence > best.Confidence {
			format, best = candidate, r
		}
	}
	switch {
	case ctx.Err() != nil:
		return Format{}, Recognition{}, ctx.Err()
	case best.Kind == "":
		return Format{}, Recognition{}, unknown(ctx, f)
	case best.Needs != "":
		return format, best, refuse("this belongs to “"+format.Title+"”, but cannot be read as it is", best.Needs)
	}
	return format, best, nil
}

// An unknownError is ErrUnknown with what to do about it.
type unknownError struct{ refused *RefusedError }

func (e *unknownError) Error() string   { return e.refused.Error() }
func (e *unknownError) Unwrap() []error { return []error{e.refused, ErrUnknown} }

// unknown says as well as it can what a file is that no Format knows.
func unknown(ctx context.Context, f File) error {
	say := func(what, hint string) error { return &unknownError{&RefusedError{What: what, Hint: hint}} }
	if f.Size == 0 {
		return say("the file is empty", "download it from the platform again")
	}
	head := Head(f)
	switch {
	case len(head) == 0:
		return say("the file cannot be read", "try it again")
	case IsZIP(head):
		a, err := OpenArchive(ctx, f, DefaultLimits())
		var refused *RefusedError
		switch {
		case errors.As(err, &refused):
			return &unknownError{refused}
		case err != nil:
			return err
		case len(a.Members()) == 0:
			return say("there is nothing in this ZIP file", "download it from the platform again")
		}
		if title := foreignMembers(a); title != "" {
			return later(title)
		}
		if m := a.Packed(); m != "" {
			return say("there is another packed file in this one, “"+Shown(m)+"”", "take it out and add it by itself")
		}
	default:
		if title := foreignHead(f.Name, head); title != "" {
			return later(title)
		}
		if packed(head) {
			return say("this is a packed file that is no ZIP file", "add the file as the platform gave it")
		}
	}
	return say(ErrUnknown.Error(), "add the file that the platform gave you when you asked for your data, as it came")
}

// later is the answer for files that are known and that no reader is there for.
func later(title string) error {
	return &unknownError{&RefusedError{
		What: "this looks like a file of “" + title + "”, and this version cannot read it yet",
		Hint: "keep the file as it is: a later version may read it, and it proves most if nobody has changed it",
	}}
}

// Head returns the first bytes of a file, up to 4096; fewer if it is shorter or
// cannot be read.
func Head(f File) []byte {
	b := make([]byte, min(f.Size, 4096))
	if readFull(f, b, 0) != nil {
		return nil
	}
	return b
}

// IsZIP reports whether a file that begins like this is a ZIP file, whole or not.
func IsZIP(head []byte) bool {
	return bytes.HasPrefix(head, []byte(signLocal)) || bytes.HasPrefix(head, []byte(signEnd))
}

// Packed returns the name of the first member that is a packed file itself, ""
// if there is none. It is never opened.
func (a *Archive) Packed() string {
	for _, m := range a.members {
		switch strings.ToLower(path.Ext(m.Name)) {
		case ".zip", ".7z", ".rar", ".tar", ".gz", ".tgz":
			return m.Name
		}
	}
	return ""
}

func packed(head []byte) bool {
	for _, sign := range []string{"7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(head, []byte(sign)) {
			return true
		}
	}
	return len(head) > 262 && string(head[257:262]) == "ustar"
}

// foreignMembers names whose export an archive looks like.
func foreignMembers(a *Archive) string {
	for _, m := range a.members {
		name := strings.ToLower(m.Name)
		base := path.Base(name)
		switch {
		case base == "_chat.txt", strings.HasPrefix(base, "whatsapp chat"):
			return "WhatsApp"
		case strings.Contains(name, "your_instagram_activity/"):
			return "Instagram"
		case strings.Contains(name, "your_facebook_activity/"), strings.Contains(name, "messages/inbox/"):
			return "Facebook"
		case strings.HasSuffix(name, "json/chat_history.json"):
			return "Snapchat"
		case strings.HasPrefix(base, "user_data") && path.Ext(base) == ".json":
			return "TikTok"
		case base == "result.json":
			return "Telegram"
		case strings.HasPrefix(name, "messages/c") && strings.HasSuffix(base, ".json"), name == "messages/index.json":
			return "Discord"
		case path.Ext(base) == ".mbox", path.Ext(base) == ".eml":
			return "e-mail"
		}
	}
	return ""
}

// foreignHead names what a file looks like by its beginning, and by its name
// where that tells nothing.
func foreignHead(name string, head []byte) string {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	text := strings.ToLower(string(bytes.TrimPrefix(bytes.ReplaceAll(head, []byte{0}, nil), []byte("\xef\xbb\xbf"))))
	is := func(ext string) bool { return strings.HasSuffix(name, ext) }
	switch {
	case strings.Contains(text, "<smses"), strings.Contains(text, "<calls "):
		return "SMS Backup & Restore"
	case strings.HasPrefix(text, "from ") && strings.Contains(text, "\n"), is(".mbox"), is(".eml"):
		return "e-mail"
	case is(".txt") && (strings.HasPrefix(name, "whatsapp chat") || name == "_chat.txt" || strings.Contains(text, "end-to-end encrypted")):
		return "WhatsApp"
	case is(".json") && (strings.HasPrefix(name, "user_data") || strings.Contains(text, `"direct messages"`)):
		return "TikTok"
	case is(".json") && (name == "result.json" || strings.Contains(text, `"personal_chat"`)):
		return "Telegram"
	case is("chat_history.json"):
		return "Snapchat"
	case is(".tar.gz") && strings.HasPrefix(name, "archive-"):
		return "Mastodon"
	}
	return ""
}
