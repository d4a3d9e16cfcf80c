package style

import "strings"

// commonWords are the words that everybody writes, whatever the topic: those
// that a shape keeps. How somebody uses them is habit, not topic.
const commonWords = `
a about actually after again ah all almost already alright also although always am an and another any anybody anymore anyone anything
anyway apparently are aren't arent around as at away back basically be because been before being better bit both btw but by came can
can't cannot cant come could couldn't couldnt course cuz cya definitely did didn't didnt do does doesn't doesnt doing don't done dont
down each eh either else enough er even ever every everybody everyone everything exactly far few fine first for found from get gets
getting give go goes going gonna good got gotta great guess had haha has hasn't hasnt have haven't havent having he he's heh hello
help her here here's heres hey hi him his hm hmm how how's however i i'd i'll i'm i've idk if im imo in indeed instead into is isn't
isnt it it'd it'll it's its itself ive just keep kind knew know last least less let let's lets like little lol look looking looks lot
lots made make makes making many may maybe me mean means might mine more most much must my myself nah need needs neither never nevermind
next nice no nobody none nope nor not nothing now nowhere obviously of off oh ok okay omg on once one only onto oops or other others
otherwise ought our ours out over own perhaps please pls possibly pretty probably put quite rather really right said same saw say saying
says see seem seems seen shall she she's should shouldn't shouldnt simply since so some somebody somehow someone something sometimes
somewhere soon sorry still stuff such sure take than thank thanks that that'd that'll that's thats the their them themselves then there
there's theres these they they'd they'll they're they've thing things think this those though thought through thus thx til till to
today together tomorrow too took tried try trying u uh um under unless until up upon ur us use used using usually very wait wanna want
wanted wants was wasn't wasnt way we we'd we'll we're we've well went were weren't werent what what's whatever whats when where
where's whether which while who who's whole whom whose why will with within without won't wont work works would wouldn't wouldnt wow
wtf ya yea yeah yep yes yet you you'd you'll you're you've your youre yours yourself yup`

// A vocabulary of common words: each with a number from 1 up.
func newCommon() map[string]uint32 {
	words := strings.Fields(commonWords)
	m := make(map[string]uint32, len(words))
	for i, w := range words {
		m[w] = uint32(i + 1)
	}
	return m
}
