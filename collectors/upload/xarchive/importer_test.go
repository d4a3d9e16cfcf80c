package xarchive_test

import (
	"testing"

	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
	"daybook/collectors/upload/xarchive"
)

func TestImporting_D5(t *testing.T) {
	uploadtest.RunImporting(t, uploadtest.Importing{
		Format: xarchive.Format(),
		File:   func(t testing.TB) upload.File { return fixture(t, recorded) },
	})
}
