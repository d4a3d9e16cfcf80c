package pdf_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"daybook/internal/pdf"
)

// BenchmarkMessages writes rows of 60 to 300 characters, one in twenty in another
// script.
func BenchmarkMessages(b *testing.B) {
	words := strings.Fields("the a of to and in you that was for on are with at one have this from or had by hot but some what there we can out other were all your when up use word how said each she which do their time will way about many then them would write like so these long make thing see him two has look more day could go come did sound no most number who over know water than call first people may down side been now find new work part take get place made live where after back little only round year came show every good give our under name very through just form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence set three want air well also play small end put home read hand port large spell add even land here must big high such follow act why ask men change went light kind off need house picture try us again animal point mother world near build self earth father")
	for b.Loop() {
		d := pdf.New(io.Discard, pdf.Options{Title: "Record of contact", Language: "en-GB"})
		rows := d.Table(pdf.Table{Columns: []pdf.Column{{Title: "Exhibit", Width: 1}, {Title: "Time", Width: 1.7}, {Title: "From", Width: 1.9}, {Title: "Message", Width: 5}}})
		next := uint32(1)
		random := func(n int) int {
			next = next*1664525 + 1013904223
			return int(next>>8) % n
		}
		for i := range 10_000 {
			var text strings.Builder
			for size := 60 + random(240); text.Len() < size; {
				text.WriteString(words[random(len(words))] + " ")
			}
			if i%20 == 0 {
				text.WriteString(samples()[i/20%len(samples())].text)
			}
			rows.Row([]pdf.Span{{Text: fmt.Sprintf("E-%05d", i+1), Mono: true}}, spans("2026-11-20 12:30:00Z\nFri 12:30:00 GMT"), spans("@night_owl@social.example\nmention"), spans(text.String()))
		}
		rows.End()
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(d.Pages()), "pages")
	}
}
