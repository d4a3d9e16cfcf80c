package twitter

// TermsText is the version of the words of Terms. Whoever changes these words
// gives them a new version (a test holds them together).
const TermsText = "x-terms/2026-11"

// Terms says in plain words what X's terms for developers mean for a record that
// is made with its interface, a paragraph each. The person agrees to them apart
// from the consent, before anything is asked of X.
func Terms() []string {
	return []string{
		"X lets apps read an account on terms of its own, which it can change. They are X's rules and not the law. This is what they say in plain words, as we read them in November 2026; it is not legal advice, and whoever runs this instance has accepted them and answers for them.",
		"Without X's written approval, they do not allow what they call surveillance, which to them includes investigating or tracking people on X. Whether a record of what reaches you yourself is that, nobody has settled. X can end this app's access at any time, and with it this connection.",
		"They ask that what is deleted or changed on X is deleted or changed here too, within a day of being asked, unless the law forbids it and X agrees in writing; and all of it within ten working days if the app's access ends. This program keeps what came and writes down that it is gone. You can have it erased at any time; nobody else decides that by themselves.",
		"What is read in this way is not shown here to people who work for public bodies, such as the police or a court, unless X has approved that in writing. What you add as a file is.",
		"Your account archive is the better way for whatever you hand over: it is your own copy, which you ask X for in your settings and add here as a file, and as we read them these terms do not speak of it. It holds your messages, but not the mentions and answers of others. Reading the account shows those as well, and what is deleted before an archive is made. Ask for the archive first.",
		"Messages of encrypted chats cannot be read in this way. Your keys and PIN stay with you: nobody here asks for them. Before you take a picture of such a chat, know that X can tell the other side that you did.",
		"X's settings show to whoever can open your account that an app is connected, and X may send you a mail that says so. If somebody else may be able to open your account or your mail, talk to your adviser before you connect it.",
	}
}
