package web

// TypedCovers reads the words to cover of a form.
var TypedCovers = typedCovers
