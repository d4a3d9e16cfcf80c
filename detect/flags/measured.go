package flags

// A Measure is how a flag did on messages with known flags, in thousandths. It
// was measured on made-up short messages in British and American English that
// another hand wrote before the rules: testdata/functional.jsonl. Real messages
// differ; docs/detection.md says how to read it.
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
		Threat:        {Recall: 802, False: 90, Should: 177, ModelOnly: 318},
		Presence:      {Recall: 625, False: 59, Should: 72},
		Surveillance:  {Recall: 533, False: 49, Should: 90},
		SelfHarm:      {Recall: 711, False: 49, Should: 38},
		ThirdParties:  {Recall: 648, False: 73, Should: 108},
		Sexual:        {Recall: 744, False: 14, Should: 43},
		Impersonation: {Recall: 684, False: 21, Should: 38},
		Doxxing:       {Recall: 887, False: 10, Should: 53},
	}[flag]
	if m.Should > 0 {
		m.Harmless = 288
	}
	return m
}

// Languages returns the languages that there are rules for. Messages in others
// are read with the English rules, and little will be found in them.
func Languages() []string { return append([]string(nil), shippedRules().languages...) }
