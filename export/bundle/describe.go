package bundle

import (
	"time"

	"daybook"
	"daybook/export"
)

// format is the version of what docs/bundle-format.md describes.
const format = "daybook-bundle/v1"

// A description is bundle.json.
type description struct {
	Format      string          `json:"format"`
	Kind        export.Kind     `json:"kind"`
	Origin      string          `json:"origin"`
	Size        uint64          `json:"size"`
	Root        daybook.Digest  `json:"root"`
	Key         string          `json:"key"`
	Fingerprint daybook.Digest  `json:"fingerprint"`
	Program     export.Standing `json:"program"`
	Spec        chosen          `json:"spec"`
	Items       []uint64        `json:"items"`
	TimeStamps  []timeStamp     `json:"time_stamps"`
	Earlier     []earlier       `json:"earlier,omitempty"`
}

// chosen is what can be told of a Spec: not what is covered, nor whose messages
// were asked for, nor by whom.
type chosen struct {
	From       time.Time    `json:"from,omitzero"`
	To         time.Time    `json:"to,omitzero"`
	Handles    int          `json:"handles"`
	Entries    []uint64     `json:"entries"`
	Redactions int          `json:"redactions"`
	Covers     []chosenWord `json:"covers"`
	Access     bool         `json:"access"`
	Files      bool         `json:"files,omitempty"`
	Mark       string       `json:"mark"`
}

type chosenWord struct {
	As     string `json:"as"`
	Reason string `json:"reason"`
}

type timeStamp struct {
	Authority string    `json:"authority"`
	State     string    `json:"state"`
	At        time.Time `json:"at,omitzero"`
	Qualified bool      `json:"qualified"`
	Token     string    `json:"token,omitempty"`
	Chain     string    `json:"chain,omitempty"`
}

type earlier struct {
	Size       uint64         `json:"size"`
	Root       daybook.Digest `json:"root"`
	Checkpoint string         `json:"checkpoint"`
	TimeStamps []timeStamp    `json:"time_stamps"`
}

func (p *packer) describe() error {
	s := p.in.Shown
	spec := s.Spec
	d := description{
		Format: format, Kind: spec.Kind, Origin: p.in.Checkpoint.Origin, Size: p.in.Checkpoint.Size, Root: p.in.Checkpoint.Root,
		Key: p.in.Log.VerifierKey(p.in.Case), Fingerprint: p.in.Log.Fingerprint(), Program: spec.Standing,
		Spec: chosen{
			From: spec.From.UTC(), To: spec.To.UTC(), Handles: len(spec.Handles), Entries: append([]uint64{}, spec.Entries...),
			Redactions: len(spec.Redactions), Covers: []chosenWord{}, Access: spec.Access, Files: spec.Files, Mark: spec.Mark,
		},
		Items: append([]uint64{}, p.indexes...), TimeStamps: stampsOf("data/log/", s.Stamps),
	}
	for _, c := range s.Handled {
		d.Spec.Covers = append(d.Spec.Covers, chosenWord{c.As, c.Reason})
	}
	if spec.Kind == export.Complete {
		for _, e := range p.in.Earlier {
			name := earlierName(e.Size)
			d.Earlier = append(d.Earlier, earlier{e.Size, e.Root, "data/" + name + "checkpoint", stampsOf("data/"+name, e.Stamps)})
		}
	}
	return p.json("bundle.json", d)
}

func stampsOf(prefix string, stamps []export.Stamp) []timeStamp {
	names := fileNames(stamps)
	out := make([]timeStamp, len(stamps))
	for i, s := range stamps {
		out[i] = timeStamp{Authority: s.Authority, State: s.State}
		if len(s.Token) > 0 {
			out[i].At, out[i].Qualified = s.At.UTC(), s.Qualified
			out[i].Token, out[i].Chain = prefix+names[i]+".tsr", prefix+names[i]+".pem"
		}
	}
	return out
}
