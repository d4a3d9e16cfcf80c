// Package likeness tells by a short hash whether two pictures look alike: the
// same picture, made smaller, compressed again or with another margin of a few
// pixels. It knows nothing of what a picture shows, and nothing of faces. It
// keeps nothing on disk; store calls it for the pictures that accounts show of
// themselves.
package likeness

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/bits"
	"slices"

	"golang.org/x/image/webp"
)

// Limits of a picture that is decoded. Accounts' pictures are a few hundred
// pixels wide.
const (
	MaxBytes  = 8 << 20
	maxSide   = 4096      // pixels
	maxPixels = 4_000_000 // 16 MB when decoded
)

// ErrNone is wrapped by the errors of Of: there is nothing to compare.
var ErrNone = errors.New("not a picture that can be compared")

// Of returns the hash of a JPEG, PNG, GIF (its first frame) or WebP picture:
// which of its 63 lowest frequencies stand above their median, as in Zauner,
// "Implementation and benchmarking of perceptual image hash functions" (2010),
// in whole numbers. It is never 0. The error wraps ErrNone for other bytes, for a
// picture that is too large and for one that is of one colour all over; hostile
// bytes give an error, never a panic.
func Of(b []byte) (hash uint64, err error) {
	defer func() { // the decoders are of different age and care
		if p := recover(); p != nil {
			hash, err = 0, fmt.Errorf("%w: its decoder failed", ErrNone)
		}
	}()
	if len(b) > MaxBytes {
		return 0, fmt.Errorf("%w: %d bytes", ErrNone, len(b))
	}
	d := decoderOf(b)
	if d.decode == nil {
		return 0, fmt.Errorf("%w: it is of another kind", ErrNone)
	}
	cfg, err := d.config(bytes.NewReader(b))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if w, h := cfg.Width, cfg.Height; w <= 0 || h <= 0 || w > maxSide || h > maxSide || w*h > maxPixels {
		return 0, fmt.Errorf("%w: %d × %d pixels", ErrNone, w, h)
	}
	img, err := d.decode(bytes.NewReader(b))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return hashOf(shrink(img))
}

// Distance is in how many of 64 places two hashes differ: up to about 8 between
// two copies of one picture, about 32 between two pictures.
func Distance(a, b uint64) int { return bits.OnesCount64(a ^ b) }

type decoder struct {
	config func(r *bytes.Reader) (image.Config, error)
	decode func(r *bytes.Reader) (image.Image, error)
}

// decoderOf tells by its first bytes what a picture is.
func decoderOf(b []byte) decoder {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return decoder{
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
		}
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return decoder{
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
		}
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return decoder{
			func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) },
		}
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return decoder{
			func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) },
		}
	}
	return decoder{}
}

const side = 32 // of the picture that is hashed

// shrink returns the grey of a picture, 0 to 65535, averaged to 32 × 32. What can
// be seen through is white below.
func shrink(img image.Image) (grey [side][side]int64) {
	at := img.Bounds()
	w, h := at.Dx(), at.Dy()
	for y := range side {
		y0, y1 := y*h/side, max((y+1)*h/side, y*h/side+1)
		for x := range side {
			x0, x1 := x*w/side, max((x+1)*w/side, x*w/side+1)
			var sum int64
			for py := y0; py < y1; py++ {
				for px := x0; px < x1; px++ {
					sum += greyOf(img.At(at.Min.X+px, at.Min.Y+py))
				}
			}
			grey[y][x] = sum / int64((y1-y0)*(x1-x0))
		}
	}
	return grey
}

// greyOf is the luma of ITU-R BT.601 on white.
func greyOf(c color.Color) int64 {
	r, g, b, a := c.RGBA() // of the colour times its opacity
	return (299*int64(r)+587*int64(g)+114*int64(b))/1000 + 0xffff - int64(a)
}

// leastContrast is how far grey has to reach for a picture to be told from one
// colour: 1 in 32.
const leastContrast = 0xffff / 32

func hashOf(grey [side][side]int64) (uint64, error) {
	low, high := grey[0][0], grey[0][0]
	for y := range grey {
		low, high = min(low, slices.Min(grey[y][:])), max(high, slices.Max(grey[y][:]))
	}
	if high-low < leastContrast {
		return 0, fmt.Errorf("%w: it is of one colour", ErrNone)
	}
	var rows [side][8]int64 // each row's lowest frequencies
	for y := range rows {
		for u := range 8 {
			for x := range side {
				rows[y][u] += grey[y][x] * cosine((2*x+1)*u)
			}
			rows[y][u] >>= 14
		}
	}
	var waves [64]int64
	for v := range 8 {
		for u := range 8 {
			for y := range side {
				waves[8*v+u] += rows[y][u] * cosine((2*y+1)*v)
			}
		}
	}
	sorted := slices.Sorted(slices.Values(waves[1:])) // the first is how bright it is
	var hash uint64
	for i, wave := range waves[1:] {
		if wave > sorted[len(sorted)/2] {
			hash |= 1 << (i + 1)
		}
	}
	return max(hash, 1), nil
}

// cosine returns cos(k·π/64) times 2¹⁴.
func cosine(k int) int64 {
	quarter := [...]int16{ // for k from 0 to 32
		16384, 16364, 16305, 16207, 16069, 15893, 15679, 15426, 15137, 14811, 14449,
		14053, 13623, 13160, 12665, 12140, 11585, 11003, 10394, 9760, 9102, 8423,
		7723, 7005, 6270, 5520, 4756, 3981, 3196, 2404, 1606, 804, 0,
	}
	k %= 128
	if k > 64 {
		k = 128 - k
	}
	if k > 32 {
		return -int64(quarter[64-k])
	}
	return int64(quarter[k])
}
