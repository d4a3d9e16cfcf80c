package upload

import (
	"archive/zip"
	"bufio"
	"cmp"
	"compress/flate"
	"context"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// An Archive is a ZIP file whose list of members was found to be in order. It
// holds no memory of what is in them, and may be read by several goroutines.
type Archive struct {
	members []*Member
	byName  map[string]*Member
	odd     []string
	limits  Limits

	mu    sync.Mutex
	spare []*unpacker // there can be very many small members
}

// maxSpare is how many members may be read at once without waste.
const maxSpare = 4

// An unpacker is what a member is read with.
type unpacker struct {
	packed *bufio.Reader
	flate  io.ReadCloser // which is a flate.Resetter
}

// A Member is one file in an archive. Folders are none.
type Member struct {
	Name   string // in UTF-8; untrusted
	Size   int64  // unpacked, in bytes; what comes out is held against it
	Packed int64  // in bytes
	file   *zip.File
	in     *Archive
}

// OpenArchive reads the list of members of a ZIP file and none of the members.
// The error is a *RefusedError if something about it is not as platforms make
// them: names that lead out of a folder, one name twice, links, encryption, sizes
// beyond the limits, members that lie over one another, bytes that are missing or
// were added.
func OpenArchive(ctx context.Context, f File, l Limits) (*Archive, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.Size > l.File {
		return nil, refuse("the file is too large", "files of up to 8 GB can be added; ask the platform for parts, or leave pictures and videos out")
	}
	head := make([]byte, 4)
	if f.Size < lenEnd || readFull(f, head, 0) != nil || string(head) != signLocal && string(head) != signEnd {
		return nil, refuse("this is not a ZIP file", hintAgain)
	}
	start, headers, as, err := checkDirectory(f, l)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(as, as.size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, refuse("its list of files cannot be read", hintAgain)
	}
	if len(z.File) != len(headers) {
		return nil, refuse("it holds other files than it says", hintAgain)
	}
	a := &Archive{byName: make(map[string]*Member, len(headers)), limits: l}
	if err := a.list(z.File); err != nil {
		return nil, err
	}
	for i, m := range z.File {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !sameHeader(f, headers[i], m.Name, m.Flags, m.Method) {
			return nil, refuse("“"+Shown(m.Name)+"” is not what the file says it is", hintAgain)
		}
	}
	return a, a.apart(ctx, start)
}

// Members returns the members in the order of the archive's list.
func (a *Archive) Members() []*Member { return a.members }

// Member returns the member of that name, nil if there is none.
func (a *Archive) Member(name string) *Member { return a.byName[name] }

// Odd returns the names, fit to be shown, that no platform gives: with control
// characters or in an old encoding. They do no harm.
func (a *Archive) Odd() []string { return a.odd }

// list takes in the members and refuses what is not to be read at all.
func (a *Archive) list(files []*zip.File) error {
	var (
		total  uint64
		folded = make(map[string]struct{}, len(files))
	)
	for _, f := range files {
		name := f.Name
		if !utf8.ValidString(name) {
			// APPNOTE.TXT, D.1: without the mark for UTF-8 it is code page 437.
			decoded, err := charmap.CodePage437.NewDecoder().String(name)
			if err != nil {
				return refuse("the name of a file in it cannot be read", hintUntouched)
			}
			name = decoded
		}
		if err := a.check(f, name); err != nil {
			return err
		}
		if odd(f.Name) {
			a.odd = append(a.odd, Shown(name))
		}
		key := fold(name)
		if _, twice := folded[key]; twice {
			return refuse("two files in it have one name, “"+Shown(name)+"”", hintUntouched)
		}
		folded[key] = struct{}{}
		if total += f.UncompressedSize64; total > uint64(a.limits.Total) {
			return refuse("it would become too large by unpacking it", hintUntouched)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		m := &Member{Name: name, Size: int64(f.UncompressedSize64), Packed: int64(f.CompressedSize64), file: f, in: a}
		a.members = append(a.members, m)
		a.byName[name] = m
	}
	return nil
}

func (a *Archive) check(f *zip.File, name string) error {
	l := a.limits
	switch why := harmful(name); {
	case name == "" || len(f.Name) > l.Name:
		return refuse("the name of a file in it is empty or too long", hintUntouched)
	case why != "":
		return refuse("the name of a file in it, “"+Shown(name)+"”, could do harm: "+why, hintUntouched)
	case f.Flags&encrypted != 0:
		return refuse("it is locked with a password", "open it with the password, and add the file that was in it before it was locked; or "+hintAgain)
	case f.Mode()&fs.ModeType != 0 && !f.Mode().IsDir():
		return refuse("“"+Shown(name)+"” in it is a link or a device and no file", hintUntouched)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refuse("“"+Shown(name)+"” in it is packed in a way that platforms do not use", hintAgain)
	case f.CompressedSize64 > uint64(l.File):
		return refuse("“"+Shown(name)+"” in it has a size that cannot be", hintAgain)
	case f.UncompressedSize64 > uint64(l.Member), swollen(int64(f.UncompressedSize64), int64(f.CompressedSize64), l):
		return refuse("“"+Shown(name)+"” in it would become too large by unpacking it", hintUntouched)
	case strings.HasSuffix(name, "/") && f.UncompressedSize64 != 0:
		return refuse("a folder in it has bytes of its own", hintUntouched)
	case f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64:
		return refuse("“"+Shown(name)+"” in it has two sizes", hintAgain)
	}
	return nil
}

// swollen reports whether a member becomes larger than text and pictures do.
func swollen(size, packed int64, l Limits) bool {
	return size > l.Floor && size/l.Ratio > packed
}

// apart refuses members that lie over one another or over the list: few bytes
// would become many, or be two things at once.
func (a *Archive) apart(ctx context.Context, end int64) error {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(a.members))
	for i, m := range a.members {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		from, err := m.file.DataOffset()
		if err != nil || from < 0 || m.Packed > end-from {
			return refuse("“"+Shown(m.Name)+"” is not where the file says", hintAgain)
		}
		spans = append(spans, span{from, from + m.Packed})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return refuse("files in it lie over one another", hintUntouched)
		}
	}
	return nil
}

// Open returns the bytes of a member. Read returns a *RefusedError if they are
// not what the list says, at the end at the latest; it ends early if ctx does.
func (m *Member) Open(ctx context.Context) (io.ReadCloser, error) {
	raw, err := m.file.OpenRaw()
	if err != nil {
		return nil, refuse("“"+Shown(m.Name)+"” is not where the file says", hintAgain)
	}
	u := m.in.unpacker()
	u.packed.Reset(raw)
	r := &memberReader{ctx: ctx, m: m, unpacker: u, sum: crc32.NewIEEE(), out: u.packed}
	if m.file.Method == zip.Deflate {
		if err := u.flate.(flate.Resetter).Reset(u.packed, nil); err != nil {
			return nil, err
		}
		r.out = u.flate
	}
	return r, nil
}

// unpacker returns one that nobody uses.
func (a *Archive) unpacker() *unpacker {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last := len(a.spare) - 1; last >= 0 {
		u := a.spare[last]
		a.spare = a.spare[:last]
		return u
	}
	b := bufio.NewReaderSize(nil, 64<<10)
	return &unpacker{b, flate.NewReader(b)}
}

type memberReader struct {
	*unpacker // nil once it was closed
	ctx       context.Context
	m         *Member
	out       io.Reader
	sum       hash.Hash32
	n         int64
	err       error
}

func (r *memberReader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.out.Read(b)
	r.n += int64(n)
	r.sum.Write(b[:n]) // never fails
	if r.n > r.m.Size {
		r.err = refuse("“"+Shown(r.m.Name)+"” in it is larger than the file says", hintUntouched)
		return 0, r.err
	}
	if err != nil {
		r.err = r.end(err)
	}
	return n, r.err
}

// end returns io.EOF if the member ended as it should.
func (r *memberReader) end(err error) error {
	var broken flate.CorruptInputError
	switch {
	case errors.As(err, &broken), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("“"+Shown(r.m.Name)+"” in it is damaged", hintAgain)
	case !errors.Is(err, io.EOF):
		return err
	}
	if _, more := r.packed.ReadByte(); r.n != r.m.Size || more == nil || r.sum.Sum32() != r.m.file.CRC32 {
		return refuse("“"+Shown(r.m.Name)+"” in it is damaged", hintAgain)
	}
	return io.EOF
}

func (r *memberReader) Close() error {
	r.err = fs.ErrClosed
	if u := r.unpacker; u != nil {
		r.unpacker, r.out = nil, nil
		u.packed.Reset(nil)
		r.m.in.mu.Lock()
		defer r.m.in.mu.Unlock()
		if len(r.m.in.spare) < maxSpare {
			r.m.in.spare = append(r.m.in.spare, u)
		}
	}
	return nil
}
