package export

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"daybook"
)

const (
	ofAnother  = "of a message that is not in this bundle"
	namesOther = "it names what is not in this bundle"
	wordCover  = "it holds a word that is covered"
)

// Withhold says which fields of an entry are withheld, and why: field → reason.
// fields are all of the record (also actor, logged and blob.N), in any order. It
// is nil for most entries. The bytes of an attachment are withheld where a field
// blob.N is.
func (s *Shown) Withhold(index uint64, kind daybook.RecordKind, fields []daybook.Field) map[string]string {
	w := withholding{c: s.choice, kind: kind, fields: fields}
	if index < uint64(len(s.choice.shows)) {
		w.shows = s.choice.shows[index]
	}
	switch kind {
	case daybook.RecordItem:
		w.item()
	case daybook.RecordMedia, daybook.RecordObservation:
		w.about()
	case daybook.RecordAccess:
		if w.value("words") != "" {
			w.withhold("words", "what was searched for is never handed on")
		}
	}
	for _, f := range fields {
		if w.reasons[f.Name] != "" {
			continue
		}
		if kind == daybook.RecordExchange || kind == daybook.RecordItem && len(w.shows) == 0 {
			if word := s.choice.quoted.deep(string(f.Value)); word >= 0 {
				w.withhold(f.Name, s.choice.quoted.reason(word))
				continue
			}
		}
		if word := s.choice.covers.deep(string(f.Value)); word >= 0 {
			w.withhold(f.Name, s.choice.covers.reason(word))
		}
	}
	w.raw()
	return w.reasons
}

func (c *coverer) reason(word int) string {
	if r := c.words[word].Reason; r != "" {
		return r
	}
	return wordCover
}

type withholding struct {
	c       *choice
	kind    daybook.RecordKind
	fields  []daybook.Field
	shows   []daybook.MessageKey // what the entry shows or tells of
	reasons map[string]string
}

func (w *withholding) withhold(name, why string) {
	if w.reasons == nil {
		w.reasons = map[string]string{}
	}
	if w.reasons[name] == "" {
		w.reasons[name] = why
	}
}

// value returns a field as text; "" if there is none.
func (w *withholding) value(name string) string {
	for i := range w.fields {
		if w.fields[i].Name == name {
			return string(w.fields[i].Value)
		}
	}
	return ""
}

// item withholds what was chosen of the messages of an item, and all of those
// that are not shown.
func (w *withholding) item() {
	keys := map[string]daybook.MessageKey{} // by "m0"
	for _, f := range w.fields {
		if m, rest, ok := strings.Cut(f.Name, "."); ok && rest == "key" && isMessage(m) {
			keys[m] = daybook.MessageKey(f.Value)
		}
	}
	for _, f := range w.fields {
		m, rest, ok := strings.Cut(f.Name, ".")
		if !ok || !isMessage(m) {
			continue
		}
		key := keys[m]
		if w.c.leaves(key) {
			w.withhold(f.Name, ofAnother)
			w.whole(ofAnother)
			continue
		}
		for field, why := range w.c.redacted[key] {
			if withheldBy(field, rest) {
				w.withhold(f.Name, why)
			}
		}
		if rest == "text" && w.c.addresses[key].find(string(f.Value)) >= 0 {
			w.withhold(f.Name, w.c.redacted[key][FieldAddresses])
		}
	}
	// What only a later parser read is in no field but raw.
	for _, key := range w.shows {
		if slices.Contains(slices.Collect(maps.Values(keys)), key) {
			continue
		}
		if w.c.leaves(key) {
			w.whole(ofAnother)
		} else if len(w.c.redacted[key]) > 0 {
			w.withhold("raw", "what is withheld could be read from it")
		}
	}
	if w.c.outside != nil && w.reasons["source"] == "" && w.namesOutside(w.value("source")) {
		w.withhold("source", namesOther)
	}
	if w.c.embedded != nil && w.reasons["raw"] == "" && w.embeds() {
		w.withhold("raw", "it holds what is withheld of another message")
	}
}

// leaves reports whether a message is not shown, in an entry that shows others.
func (c *choice) leaves(key daybook.MessageKey) bool {
	return !c.shown[key] && (c.spec.Kind == Selection || c.hidden[key])
}

// whole withholds what tells of an item as a whole: it shows a message that the
// bundle does not.
func (w *withholding) whole(why string) {
	for _, of := range []string{"native_id", "member", "source", "raw"} {
		if w.value(of) != "" {
			w.withhold(of, why)
		}
	}
}

// embeds reports whether a withheld text stands in the bytes that came and in no
// text that is shown of them: a platform sends a quoted message along.
func (w *withholding) embeds() bool {
	if w.c.embedded.deep(w.value("raw")) < 0 {
		return false
	}
	for _, f := range w.fields {
		if m, rest, ok := strings.Cut(f.Name, "."); ok && rest == "text" && isMessage(m) && w.reasons[f.Name] == "" && w.c.embedded.find(string(f.Value)) >= 0 {
			return false
		}
	}
	return true
}

// isMessage reports whether the head of a name is that of a message: "m0".
func isMessage(head string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(head, "m"))
	return err == nil && n >= 0 && head == "m"+strconv.Itoa(n)
}

// withheldBy reports whether a field of a message goes with a redaction.
func withheldBy(f Field, name string) bool {
	switch f {
	case FieldText:
		return name == "text"
	case FieldNames:
		return name == "to"
	case FieldAddresses:
		return name == "url" || name == "key"
	case FieldAttachments:
		return name == "media"
	}
	return false
}

// about withholds what a record about a message tells of what is withheld in it.
func (w *withholding) about() {
	var key daybook.MessageKey
	if err := json.Unmarshal([]byte(w.value("message")), &key); err != nil {
		return // it is about no message
	}
	reasons := w.c.redacted[key]
	if why, ok := reasons[FieldAddresses]; ok {
		w.withhold("message", why)
	}
	if why, ok := reasons[FieldAttachments]; ok && w.kind == daybook.RecordMedia {
		for _, f := range w.fields {
			if f.Name == "media" || f.Name == "exchange" || strings.HasPrefix(f.Name, "blob.") {
				w.withhold(f.Name, why)
			}
		}
	}
	if w.c.outside != nil && w.reasons["exchange"] == "" && w.namesOutside(w.value("exchange")) {
		w.withhold("exchange", namesOther)
	}
}

// raw withholds the bytes that came if any reading of them is withheld: it could
// be read from them.
func (w *withholding) raw() {
	if w.kind != daybook.RecordItem || w.reasons["raw"] != "" || w.value("raw") == "" {
		return
	}
	var with []string
	for name := range w.reasons {
		if head, _, ok := strings.Cut(name, "."); ok && isMessage(head) {
			with = append(with, name)
		}
	}
	if len(with) > 0 {
		w.withhold("raw", "withheld with "+slices.Min(with))
	}
}

// findOutside collects the identifiers of what is not in a selection: a request
// may name it.
func (c *choice) findOutside(v *View) {
	c.outside = map[string]bool{}
	for i := range v.Entries {
		for _, id := range v.Entries[i].Natives {
			if word := longest(id); !c.held[i] && word != "" {
				c.outside[word] = true
			}
		}
	}
	for i := range v.Entries {
		for _, id := range v.Entries[i].Natives {
			if c.held[i] {
				delete(c.outside, longest(id))
			}
		}
	}
}

// longest is the part of an identifier that is looked for.
func longest(id string) (out string) {
	for word := range words(id) {
		if len(word) > len(out) {
			out = word
		}
	}
	if len(out) < 3 {
		return ""
	}
	return out
}

func words(s string) func(func(string) bool) {
	return strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// namesOutside reports whether the address or a header of an exchange names what
// is not in the selection.
func (w *withholding) namesOutside(exchange string) bool {
	var x daybook.Exchange
	if exchange == "" || json.Unmarshal([]byte(exchange), &x) != nil {
		return false
	}
	texts := []string{x.URL}
	for _, h := range x.Headers {
		texts = append(texts, h.Value)
	}
	for _, t := range texts {
		for word := range words(t) {
			if w.c.outside[word] {
				return true
			}
		}
	}
	return false
}
