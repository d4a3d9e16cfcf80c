package web

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// What is shown of a picture is never its bytes: it is decoded, made small and
// encoded again. So nothing comes along that is not a pixel: no place and no
// device from its EXIF, no script, no second file hidden behind the first.

const (
	maxPixels      = 40_000_000 // of a picture that is decoded at all
	maxProgressive = 12_000_000 // of a progressive JPEG, which takes four times as much memory a pixel
	maxSide        = 20_000     // pixels
	maxShownSide   = 1280       // pixels, of the display copy
)

// errNotShown is wrapped by the errors of displayCopy: the picture can be saved,
// and not shown.
var errNotShown = errors.New("not a picture that can be shown")

// displayCopy makes a small copy of a JPEG, PNG, GIF (its first frame) or WebP
// picture, as JPEG or, if it can be seen through, PNG. What the picture claims to
// be is not asked. The error wraps errNotShown; hostile bytes give one, never a
// panic.
func displayCopy(b []byte) (out []byte, mediaType string, err error) {
	defer func() { // the decoders are of different age and care
		if p := recover(); p != nil {
			out, mediaType, err = nil, "", fmt.Errorf("%w: its decoder failed", errNotShown)
		}
	}()
	format, ok := pictureFormat(b)
	if !ok {
		return nil, "", fmt.Errorf("%w: it is of another kind", errNotShown)
	}
	cfg, err := format.config(bytes.NewReader(b))
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNotShown, err)
	}
	if err := allowedSize(cfg, b); err != nil {
		return nil, "", err
	}
	img, err := format.decode(bytes.NewReader(b))
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNotShown, err)
	}
	return encodePicture(shrink(img))
}

func allowedSize(cfg image.Config, b []byte) error {
	w, h := cfg.Width, cfg.Height
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return fmt.Errorf("%w: %d × %d pixels", errNotShown, w, h)
	}
	limit := maxPixels
	switch {
	case progressive(b):
		limit = maxProgressive
	case cfg.ColorModel == color.NRGBA64Model || cfg.ColorModel == color.RGBA64Model:
		limit = maxPixels / 2
	}
	if w*h > limit {
		return fmt.Errorf("%w: %d × %d pixels", errNotShown, w, h)
	}
	return nil
}

type pictureDecoder struct {
	config func(r *bytes.Reader) (image.Config, error)
	decode func(r *bytes.Reader) (image.Image, error)
}

// pictureFormat tells by its first bytes what a picture is.
func pictureFormat(b []byte) (pictureDecoder, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return pictureDecoder{
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
		}, true
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return pictureDecoder{
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
		}, true
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return pictureDecoder{
			func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }, // the first frame alone
		}, true
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return pictureDecoder{
			func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) },
		}, true
	}
	return pictureDecoder{}, false
}

// progressive reports whether a JPEG is a progressive one: it has a frame header
// SOF2 (ITU-T T.81 table B.1). Of other bytes it says false.
func progressive(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("\xff\xd8")) {
		return false
	}
	for b = b[2:]; len(b) >= 4; {
		if b[0] != 0xff {
			b = b[1:] // the decoder passes over such bytes too
			continue
		}
		switch marker := b[1]; {
		case marker == 0xff:
			b = b[1:]
			continue
		case marker == 0xc2:
			return true
		case marker == 0xc0, marker == 0xc1, marker == 0xda: // another frame, or the data
			return false
		case marker == 0x00, marker == 0x01, marker >= 0xd0 && marker <= 0xd8: // without a length
			b = b[2:]
			continue
		}
		n := 2 + int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return false
}

// shrink draws a picture anew, at most maxShownSide pixels wide and high.
func shrink(img image.Image) *image.NRGBA {
	from := img.Bounds()
	w, h := from.Dx(), from.Dy()
	if long := max(w, h); long > maxShownSide {
		w, h = max(1, w*maxShownSide/long), max(1, h*maxShownSide/long)
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == from.Dx() && h == from.Dy() {
		draw.Draw(to, to.Bounds(), img, from.Min, draw.Src)
		return to
	}
	draw.ApproxBiLinear.Scale(to, to.Bounds(), img, from, draw.Src, nil)
	return to
}

func encodePicture(img *image.NRGBA) ([]byte, string, error) {
	var b bytes.Buffer
	if img.Opaque() {
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 82}); err != nil {
			return nil, "", fmt.Errorf("make a display copy: %w", err)
		}
		return b.Bytes(), "image/jpeg", nil
	}
	if err := png.Encode(&b, img); err != nil {
		return nil, "", fmt.Errorf("make a display copy: %w", err)
	}
	return b.Bytes(), "image/png", nil
}
