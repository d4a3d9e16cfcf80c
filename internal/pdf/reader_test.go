package pdf_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// A reader takes text out of documents that package pdf wrote. It knows as much
// of PDF as these need.
type reader struct {
	t       testing.TB
	objects map[int][]byte // dictionaries and the like
	streams map[int][]byte // decoded
}

var (
	beginObject = regexp.MustCompile(`^(\d+) 0 obj\n<<`)
	lengthEntry = regexp.MustCompile(`/Length (\d+)>>\nstream\n`)
	reference   = regexp.MustCompile(`(\d+) 0 R`)
)

func read(t testing.TB, doc []byte) *reader {
	t.Helper()
	r := &reader{t: t, objects: map[int][]byte{}, streams: map[int][]byte{}}
	rest := doc[bytes.IndexByte(doc, '\n')+1:]
	rest = rest[bytes.IndexByte(rest, '\n')+1:]
	for {
		m := beginObject.FindSubmatch(rest)
		if m == nil {
			break
		}
		id, _ := strconv.Atoi(string(m[1]))
		l := lengthEntry.FindSubmatchIndex(rest)
		size, _ := strconv.Atoi(string(rest[l[2]:l[3]]))
		dict, data := rest[len(m[0])-2:l[1]], rest[l[1]:l[1]+size]
		if bytes.Contains(dict, []byte("/FlateDecode")) {
			z, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("object %d: %v", id, err)
			}
			if data, err = io.ReadAll(z); err != nil {
				t.Fatalf("object %d: %v", id, err)
			}
		}
		r.objects[id], r.streams[id] = dict, data
		if bytes.Contains(dict, []byte("/Type/ObjStm")) {
			r.unpack(dict, data)
		}
		rest = rest[l[1]+size+len("\nendstream\nendobj\n"):]
	}
	if !bytes.HasPrefix(rest, []byte("startxref\n")) {
		t.Fatalf("a file goes on with %.40q", rest)
	}
	return r
}

// unpack reads an object stream.
func (r *reader) unpack(dict, data []byte) {
	var n, first int
	if _, err := fmt.Sscanf(string(dict[bytes.Index(dict, []byte("/N ")):]), "/N %d/First %d", &n, &first); err != nil {
		r.t.Fatal(err)
	}
	numbers := strings.Fields(string(data[:first]))
	for i := range n {
		id, _ := strconv.Atoi(numbers[2*i])
		from, _ := strconv.Atoi(numbers[2*i+1])
		to := len(data) - first
		if i+1 < n {
			to, _ = strconv.Atoi(numbers[2*i+3])
		}
		r.objects[id] = data[first+from : first+to]
	}
}

// pages returns the text of each page in the order of its content, without
// artifacts.
func (r *reader) pages() (texts []string) {
	fonts := r.fonts()
	for _, tree := range r.objects {
		if !bytes.Contains(tree, []byte("/Type/Pages")) {
			continue
		}
		for _, page := range r.references(tree, "/Kids[") {
			var text strings.Builder
			for _, content := range r.references(r.objects[page], "/Contents[") {
				text.WriteString(shown(r.streams[content], fonts))
			}
			texts = append(texts, text.String())
		}
	}
	return texts
}

func (r *reader) references(object []byte, after string) (ids []int) {
	_, list, _ := bytes.Cut(object, []byte(after))
	list, _, _ = bytes.Cut(list, []byte("]"))
	for _, m := range reference.FindAllSubmatch(list, -1) {
		id, _ := strconv.Atoi(string(m[1]))
		ids = append(ids, id)
	}
	return ids
}

// A codeMap says which text each code of a font stands for.
type codeMap struct {
	digits int
	text   map[string]string
}

var (
	fontEntry = regexp.MustCompile(`/(F[0-9.]+) (\d+) 0 R`)
	unicodeOf = regexp.MustCompile(`/ToUnicode (\d+) 0 R`)
	mapping   = regexp.MustCompile(`(?m)^<([0-9A-F]+)><([0-9A-F]+)>$`)
)

func (r *reader) fonts() map[string]codeMap {
	fonts := map[string]codeMap{}
	for _, object := range r.objects {
		if !bytes.HasPrefix(object, []byte("<</F")) || bytes.Contains(object, []byte("/Type")) {
			continue
		}
		for _, m := range fontEntry.FindAllSubmatch(object, -1) {
			id, _ := strconv.Atoi(string(m[2]))
			to, _ := strconv.Atoi(string(unicodeOf.FindSubmatch(r.objects[id])[1]))
			f := codeMap{text: map[string]string{}, digits: 4}
			if strings.Contains(string(m[1]), ".") {
				f.digits = 2
			}
			_, table, _ := bytes.Cut(r.streams[to], []byte("endcodespacerange"))
			for _, code := range mapping.FindAllSubmatch(table, -1) {
				raw, _ := hex.DecodeString(string(code[2]))
				units := make([]uint16, len(raw)/2)
				for i := range units {
					units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
				}
				f.text[string(code[1])] = string(utf16.Decode(units))
			}
			fonts[string(m[1])] = f
		}
	}
	return fonts
}

var (
	marked   = regexp.MustCompile(`/(\w+)(<<.*>>| )B[DM]C`)
	setFont  = regexp.MustCompile(`^/(F[0-9.]+) .* Tf$`)
	showText = regexp.MustCompile(`<([0-9A-F]*)>`)
)

// shown returns the text that a content stream shows outside of artifacts.
func shown(content []byte, fonts map[string]codeMap) string {
	var b strings.Builder
	var font codeMap
	artifact := false
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		switch m := setFont.FindStringSubmatch(line); {
		case m != nil:
			font = fonts[m[1]]
		case marked.MatchString(line):
			artifact = strings.HasPrefix(line, "/Artifact")
		case strings.HasSuffix(line, "EMC"):
			artifact = false
			b.WriteByte('\n')
		case strings.HasSuffix(line, "]TJ") && !artifact:
			for _, s := range showText.FindAllStringSubmatch(line, -1) {
				for code := s[1]; len(code) >= font.digits; code = code[font.digits:] {
					b.WriteString(font.text[code[:font.digits]])
				}
			}
		}
	}
	return b.String()
}

var chip = regexp.MustCompile(`\[U\+([0-9A-F]{4,6})\]|\[byte ?([0-9A-F]{2})\]`)

// unchipped puts back what chips stand for.
func unchipped(s string) string {
	return chip.ReplaceAllStringFunc(s, func(c string) string {
		m := chip.FindStringSubmatch(c)
		if m[2] != "" {
			b, _ := hex.DecodeString(m[2])
			return string(b)
		}
		r, _ := strconv.ParseInt(m[1], 16, 32)
		return string(rune(r))
	})
}
