package uploadtest

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"strings"
	"testing"

	"daybook/collectors/upload"
)

//go:embed testdata/hostile
var hostile embed.FS

// Hostile returns files that no format may open: broken ones, ones that mean harm
// and ones of other makers.
func Hostile(t testing.TB) []upload.File {
	t.Helper()
	entries, err := hostile.ReadDir("testdata/hostile")
	if err != nil {
		t.Fatal(err)
	}
	var list []upload.File
	for _, e := range entries {
		b, err := hostile.ReadFile("testdata/hostile/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Memory(e.Name(), b))
	}
	return append(list,
		Memory("deep.json", []byte(strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))),
		Memory("long-header.mbox", []byte("From a@b.example\nX: "+strings.Repeat("a", 1<<20)+"\n")),
		Bomb(t, "bomb.zip", 2, 64<<20),
		Many(t, "many-entries.zip", 100_000),
	)
}

// Bomb is a ZIP file with members that become a thousand times as large by
// unpacking them.
func Bomb(t testing.TB, name string, members int, size int64) upload.File {
	t.Helper()
	return Zipped(t, name, func(z *zip.Writer) error {
		zeros := make([]byte, 1<<20)
		for i := range members {
			w, err := z.Create(fmt.Sprintf("data/%d.js", i))
			if err != nil {
				return err
			}
			for left := size; left > 0; left -= int64(len(zeros)) {
				if _, err := w.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Many is a ZIP file with as many empty members.
func Many(t testing.TB, name string, members int) upload.File {
	t.Helper()
	return Zipped(t, name, func(z *zip.Writer) error {
		for i := range members {
			if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("e/%d", i)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Zipped is a ZIP file that fill writes the members of.
func Zipped(t testing.TB, name string, fill func(*zip.Writer) error) upload.File {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := fill(z); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return Memory(name, b.Bytes())
}
