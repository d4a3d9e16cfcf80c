package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook"
	"daybook/cases"
	"daybook/export"
	"daybook/export/bundle"
)

// photograph returns a JPEG picture of about 60 KB that is like no other.
func photograph(t testing.TB, n int) []byte {
	t.Helper()
	const width, height = 480, 360
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	noise := uint32(n)*2654435761 + 1
	for y := range height {
		for x := range width {
			noise ^= noise << 13
			noise ^= noise >> 17
			noise ^= noise << 5
			im.Set(x, y, color.RGBA{uint8(x/2) + uint8(noise&63), uint8(y/2) + uint8(noise>>8&63), uint8((x + y) / 4), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// addPictures gives every tenth message a picture.
func (b *bencher) addPictures(t testing.TB) (n int) {
	t.Helper()
	ctx := context.Background()
	cursor := ""
	for i := 0; ; {
		page, next, err := b.db.List(ctx, b.id, daybook.MessageFilter{}, 500, cursor)
		if err != nil {
			t.Fatal(err)
		}
		var batch []daybook.Record
		for _, m := range page {
			if i++; i%10 != 0 {
				continue
			}
			picture := photograph(t, i)
			d, err := b.log.PutBlob(ctx, b.id, picture)
			if err != nil {
				t.Fatal(err)
			}
			r := daybook.NewRecord(daybook.RecordMedia, daybook.MediaRecord{Account: b.acct.ID, Message: m.Key,
				Media: daybook.Media{Digest: d, Native: strconv.Itoa(i), Type: "image/jpeg", Bytes: int64(len(picture)), State: daybook.MediaKept}})
			r.Actor, r.Blobs = cases.Operator("bench"), []daybook.Digest{d}
			batch = append(batch, r)
			n++
		}
		if _, err := b.log.Append(ctx, b.id, batch); err != nil {
			t.Fatal(err)
		}
		if cursor = next; next == "" {
			return n
		}
	}
}

// zipAgain compresses what is in a ZIP file once more, and hashes it: the least
// that making it costs.
func zipAgain(t testing.TB, path string) time.Duration {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read from
	var spent time.Duration
	w := zip.NewWriter(io.Discard)
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		start := cpuTime(t)
		out, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: f.Method})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if _, err := out.Write(content); err != nil || sum == [32]byte{} {
			t.Fatal(err)
		}
		spent += cpuTime(t) - start
	}
	return spent
}

// peakMB is the most that the process has held since forgetPeak.
func peakMB(t testing.TB) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb / 1024
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

func forgetPeak(t testing.TB) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200); err != nil {
		t.Fatal(err)
	}
}

// A bundle of 10,000 messages with 1,000 pictures, with its reports: the time
// that a person waits, the memory, and the processor time against that of zipping
// and hashing the same files.
func BenchmarkRatioBundle(b *testing.B) {
	const n = 10_000
	for range b.N {
		x := newBencher(b)
		x.takeAll(b, n, n)
		pictures := x.addPictures(b)
		if err := x.catchUp(context.Background(), x.id); err != nil {
			b.Fatal(err)
		}
		name := filepath.Join(b.TempDir(), "bundle.zip")
		forgetPeak(b)
		start, spent := time.Now(), cpuTime(b)
		var made int64
		err := writeNew(name, func(w io.Writer) error {
			res, err := x.exportFor(context.Background(), cases.Operator("bench"), x.id, export.Spec{Kind: export.Complete}, bundle.Recipients{}, w, nil)
			made = res.Size
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		wait, cpu, peak := time.Since(start), cpuTime(b)-spent, peakMB(b)
		b.Logf("%d pictures, %d MB, %.1f s of processor time", pictures, made>>20, cpu.Seconds())
		benchLine{Measure: "a bundle, time / 60 s", Ours: wait.Seconds(), Theirs: 60, Unit: "s", N: n}.print(b)
		benchLine{Measure: "a bundle, resident memory / 300 MB", Ours: peak, Theirs: 300, Unit: "MB", N: n}.print(b)
		benchLine{Measure: "a bundle, CPU / zipping and hashing the same files", Ours: cpu.Seconds(), Theirs: zipAgain(b, name).Seconds(), Unit: "s", N: n}.print(b)
	}
}
