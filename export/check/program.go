package check

import _ "embed"

//go:embed verify.py
var program string

//go:embed VERIFY.md
var instructions string

// Program returns verify.py, which makes the same checks as File with Python's
// standard library and openssl. It lies in every bundle.
func Program() []byte { return []byte(program) }

// Instructions returns VERIFY.md, which tells a reader how to check a bundle.
func Instructions() []byte { return []byte(instructions) }
