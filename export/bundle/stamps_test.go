package bundle_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/export"
	"daybook/export/bundle"
)

// Time stamps lie where bundle.json says, under names of our own making.
func TestTimeStamps_B4_B8(t *testing.T) {
	r := newRecord(t, 3)
	before, err := r.log.Checkpoint(t.Context(), r.c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.log.Append(t.Context(), r.c, []daybook.Record{message(3)}); err != nil {
		t.Fatal(err)
	}
	r.derive(t)
	in := r.input(t, export.Spec{Kind: export.Complete})
	stamp := func(name, token string) export.Stamp {
		s := export.Stamp{Authority: name, State: "pending"}
		if token != "" {
			s.State, s.At, s.Token, s.Chain = "stamped", start, []byte(token), []byte("chain of "+token)
		}
		return s
	}
	in.Shown.Stamps = []export.Stamp{stamp("Time & Co.", "one"), stamp("time co", "two"), stamp("../../etc", "three"), stamp("Zeit\u202e\n", ""), stamp("日本", "four"), stamp("Key", "five")}
	in.Earlier = []bundle.Earlier{{Checkpoint: before, Stamps: []export.Stamp{stamp("Time & Co.", "old")}}}
	b, _ := write(t, in)
	files := unzip(t, b)
	got := map[string]string{}
	for name, content := range files {
		if strings.HasPrefix(name, "data/log/") && (strings.HasSuffix(name, ".tsr") || strings.HasSuffix(name, ".pem") && name != "data/log/key.pem") {
			got[name] = string(content)
		}
	}
	want := map[string]string{
		"data/log/time-co.tsr": "one", "data/log/time-co.pem": "chain of one",
		"data/log/time-co-2.tsr": "two", "data/log/time-co-2.pem": "chain of two",
		"data/log/etc.tsr": "three", "data/log/etc.pem": "chain of three",
		"data/log/authority.tsr": "four", "data/log/authority.pem": "chain of four",
		"data/log/key-2.tsr": "five", "data/log/key-2.pem": "chain of five",
		"data/log/earlier/000004.time-co.tsr": "old", "data/log/earlier/000004.time-co.pem": "chain of old",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files of time stamps: %s", diff)
	}
	if string(files["data/log/earlier/000004.checkpoint"]) != string(before.Signed) {
		t.Error("the earlier checkpoint is not there")
	}
	var d struct {
		TimeStamps []struct{ Authority, State, Token, Chain string } `json:"time_stamps"`
		Earlier    []struct {
			Size       uint64
			Checkpoint string
			TimeStamps []struct{ Token, Chain string } `json:"time_stamps"`
		}
	}
	if err := json.Unmarshal(files["data/bundle.json"], &d); err != nil {
		t.Fatal(err)
	}
	if len(d.TimeStamps) != 6 || d.TimeStamps[1].Token != "data/log/time-co-2.tsr" || d.TimeStamps[3].State != "pending" || d.TimeStamps[3].Token != "" {
		t.Errorf("bundle.json has the time stamps %+v", d.TimeStamps)
	}
	if len(d.Earlier) != 1 || d.Earlier[0].Size != 4 || d.Earlier[0].TimeStamps[0].Token != "data/log/earlier/000004.time-co.tsr" {
		t.Errorf("bundle.json has the earlier checkpoints %+v", d.Earlier)
	}

	// A selection has no earlier ones: they tell how the log grew.
	in = r.input(t, export.Spec{Kind: export.Selection, Entries: []uint64{1}})
	in.Earlier = []bundle.Earlier{{Checkpoint: before, Stamps: []export.Stamp{stamp("x", "old")}}}
	b, _ = write(t, in)
	for name := range unzip(t, b) {
		if strings.Contains(name, "earlier") {
			t.Errorf("a selection has %s", name)
		}
	}
}
