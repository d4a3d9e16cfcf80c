package upload

// Limits are how much of a file is believed and read. What a file says of its own
// sizes is enough to refuse it, and never enough to trust it: the same limits
// hold for what comes out while it is read.
type Limits struct {
	File      int64 // size of the whole file, in bytes
	Members   int   // files in an archive
	Directory int64 // size of an archive's list of its members, in bytes
	Name      int   // length of a member's name, in bytes
	Member    int64 // size of one member, unpacked, in bytes
	Total     int64 // size of all members together, unpacked, in bytes
	Ratio     int64 // how many times larger a member may become by unpacking it
	Floor     int64 // members that are not larger than this, unpacked, may have any ratio
}

// DefaultLimits returns the limits that are in force unless a test asks for
// others. Exports of platforms stay far below them: text packs to a tenth or a
// thirtieth of its size, and pictures not at all.
func DefaultLimits() Limits {
	return Limits{
		File:      8 << 30,
		Members:   200_000,
		Directory: 64 << 20,
		Name:      1024,
		Member:    8 << 30,
		Total:     32 << 30,
		Ratio:     100,
		Floor:     16 << 20,
	}
}

// What a person can do about a file that was not taken.
const (
	hintAgain     = "download it from the platform again and add it as it came, without opening or changing it"
	hintUntouched = "it was not made like this by a platform; nothing of it was kept"
)

func refuse(what, hint string) error { return &RefusedError{What: what, Hint: hint} }
