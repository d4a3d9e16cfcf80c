package fakex

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) { return encode(o) }

// encode writes JSON without the escapes that Go adds for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := put(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func put(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case object:
		return putAll(b, '{', len(v), '}', func(i int) error {
			if err := put(b, v[i].name); err != nil {
				return err
			}
			b.WriteByte(':')
			return put(b, v[i].value)
		})
	case []object:
		if v != nil {
			return putAll(b, '[', len(v), ']', func(i int) error { return put(b, v[i]) })
		}
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the end of the line
	return nil
}

func putAll(b *bytes.Buffer, begin byte, n int, end byte, put func(i int) error) error {
	b.WriteByte(begin)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := put(i); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// most is how long a text can be before it is cut: in characters.
const most = 280

// A link is an address in a text.
type link struct {
	start, end           int // in characters
	short, long, display string
	media                *Media
}

// shown is a text as an answer shows it.
type shown struct {
	text  string
	links []link
}

var (
	address = regexp.MustCompile(`https?://[^\s<>"]+`)
	hashtag = regexp.MustCompile(`(?:^|\s)#(\w+)`)
	toHTML  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// escape writes a text as HTML does, as far as X does.
func escape(text string) string {
	return toHTML.Replace(text)
}

// shortFor makes the short address for a long one: always the same one.
func (x *piece) shortFor(long string) string {
	if s := x.shorts[long]; s != "" {
		return s
	}
	sum := sha256.Sum256([]byte(long))
	return "https://t.co/" + strings.NewReplacer("-", "x", "_", "y").Replace(base64.RawURLEncoding.EncodeToString(sum[:]))[:10]
}

func display(long string) string {
	_, rest, _ := strings.Cut(long, "://")
	if len(rest) > 26 {
		return rest[:26] + "…"
	}
	return rest
}

// shows makes of a text what answers show: written as in HTML, with short
// addresses, and with one for each file if the piece is one that shows them.
func (x *piece) shows(files string) shown {
	var out strings.Builder
	var links []link
	add := func(l link) {
		l.start = utf8.RuneCountInString(out.String())
		out.WriteString(l.short)
		l.end = l.start + utf8.RuneCountInString(l.short)
		links = append(links, l)
	}
	rest := x.text
	if !x.noShort {
		for {
			at := address.FindStringIndex(rest)
			if at == nil {
				break
			}
			out.WriteString(escape(rest[:at[0]]))
			long := rest[at[0]:at[1]]
			if strings.HasPrefix(long, "https://t.co/") {
				out.WriteString(long)
			} else {
				add(link{short: x.shortFor(long), long: long, display: display(long)})
			}
			rest = rest[at[1]:]
		}
	}
	out.WriteString(escape(rest))
	if files != "" && len(x.media) > 0 {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		add(link{short: x.shortFor(files), long: files, display: "pic.x.com/" + x.ID[len(x.ID)-6:], media: x.media[0]})
	}
	return shown{out.String(), links}
}

// cut shortens a text to what is shown without its long form.
func (t shown) cut() (shown, bool) {
	runes := []rune(html.UnescapeString(t.text))
	if len(runes) <= most {
		return t, false
	}
	c := shown{text: escape(string(runes[:most-1])) + "…"}
	for _, l := range t.links {
		if l.end < most-1 {
			c.links = append(c.links, l)
		}
	}
	return c, true
}

// withoutKeys is the text of a message or of a long post: addresses of files are
// there like any others.
func (t shown) withoutKeys() shown {
	links := slices.Clone(t.links)
	for i := range links {
		links[i].media = nil
	}
	return shown{t.text, links}
}

func (t shown) urls() []object {
	var list []object
	for _, l := range t.links {
		o := object{{"start", l.start}, {"end", l.end}, {"url", l.short}, {"expanded_url", l.long}, {"display_url", l.display}}
		if l.media != nil {
			o = append(o, member{"media_key", l.media.Key()})
		}
		list = append(list, o)
	}
	return list
}

// names lists the people that a text names.
func (s *Server) names(text string) []object {
	var list []object
	for _, at := range mention.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		start := utf8.RuneCountInString(text[:at[0]])
		o := object{{"start", start}, {"end", start + 1 + len(name)}, {"username", name}}
		if q := s.byName(name); q != nil {
			list = append(list, append(o, member{"id", q.ID}))
		}
	}
	return list
}

func tags(text string) []object {
	var list []object
	for _, at := range hashtag.FindAllStringSubmatchIndex(text, -1) {
		start := utf8.RuneCountInString(text[:at[2]]) - 1
		tag := text[at[2]:at[3]]
		list = append(list, object{{"start", start}, {"end", start + 1 + utf8.RuneCountInString(tag)}, {"tag", tag}})
	}
	return list
}

func (s *Server) entities(t shown) object {
	var o object
	if l := s.names(t.text); len(l) > 0 {
		o = append(o, member{"mentions", l})
	}
	if l := tags(t.text); len(l) > 0 {
		o = append(o, member{"hashtags", l})
	}
	if l := t.urls(); len(l) > 0 {
		o = append(o, member{"urls", l})
	}
	return o
}
