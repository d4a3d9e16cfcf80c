package xarchive

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/collectors/upload"
)

// maxManifest is the largest list of contents that is read, in bytes. Those of X
// have some ten thousand.
const maxManifest = 8 << 20

// loose takes bytes that are not UTF-8: a sender can write half a character.
var loose = jsontext.AllowInvalidUTF8(true)

// A manifest lists what is in an archive.
type manifest struct {
	UserInfo struct {
		AccountID   scalar `json:"accountId"`
		UserName    string `json:"userName"`
		DisplayName string `json:"displayName"`
	} `json:"userInfo"`
	ArchiveInfo struct {
		GenerationDate string `json:"generationDate"`
		IsPartial      scalar `json:"isPartialArchive"`
	} `json:"archiveInfo"`
	DataTypes map[string]dataType `json:"dataTypes"`
}

type dataType struct {
	MediaDirectory string `json:"mediaDirectory"`
	Files          []struct {
		FileName string `json:"fileName"`
		Count    scalar `json:"count"`
	} `json:"files"`
}

// made is when X made the archive; zero if it does not say.
func (m *manifest) made() time.Time {
	t, err := time.Parse(time.RFC3339Nano, m.ArchiveInfo.GenerationDate)
	if err != nil || t.Year() < 2006 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// types returns the names of the data types in their order.
func (m *manifest) types() []string {
	names := make([]string, 0, len(m.DataTypes))
	for name := range m.DataTypes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// plain is the name of a data type as it is compared: it was written in several
// ways.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// manifestName is where the list of contents lies in the archive's folder.
const manifestName = "data/manifest.js"

// findManifest returns the list of contents; nil if there is none.
func findManifest(a *upload.Archive) (*upload.Member, error) {
	var found *upload.Member
	for _, m := range a.Members() {
		if (m.Name == manifestName || strings.HasSuffix(m.Name, "/"+manifestName)) && !strings.HasPrefix(m.Name, "__MACOSX/") {
			if found != nil {
				return nil, refuse("there are several archives in it", "add each archive by itself, as X gave it")
			}
			found = m
		}
	}
	return found, nil
}

// readManifest returns the list of contents, and the folder that all of it lies
// in: "" or a name that ends with a slash.
func readManifest(ctx context.Context, a *upload.Archive) (*manifest, string, error) {
	found, err := findManifest(a)
	if err != nil {
		return nil, "", err
	}
	if found == nil {
		return nil, "", refuse("the list of what is in the archive (data/manifest.js) is missing", askX)
	}
	if found.Size > maxManifest {
		return nil, "", refuse("the list of what is in the archive is too long", askX)
	}
	s, err := openStream(ctx, found, nil)
	if err != nil {
		return nil, "", err
	}
	defer s.Close()
	m := new(manifest)
	if err := json.UnmarshalDecode(s.d, m, loose); err != nil {
		return nil, "", s.fail(err)
	}
	if err := s.end(); err != nil {
		return nil, "", err
	}
	if len(m.DataTypes) == 0 {
		return nil, "", refuse("the list of what is in the archive is empty", askX)
	}
	return m, strings.TrimSuffix(found.Name, manifestName), nil
}

// A scalar is text, a number or a truth value, as text: numbers are written in
// both ways.
type scalar string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *scalar) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"', '0', 't', 'f':
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		*s = scalar(t.String())
		return nil
	}
	*s = ""
	return d.SkipValue()
}

func refuse(what, hint string) error { return &upload.RefusedError{What: what, Hint: hint} }
