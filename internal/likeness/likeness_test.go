package likeness_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"

	"daybook/internal/likeness"
)

// picture makes soft blots of colour, others for another seed.
func picture(seed uint64, w, h int) *image.NRGBA {
	random := rand.New(rand.NewPCG(seed, 5))
	type blot struct{ x, y, r, c float64 }
	var blots []blot
	for range 9 {
		blots = append(blots, blot{random.Float64(), random.Float64(), .1 + .3*random.Float64(), 200*random.Float64() - 100})
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 128.0
			for _, b := range blots {
				dx, dy := float64(x)/float64(w)-b.x, float64(y)/float64(h)-b.y
				if d := dx*dx + dy*dy; d < b.r*b.r {
					v += b.c
				}
			}
			g := uint8(min(255, max(0, v)))
			img.SetNRGBA(x, y, color.NRGBA{g, g / 2, 255 - g, 255})
		}
	}
	return img
}

func encoded(t testing.TB, encode func(b *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

func hash(t testing.TB, b []byte) uint64 {
	t.Helper()
	h, err := likeness.Of(b)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCopiesAreAlike(t *testing.T) {
	for seed := range uint64(8) {
		img := picture(seed, 200, 200)
		want := hash(t, pngOf(t, img))
		small := image.NewNRGBA(image.Rect(0, 0, 70, 70))
		draw.CatmullRom.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
		for name, b := range map[string][]byte{
			"compressed": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 40}) }),
			"smaller":    pngOf(t, small),
			"cut":        pngOf(t, img.SubImage(image.Rect(2, 2, 198, 198))),
			"few colours": encoded(t, func(b *bytes.Buffer) error {
				return gif.Encode(b, img, &gif.Options{NumColors: 64})
			}),
		} {
			if d := likeness.Distance(want, hash(t, b)); d > 8 {
				t.Errorf("picture %d, %s: %d places differ", seed, name, d)
			}
		}
	}
}

func TestOtherPicturesAreNotAlike(t *testing.T) {
	var hashes []uint64
	for seed := range uint64(30) {
		hashes = append(hashes, hash(t, pngOf(t, picture(seed, 64, 64))))
	}
	for i, a := range hashes {
		for k, b := range hashes[:i] {
			if d := likeness.Distance(a, b); d <= 8 {
				t.Errorf("pictures %d and %d differ in %d places", i, k, d)
			}
		}
	}
}

func TestNothingToCompare(t *testing.T) {
	large := image.NewPaletted(image.Rect(0, 0, 5000, 10), color.Palette{color.White, color.Black})
	for name, b := range map[string][]byte{
		"no picture": []byte("<svg/>"), "nothing": nil, "one colour": pngOf(t, image.NewNRGBA(image.Rect(0, 0, 50, 50))),
		"too wide": pngOf(t, large), "cut off": pngOf(t, picture(1, 50, 50))[:80], "too many bytes": make([]byte, likeness.MaxBytes+1),
	} {
		if h, err := likeness.Of(b); h != 0 || !errors.Is(err, likeness.ErrNone) {
			t.Errorf("%s: %x, %v", name, h, err)
		}
	}
}

// The same picture gives the same hash everywhere.
func TestHashIsFixed(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.SetGray(x, y, color.Gray{uint8((x*x + 3*x*y + y*7) % 251)})
		}
	}
	if got := hash(t, pngOf(t, img)); got != 0xecfff0b422a0ca50 {
		t.Errorf("%#x", got)
	}
}

func FuzzOf(f *testing.F) {
	f.Add(pngOf(f, picture(1, 20, 20)))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(2, 20, 20), nil) }))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return gif.Encode(b, picture(3, 20, 20), nil) }))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8L"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := likeness.Of(b)
		if (h == 0) != (err != nil) {
			t.Errorf("%x, %v", h, err)
		}
	})
}
