package xarchive

import "slices"

// A role says what is done with the files of a data type. The order is that in
// which they are read.
type role int

const (
	roleAccount  role = iota // whose archive it is
	roleMessages             // conversations of two
	roleGroups
	rolePosts // the person's own
	roleNotes // long texts of posts
	roleLogins
	roleBlocked
	roleMuted
	roleHeaders // messages without their text
	roleOther
)

func (r role) makesItems() bool { return roleMessages <= r && r <= roleMuted }

func (r role) String() string {
	return []string{"account", "messages", "groups", "posts", "notes", "logins", "blocked", "muted", "headers", "other"}[r]
}

// roleOf knows the data types by the names that the list of contents has had for
// them.
func roleOf(kind string) role {
	switch plain(kind) {
	case "account", "screennamechange":
		return roleAccount
	case "directmessages", "directmessage":
		return roleMessages
	case "directmessagesgroup", "directmessagegroup":
		return roleGroups
	case "tweets", "tweet":
		return rolePosts
	case "notetweet":
		return roleNotes
	case "ipaudit":
		return roleLogins
	case "block":
		return roleBlocked
	case "mute":
		return roleMuted
	case "directmessageheaders", "directmessagegroupheaders":
		return roleHeaders
	}
	return roleOther
}

// known reports whether a data type is known to hold nothing that somebody sent
// to the person.
func known(kind string) bool {
	return slices.Contains([]string{
		"accountcreationip", "accountlabel", "accountsuspension", "accounttimezone",
		"adengagements", "adimpressions", "admobileconversionsattributed", "admobileconversionsunattributed",
		"adonlineconversionsattributed", "adonlineconversionsunattributed", "ageinfo", "app", "article", "articlemetadata",
		"audiencetargeting", "bookmark", "branchlinks", "catalogitem", "commercecatalog",
		"communitynote", "communitynotebatsignal", "communitynoterating", "communitynotetombstone", "communitytweet",
		"connectedapplication", "contact", "deletednotetweet", "deletedtweetheaders", "deletedtweets", "devicetoken",
		"directmessagemute", "emailaddresschange", "expandedprofile", "follower", "following", "keyregistry",
		"like", "listscreated", "listsmember", "listssubscribed", "moment", "nidevices",
		"periscopeaccountinformation", "periscopebaninformation", "periscopebroadcastmetadata", "periscopecommentsmadebyuser",
		"periscopeexpiredbroadcasts", "periscopefollowers", "periscopeprofiledescription",
		"personalization", "phonenumber", "productdrop", "productset", "professionaldata", "profile", "protectedhistory",
		"replyprompt", "savedsearch", "shopmodule", "shopifyaccount", "smartblock", "spacesmetadata", "sso",
		"tweetdeck", "tweetheaders", "twitterarticle", "twitterarticlemetadata", "twittercircle", "twittercirclemember",
		"twittercircletweet", "twittershop", "userlinkclicks", "verified", "verifiedorganization",
	}, plain(kind))
}
