package xarchive_test

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"daybook/collectors/upload"
	"daybook/collectors/upload/uploadtest"
	"daybook/collectors/upload/xarchive"
)

// large writes an archive with n messages in conversations of 1,000.
func large(t testing.TB, n int) upload.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "twitter-large.zip"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := writeLarge(f, n); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return upload.File{Name: "twitter-large.zip", Size: info.Size(), ReaderAt: f}
}

func writeLarge(w io.Writer, n int) error {
	z := zip.NewWriter(w)
	member := func(name string) (*bufio.Writer, error) {
		out, err := z.Create(name)
		return bufio.NewWriterSize(out, 64<<10), err
	}
	b, err := member("data/manifest.js")
	if err != nil {
		return err
	}
	fmt.Fprintf(b, `window.__THAR_CONFIG = {"userInfo":{"accountId":"1480000101"},"archiveInfo":{"generationDate":"2026-11-18T08:00:00.000Z","isPartialArchive":false},`+
		`"dataTypes":{"directMessages":{"files":[{"fileName":"data/direct-messages.js","globalName":"YTD.direct_messages.part0","count":"1"}]},`+
		`"directMessageHeaders":{"files":[{"fileName":"data/direct-message-headers.js","globalName":"YTD.direct_message_headers.part0","count":"1"}]}}}`)
	if err := b.Flush(); err != nil {
		return err
	}
	words := []string{"the market", "on thursday", "did you", "see", "my blue cup", "I know", "the yellow door", "call", "why not", "coat", "again and", "again"}
	for _, name := range []string{"direct-messages", "direct-message-headers"} {
		if b, err = member("data/" + name + ".js"); err != nil {
			return err
		}
		fmt.Fprint(b, "window.YTD.part0 = [")
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for i := range n {
			if i%1000 == 0 {
				if i > 0 {
					fmt.Fprint(b, " ] } },\n")
				}
				fmt.Fprintf(b, " {\n    \"dmConversation\" : {\n      \"conversationId\" : \"1480000101-%d\",\n      \"messages\" : [", 2220000101+i/1000)
			} else {
				fmt.Fprint(b, ",")
			}
			sender, recipient := 2220000101+i/1000, 1480000101
			if i%7 == 0 {
				sender, recipient = recipient, sender
			}
			id, when := int64(2100000000000000000)-int64(i)*4194304000, at.Add(-time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05.000Z")
			if name == "direct-message-headers" {
				fmt.Fprintf(b, "\n {\"messageCreate\":{\"id\":\"%d\",\"senderId\":\"%d\",\"recipientId\":\"%d\",\"createdAt\":\"%s\"}}", id, sender, recipient, when)
				continue
			}
			fmt.Fprintf(b, "\n        {\n          \"messageCreate\" : {\n            \"recipientId\" : \"%d\",\n            \"reactions\" : [ ],\n            \"urls\" : [ ],\n            \"text\" : \"%s %s %s %s, number %d\",\n"+
				"            \"mediaUrls\" : [ ],\n            \"senderId\" : \"%d\",\n            \"id\" : \"%d\",\n            \"createdAt\" : \"%s\",\n            \"editHistory\" : [ ]\n          }\n        }",
				recipient, words[i%12], words[i/5%12], words[i/7%12], words[i*7/3%12], i, sender, id, when)
		}
		fmt.Fprint(b, " ] } } ]\n")
		if err := b.Flush(); err != nil {
			return err
		}
	}
	return z.Close()
}

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMillionMessagesRatio prints how fast an archive is read, twice as
// reading it in does, and the most memory of it.
func BenchmarkMillionMessagesRatio(b *testing.B) {
	const n, bar, memory = 1_000_000, 20_000, 300 << 20
	for b.Loop() {
		f := large(b, n)
		runtime.GC()
		start := cpu(b)
		got, peak, err := uploadtest.Measure(b, xarchive.Format(), f)
		if err != nil || got != n {
			b.Fatalf("%d messages, %v, want %d", got, err, n)
		}
		rate := float64(n) / (cpu(b) - start).Seconds()
		fmt.Printf(`{"measure": "x archive, messages", "ratio": %.2f, "ours": %.0f, "theirs": %d, "unit": "messages/CPU s", "n": %d}`+"\n", rate/bar, rate, bar, n)
		fmt.Printf(`{"measure": "x archive, memory", "ratio": %.2f, "ours": %d, "theirs": %d, "unit": "MB", "n": %d}`+"\n", float64(peak)/memory, peak>>20, memory>>20, n)
	}
}
