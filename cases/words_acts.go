package cases

import (
	"fmt"

	"daybook"
)

// ActKinds are the entries of a log that tell what people did, and what daybook
// did in their name: what stands in the access log that is shown to the person.
func ActKinds() []daybook.RecordKind {
	return []daybook.RecordKind{
		daybook.RecordAccess, daybook.RecordConsent, daybook.RecordDecision, daybook.RecordImport, daybook.RecordExport,
		daybook.RecordErased, daybook.RecordRestore, daybook.RecordKey,
	}
}

// DidEntry tells an entry of one of ActKinds in plain words, as Did does, and
// whom it is about: the handles of a decision, or the person's own account.
// Those were chosen by others and are not part of the words. An entry whose
// content was destroyed says so.
func DidEntry(r daybook.Record) (words string, about []daybook.Handle, err error) {
	if len(r.Fields) == 0 {
		return "did something whose content was erased since", nil, nil
	}
	switch r.Kind {
	case daybook.RecordAccess:
		var a daybook.Access
		err = r.Decode(&a)
		return Did(a), nil, err
	case daybook.RecordConsent:
		var c daybook.ConsentRecord
		err = r.Decode(&c)
		return consentWords(c.Event), handles(c.Account.Handle), err
	case daybook.RecordDecision:
		var d daybook.Decision
		err = r.Decode(&d)
		return decisionWords(d), handles(d.Handle, d.Other), err
	case daybook.RecordImport:
		var i daybook.Import
		err = r.Decode(&i)
		return importWords(i), nil, err
	case daybook.RecordExport:
		return "made a bundle to hand over", nil, nil
	case daybook.RecordErased:
		var e daybook.Erased
		err = r.Decode(&e)
		if len(e.Entries) == 1 {
			return "destroyed the content of one entry", nil, err
		}
		return fmt.Sprintf("destroyed the content of %d entries", len(e.Entries)), nil, err
	case daybook.RecordRestore:
		var told daybook.Restore
		if err = r.Decode(&told); err == nil && told.Origin != "" {
			return "put back this case from a bundle that another instance had made", nil, nil
		}
		return "put back a backup; what had come after it is missing", nil, err
	case daybook.RecordKey:
		var k struct {
			Event string `json:"event"`
		}
		err = r.Decode(&k)
		if k.Event == "case opened" {
			return "opened this case", nil, err
		}
		return "changed a key of this case", nil, err
	}
	return "did something that this version has no words for", nil, nil
}

func handles(all ...daybook.Handle) (out []daybook.Handle) {
	for _, h := range all {
		if !h.IsZero() {
			out = append(out, h)
		}
	}
	return out
}

func consentWords(e daybook.ConsentEvent) string {
	switch e {
	case daybook.ConsentGiven:
		return "agreed that an account is read"
	case daybook.AccountNamed:
		return "named an account as the person's own, to add files from it; it is not read"
	case daybook.ConsentRenewed:
		return "agreed for longer that an account is read"
	case daybook.ConsentPaused:
		return "paused the reading of an account"
	case daybook.ConsentResumed:
		return "went on with the reading of an account"
	case daybook.ConsentWithdrawn:
		return "withdrew the agreement that an account is read"
	case daybook.ConsentExpired:
		return "stopped reading an account: the agreement had ended"
	case daybook.TokenRevoked:
		return "gave back the key to an account; its platform confirmed it"
	case daybook.TokenRefused:
		return "stopped reading an account: its platform no longer takes the key"
	}
	return "changed the agreement on an account"
}

func importWords(i daybook.Import) string {
	switch i.Event {
	case daybook.ImportBegun:
		return "began to read in a file that was added"
	case daybook.ImportStopped:
		return "ended the reading in of a file before its end"
	}
	return "read in a file that was added"
}

func decisionWords(d daybook.Decision) string {
	what := "made a mark"
	switch d.What {
	case daybook.MarkStop:
		what = "noted that somebody was asked to stop"
	case daybook.MarkUnwanted:
		what = "marked contact as unwanted"
	case daybook.MarkAllowed:
		what = "marked contact as agreed"
	case daybook.MarkExcluded:
		what = "decided that nothing from a sender is kept from then on"
	case daybook.MarkNamedDay:
		what = "named a day"
	case daybook.MarkCalled:
		what = "wrote down what they call a sender"
	case daybook.MarkLinked:
		what = "confirmed that two handles are linked"
	case daybook.MarkApart:
		what = "decided that two handles are not linked"
	case daybook.MarkOpen:
		what = "left open whether two handles are linked"
	}
	if d.Undone {
		return "took back that they " + what
	}
	return what
}
