package daybook

// A Decided is a decision with its place in the log.
type Decided struct {
	Decision
	Index uint64 // the entry that holds it
	Holds bool   // it was neither superseded nor taken back
}
