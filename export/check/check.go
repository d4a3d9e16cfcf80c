// Package check verifies a bundle without a store, a key or a network: that all
// in it fits together, and whether something from outside speaks for it.
// docs/bundle-format.md says what is checked, and verify.py, which lies beside
// this file and in every bundle, does the same in Python; a test compares the two.
//
// A bundle is hostile until shown otherwise: sizes are bounded before anything is
// read, and whatever is wrong with it is an answer, never an error.
package check
