package daybook

// An Export tells of a bundle that was made: a record of kind RecordExport. It
// holds no covered word, no handle, no content and not for whom it was made: a
// later bundle shows it.
type Export struct {
	Kind       string `json:"kind"`             // of package export: "complete", "selection"
	Size       uint64 `json:"size"`             // entries that its checkpoint covers
	SHA256     Digest `json:"sha256"`           // of the ZIP file
	Bytes      int64  `json:"bytes"`            // of the ZIP file
	Sealed     Digest `json:"sealed,omitzero"`  // of the file that a receiver got, if the ZIP was sealed
	Entries    int    `json:"entries"`          // that are in it
	Messages   int    `json:"messages"`         // that are in it
	LeftOut    int    `json:"left_out"`         // messages of its period that are not
	Redactions int    `json:"redactions"`       // fields of messages that were chosen to be withheld
	Covers     int    `json:"covers"`           // words that were covered
	Access     bool   `json:"access,omitzero"`  // with who looked and searched
	Pending    int    `json:"pending,omitzero"` // time stamps that had not come in time
	Spec       Digest `json:"spec"`             // keyed hash, under the case key, of all that was chosen
}
