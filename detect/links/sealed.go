package links

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// senderFormat is the first byte of a Sender in bytes. It changes when the bytes
// do, or what is read from a message.
const senderFormat = 1

// Limits of a Sender in bytes: more is not what MarshalBinary wrote.
const (
	maxKeys = 1 << 24
	maxWhat = mostText + 1024
)

// MarshalBinary writes what is kept of a sender, for a cache that is sealed: it
// holds words that were written. The same messages and profiles give the same
// bytes.
func (s *Sender) MarshalBinary() ([]byte, error) {
	profile, err := s.writing.profile.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("write the profile of a sender: %w", err)
	}
	out := []byte{senderFormat}
	out = appendText(out, string(profile))
	out = binary.AppendUvarint(out, uint64(len(s.keys)))
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		out = binary.BigEndian.AppendUint64(out, key)
	}
	for k := range kinds {
		list := s.of(k)
		out = binary.AppendUvarint(out, uint64(len(list)))
		for _, t := range list {
			out = binary.BigEndian.AppendUint64(out, t.key)
			out = binary.AppendUvarint(out, t.entry)
			out = binary.AppendUvarint(out, uint64(t.pos))
			out = appendText(out, t.what)
		}
	}
	for _, n := range s.hours {
		out = binary.AppendUvarint(out, uint64(n))
	}
	out = binary.AppendUvarint(out, uint64(s.known))
	out = binary.AppendUvarint(out, uint64(len(s.langs)))
	for _, lang := range slices.Sorted(maps.Keys(s.langs)) {
		out = appendText(out, lang)
		out = binary.AppendUvarint(out, uint64(s.langs[lang]))
	}
	micros := int64(0)
	if !s.created.IsZero() {
		micros = s.created.UnixMicro()
	}
	out = binary.AppendVarint(out, micros)
	return binary.AppendUvarint(out, s.createdE), nil
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// errSender says that bytes are not what MarshalBinary wrote.
var errSender = errors.New("not a sender in bytes")

// UnmarshalBinary reads what MarshalBinary wrote into a sender that NewSender
// made and to which nothing was added. Bytes of another version, or broken ones,
// are an error; the sender is not to be used then.
func (s *Sender) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	if r.byte() != senderFormat {
		return errSender
	}
	profile := r.text(len(data))
	if r.bad {
		return errSender
	}
	if err := s.writing.profile.UnmarshalBinary([]byte(profile)); err != nil {
		return fmt.Errorf("read the profile of a sender: %w", err)
	}
	s.writing.fresh = false
	for range r.count(maxKeys, 8) {
		s.keys[r.uint64()] = struct{}{}
	}
	for k := range kinds {
		n := r.count(most(k)*mostPlaces, 11)
		list := make([]trace, 0, n)
		for range n {
			t := trace{key: r.uint64(), entry: r.uvarint(), pos: uint32(min(r.uvarint(), 1<<31)), what: r.text(maxWhat)}
			if len(list) > 0 && compareTraces(list[len(list)-1], t) >= 0 {
				return errSender
			}
			list = append(list, t)
		}
		s.traces[k] = settled(list, most(k))
		s.settled[k] = len(s.traces[k])
		if len(s.traces[k]) != n {
			return errSender
		}
	}
	for h := range s.hours {
		s.hours[h] = int64(min(r.uvarint(), maxKeys))
	}
	s.known = int64(min(r.uvarint(), maxKeys))
	for range r.count(mostLangs, 2) {
		lang := r.text(3)
		if baseLang(lang) != lang {
			return errSender
		}
		s.langs[lang] = int64(min(r.uvarint(), maxKeys))
	}
	if micros := r.varint(); micros != 0 {
		s.created = time.UnixMicro(micros).UTC()
	}
	s.createdE = r.uvarint()
	if r.bad || len(r.data) > 0 {
		return errSender
	}
	return nil
}

// A reader reads numbers and texts. After what is not there it is bad, and gives
// zeros.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.bad, r.data = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.take(len(r.data) + 1)
		return 0
	}
	r.take(n)
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.take(len(r.data) + 1)
		return 0
	}
	r.take(n)
	return v
}

// count reads how many things follow: most at most, each of some bytes or more.
func (r *reader) count(most, bytes int) int {
	n := r.uvarint()
	if n > uint64(most) || n > uint64(len(r.data)/bytes) {
		r.bad, r.data = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text(most int) string {
	n := r.uvarint()
	if n > uint64(most) || n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return ""
	}
	return string(r.take(int(n)))
}
