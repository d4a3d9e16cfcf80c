package check

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"daybook"
)

// An object is a JSON object. JSON (RFC 8259) is read strictly: no member twice,
// nothing after the value, UTF-8; numbers stay as they are written.
type object = map[string]any

// maxDepth bounds how deep values lie in one another.
const maxDepth = 100

var errJSON = errors.New("not JSON as a bundle has it")

func (f *files) json(name string) (any, error) {
	b, err := f.read(name, maxJSON)
	if err != nil {
		return nil, err
	}
	v, err := parseJSON(b)
	if err != nil {
		return nil, bad{name, "it is not JSON as a bundle has it"}
	}
	return v, nil
}

func parseJSON(b []byte) (any, error) {
	if !utf8.Valid(b) || halfPair(b) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return v, nil
}

// halfPair reports whether one half of a surrogate pair is escaped without the
// other: that is no text, and each program makes something else of it.
func halfPair(b []byte) bool {
	high := false
	for i := 0; i < len(b); i++ {
		low := false
		if b[i] == '\\' && i+1 < len(b) {
			if b[i+1] == 'u' && i+6 <= len(b) {
				switch n, err := strconv.ParseUint(string(b[i+2:i+6]), 16, 16); {
				case err == nil && n>>10 == 0xd800>>10:
					if high {
						return true
					}
					high = true
					i += 5
					continue
				case err == nil && n>>10 == 0xdc00>>10:
					low = true
					i += 4
				}
			}
			i++
		}
		if low != high {
			return true
		}
		high = false
	}
	return high
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		out := object{}
		err := readEach(d, depth, func() error {
			name, err := d.Token()
			if err != nil {
				return err
			}
			text, ok := name.(string)
			if _, twice := out[text]; twice || !ok {
				return errJSON
			}
			out[text], err = readValue(d, depth+1)
			return err
		})
		return out, err
	case json.Delim('['):
		out := []any{}
		err := readEach(d, depth, func() error {
			v, err := readValue(d, depth+1)
			out = append(out, v)
			return err
		})
		return out, err
	}
	return token, nil
}

// readEach calls fn for each member and takes the bracket at the end.
func readEach(d *json.Decoder, depth int, fn func() error) error {
	if depth > maxDepth {
		return errJSON
	}
	for d.More() {
		if err := fn(); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// A reading takes values out of objects. The first one that does not fit stays
// as its error; after it, what is returned means nothing.
type reading struct {
	where string
	err   error
}

func (r *reading) fail(name string) {
	if r.err == nil {
		r.err = badf(r.where, "it has no fitting %s", name)
	}
}

// take returns a member of that type; with optional, a missing one is zero.
func take[T any](r *reading, o object, name string, optional bool) T {
	v, there := o[name]
	out, ok := v.(T)
	if !ok && (there || !optional) {
		r.fail(name)
	}
	return out
}

func (r *reading) text(o object, name string) string     { return take[string](r, o, name, false) }
func (r *reading) optional(o object, name string) object { return take[object](r, o, name, true) }
func (r *reading) optionalList(o object, name string) []any {
	return take[[]any](r, o, name, true)
}

func (r *reading) number(o object, name string) uint64 {
	n, ok := whole(o[name])
	if !ok {
		r.fail(name)
	}
	return n
}

// whole returns a number from 0 to 1<<63-1 that is written without fraction.
func whole(v any) (uint64, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(number.String(), 10, 63)
	return n, err == nil
}

// texts returns a member that is an object of strings.
func (r *reading) texts(o object, name string, optional bool) map[string]string {
	out := map[string]string{}
	for k, v := range take[object](r, o, name, optional) {
		s, ok := v.(string)
		if !ok {
			r.fail(name)
		}
		out[k] = s
	}
	return out
}

// objects returns a member that is an array of objects; a missing one is empty.
func (r *reading) objects(o object, name string) []object {
	list := r.optionalList(o, name)
	out := make([]object, 0, len(list))
	for _, v := range list {
		member, ok := v.(object)
		if !ok {
			r.fail(name)
		}
		out = append(out, member)
	}
	return out
}

var hex64 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// digest returns 32 bytes that are written as 64 digits.
func (r *reading) digest(v any, what string) (d daybook.Digest) {
	s, ok := v.(string)
	if !ok || !hex64.MatchString(s) {
		r.fail(what)
		return d
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		r.fail(what)
		return d
	}
	return daybook.Digest(b)
}

// fromBase64 reads base64 that is written in the one way that there is.
func fromBase64(where, s string, length int) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, bad{where, "it is not base64"}
	}
	if base64.StdEncoding.EncodeToString(b) != s || length >= 0 && len(b) != length {
		return nil, bad{where, "it is not base64 of the right length"}
	}
	return b, nil
}
