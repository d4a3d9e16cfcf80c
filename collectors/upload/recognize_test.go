package upload_test

import (
	"archive/zip"
	"context"
	"errors"
	"strings"
	"testing"

	"daybook"
	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
)

// fakeFormat knows files whose name begins like its kind.
func fakeFormat(kind string, confidence int, needs string) upload.Format {
	return upload.Format{Kind: kind, Title: "Made up", Recognize: func(_ context.Context, f upload.File) upload.Recognition {
		if !strings.HasPrefix(f.Name, "known") {
			return upload.Recognition{}
		}
		return upload.Recognition{Kind: kind, Confidence: confidence, Needs: needs}
	}}
}

func TestRecognize(t *testing.T) {
	f := uploadtest.Memory("known.txt", []byte("text"))
	for _, tt := range []struct {
		name    string
		formats []upload.Format
		want    string
		needs   string
	}{
		{"one", []upload.Format{fakeFormat("a", 50, "")}, "a", ""},
		{"the surer one", []upload.Format{fakeFormat("a", 50, ""), fakeFormat("b", 90, ""), fakeFormat("c", 60, "")}, "b", ""},
		{"the first of equals", []upload.Format{fakeFormat("a", 50, ""), fakeFormat("b", 50, "")}, "a", ""},
		{"the wrong form", []upload.Format{fakeFormat("a", 50, "ask for JSON")}, "a", "ask for JSON"},
		{"the wrong form of one, the right one of another", []upload.Format{fakeFormat("a", 50, "ask for JSON"), fakeFormat("b", 60, "")}, "b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			format, r, err := upload.Recognize(t.Context(), f, tt.formats...)
			if format.Kind != tt.want || r.Kind != tt.want {
				t.Errorf("got %q, %+v, want %q", format.Kind, r, tt.want)
			}
			var refused *upload.RefusedError
			if tt.needs == "" && err != nil || tt.needs != "" && (!errors.As(err, &refused) || refused.Hint != tt.needs || errors.Is(err, upload.ErrUnknown)) {
				t.Errorf("got %v, want %q", err, tt.needs)
			}
		})
	}
}

func TestRecognizeUnknown(t *testing.T) {
	archive := func(names ...string) upload.File {
		return uploadtest.Zipped(t, "export.zip", func(z *zip.Writer) error {
			for _, name := range names {
				member(t, z, zip.FileHeader{Name: name}, text)
			}
			return nil
		})
	}
	file := func(name, content string) upload.File { return uploadtest.Memory(name, []byte(content)) }
	const later = "cannot read it yet"
	for _, tt := range []struct {
		name string
		file upload.File
		want []string
	}{
		{"empty", file("a.zip", ""), []string{"empty"}},
		{"anything", file("a.bin", "\x00\x01\x02"), []string{"not known"}},
		{"nothing in it", archive(), []string{"nothing in this ZIP file"}},
		{"some ZIP file", archive("a.txt"), []string{"not known"}},
		{"a broken ZIP file", file("a.zip", "PK\x03\x04"+strings.Repeat("x", 100)), []string{"ends too early"}},
		{"a ZIP file in a ZIP file", archive("a/export.zip"), []string{"another packed file", "export.zip"}},
		{"7z", file("a.7z", "7z\xbc\xaf\x27\x1c...."), []string{"no ZIP file"}},
		{"gzip", file("a.gz", "\x1f\x8b...."), []string{"no ZIP file"}},
		{"WhatsApp", file("WhatsApp Chat with Tilda.txt", "20/11/2026, 09:30 - Tilda: hello"), []string{"WhatsApp", later}},
		{"WhatsApp with pictures", archive("_chat.txt", "a.jpg"), []string{"WhatsApp", later}},
		{"messages of a telephone", file("sms-2026.xml", "<?xml version='1.0'?>\n<smses count=\"1\">"), []string{"SMS", later}},
		{"Telegram", file("result.json", `{"name": "Ruben", "type": "personal_chat"`), []string{"Telegram", later}},
		{"mbox", file("mail", "From a@b.example Mon Nov 23\nTo: b\n"), []string{"e-mail", later}},
		{"Instagram", archive("your_instagram_activity/messages/inbox/a/message_1.json"), []string{"Instagram", later}},
		{"Facebook", archive("your_facebook_activity/messages/inbox/a/message_1.json"), []string{"Facebook", later}},
		{"Snapchat", archive("json/chat_history.json"), []string{"Snapchat", later}},
		{"TikTok", file("user_data.json", `{"Activity": {}}`), []string{"TikTok", later}},
		{"Discord", archive("messages/index.json"), []string{"Discord", later}},
		{"Mastodon", file("archive-20261123.tar.gz", "\x1f\x8b...."), []string{"Mastodon", later}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := upload.Recognize(t.Context(), tt.file, fakeFormat("a", 50, ""))
			var refused *upload.RefusedError
			if !errors.Is(err, upload.ErrUnknown) || !errors.Is(err, daybook.ErrInvalid) || !errors.As(err, &refused) {
				t.Fatalf("got %v, want ErrUnknown, ErrInvalid and a RefusedError", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(refused.What, part) || refused.Hint == "" {
					t.Errorf("got %q; %q, want %q in it", refused.What, refused.Hint, part)
				}
			}
		})
	}
}

func TestRecognizeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := upload.Recognize(ctx, uploadtest.Memory("known", nil), fakeFormat("a", 50, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
