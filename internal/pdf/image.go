package pdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/webp"
)

// How large a picture may be, in pixels. While one is decoded it takes up to eight
// bytes for each.
const (
	mostInPhoto = 100_000_000 // JPEG, which is not decoded
	mostDecoded = 16_000_000
)

// ErrPicture says that a picture cannot be shown: it is of another kind than
// JPEG, PNG, GIF and WebP, broken, or too large.
var ErrPicture = errors.New("not a picture that can be shown")

// Image adds a picture, no wider than the text and no higher than maxHeight
// points, and never larger than 96 pixels to the inch; alt says what it shows. A JPEG is
// embedded as it is, but for what the camera and others wrote beside it; the
// others are decoded, animations to their first picture. Nothing is fetched. The
// error is ErrPicture if it cannot be shown; then nothing was added, and the
// document can go on.
func (d *Document) Image(alt string, data []byte, maxHeight float64) error {
	if d.failed() {
		return nil // Close says why
	}
	sum := sha256.Sum256(data)
	p, known := d.pictures[sum]
	if !known {
		var err error
		if p, err = d.embed(data); err != nil {
			return err
		}
		d.pictures[sum] = p
	}
	d.placeImage(alt, p, points(maxHeight))
	return nil
}

// A picture is an image that has been written. It may be shown several times.
type picture struct {
	id            int
	width, height int // as they are shown
	turn          turn
}

// embed writes a picture.
func (d *Document) embed(data []byte) (picture, error) {
	kind, err := pictureKind(data)
	if err != nil {
		return picture{}, err
	}
	if kind == "jpeg" {
		p, err := readJPEG(data)
		if err != nil {
			return picture{}, fmt.Errorf("%w: %w", ErrPicture, err)
		}
		shown := picture{d.embedPhoto(p), p.width, p.height, p.turn}
		if p.turn.sideways() {
			shown.width, shown.height = p.height, p.width
		}
		return shown, nil
	}
	img, err := decodePicture(kind, data)
	if err != nil {
		return picture{}, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	return picture{id: d.embedPixels(img), width: img.Bounds().Dx(), height: img.Bounds().Dy()}, nil
}

func (d *Document) placeImage(alt string, p picture, most unit) {
	most = min(max(most, 10*point), textHeight)
	w, h := unit(p.width)*3*point/4, unit(p.height)*3*point/4 // 96 to the inch
	if w > textWidth {
		w, h = textWidth, h*textWidth/w
	}
	if h > most {
		w, h = w*most/h, most
	}
	w, h = max(w, point), max(h, point)
	d.add(h+8*point, func() {
		if d.y+h > textBottom && d.y > textTop {
			d.newPage()
		}
		if !slices.Contains(d.page.images, p.id) {
			d.page.images = append(d.page.images, p.id)
		}
		d.figure(alt, margin, d.y, w, h, func() {
			c := &d.page.body
			c.b = append(c.b, "q "...)
			c.num(w)
			c.b = append(c.b, "0 0 "...)
			c.num(h)
			c.at(margin, d.y+h)
			c.op("cm")
			c.op(p.turn.matrix() + " cm")
			c.opf("/I%d Do Q", p.id)
		})
		d.y += h + 8*point
	})
}

// pictureKind looks at the first bytes.
func pictureKind(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xFF\xD8\xFF")):
		return "jpeg", nil
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "png", nil
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return "gif", nil
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return "webp", nil
	}
	return "", fmt.Errorf("%w: it is of another kind than JPEG, PNG, GIF and WebP", ErrPicture)
}

func checkSize(width, height, most int) error {
	if width < 1 || height < 1 || width > most/height {
		return fmt.Errorf("%d × %d pixels", width, height)
	}
	return nil
}

// decodePicture looks at the size before it decodes.
func decodePicture(kind string, data []byte) (img image.Image, err error) {
	var config func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	switch kind {
	case "png":
		config, decode = png.DecodeConfig, png.Decode
	case "gif":
		config, decode = gif.DecodeConfig, gif.Decode
	default:
		config, decode = webp.DecodeConfig, webp.Decode
	}
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := checkSize(c.Width, c.Height, mostDecoded); err != nil {
		return nil, err
	}
	if img, err = decode(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	return img, checkSize(img.Bounds().Dx(), img.Bounds().Dy(), mostDecoded)
}

// embedPhoto writes a JPEG as an image (ISO 32000-1 §8.9.5) and returns its
// number.
func (d *Document) embedPhoto(p photo) int {
	space := map[int]string{1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}[p.components]
	if p.components == 4 && p.inverted {
		space += "/Decode[1 0 1 0 1 0 1 0]"
	}
	id := d.out.number()
	d.out.streamAsIs(id, fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace%s/BitsPerComponent 8/Filter/DCTDecode", p.width, p.height, space), p.data)
	return id
}

// embedPixels writes a decoded picture, and how transparent it is if it is.
func (d *Document) embedPixels(img image.Image) int {
	b := img.Bounds()
	mask := ""
	opaque, ok := img.(interface{ Opaque() bool })
	if !ok || !opaque.Opaque() {
		id := d.out.number()
		d.out.streamFrom(id, fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8", b.Dx(), b.Dy()), func(w io.Writer) error {
			return eachRow(w, img, func(row []byte, c color.NRGBA) []byte { return append(row, c.A) })
		})
		mask = fmt.Sprintf("/SMask %d 0 R", id)
	}
	id := d.out.number()
	d.out.streamFrom(id, fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8%s", b.Dx(), b.Dy(), mask), func(w io.Writer) error {
		return eachRow(w, img, func(row []byte, c color.NRGBA) []byte { return append(row, c.R, c.G, c.B) })
	})
	return id
}

// eachRow writes a picture row by row.
func eachRow(w io.Writer, img image.Image, pixel func(row []byte, c color.NRGBA) []byte) error {
	b := img.Bounds()
	row := make([]byte, 0, 3*b.Dx())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row = row[:0]
		for x := b.Min.X; x < b.Max.X; x++ {
			row = pixel(row, color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA))
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}
