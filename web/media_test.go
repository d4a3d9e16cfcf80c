package web_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"daybook"
	"daybook/web"
)

// geoMarker stands in made-up EXIF, as a place would.
const geoMarker = "GPSLatitude-51-30-26-N"

func jpegPicture(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts an APP1 segment into a JPEG.
func withEXIF(b []byte) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00*"), geoMarker...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return bytes.Join([][]byte{b[:2], segment, exif, b[2:]}, nil)
}

// hugePNG claims to have w × h pixels and has none of them.
func hugePNG(w, h uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	head[12], head[13] = 8, 6
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func animatedGIF(t testing.TB) []byte {
	t.Helper()
	frame := func(c color.Color) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.White, c})
		for i := range p.Pix {
			p.Pix[i] = 1
		}
		return p
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(color.RGBA{200, 0, 0, 255}), frame(color.RGBA{0, 0, 200, 255})}, Delay: []int{1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const svgScript = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script><image href="https://evil.example/x"/></svg>`

// onePixelWebP is a lossless WebP of one pixel.
func onePixelWebP() []byte {
	return []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
}

func TestDisplayCopy_E7_E8(t *testing.T) {
	photo := jpegPicture(t, 300, 200)
	clear := func() []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 30, 20))
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}()
	for _, test := range []struct {
		name string
		in   []byte
		want string // media type; "" if it is not shown
		w, h int
	}{
		{"jpeg", photo, "image/jpeg", 300, 200},
		{"png", picture(), "image/jpeg", 64, 48},
		{"png that can be seen through", clear, "image/png", 30, 20},
		{"first frame of a gif", animatedGIF(t), "image/jpeg", 20, 20},
		{"webp", onePixelWebP(), "", 0, 0},
		{"large", jpegPicture(t, 2600, 1300), "image/jpeg", 1280, 640},
		{"a strip", jpegPicture(t, 2, 5000), "image/jpeg", 1, 1280},
		{"with a place in it", withEXIF(photo), "image/jpeg", 300, 200},
		{"with a page behind it", append(bytes.Clone(photo), "<html><script>alert(1)</script>"...), "image/jpeg", 300, 200},
		{"svg", []byte(svgScript), "", 0, 0},
		{"50,000 × 50,000 pixels", hugePNG(50_000, 50_000), "", 0, 0},
		{"40,000,001 pixels", hugePNG(6_325, 6_325), "", 0, 0},
		{"no pixels", hugePNG(0, 10), "", 0, 0},
		{"cut off", photo[:len(photo)/4], "", 0, 0},
		{"cut off early", photo[:3], "", 0, 0},
		{"a page", []byte("<html><script>alert(1)</script></html>"), "", 0, 0},
		{"a page that begins like a gif", []byte("GIF89a/*<script>alert(1)</script>*/"), "", 0, 0},
		{"nothing", nil, "", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, mediaType, err := web.DisplayCopy(test.in)
			if test.name == "webp" && err == nil { // which of the two depends on the decoder's care with a file of one pixel
				return
			}
			if test.want == "" {
				if err == nil || out != nil {
					t.Fatalf("a copy of %d bytes, want an error", len(out))
				}
				return
			}
			if err != nil || mediaType != test.want {
				t.Fatalf("%q, error %v; want %q", mediaType, err, test.want)
			}
			cfg, format, err := image.DecodeConfig(bytes.NewReader(out))
			if err != nil || "image/"+format != test.want || cfg.Width != test.w || cfg.Height != test.h {
				t.Errorf("a %s of %d × %d, error %v; want %s of %d × %d", format, cfg.Width, cfg.Height, err, test.want, test.w, test.h)
			}
			for _, marker := range []string{geoMarker, "Exif", "<script", "alert"} {
				if bytes.Contains(out, []byte(marker)) {
					t.Errorf("%q is in the copy", marker)
				}
			}
		})
	}
}

func FuzzDisplayCopy(f *testing.F) {
	for _, seed := range [][]byte{jpegPicture(f, 20, 10), withEXIF(jpegPicture(f, 8, 8)), picture(), animatedGIF(f), onePixelWebP(), []byte(svgScript), hugePNG(50_000, 50_000)} {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, mediaType, err := web.DisplayCopy(b)
		if err != nil {
			if out != nil {
				t.Error("there is a copy and an error")
			}
			return
		}
		cfg, format, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil || "image/"+format != mediaType || cfg.Width > 1280 || cfg.Height > 1280 {
			t.Errorf("the copy is a %s of %d × %d, said to be %s: %v", format, cfg.Width, cfg.Height, mediaType, err)
		}
	})
}

// attach puts a message with attachments into Maya's case.
func (h *house) attach(media ...daybook.Media) {
	h.t.Helper()
	r := h.item(told{id: "attached", from: harbour, at: at(11, 23, 8, 0), text: "look at these", media: media})
	for _, m := range media {
		if !m.Digest.IsZero() {
			r.Blobs = append(r.Blobs, m.Digest)
		}
	}
	h.append(h.mayas, r)
}

func (h *house) keptMedia(b []byte, mediaType, native string) daybook.Media {
	h.t.Helper()
	d, err := h.log.PutBlob(h.t.Context(), h.mayas, b)
	h.ok(err)
	return daybook.Media{Digest: d, Native: native, Type: mediaType, Bytes: int64(len(b)), State: daybook.MediaKept}
}

func TestPicture_C7_E7(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.attach(h.keptMedia(withEXIF(jpegPicture(t, 400, 300)), "image/jpeg", "a"))
	maya, priya, tom := h.enter(h.maya), h.enter(h.priya), h.enter(h.tom)
	show := maya.showOf(h.mayas, "marked", "attachment")
	list := maya.post(show)
	if imgs := elements(t, list.Body, func(n *html.Node) bool { return n.Data == "img" }); len(imgs) > 0 {
		t.Error("a picture is shown before it is asked for")
	}
	before := len(h.accessed(h.mayas))
	page := maya.post(pageOf(show) + "/m/0/show")
	if got := h.accessed(h.mayas)[before:]; len(got) != 1 || got[0] != "Maya content showed an attachment" {
		t.Errorf("the access log tells %q", got)
	}
	imgs := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "img" })
	if page.Status != http.StatusOK || len(imgs) != 1 {
		t.Fatalf("status %d, %d pictures", page.Status, len(imgs))
	}
	src := attrOf(imgs[0], "src")
	mustHave(t, readable(t, page.Body), "In colour and sharp")
	got := maya.get(src)
	if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "image/jpeg" || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the picture: status %d, %q", got.Status, got.Header.Get("Content-Type"))
	}
	if strings.Contains(got.Body, geoMarker) {
		t.Error("the place is in the display copy")
	}
	// It is for the session that asked, in this case, and for ten minutes.
	for who, b := range map[string]*browserClient{"an adviser of the case": priya, "somebody else": tom} {
		if other := b.get(src); other.Status != http.StatusNotFound {
			t.Errorf("%s gets %d, want 404", who, other.Status)
		}
	}
	if other := tom.get(strings.Replace(src, string(h.mayas), string(h.toms), 1)); other.Status != http.StatusNotFound {
		t.Errorf("in another case it is %d, want 404", other.Status)
	}
	h.move(4 * time.Minute)
	maya.get(h.timelineOf(h.mayas))
	if again := maya.get(src); again.Status != http.StatusOK {
		t.Errorf("after four minutes: %d", again.Status)
	}
	h.move(4 * time.Minute)
	maya.get(h.timelineOf(h.mayas))
	h.move(2 * time.Minute)
	if late := maya.get(src); late.Status != http.StatusNotFound {
		t.Errorf("after ten minutes: %d, want 404", late.Status)
	}
	// The original is saved as it came, and never shown.
	original := maya.post(pageOf(show) + "/m/0/original")
	isDownload(t, original)
	if !strings.Contains(original.Body, geoMarker) {
		t.Error("the saved original is not the original")
	}
}

func TestHostileAttachments_E8(t *testing.T) {
	h := newHouse(t)
	h.tell()
	photo := jpegPicture(t, 40, 30)
	hostile := []daybook.Media{
		h.keptMedia([]byte(svgScript), "image/svg+xml", "svg"),
		h.keptMedia([]byte(svgScript+" "), "image/png", "an svg that says it is a png"),
		h.keptMedia(hugePNG(50_000, 50_000), "image/png", "huge"),
		h.keptMedia(photo[:200], "image/jpeg", "cut off"),
		h.keptMedia([]byte("<html><script>alert(1)</script></html>"), "text/html", "page"),
		h.keptMedia([]byte("%PDF-1.7 /JS"), "application/pdf", "pdf"),
	}
	h.attach(append(hostile, daybook.Media{Native: "elsewhere", Type: "image/jpeg", State: daybook.MediaRefused}, daybook.Media{Native: "lost", Type: "video/mp4", State: daybook.MediaMissing},
		h.keptMedia(append(bytes.Clone(photo), "<script>alert(1)</script>"...), "text/plain", "a picture that says it is a text"))...)
	b := h.enter(h.maya)
	show := b.showOf(h.mayas, "marked", "attachment")
	m, _, err := h.db.List(t.Context(), h.mayas, daybook.MessageFilter{Newest: true}, 1, "")
	h.ok(err)
	text := readable(t, b.post(show).Body)
	mustHave(t, text, "Not fetched: it lies on a server that Daybook does not ask", "Asked for, and not to be had from the server")
	for i, media := range m[0].Media {
		path := pageOf(show) + "/m/" + string(rune('0'+i))
		page := b.post(path + "/show")
		imgs := elements(t, page.Body, func(n *html.Node) bool { return n.Data == "img" })
		switch media.Native {
		case "elsewhere", "lost":
			if page.Status != http.StatusNotFound {
				t.Errorf("%s: status %d, want 404", media.Native, page.Status)
			}
			continue
		case "a picture that says it is a text":
			if len(imgs) != 1 {
				t.Errorf("%s: %d pictures, want 1", media.Native, len(imgs))
			} else if copied := b.get(attrOf(imgs[0], "src")); strings.Contains(copied.Body, "script") {
				t.Errorf("%s: the script is in the copy", media.Native)
			}
		default:
			if page.Status != http.StatusOK || len(imgs) != 0 {
				t.Errorf("%s: status %d, %d pictures, want none", media.Native, page.Status, len(imgs))
			}
			mustHave(t, readable(t, page.Body), "cannot be shown here")
		}
		isDownload(t, b.post(path+"/original"))
	}
}

// A page fails if the archive does not hold what it should, and says nothing of
// it.
func TestBrokenAttachment(t *testing.T) {
	h := newHouse(t)
	h.tell()
	h.attach(daybook.Media{Digest: daybook.DigestOf([]byte("never kept")), Native: "x", Type: "image/png", State: daybook.MediaKept})
	b := h.enter(h.maya)
	page := b.post(pageOf(b.showOf(h.mayas, "marked", "attachment")) + "/m/0/show")
	if page.Status != http.StatusNotFound {
		t.Errorf("status %d, want 404", page.Status)
	}
	if _, _, err := web.DisplayCopy([]byte("x")); errors.Is(err, daybook.ErrNotFound) {
		t.Error("a picture that cannot be shown counts as one that is not there")
	}
}
