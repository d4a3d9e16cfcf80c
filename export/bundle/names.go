package bundle

import (
	"fmt"
	"strings"

	"daybook/export"
)

// earlierName is what the files of an earlier checkpoint begin with.
func earlierName(size uint64) string { return fmt.Sprintf("log/earlier/%06d.", size) }

// fileNames makes a name for each authority that is short, ASCII and unlike the
// others: "Example TSA 1" is "example-tsa-1".
func fileNames(stamps []export.Stamp) []string {
	out := make([]string, len(stamps))
	taken := map[string]bool{"key": true} // key.pem is the log's own
	for i, s := range stamps {
		base := slug(s.Authority)
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[name] = true
		out[i] = name
	}
	return out
}

const maxSlug = 30

func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case b.Len() >= maxSlug:
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "authority"
}
