package daybook

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"
)

// A Handle is an account as a platform names it. Platform and Native are what
// equality means: Native is the platform's immutable identifier (Mastodon: the
// actor's URI, else the account name completed with its domain; X: user id;
// Bluesky: DID; mail: address). Names can change at any time and are never
// compared.
type Handle struct {
	Platform Platform   `json:"platform"`
	Native   string     `json:"native"`
	Names    []SeenName `json:"names,omitempty"`
}

// A SeenName is a name that a handle bore, with the first and last time that it
// was seen so.
type SeenName struct {
	Account string    `json:"account,omitzero"` // "kestrel_74@birds.example": what the platform shows as handle
	Display string    `json:"display,omitzero"` // free text; hostile
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
}

// IsZero reports whether h names nobody.
func (h Handle) IsZero() bool { return h.Native == "" }

// Same reports whether h and o are the same account of the same platform. It
// says nothing about who uses them.
func (h Handle) Same(o Handle) bool { return h.Platform == o.Platform && h.Native == o.Native }

// Ref is a key for maps: platform and native identifier. It is personal data.
func (h Handle) Ref() string { return string(h.Platform) + ":" + h.Native }

// Shown returns the newest name that people know the handle by: the account
// name if there is one, else the display name, else the native identifier. An
// account name of X, which looks like any word, has its "@" before it; an
// identifier that is a number is said to be one.
func (h Handle) Shown() string {
	for i := len(h.Names) - 1; i >= 0; i-- {
		if name := h.Names[i].Account; name != "" {
			if h.Platform == "x" && !strings.HasPrefix(name, "@") {
				return "@" + name
			}
			return name
		}
		if h.Names[i].Display != "" {
			return h.Names[i].Display
		}
	}
	if h.Native != "" && strings.Trim(h.Native, "0123456789") == "" {
		return "number " + h.Native
	}
	return h.Native
}

// LogValue keeps personal data out of logs: what is written cannot be turned
// back into the handle without guessing it.
func (h Handle) LogValue() slog.Value {
	sum := sha256.Sum256([]byte("daybook/log/v1\n" + h.Ref()))
	return slog.StringValue(hex.EncodeToString(sum[:4]))
}
