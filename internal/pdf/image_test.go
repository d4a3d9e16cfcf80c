package pdf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"daybook/internal/pdf"
)

// withSegments puts segments behind the first two bytes of a JPEG.
func withSegments(t testing.TB, segments ...[]byte) []byte {
	t.Helper()
	data := pictures(t)["JPEG"]
	return append(append(bytes.Clone(data[:2]), bytes.Join(segments, nil)...), data[2:]...)
}

func segment(mark byte, body string) []byte {
	s := binary.BigEndian.AppendUint16([]byte{0xFF, mark}, uint16(len(body)+2))
	return append(s, body...)
}

// turned is what a camera writes that was held on its side.
func turned(orientation byte) []byte {
	return segment(0xE1, "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"+string(rune(orientation))+"\x00\x00\x00\x00\x00\x00")
}

func TestPhotoWithoutWhatTheCameraWrote(t *testing.T) {
	data := withSegments(t, turned(6), segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00secret place"), segment(0xED, "Photoshop secret"), segment(0xFE, "secret comment"), segment(0xE2, "ICC_PROFILE secret"))
	data = append(data, "secret behind the end"...)
	doc := document(t, func(d *pdf.Document) {
		if err := d.Image("a photo", data, 100); err != nil {
			t.Error(err)
		}
	})
	if bytes.Contains(doc, []byte("secret")) || bytes.Contains(doc, []byte("Exif")) {
		t.Error("what stands beside the picture is in the document")
	}
	if !bytes.Contains(doc, []byte("/Filter/DCTDecode")) {
		t.Error("the photo was not embedded as it is")
	}
	if got := plain(t, doc); !strings.Contains(got, "0 -1 1 0 0 1 cm") {
		t.Error("the photo is not turned as the camera was")
	}
	run(t, doc, "qpdf", "--check", "FILE")
	if got := run(t, doc, "pdfimages", "-list", "FILE"); !strings.Contains(got, "jpeg") {
		t.Error(got)
	}
}

func TestPicturesThatCannotBeShown(t *testing.T) {
	var wide bytes.Buffer
	if err := png.Encode(&wide, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	huge := bytes.Clone(wide.Bytes())
	binary.BigEndian.PutUint32(huge[16:], 1<<20) // the width that IHDR says
	all := pictures(t)
	for _, tc := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><image href="http://a.example/"/></svg>`)},
		{"text", []byte("hello")},
		{"a PDF", []byte("%PDF-1.7\n")},
		{"BMP", []byte("BM\x00\x00\x00\x00")},
		{"a PNG that says it is huge", huge},
		{"half a PNG", all["PNG"][:len(all["PNG"])/2]},
		{"half a GIF", all["GIF"][:20]},
		{"half a JPEG's header", all["JPEG"][:30]},
		{"a JPEG of arithmetic coding", bytes.Replace(all["JPEG"], []byte{0xFF, 0xC0}, []byte{0xFF, 0xC9}, 1)},
		{"a WebP of nothing", []byte("RIFF\x10\x00\x00\x00WEBPVP8 ")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			doc := document(t, func(d *pdf.Document) {
				if err := d.Image("odd", tc.data, 100); !errors.Is(err, pdf.ErrPicture) {
					t.Errorf("got %v, want ErrPicture", err)
				}
				d.Paragraph(pdf.Body, pdf.Span{Text: "It goes on."})
			})
			if got := strings.Join(read(t, doc).pages(), ""); strings.TrimSpace(got) != "It goes on." {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWebP(t *testing.T) {
	// One red pixel, lossless.
	data := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	doc := document(t, func(d *pdf.Document) {
		if err := d.Image("a pixel", data, 100); err != nil {
			t.Error(err)
		}
	})
	if got := run(t, doc, "pdfimages", "-list", "FILE"); !strings.Contains(got, "rgb") {
		t.Error(got)
	}
}

func FuzzImage(f *testing.F) {
	for _, data := range pictures(f) {
		f.Add(data)
	}
	f.Add(withSegments(f, turned(3), segment(0xEE, "Adobe\x00\x64\x00\x00\x00\x00\x01")))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := document(t, func(d *pdf.Document) {
			if err := d.Image("odd", data, 100); err != nil && !errors.Is(err, pdf.ErrPicture) {
				t.Errorf("got %v, want ErrPicture", err)
			}
		})
		r := read(t, doc)
		for id, dict := range r.objects {
			if !bytes.Contains(dict, []byte("/DCTDecode")) {
				continue
			}
			c, err := jpeg.DecodeConfig(bytes.NewReader(r.streams[id]))
			if err == nil && (c.Width < 1 || c.Height < 1) {
				t.Errorf("a photo of %d × %d", c.Width, c.Height)
			}
		}
	})
}
