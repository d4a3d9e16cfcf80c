package links

import (
	_ "embed"
	"math/bits"
)

// commonTable tells what everybody writes: of the words and of the runs of three
// words that are used by many writers, a hash. It was counted over 7,405 writers
// of about 100 short messages each (go run ./detect/train words): a word is in it from
// 10 of them, a run from 10. The texts cannot be had back from it.
//
// All numbers are big endian: how many words (4 bytes), for each word in
// ascending order the upper half of its hash (4) and how many writers use it
// (2); how many runs (4), for each the upper half of its hash (4).
//
//go:embed common.bin
var commonTable string

// writers is how many the table was counted over.
const writers = 7405

const wordBytes = 6

// fewWriters is how many writers use a word or a run at least that is in the
// table.
const fewWriters = 10

func number(at int) uint32 {
	four := commonTable[at : at+4]
	return uint32(four[0])<<24 | uint32(four[1])<<16 | uint32(four[2])<<8 | uint32(four[3])
}

// usedBy returns how many of the writers use a word; 0 for fewer than 10.
func usedBy(word string) int {
	key := uint32(hash(word) >> 32)
	lo, hi := 0, int(number(0))
	for lo < hi {
		mid := (lo + hi) / 2
		at := 4 + mid*wordBytes
		switch h := number(at); {
		case h == key:
			return int(commonTable[at+4])<<8 | int(commonTable[at+5])
		case h < key:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0
}

// isCommonRun reports whether many writers use a run of three words.
func isCommonRun(key uint64) bool {
	want := uint32(key >> 32)
	from := 4 + int(number(0))*wordBytes
	lo, hi := 0, int(number(from))
	for lo < hi {
		mid := (lo + hi) / 2
		switch h := number(from + 4 + mid*4); {
		case h == want:
			return true
		case h < want:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return false
}

// misspelt returns the common word that a word is a misspelling of, "" if it is
// none: it is used by few, and a word that is used 30 times as often is had by
// one of the slips that people make again and again: a letter doubled or not,
// two letters exchanged, in a long word another vowel.
func misspelt(word string) string {
	if len(word) < 5 || len(word) > 20 {
		return ""
	}
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return ""
		}
	}
	users := usedBy(word)
	if users > 150 {
		return ""
	}
	best, bestUsers := "", max(500, 30*users)
	try := func(w string) {
		if n := usedBy(w); n >= bestUsers {
			best, bestUsers = w, n+1
		}
	}
	for i := range len(word) {
		if i+1 < len(word) && word[i] == word[i+1] {
			try(word[:i] + word[i+1:])
		}
		if i+1 < len(word) && word[i] != word[i+1] {
			try(word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:])
		}
		if i > 0 && (i+1 == len(word) || word[i] != word[i+1]) && word[i] != word[i-1] {
			try(word[:i] + word[i:i+1] + word[i:])
		}
		if len(word) >= 7 {
			for _, vowel := range "aeiou" {
				if isVowel(word[i]) && byte(vowel) != word[i] {
					try(word[:i] + string(vowel) + word[i+1:])
				}
			}
		}
	}
	return best
}

func isVowel(b byte) bool { return b == 'a' || b == 'e' || b == 'i' || b == 'o' || b == 'u' }

// log2 returns the base-2 logarithm of a/b in thousandths, for 0 < b <= a,
// rounded down to eighths of a bit. It works in whole numbers.
func log2(a, b uint64) int64 {
	if b == 0 || a < b {
		return 0
	}
	whole := int64(bits.Len64(a/b) - 1)
	b <<= whole
	// Three binary digits of the logarithm of a/b, which lies in [1, 2): square,
	// and halve where it has passed 2.
	x := a << 20 / b
	part := int64(0)
	for range 3 {
		x = x * x >> 20
		part *= 2
		if x >= 2<<20 {
			x >>= 1
			part++
		}
	}
	return whole*1000 + part*125
}
