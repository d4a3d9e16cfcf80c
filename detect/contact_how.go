package detect

import "strings"

// HowCounted says in a sentence or two how the figure of a key is counted, so
// that somebody who has the entries can count again. It is "" for a key that
// RepeatedContact does not have.
func HowCounted(key string) string {
	if family, rest, parts := strings.Cut(key, "."); parts {
		if rest == "" {
			return ""
		}
		key = family + "."
	}
	switch key {
	case "messages":
		return "Each message, call or other contact that came in counts once, but for those in a time that is marked as agreed."
	case "occasions":
		return "Contacts with no more than 6 hours between them are one occasion, however many there are. What is known only as a day or a span lasts as long as that. The entry is the first of each."
	case "days":
		return "Calendar days in the time zone of the case on which there was contact. A contact that spans midnight counts on the day on which it began. The entry is the first of each day."
	case "days-utc":
		return "The same days, in UTC instead of the time zone of the case."
	case "watched-days":
		return "A day is watched if all that was being read of the accounts on that day was read from midnight to midnight. What was caught up later counts as read; a hole does not."
	case "partly-watched-days":
		return "Days on which something was read, but not from midnight to midnight: the first, today, and those with a hole."
	case "days-watched":
		return "Of the days that were watched from midnight to midnight, those with contact. The entry is the first of each day."
	case "last-42-days":
		return "The last 42 days that were watched from midnight to midnight, or all if there are fewer. Today is not over and does not count. The entry is the first of each day with contact."
	case "handles":
		return "Of the handles that a person confirmed as linked, those that made contact. The entry is the first of each."
	case "after-stop":
		return "Contacts that certainly came after the first request to stop. What is asked of one handle holds for those that a person confirmed as linked with it."
	case "around-stop":
		return "Contacts that came within the time in which the request can have been made, or whose own time is known so roughly that they may have. They are not in the figure of what came after."
	case "days-after-stop":
		return "Calendar days in the time zone of the case with contact that certainly came after the request to stop."
	case "after-block":
		return "Contacts after a block was first seen in force, and before it was seen lifted."
	case "around-block":
		return "Contacts between the last look without the block and the first with it. They are not in the figure of what came after."
	case "allowed":
		return "Contacts in a time that is marked as agreed for this handle. They are in no other figure."
	case "answered":
		return "What was written to them. One message to several linked handles counts once."
	case "quiet-spell":
		return "The longest time from the end of one contact to the beginning of the next. The entries are those two."
	case "busiest-day":
		return "The calendar day in the time zone of the case with the most contacts; of several, the first."
	case "busiest-hour":
		return "Contacts by weekday and hour in the time zone of the case; of several hours with as many, the first from Monday on. What is known only roughly is left out."
	case "night":
		return "Contacts from 00:00 until before 06:00 in the time zone of the case. What is known only roughly is left out."
	case "named-days":
		return "Days that are marked as named, such as a birthday or a day in court, up to today. A mark holds for its date alone, not for each year. Days count that were watched from midnight to midnight, or on which there was contact. The entry is the first of each."
	case "days-before-named-days":
		return "The day before each named day, counted in the same way."
	case "to-others":
		return "Contacts that name or address anybody but the person, the sender and the handles linked with it, as far as the platform says."
	case "third-parties":
		return "The handles that these contacts name or address, each once. The entry is the first that does."
	}
	return howRated(key)
}

// howRated is HowCounted of rates, and of figures that have a part in their key.
func howRated(key string) string {
	switch key {
	case "last-28-days", "28-days-before":
		return "Calendar days in the time zone of the case, the last of them yesterday. What was read from an account counts, in watched time alone."
	case "rate-28-days":
		return "The contacts of the last 28 days for each watched hour, divided by those of the 28 days before. The 95 % interval is that of Clopper and Pearson, given the sum of both. Contacts that come in a row count less for it: both numbers are divided by how uneven the days are, which is the mean of (x-y)²/(x+y) over days that follow each other, or 1. If the interval holds 1, there is no clear change. Each of the two times has to be watched for 7 days."
	case "before-stop-watched":
		return "From midnight of the day of the first contact until the request to stop. What was read from an account counts, in watched time alone."
	case "after-stop-watched":
		return "From the request to stop until the last watched moment. What was read from an account counts, in watched time alone."
	case "rate-stop":
		return "The contacts after the request to stop for each watched hour, divided by those before it. What came around the request is left out. The interval is that of the comparison of 28 days."
	case "changes":
		return "Days from the first contact to the last that was watched, with contacts and watched hours, cut where the rate changed by the method of Bayesian Blocks (Scargle and others, 2013, p = 0.05, the penalty times how uneven the days are). It looks for changes from 20 contacts on, in the last 400 stretches of days with one rate. A day with many contacts among quiet ones is two changes. The entry is the first contact after each change; where none came, the last before it."
	case "bursts":
		return "Of the stretches between two changes, those of at most 7 days in which contact was more frequent than before and after. The entries are all contacts in them."
	case "imprecise":
		return "Contacts of which only the day, a span or a rough time is known. They count in all figures that need no more."
	case "gone":
		return "Contacts that a later look did not find any more."
	case "edited":
		return "Contacts that were seen with more than one text."
	case "kind.":
		return "The contacts, by what they are."
	case "channel.":
		return "The contacts, by the platform that they came through."
	case "origin.":
		return "The contacts, by whether they were read from an account, came with an export or were written down."
	case "hour.":
		return "Contacts by weekday and hour in the time zone of the case. What is known only roughly is left out."
	}
	return ""
}
