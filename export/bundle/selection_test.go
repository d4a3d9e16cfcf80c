package bundle_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"daybook/export"
)

// secretsOf returns everything of the entries that are not shown which nobody is
// to find in a bundle: values, and salts in each way of writing them.
func secretsOf(t testing.TB, r *record, shown map[uint64]bool) map[string]string {
	t.Helper()
	common := map[string]bool{} // what an entry that is shown holds too
	secrets := map[string]string{}
	note := func(where string, b []byte) {
		if len(b) < 5 || common[string(b)] {
			return
		}
		secrets[string(b)] = where
	}
	var all []uint64
	for i := range r.view.Size {
		all = append(all, i)
	}
	for _, pass := range []bool{true, false} {
		for d, err := range r.log.Disclosures(t.Context(), r.c, all) {
			if err != nil {
				t.Fatal(err)
			}
			if shown[d.Index] != pass {
				continue
			}
			if pass {
				for _, f := range d.Fields {
					common[string(f.Value)] = true
				}
				continue
			}
			for i, f := range d.Fields {
				where := fmt.Sprintf("entry %d, %s", d.Index, f.Name)
				if f.Name != "logged" && f.Name != "actor" && f.Name != "event" && f.Name != "zone" {
					note(where, f.Value)
				}
				for _, salt := range [][]byte{d.Salts[i][:], d.LeafSalt[:], d.Seed[:]} {
					note("salt of "+where, salt)
					note("salt of "+where, []byte(hex.EncodeToString(salt)))
					note("salt of "+where, []byte(base64.StdEncoding.EncodeToString(salt)[:40]))
				}
			}
			note(fmt.Sprintf("leaf of entry %d", d.Index), d.Leaf)
		}
	}
	return secrets
}

func search(t testing.TB, files map[string][]byte, secrets map[string]string) {
	t.Helper()
	for name, content := range files {
		for secret, where := range secrets {
			if bytes.Contains(content, []byte(secret)) || strings.Contains(name, secret) {
				t.Errorf("%s holds %s: %q", name, where, secret)
			}
		}
	}
}

// A bundle of one message holds nothing of the others.
func TestOneMessageAndNothingElse_B5(t *testing.T) {
	r := newRecord(t, 40)
	in := r.input(t, export.Spec{Kind: export.Selection, Entries: []uint64{17}})
	b, res := write(t, in)
	if res.Entries != 1 || res.Exhibits != 1 {
		t.Errorf("result %+v, want one entry and one message", res)
	}
	files := unzip(t, b)
	if got := foldersOf(files); len(got) != 1 || got[0] != "data/items/000017/" {
		t.Fatalf("entries %v, want 17 alone", got)
	}
	checkItem(t, files, "data/items/000017/", in.Checkpoint)
	if _, there := files["data/log/leaves.txt"]; there {
		t.Error("a selection has the leaves of all entries")
	}
	secrets := secretsOf(t, r, map[uint64]bool{17: true})
	if len(secrets) < 40*10 {
		t.Fatalf("%d values to look for: the test looks for too little", len(secrets))
	}
	search(t, files, secrets)
}

// One field of one message in many is withheld: everything else checks.
func TestOneFieldIsWithheld_B5(t *testing.T) {
	const withheld = 500
	r := newRecord(t, 1000)
	in := r.input(t, export.Spec{Kind: export.Complete, Redactions: []export.Redaction{{Entry: withheld, Field: export.FieldText, Reason: "private"}}})
	b, _ := write(t, in)
	files := unzip(t, b)
	text := message(withheld - 1) // entry 0 opened the case
	for _, folder := range foldersOf(files) {
		rec, salts := checkItem(t, files, folder, in.Checkpoint)
		if rec.Index != withheld {
			if len(rec.Withheld) > 0 || salts.Seed == "" {
				t.Errorf("entry %d: withheld %v, seed %q", rec.Index, rec.Withheld, salts.Seed)
			}
			continue
		}
		if len(rec.Withheld) != 2 || rec.Withheld["m0.text"] == "" || rec.Withheld["raw"] == "" || salts.Seed != "" {
			t.Errorf("entry %d: withheld %v, want its text and its raw bytes, and no seed (%q)", rec.Index, rec.Withheld, salts.Seed)
		}
		if rec.Values["m0.sender"] != string(text.Value("m0.sender")) {
			t.Errorf("entry %d: sender %q", rec.Index, rec.Values["m0.sender"])
		}
	}
	d, err := r.log.Disclose(t.Context(), r.c, withheld)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{string(text.Value("m0.text")): "the text", "words-499-of": "a part of it", hex.EncodeToString(d.Seed[:]): "the seed"}
	for i, f := range d.Fields {
		if f.Name == "m0.text" || f.Name == "raw" {
			secrets[hex.EncodeToString(d.Salts[i][:])] = "the salt of " + f.Name
		}
	}
	search(t, files, secrets)
}

// A covered word is nowhere, whatever it stands in.
func TestACoveredWord_B5(t *testing.T) {
	r := newRecord(t, 30)
	in := r.input(t, export.Spec{Kind: export.Complete, Covers: []export.Cover{{Word: "words-7-OF", As: "Phrase 1", Reason: "a third party"}}})
	b, _ := write(t, in)
	files := unzip(t, b)
	for _, folder := range foldersOf(files) {
		rec, _ := checkItem(t, files, folder, in.Checkpoint)
		if hidden := len(rec.Withheld) > 0; hidden != (rec.Index == 8) {
			t.Errorf("entry %d: withheld %v", rec.Index, rec.Withheld)
		}
	}
	search(t, files, map[string]string{"words-7-of": "the word", "words-7-OF": "the word as it was given"})
}
