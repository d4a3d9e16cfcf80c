package flags

import "strconv"

// A block is a kind of features of the threat model.
type block byte

const (
	ofWords  block = 'w' // one to three words in a row
	ofSigns  block = 'c' // three to five letters in a row of a word
	ofMarks  block = 'm' // classes of words, alone and near each other
	ofRules  block = 'r' // the rules for threats that match
	maxWords       = 400 // the model reads so many words of a text
)

// A marker is a kind of word that speaks for or against a threat; near each
// other they say more than any word does alone.
type marker struct {
	name    string
	classes []string // of rules.txt
}

// markers are few on purpose: what is learned of them holds in other places too.
func markers() []marker {
	return []marker{
		{"kill", []string{"KILL", "KILLING"}}, {"hit", []string{"HIT"}}, {"killed", []string{"KILLED"}}, {"up", []string{"HARMUP"}},
		{"dead", []string{"DEAD", "SUFFER", "MARKDEAD"}}, {"weapon", []string{"WEAPON"}}, {"body", []string{"BODY"}},
		{"intent", []string{"MARKINTENT"}}, {"should", []string{"MARKSHOULD"}}, {"wish", []string{"MARKWISH"}}, {"let", []string{"MARKLET"}},
		{"i", []string{"I"}}, {"you", []string{"YOU"}}, {"they", []string{"MARKTHEY"}}, {"people", []string{"MARKPEOPLE"}},
		{"not", []string{"NOT"}}, {"swear", []string{"SWEAR"}}, {"past", []string{"MARKPAST"}}, {"ask", []string{"MARKASK"}}, {"all", []string{"MARKALL"}},
		{"violent", []string{"MARKVIOLENT"}}, {"subdue", []string{"MARKSUBDUE"}}, {"trick", []string{"MARKTRICK"}},
	}
}

// A feature is one feature of a text, and the words that it stands on.
type feature struct {
	block    block
	key      []byte // good until the next one
	from, to int
}

// features calls fn with the features of a reading. Some come more than once.
func (rs *ruleSet) features(r *reading, marks [][]int32, fn func(feature)) {
	words := min(len(r.words), maxWords)
	var key []byte
	for i := range words {
		key = append(key[:0], byte(ofWords), ':')
		for j := i; j < words && j < i+3; j++ {
			if j > i {
				key = append(key, ' ')
			}
			key = append(key, r.plainest(j)...)
			fn(feature{ofWords, key, i, j + 1})
		}
	}
	var padded []byte
	for i := range words {
		padded = append(append(append(padded[:0], '_'), r.plainest(i)...), '_')
		for from := range padded {
			for n := 3; n <= 5 && from+n <= len(padded); n++ {
				key = append(append(key[:0], byte(ofSigns), ':'), padded[from:from+n]...)
				fn(feature{ofSigns, key, i, i + 1})
			}
		}
	}
	rs.marks(r, marks, words, fn)
	for _, found := range rs.find(r, "en") {
		if found.Flag == Threat {
			fn(feature{ofRules, append(append(key[:0], byte(ofRules), ':'), found.Rule...), 0, 0})
		}
	}
}

// plainest is a word without what says only which one of many: names and
// figures.
func (r *reading) plainest(i int) []byte {
	w := r.form(i)
	if w[0] >= '0' && w[0] <= '9' {
		return []byte{'#'}
	}
	return w
}

// near is how many words may lie between two marks.
const near = 6

// marks are the markers of a reading, pairs and triples of them.
func (rs *ruleSet) marks(r *reading, marks [][]int32, words int, fn func(feature)) {
	type place struct{ mark, at int }
	var places []place
	for i := range words {
		last := -1
		for mark := range marks {
			if last == mark {
				continue
			}
			for _, class := range marks[mark] {
				if r.is(i, class) {
					places = append(places, place{mark, i})
					last = mark
					break
				}
			}
		}
	}
	var key []byte
	for a, p := range places {
		key = append(key[:0], byte(ofMarks), ':')
		key = strconv.AppendInt(key, int64(p.mark), 10)
		fn(feature{ofMarks, key, p.at, p.at + 1})
		one := len(key)
		for b := a + 1; b < len(places) && places[b].at-p.at <= near; b++ {
			q := places[b]
			if q.at == p.at || q.mark == p.mark {
				continue
			}
			key = append(key[:one], '>')
			key = strconv.AppendInt(key, int64(q.mark), 10)
			fn(feature{ofMarks, key, p.at, q.at + 1})
			two := len(key)
			for _, s := range places[b+1:] {
				if s.at-q.at > near {
					break
				}
				if s.at == q.at || s.mark == q.mark || s.mark == p.mark {
					continue
				}
				key = append(key[:two], '>')
				key = strconv.AppendInt(key, int64(s.mark), 10)
				fn(feature{ofMarks, key, p.at, s.at + 1})
			}
		}
	}
}

// markClasses returns the classes of each marker.
func (rs *ruleSet) markClasses() (out [][]int32) {
	for _, m := range markers() {
		var classes []int32
		for _, name := range m.classes {
			if c, ok := rs.classes[name]; ok {
				classes = append(classes, c)
			}
		}
		out = append(out, classes)
	}
	return out
}
