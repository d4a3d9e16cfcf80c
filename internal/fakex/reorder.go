package fakex

import (
	"encoding/json"
	"slices"
)

// reversed turns the items of a page round and leaves the rest as it is.
func reversed(body []byte) []byte {
	var page struct {
		Data     []json.RawMessage `json:"data,omitempty"`
		Includes json.RawMessage   `json:"includes,omitempty"`
		Errors   json.RawMessage   `json:"errors,omitempty"`
		Meta     json.RawMessage   `json:"meta,omitempty"`
	}
	if json.Unmarshal(body, &page) != nil {
		return body // not a page
	}
	slices.Reverse(page.Data)
	b, err := encode(page)
	if err != nil {
		return body // it came from JSON
	}
	return b
}
