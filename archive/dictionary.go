package archive

import _ "embed"

// dictionary is what payloads are compressed against: an item of the commonest
// shape. It is part of format 1 and never changes; a better one gets a new
// format number.
//
//go:embed dictionary1.txt
var dictionary []byte
