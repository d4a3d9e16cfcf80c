package links

import "daybook/detect"

// The weights that are set by hand, in millibits: thousandths of log2 of how much
// likelier something is seen of two linked handles than of two that are not.
// Nobody has labelled data for them (but for names), so each is set low, is
// capped together with what it hangs together with (its family), and is
// shown as assumed. docs/detection.md has the same table in words.

// A family is comparisons that hang together: what speaks for one often comes
// with the others. Two reasons of one family are not two independent reasons.
type family uint8

const (
	familyNothing family = iota // says nothing for or against
	familyName
	familyWords
	familySuccession
	familyPicture
	familyContact
	familyMoved
	familyCircle
	familyHours
	familyAgainst
	families
)

// mostOf is what all comparisons of a family can weigh together.
func mostOf(f family) detect.Millibits {
	switch f {
	case familyName:
		return 5000 // anybody can take a name: by itself below what a suggestion needs
	case familyWords:
		return 6500 // two people can quote the same source
	case familySuccession:
		return 6000 // others, too, come anew in these days
	case familyPicture:
		return 4500 // pictures are copied
	case familyContact:
		return 5500 // one who shows another's address can do so to point at them
	case familyMoved:
		return 8000 // said by both sides; 3000 by one
	case familyCircle:
		return 1500 // friends know the same people
	case familyHours:
		return 1000 // people of one country are awake at the same time
	case familyAgainst:
		return 12000
	}
	return 0
}

// Names: measured on 1,500 pairs of names of one person and 4,481 of two
// (bigram Dice, area under the curve .74): from .30 log2 of the ratio is 2.5,
// from .40 it is 4.5, from .50 it is more than 8. The last is cut: the data has
// no people who take up the same theme.
const (
	nameSame     detect.Millibits = 5000 // the same name, or the same look, of 6 letters or more
	nameClose    detect.Millibits = 4500 // Dice >= .50
	nameNear     detect.Millibits = 3500 // Dice >= .40
	nameSomewhat detect.Millibits = 2000 // Dice >= .30
	nameDigits   detect.Millibits = 1000 // the same number of 2 digits or more in both, beside another likeness
)

// Words. A run of three words that is not among the common ones is used by less
// than 1 in 700 writers per 100 messages; a linked handle repeats a given one
// perhaps 1 time in 50. Longer ones are rarer, and are less often there by
// chance. What others in the case use as well says less, by otherUser each.
const (
	phraseOf3  detect.Millibits = 1000
	phraseOf4  detect.Millibits = 2000
	phraseOf5  detect.Millibits = 3000
	phraseOf6  detect.Millibits = 4000
	phrases    detect.Millibits = 5500 // all phrases together
	everydayBy detect.Millibits = 500  // less, where each of its words is in everybody's use
	spelling   detect.Millibits = 3500 // a misspelling, at most: the share of writers who have it says how much
	spellings  detect.Millibits = 5500
	message    detect.Millibits = 4000 // a whole message of 6 words or more
	otherUser  detect.Millibits = 400
)

// Succession: how soon the first contact came after the other was blocked or
// asked to stop. A handle that has nothing to do with it comes at any time of,
// say, six weeks: within the hour 1 in 1,000 times, within the day 1 in 42. One
// that follows comes within the hour perhaps 1 in 5 times, within the week 4 in 5.
const (
	afterHour    detect.Millibits = 4500
	afterDay     detect.Millibits = 3500
	afterDays    detect.Millibits = 3000 // three
	afterWeek    detect.Millibits = 2500
	afterWeeks   detect.Millibits = 1200 // two
	afterLong    detect.Millibits = 600  // three; later: nothing
	afterUnknown detect.Millibits = 500  // at most, where nobody knows how old the block is
	madeAfter    detect.Millibits = 2500 // the account is said to be made within a week after it
	madeLater    detect.Millibits = 1200 // within a month
	madeNew      detect.Millibits = 500  // no block or request: less than a week old at its first contact
	silent       detect.Millibits = 500  // the other wrote often before, and not at all between
)

// The rest that speaks for a link.
const (
	pictureSame  detect.Millibits = 4500 // up to 2 of 64 bits differ
	pictureClose detect.Millibits = 3500 // up to 5
	pictureNear  detect.Millibits = 2000 // up to 7
	mediaSame    detect.Millibits = 2500 // the same file was sent by both
	pointSame    detect.Millibits = 5000 // an e-mail address or a telephone number
	pageSame     detect.Millibits = 2500 // a page; of a profile or of messages
	hostSame     detect.Millibits = 1500 // a site in a profile
	movedBoth    detect.Millibits = 8000 // each says that the other is its own
	movedOne     detect.Millibits = 3000 // one says so: anybody can
	partySame    detect.Millibits = 700  // somebody else whom both write to
	serverSame   detect.Millibits = 800  // a server that hardly anybody else in the case is on
	hoursAlike   detect.Millibits = 500
	hoursSame    detect.Millibits = 1000
)

// What speaks against.
const (
	hoursUnlike    detect.Millibits = -500
	hoursApart     detect.Millibits = -1000
	togetherDay    detect.Millibits = -500 // for each day on which both wrote within two minutes, from the second on
	togetherMost   detect.Millibits = -3000
	besideWeek     detect.Millibits = -500 // for each week in which both wrote twice or more, from the second on
	besideMost     detect.Millibits = -3000
	accountOld     detect.Millibits = -1000 // made three months or more before the block
	accountOlder   detect.Millibits = -2000 // a year or more
	otherLanguage  detect.Millibits = -2000
	talkedWith     detect.Millibits = -3000 // the person wrote to it 5 times on 3 days or more, and never turned it away
	talkedWithLong detect.Millibits = -5000 // 10 times on 5 days
	agreed         detect.Millibits = -1500 // marked as agreed
)

// What a suggestion needs (see Detector).
const (
	ruleAssumed   detect.Millibits = 7000
	ruleFamily    detect.Millibits = 3000
	ruleWords     detect.Millibits = 3500 // of phrases and the like: measured, 1 in 500 pairs of strangers have 3000
	ruleFollows   detect.Millibits = 2000 // of succession
	ruleWriting   detect.Millibits = 4300
	ruleMiddling  detect.Millibits = 3000 // of writing,
	ruleFollowing detect.Millibits = 5000 // or this where there is nothing but succession,
	ruleBeside    detect.Millibits = 4000 // beside this of the assumed ones
	ruleNotByHand detect.Millibits = -3000
)

// isGround reports whether a family weighs enough for a suggestion to stand on.
func (f family) isGround(w detect.Millibits) bool {
	switch f {
	case familyName, familyPicture, familyContact, familyMoved:
		return w >= ruleFamily
	case familyWords:
		return w >= ruleWords
	case familySuccession:
		return w >= ruleFollows
	}
	return false
}

// others takes off what a thing says less because that many others have it too.
func others(w detect.Millibits, n int) detect.Millibits {
	return max(0, w-otherUser*detect.Millibits(min(max(n, 0), 100)))
}
