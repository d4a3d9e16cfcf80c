package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// objects writes the objects of a file as they come (ISO 32000-1 §7.5). All but
// streams are gathered in object streams. What is kept is where each object
// lies.
type objects struct {
	w      io.Writer
	sum    hash.Hash // of everything written, for the file's identifier
	at     int64     // bytes written
	places []place   // of each object, by its number
	zipped bytes.Buffer
	zip    *zlib.Writer
	err    error

	waiting []int // objects for the next object stream
	bodies  []byte
	starts  []int // of each of them in bodies
}

// A place is where an object lies: at a byte of the file, or in an object
// stream.
type place struct {
	stream int // number of the object stream, 0 for none
	at     int64
}

// perStream is how many objects share an object stream.
const perStream = 200

func newObjects(w io.Writer) *objects {
	o := &objects{w: w, sum: sha256.New(), places: make([]place, 1)}
	o.zip = zlib.NewWriter(&o.zipped)
	o.write([]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))
	return o
}

// number returns the number of a new object, which has to be written once.
func (o *objects) number() int {
	o.places = append(o.places, place{})
	return len(o.places) - 1
}

// put writes an object that is no stream.
func (o *objects) put(id int, body []byte) {
	o.waiting = append(o.waiting, id)
	o.starts = append(o.starts, len(o.bodies))
	o.bodies = append(append(o.bodies, body...), '\n')
	if len(o.waiting) == perStream {
		o.gather()
	}
}

// putf is put with a format.
func (o *objects) putf(id int, format string, args ...any) {
	o.put(id, fmt.Appendf(nil, format, args...))
}

// gather writes the objects that wait as one object stream.
func (o *objects) gather() {
	if len(o.waiting) == 0 {
		return
	}
	id := o.number()
	var all []byte
	for i, w := range o.waiting {
		all = fmt.Appendf(all, "%d %d ", w, o.starts[i])
		o.places[w] = place{stream: id, at: int64(i)}
	}
	dict := fmt.Sprintf("/Type/ObjStm/N %d/First %d", len(o.waiting), len(all))
	o.stream(id, dict, append(all, o.bodies...))
	o.waiting, o.starts, o.bodies = o.waiting[:0], o.starts[:0], o.bodies[:0]
}

// stream writes a stream, compressed. dict holds its entries without
// the brackets, without Length and Filter.
func (o *objects) stream(id int, dict string, data []byte) {
	o.streamFrom(id, dict, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// streamFrom is stream for data that come piece by piece.
func (o *objects) streamFrom(id int, dict string, fill func(io.Writer) error) {
	o.zipped.Reset()
	o.zip.Reset(&o.zipped)
	if err := fill(o.zip); err != nil {
		o.fail(err)
	}
	if err := o.zip.Close(); err != nil {
		o.fail(err)
	}
	o.streamAsIs(id, dict+"/Filter/FlateDecode", o.zipped.Bytes())
}

// streamAsIs writes a stream whose data are encoded already; dict names the
// filter.
func (o *objects) streamAsIs(id int, dict string, data []byte) {
	o.places[id] = place{at: o.at}
	o.write(fmt.Appendf(nil, "%d 0 obj\n<<%s/Length %d>>\nstream\n", id, dict, len(data)))
	o.write(data)
	o.write([]byte("\nendstream\nendobj\n"))
}

// finish writes the cross-reference stream (§7.5.8) and the end of the file. The
// file's identifier is made from its content: the same content has the same.
func (o *objects) finish(root, info int) {
	o.gather()
	id := o.number()
	start := o.at
	o.places[id] = place{at: start}
	table := []byte{0, 0, 0, 0, 0, 0, 0xff, 0xff} // object 0 is free, always
	for _, p := range o.places[1:] {
		kind, where, index := byte(1), p.at, uint16(0)
		if p.stream > 0 {
			kind, where, index = 2, int64(p.stream), uint16(p.at)
		}
		var row [8]byte
		binary.BigEndian.PutUint64(row[:], uint64(where)<<16|uint64(index))
		row[0] = kind
		table = append(table, row[:]...)
	}
	sum := o.sum.Sum(nil)[:16]
	o.stream(id, fmt.Sprintf("/Type/XRef/Size %d/W[1 5 2]/Root %d 0 R/Info %d 0 R/ID[<%X><%X>]", len(o.places), root, info, sum, sum), table)
	o.write(fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", start))
}

func (o *objects) write(b []byte) {
	if o.err != nil {
		return
	}
	n, err := o.w.Write(b)
	o.at += int64(n)
	if err != nil {
		o.fail(fmt.Errorf("write PDF: %w", err))
		return
	}
	o.sum.Write(b)
}

// fail keeps the first error.
func (o *objects) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}
