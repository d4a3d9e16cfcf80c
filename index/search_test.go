package index_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"daybook"
	"daybook/index"
)

var texts = []message{
	{name: "find", text: "I will find you. You can not hide.Tonight!"},
	{name: "house", text: "I was outside your house today"},
	{name: "today", text: "Outside it rains today; the house is warm"},
	{name: "knife", text: "He has a KNI\u2060FE", kind: daybook.KindDirectMessage},
	{name: "wide", text: "a ｇｕｎ and a 𝓀𝓃𝒾𝒻𝑒"},
	{name: "circled", text: "ⓛⓘⓐⓡ liar"},
	{name: "cafe", text: "Meet me at the Café, don’t be late"},
	{name: "emoji", text: "for you 🔪👩\u200d👩\u200d👧 and ❤\ufe0f👍🏽", kind: daybook.KindDirectMessage},
	{name: "arabic", text: "سوف أجدك في البيت الليلة"},
	{name: "arabicVowels", text: "كَتَبَ الرِّسَالَة"},
	{name: "chinese", text: "我知道你住在哪里。我会找到你"},
	{name: "japanese", text: "あなたの家を知っている ｶﾞｯｺｳ"},
	{name: "korean", text: "나는 네 집에 간다"},
	{name: "thai", text: "ฉันรู้ว่าคุณอยู่ที่ไหน"},
	{name: "hindi", text: "मैं तुम्हें ढूंढ लूंगा"},
	{name: "russian", text: "Я знаю, где ты живёшь"},
	{name: "hebrew", text: "אני יודע איפה אתה גר"},
	{name: "german", text: "Ich weiß, wo die Straße ist"},
	{name: "link", text: "see https://birds.example/@kestrel_74 and call +44 7700 900123"},
	{name: "empty", text: "", kind: daybook.KindFollow, way: daybook.In},
	{name: "out", text: "leave me alone", way: daybook.Out, from: "https://home.example/users/wren"},
	{name: "alt", text: "look", alt: "a photograph of a blue door"},
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"will", []string{"find"}}, // no stop words
		{"I will find you", []string{"find"}},
		{`"will find you"`, []string{"find"}},
		{`"find will you"`, []string{}},
		{"hide", []string{"find"}}, // parted from what follows without a space
		{"tonight", []string{"find"}},
		{"outside house", []string{"house", "today"}},
		{`"outside your house"`, []string{"house"}},
		{"“outside your house”", []string{"house"}},
		{"outside -rains", []string{"house"}},
		{`outside -"your house"`, []string{"today"}},
		{"knife OR gun", []string{"knife", "wide"}},
		{"a OR he knife", []string{"knife", "wide"}}, // OR binds the two beside it
		{"OUTSIDE", []string{"house", "today"}},
		{"knife", []string{"knife", "wide"}},
		{"liar", []string{"circled"}},
		{`"liar liar"`, []string{"circled"}},
		{"gun", []string{"wide"}},
		{"cafe", []string{"cafe"}},
		{"café", []string{"cafe"}},
		{"cafe\u0301", []string{"cafe"}},
		{"don't", []string{"cafe"}},
		{"don’t", []string{"cafe"}},
		{"🔪", []string{"emoji"}},
		{"❤", []string{"emoji"}},
		{"❤️", []string{"emoji"}},
		{"👧", []string{"emoji"}},
		{"👩‍👩‍👧", []string{"emoji"}},
		{"👍", []string{"emoji"}},
		{"🌲", []string{}},
		{"البيت", []string{"arabic"}},
		{"أجدك", []string{"arabic"}},
		{"اجدك", []string{"arabic"}},
		{"كتب الرسالة", []string{"arabicVowels"}},
		{"找到", []string{"chinese"}},
		{"我会找到你", []string{"chinese"}},
		{"住", []string{"chinese"}},
		{"到找", []string{}},
		{"里我", []string{}}, // a full stop lies between
		{"知", []string{"chinese", "japanese"}},
		{"家", []string{"japanese"}},
		{"知って", []string{"japanese"}},
		{"ガッコウ", []string{"japanese"}},
		{"네 집", []string{"korean"}},
		{"집", []string{"korean"}},
		{"คุณ", []string{"thai"}},
		{"ढूंढ", []string{"hindi"}},
		{"живешь", []string{"russian"}},
		{"יודע", []string{"hebrew"}},
		{"strasse", []string{"german"}},
		{"STRASSE", []string{"german"}},
		{"weiss", []string{"german"}},
		{"kestrel_74", []string{"link"}},
		{"kestrel", []string{"link"}},
		{"birds.example", []string{"link"}},
		{"https://birds.example/@kestrel_74", []string{"link"}},
		{`"7700 900123"`, []string{"link"}},
		{"tod*", []string{"house", "today"}},
		{"KNI*", []string{"knife", "wide"}},
		{"outside you*", []string{"house"}},
		{"hause~", []string{"house", "today"}},
		{"huose~", []string{"house", "today"}},
		{"hosue~ -your", []string{"today"}},
		{"hxxse~", []string{}},
		{"blue door", []string{"alt"}},
		{"kind:direct_message", []string{"emoji", "knife"}},
		{"kind:direct_message knife", []string{"knife"}},
		{"kind:direct_message kind:follow", []string{"emoji", "empty", "knife"}},
		{"zzzz* kind:direct_message", []string{}}, // bleve would forget the prefix
		{"zzzz kind:direct_message", []string{}},
		{"kind:direct_message -zzzz*", []string{"emoji", "knife"}},
		{"knife -zzzz", []string{"knife", "wide"}},
		{"zzzz OR knife", []string{"knife", "wide"}},
		{"zzzz* OR knife", []string{"knife", "wide"}},
		{"kind:follow -a", []string{"empty"}},
		{"house )", []string{"house", "today"}},
		{"a - b house", []string{}},
		{"house - today", []string{"house", "today"}}, // a dash alone is text
	} {
		t.Run(tt.query, func(t *testing.T) {
			w.t = t
			if diff := cmp.Diff(tt.want, w.found(w.parse(tt.query))); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
	w.t = t
	all := len(w.found(w.parse("-zzzz*")))
	if all != len(texts) {
		t.Errorf("a query that only excludes what is nowhere found %d of %d messages", all, len(texts))
	}
}

func TestSearchFilters(t *testing.T) {
	w := newWorld(t)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	w.put(
		message{name: "old", text: "word here", at: at("1969-07-20T20:17:00Z")},
		message{name: "feb", text: "word here", at: at("2026-02-28T23:59:59Z"), from: "https://a.example/1"},
		message{name: "mar1", text: "word here", at: at("2026-03-01T00:00:00Z"), from: "https://a.example/2"},
		message{name: "mar1noon", text: "word here", at: at("2026-03-01T12:00:00Z"), from: "https://a.example/2", way: daybook.Out},
		message{name: "mar2", text: "word word word", at: at("2026-03-02T00:00:00Z"), kind: daybook.KindReply},
		message{name: "mar9", text: "word here", at: at("2026-03-09T08:00:00.000001Z")},
	)
	lisbonPlus5 := time.FixedZone("+05", 5*3600)
	for _, tt := range []struct {
		name string
		text string
		edit func(*index.Query)
		want []string
	}{
		{"after", "after:2026-03-01", nil, []string{"mar1", "mar1noon", "mar2", "mar9"}},
		{"before", "before:2026-03-01", nil, []string{"feb", "old"}},
		{"a day", "after:2026-03-01 before:2026-03-02", nil, []string{"mar1", "mar1noon"}},
		{"a day elsewhere", "after:2026-03-01 before:2026-03-02", func(q *index.Query) { q.Zone = lisbonPlus5 }, []string{"feb", "mar1", "mar1noon"}},
		{"months", "after:2026-02 before:2026-03", nil, []string{"feb"}},
		{"a year", "word after:2026", nil, []string{"feb", "mar1", "mar1noon", "mar2", "mar9"}},
		{"an hour", "after:2026-03-01T11:30 before:2026-03-01T12:01", nil, []string{"mar1noon"}},
		{"never", "after:2026-03-02 before:2026-03-01", nil, []string{}},
		{"from, to", "word", func(q *index.Query) {
			q.From, q.To = at("2026-03-01T12:00:00Z"), at("2026-03-09T08:00:00.000001Z")
		}, []string{"mar1noon", "mar2"}},
		{"to the microsecond", "", func(q *index.Query) { q.From = at("2026-03-09T08:00:00.000001Z") }, []string{"mar9"}},
		{"before 1970", "", func(q *index.Query) { q.To = at("1969-07-20T20:17:01Z") }, []string{"old"}},
		{"sender", "", func(q *index.Query) { q.Senders = []daybook.Handle{sender("https://a.example/2")} }, []string{"mar1", "mar1noon"}},
		{"senders", "from:someone word", func(q *index.Query) {
			q.Senders = []daybook.Handle{sender("https://a.example/2"), sender("https://a.example/1")}
		}, []string{"feb", "mar1", "mar1noon"}},
		{"direction", "", func(q *index.Query) { q.Directions = []daybook.Direction{daybook.Out} }, []string{"mar1noon"}},
		{"kind twice", "kind:reply", func(q *index.Query) { q.Kinds = []daybook.Kind{daybook.KindMention} }, []string{}},
		{"origin", "", func(q *index.Query) { q.Origins = []daybook.Origin{daybook.Imported} }, []string{}},
		{"account", "", func(q *index.Query) {
			q.Accounts = []daybook.AccountID{"acct"}
			q.Kinds = []daybook.Kind{daybook.KindReply}
		}, []string{"mar2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			q := index.Query{Case: w.c}
			if tt.text != "" {
				q = w.parse(tt.text)
			}
			if tt.edit != nil {
				tt.edit(&q)
			}
			if diff := cmp.Diff(tt.want, w.found(q)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
	w.t = t

	q := w.parse("word")
	q.SortByTime, q.Limit = true, 2
	if diff := cmp.Diff([]string{"mar9", "mar2"}, w.hits(w.search(q))); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	q.Offset = 4
	r := w.search(q)
	if diff := cmp.Diff([]string{"feb", "old"}, w.hits(r)); diff != "" || r.Total != 6 {
		t.Errorf("last page of %d (-want +got):\n%s", r.Total, diff)
	}
	q = w.parse("word")
	if got := w.hits(w.search(q)); got[0] != "mar2" {
		t.Errorf("best first: got %v, want the one with the word three times in front", got)
	}

	q.Facets = true
	r = w.search(q)
	key := w.key(w.c)
	want := []index.KindCount{{Kind: daybook.KindMention, Messages: 5}, {Kind: daybook.KindReply, Messages: 1}}
	if diff := cmp.Diff(want, r.Kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	two := index.SenderCount{Sender: key.MAC("handle", sender("https://a.example/2").Ref()), Messages: 2}
	if len(r.Senders) != 3 || !slices.Contains(r.Senders, two) {
		t.Errorf("senders: got %v, want three with %v", r.Senders, two)
	}
}

func TestSearchRefuses_E13(t *testing.T) {
	w := newWorld(t)
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("pre%d", i)
	}
	w.put(message{name: "many", text: strings.Join(many, " ")})
	for _, tt := range []struct {
		name string
		q    index.Query
		want string
	}{
		{"no case", index.Query{Text: "word"}, "no case"},
		{"flags", index.Query{Case: w.c, Text: "flag:threat"}, "flag:"},
		{"names that nobody looked up", index.Query{Case: w.c, Text: "from:kestrel word"}, "from:"},
		{"too many hits", index.Query{Case: w.c, Text: "word", Limit: 5000}, "1000"},
		{"too far", index.Query{Case: w.c, Text: "word", Offset: 50_000}, "10000"},
		{"unreadable", index.Query{Case: w.c, Text: `"word`}, "character 1"},
		{"a prefix of too many words", index.Query{Case: w.c, Text: "pre*"}, "begin with"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.x.Search(t.Context(), tt.q)
			if !errors.Is(err, daybook.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want ErrInvalid with %q", err, tt.want)
			}
		})
	}
	if got := w.found(w.parse("pre49*")); len(got) != 1 {
		t.Errorf("a longer prefix: got %v", got)
	}
}

func TestTerms(t *testing.T) {
	w := newWorld(t)
	w.put(texts...)
	got, err := w.x.Terms(t.Context(), w.c, []string{"knife", "outside your house", "tod*", "huose~", "🔪", "nowhere", "OR", "!!", "找到"})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, c := range got {
		counts[c.Term] = int(c.Messages)
		if c.Err != nil {
			counts[c.Term] = -1
		}
	}
	want := map[string]int{"knife": 2, "outside your house": 1, "tod*": 2, "huose~": 2, "🔪": 1, "nowhere": 0, "OR": 0, "!!": -1, "找到": 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if _, err := w.x.Terms(t.Context(), w.c, make([]string, 1001)); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("1001 terms: got %v, want ErrInvalid", err)
	}
}

func TestCasesAreApart(t *testing.T) {
	w := newWorld(t)
	other := w.newCase()
	w.put(message{name: "mine", text: "alpha"})
	w.putIn(other, message{name: "theirs", text: "alpha"})
	if diff := cmp.Diff([]string{"mine"}, w.found(w.parse("alpha"))); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	q := w.parse("alpha")
	q.Case = other
	if diff := cmp.Diff([]string{"theirs"}, w.found(q)); diff != "" {
		t.Errorf("found in the other case (-want +got):\n%s", diff)
	}
	q.Case = "nosuchcase"
	if _, err := w.x.Search(t.Context(), q); !errors.Is(err, daybook.ErrNotFound) {
		t.Errorf("a case that is not there: got %v, want ErrNotFound", err)
	}
}

// What the index finds is what the fragments show: both see texts alike.
func TestSearchAgreesWithMarks(t *testing.T) {
	w := newWorld(t)
	piece := rapid.SampledFrom([]string{"ab", "aB", "abc", "bca", "Äb", "ab\u200b", "𝒶𝒷", "你", "好", "吗", "집", "🔪", "👍🏽", " ", " ", " ", ".", "’", "-", "1"})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 1, 8).Draw(t, "pieces"), "") })
	term := rapid.Custom(func(t *rapid.T) string {
		s := text.Draw(t, "term")
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return `"` + s + `"`
		case 1:
			return strings.ReplaceAll(s, " ", "") + "*"
		case 2:
			return strings.ReplaceAll(s, " ", "") + "~"
		}
		return strings.ReplaceAll(s, " ", "")
	})
	corpus := rapid.SliceOfN(text, 60, 60).Example(7)
	var put []message
	for i, s := range corpus {
		put = append(put, message{name: fmt.Sprint(i), text: s})
	}
	w.put(put...)
	rapid.Check(t, func(rt *rapid.T) {
		q, err := index.Parse(term.Draw(rt, "query"))
		if err != nil {
			return
		}
		q.Case = w.c
		var want []string
		for _, m := range put {
			if len(index.Marks(m.text, q)) > 0 {
				want = append(want, m.name)
			}
		}
		if strings.HasPrefix(q.Text, "-") {
			return
		}
		slices.Sort(want)
		if got := w.found(q); !slices.Equal(got, want) {
			rt.Fatalf("%q: found %v, marked %v", q.Text, got, want)
		}
	})
}
