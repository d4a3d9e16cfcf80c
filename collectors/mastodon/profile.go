package mastodon

import (
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"daybook"
)

// What is taken of a profile is bounded: servers limit it too, each in its way.
const (
	maxProfiles     = 64    // of one capture
	maxProfileText  = 8_000 // bytes of a note, a field or a name
	maxProfileLinks = 32
	maxFields       = 32
	maxLink         = 1_000 // bytes
)

// A jsonProfile is what an account object says beside its name.
type jsonProfile struct {
	jsonAccount
	Note         string      `json:"note"`
	CreatedAt    string      `json:"created_at"`
	Bot          bool        `json:"bot"`
	Avatar       string      `json:"avatar"`
	AvatarStatic string      `json:"avatar_static"`
	Fields       []jsonField `json:"fields"`
	AlsoKnownAs  []string    `json:"also_known_as"`
	Moved        *struct {
		jsonAccount
	} `json:"moved"`
}

type jsonField struct {
	Name  string `json:"name"`
	Value string `json:"value"` // HTML
}

// jsonShowing is any capture, for the accounts that it shows: a notification or
// a request, a conversation, or a status.
type jsonShowing struct {
	Account    *jsonProfile   `json:"account"`
	Accounts   []jsonProfile  `json:"accounts"`
	Status     *jsonShowingIn `json:"status"`
	LastStatus *jsonShowingIn `json:"last_status"`
}

type jsonShowingIn struct {
	Account *jsonProfile `json:"account"`
}

// Profiles reads what the accounts in one capture show of themselves, each
// account once, the person's own left out. It is pure. Bytes that are not of the
// expected form give nothing, never a panic. Entry and Seen are left to the
// caller, and nothing is fetched.
func Profiles(self daybook.Account, c daybook.Capture) []daybook.Profile {
	var s jsonShowing
	if err := json.Unmarshal(c.Raw, &s, lenient); err != nil {
		return nil // Parse says so
	}
	p := parser{self: self, domain: accountDomain(self)}
	var out []daybook.Profile
	add := func(a *jsonProfile) {
		if a == nil || a.Acct == "" && a.URI == "" || len(out) == maxProfiles || p.isSelf(a.jsonAccount) {
			return
		}
		shown := p.profile(a)
		if !slices.ContainsFunc(out, func(o daybook.Profile) bool { return o.Handle.Same(shown.Handle) }) {
			out = append(out, shown)
		}
	}
	add(s.Account)
	for _, in := range []*jsonShowingIn{s.Status, s.LastStatus} {
		if in != nil {
			add(in.Account)
		}
	}
	for i := range s.Accounts {
		add(&s.Accounts[i])
	}
	return out
}

func (p *parser) profile(a *jsonProfile) daybook.Profile {
	h := a.handle(p.domain)
	out := daybook.Profile{
		Handle:  daybook.Handle{Platform: h.Platform, Native: h.Native},
		Account: cut(h.Names[0].Account, maxProfileText),
		Display: cut(norm.NFC.String(a.DisplayName), maxProfileText),
		Note:    cut(norm.NFC.String(Text(a.Note)), maxProfileText),
		Created: when(a.CreatedAt).At,
		Bot:     a.Bot,
	}
	_, out.Server, _ = strings.Cut(strings.ToLower(out.Account), "@")
	out.Links = addresses(nil, a.Note)
	for _, f := range a.Fields[:min(len(a.Fields), maxFields)] {
		out.Fields = append(out.Fields, cut(norm.NFC.String(strings.TrimSpace(Text(f.Name)+": "+Text(f.Value))), maxProfileText))
		out.Links = addresses(out.Links, f.Value)
	}
	if m := a.Moved; m != nil && (m.Acct != "" || m.URI != "") {
		out.Moved = m.handle(p.domain).Ref()
	}
	for _, uri := range a.AlsoKnownAs[:min(len(a.AlsoKnownAs), maxFields)] {
		if uri != "" && len(uri) <= maxLink {
			out.Aliases = append(out.Aliases, daybook.Handle{Platform: Platform, Native: uri}.Ref())
		}
	}
	for _, at := range []string{a.Avatar, a.AvatarStatic} {
		if out.AvatarAt == "" && len(at) <= maxLink && p.ownHost(at) && !defaultPicture(at) {
			out.AvatarAt = at
		}
	}
	return out
}

// defaultPicture reports whether an address is that of the picture which a
// server shows for accounts without one: Mastodon's missing.png, and
// GoToSocial's drawings.
func defaultPicture(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	return strings.HasSuffix(u.Path, "/missing.png") || strings.Contains(u.Path, "/default_avatars/") || strings.Contains(u.Path, "/default_avatar.")
}

// addresses adds those that HTML points to. Mentions and hashtags point to
// where the server keeps them and are left out.
func addresses(found []string, content string) []string {
	z := html.NewTokenizer(strings.NewReader(content))
	for len(found) < maxProfileLinks {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken:
			name, more := z.TagName()
			if string(name) != "a" {
				continue
			}
			href, class := "", ""
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch string(key) {
				case "href":
					href = strings.TrimSpace(string(value))
				case "class":
					class = string(value)
				}
			}
			if href == "" || len(href) > maxLink || strings.Contains(class, "mention") || strings.Contains(class, "hashtag") || slices.Contains(found, href) {
				continue
			}
			found = append(found, href)
		}
	}
	return found
}

// cut returns at most n bytes of s, no character cut in two.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
