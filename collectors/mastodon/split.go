package mastodon

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook"
)

// An item is one member of an answer: its bytes as they came, and where they
// stand.
type item struct {
	raw    []byte
	offset int64
	member string // JSON pointer
	id     string // its "id"; "" if it has none
}

// lenient takes what servers of this world send: a member twice, and bytes that
// are not UTF-8. The bytes are kept as they are in any case.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// splitArray splits a JSON array into its members; ok is false if the body is
// anything but one whole array.
func splitArray(body []byte) (items []item, ok bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient)
	items, ok = readArray(d, body, "", nil)
	return items, ok && atEnd(d)
}

// splitContext splits the answer that holds what was said before and after a
// status.
func splitContext(body []byte) (items []item, ok bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient)
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, false
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		switch name := t.String(); name {
		case "ancestors", "descendants":
			if items, ok = readArray(d, body, "/"+name, items); !ok {
				return nil, false
			}
		default:
			if d.SkipValue() != nil {
				return nil, false
			}
		}
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return nil, false
	}
	return items, atEnd(d)
}

// splitOne takes a body that is one item.
func splitOne(body []byte) (item, bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient)
	if d.PeekKind() != '{' {
		return item{}, false
	}
	v, err := d.ReadValue()
	if err != nil {
		return item{}, false
	}
	it := locate(body, v, d.InputOffset(), "")
	return it, atEnd(d)
}

func readArray(d *jsontext.Decoder, body []byte, pointer string, items []item) ([]item, bool) {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return nil, false
	}
	for n := 0; d.PeekKind() != ']'; n++ {
		v, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		items = append(items, locate(body, v, d.InputOffset(), pointer+"/"+strconv.Itoa(n)))
	}
	_, err := d.ReadToken()
	return items, err == nil
}

// locate finds the bytes of a value in the body: they end where the decoder
// stands.
func locate(body []byte, v jsontext.Value, end int64, member string) item {
	start := end - int64(len(v))
	it := item{raw: body[start:end:end], offset: start, member: member}
	var named struct {
		ID nativeID `json:"id"`
	}
	// An item without an id is kept under its digest.
	if err := json.Unmarshal(it.raw, &named, lenient); err == nil {
		it.id = string(named.ID)
	}
	if it.id == "" {
		it.id = "sha256:" + daybook.DigestOf(it.raw).String()
	}
	return it
}

func atEnd(d *jsontext.Decoder) bool {
	_, err := d.ReadToken()
	return errors.Is(err, io.EOF)
}

// A nativeID is an identifier: text, or a number on some servers.
type nativeID string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (id *nativeID) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"', '0':
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		*id = nativeID(t.String())
		return nil
	case 'n':
		*id = ""
		return d.SkipValue()
	}
	var s string
	return json.UnmarshalDecode(d, &s) // says what is wrong
}
