package daybook

import "time"

// A Profile is what an account showed of itself beside a message at one time. It
// is as untrusted as a message: free text, addresses and claims of whoever made
// the account.
type Profile struct {
	Handle   Handle    // whose it is, without names
	Entry    uint64    // of the capture that shows it
	Seen     time.Time // when that capture was made
	Account  string    // the name that the platform shows as handle
	Display  string
	Note     string    // plain text
	Links    []string  // addresses in fields and note, as they stand there; never fetched
	Fields   []string  // what the fields say beside addresses: "pronouns: they"
	Created  time.Time // as the platform claims; zero if it does not say
	Moved    string    // Handle.Ref that it says it moved to
	Aliases  []string  // Handle.Refs that it says are its own
	Server   string    // host of its server, "" where there is only one
	Bot      bool      // it says that it is run by a program
	Avatar   uint64    // perceptual hash of its picture; 0 if there is none, or none is kept, or it is the platform's default
	AvatarAt string    // address of the picture at the person's own server; "" if it lies elsewhere or is the platform's default
}
