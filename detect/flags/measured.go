package flags

// A Measure is how a flag did on messages with known flags, in thousandths. It
// was measured on made-up short messages in British and American English that
// another hand wrote and that no rule was ever tried on: testdata/fresh.jsonl.
// Real messages differ; docs/detection.md says how to read it.
type Measure struct {
	Recall    int // of the messages that should have the flag, how many have it
	False     int // of the harmless look-alikes of all flags, how many have it
	Should    int // how many messages should have the flag
	Harmless  int // how many harmless messages there were
	ModelOnly int // for Threat: recall of the model alone on public posts at 1 % false, cross-validated; else 0
}

// Measured returns the figures of a flag that is one of All; for any other, the
// zero Measure. A test counts them again.
func Measured(flag Flag) Measure {
	m := map[Flag]Measure{
		Threat:        {Recall: 796, False: 64, Should: 49, ModelOnly: 318},
		Presence:      {Recall: 720, False: 50, Should: 25},
		Surveillance:  {Recall: 583, False: 43, Should: 24},
		SelfHarm:      {Recall: 650, False: 36, Should: 20},
		ThirdParties:  {Recall: 500, False: 79, Should: 36},
		Sexual:        {Recall: 727, False: 36, Should: 22},
		Impersonation: {Recall: 682, False: 29, Should: 22},
		Doxxing:       {Recall: 857, False: 14, Should: 21},
	}[flag]
	if m.Should > 0 {
		m.Harmless = 140
	}
	return m
}

// Languages returns the languages that there are rules for. Messages in others
// are read with the English rules, and little will be found in them.
func Languages() []string { return append([]string(nil), shippedRules().languages...) }
