package twitter

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"daybook"
)

// What is taken of a profile is bounded: X limits it too.
const (
	maxName        = 400   // bytes
	maxProfileText = 8_000 // bytes
	maxLink        = 1_000 // bytes
)

// A v2User is what a user object says. Entities hold the addresses behind X's
// short ones.
type v2User struct {
	ID          number `json:"id"`
	Username    string `json:"username"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Location    string `json:"location"`
	URL         string `json:"url"`
	CreatedAt   string `json:"created_at"`
	Picture     string `json:"profile_image_url"`
	Verified    string `json:"verified_type"`
	Protected   bool   `json:"protected"`
	Entities    struct {
		URL         v2Entities `json:"url"`
		Description v2Entities `json:"description"`
	} `json:"entities"`
}

// Profiles reads what the accounts in one capture show of themselves, each
// account once, the person's own left out. It is pure. Bytes that are not of the
// expected form give nothing, never a panic. Entry and Seen are left to the
// caller, and nothing is fetched.
func Profiles(self daybook.Account, c daybook.Capture) []daybook.Profile {
	switch {
	case c.Lane == LaneActivity:
		return profilesActivity(self, c.Raw)
	case c.Lane != LaneArchive && isV11(c.Raw):
		return profilesV11(self, c.Raw)
	}
	var e struct {
		Includes struct {
			Users []v2User `json:"users"`
		} `json:"includes"`
	}
	if c.Lane == LaneArchive || openV2(c.Raw, &e) != nil {
		return nil // an archive shows none; of other bytes Parse says what is wrong
	}
	var out []daybook.Profile
	for i := range e.Includes.Users {
		u := &e.Includes.Users[i]
		shown := u.profile()
		if u.ID == "" || string(u.ID) == self.Handle.Native || len(out) == most ||
			slices.ContainsFunc(out, func(o daybook.Profile) bool { return o.Handle.Same(shown.Handle) }) {
			continue
		}
		out = append(out, shown)
	}
	return out
}

func (u *v2User) profile() daybook.Profile {
	p := daybook.Profile{
		Handle:  User(string(u.ID), "", ""),
		Account: shorten(u.Username, maxName),
		Display: shorten(norm.NFC.String(u.Name), maxName),
		Note:    shorten(plain(u.Description, u.Entities.Description), maxProfileText),
		Created: claimed(u.CreatedAt).At,
	}
	link := func(address string) {
		if address != "" && len(address) <= maxLink && len(p.Links) < most && !slices.Contains(p.Links, address) {
			p.Links = append(p.Links, address)
		}
	}
	if u.URL != "" {
		known := slices.IndexFunc(u.Entities.URL.URLs, func(l v2URL) bool { return l.URL == u.URL && l.Expanded != "" })
		if known >= 0 {
			link(u.Entities.URL.URLs[known].Expanded)
		} else {
			link(u.URL)
		}
	}
	for _, l := range u.Entities.Description.URLs {
		link(cmp.Or(l.Expanded, l.URL))
	}
	if u.Location != "" {
		p.Fields = append(p.Fields, "location: "+shorten(norm.NFC.String(u.Location), maxProfileText))
	}
	if u.Protected {
		p.Fields = append(p.Fields, "protected: yes")
	}
	if u.Verified != "" && u.Verified != "none" {
		p.Fields = append(p.Fields, "verified: "+shorten(u.Verified, most))
	}
	if len(u.Picture) <= maxLink && picture(u.Picture) {
		p.AvatarAt = u.Picture
	}
	return p
}

// picture reports whether an address is that of a picture which a user chose:
// those that X shows for accounts without one lie elsewhere.
func picture(address string) bool {
	at, err := url.Parse(address)
	return err == nil && at.Scheme == "https" && strings.EqualFold(at.Host, imageHost) && !strings.Contains(at.Path, "/default_profile")
}
