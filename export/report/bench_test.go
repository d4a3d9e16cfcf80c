package report_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"daybook/export/report"
)

// long is a record of many messages of 60 to 300 characters, one in twenty in
// other scripts.
func long(t testing.TB, n int) *stage {
	s := newStage(t)
	words := "I only want to talk to you about the garden and the yellow door and the blue cup that you left with me that day when it rained so much that nobody came "
	others := []string{"انتظرك عند الباب الأصفر كل مساء ولا تجيبين أبدا يا صديقتي القديمة من المدينة", "मैं तुमसे केवल बात करना चाहता हूँ और कुछ नहीं कहना चाहता हूँ आज", "我只想和你谈谈那个花园还有黄色的门还有蓝色的杯子你知道的", "Ответь мне, пожалуйста, я жду у жёлтой двери каждый вечер 👀"}
	for i := range n {
		size := 60 + i*37%240
		text := ""
		for len(text) < size {
			text += words
		}
		if text = text[:size]; i%20 == 0 {
			text = others[i/20%len(others)]
		}
		from := kestrel
		if i%3 == 1 {
			from = handle(fmt.Sprintf("https://meres.example/users/%d", i%40), fmt.Sprintf("handle_%d@meres.example", i%40), "Someone")
		}
		s.tell(told{from: from, at: at(1, 1, 0, 0).Add(time.Duration(i) * 40 * time.Minute), text: fmt.Sprint(i, " ", text)})
	}
	return s
}

func BenchmarkReport(b *testing.B) {
	const n = 10_000
	s := long(b, n)
	all := shown(b, s.view(), mara())
	for b.Loop() {
		for volume := range report.Volumes(all) {
			if err := report.Write(b.Context(), io.Discard, all, volume+1, s.bytesOf); err != nil {
				b.Fatal(err)
			}
		}
		if err := report.WriteFirst(b.Context(), io.Discard, all); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/message")
}
