package web

import (
	"slices"
	"strings"

	"daybook/cases"
	"daybook/detect"
)

func (s *Server) figureRoutes() []route {
	const entry = "looked at the entries of a figure"
	return []route{
		{method: "GET", path: "/c/{case}/figures/{handle}/{figure}", who: inCase, action: cases.List, entry: entry, handle: (*request).figurePage},
		{method: "GET", path: "/c/{case}/figures/{handle}/{figure}/{view}", who: inCase, action: cases.List, entry: entry, handle: (*request).figurePage},
	}
}

// A figure is one number in words, with what it rests on.
type figure struct {
	Key     string // in the catalogue
	Text    string // detection's own sentence, where the catalogue has none
	N       int64
	Of      int64
	Label   string // key of a kind, platform or origin
	Raw     string // or its own name
	How     string // how it is counted; "" if there is nothing to say about it
	Path    string // of the page that lists its entries; "" if it has none
	Entries []entryLink
	More    int // entries without a link
}

type entryLink struct {
	Ref    string
	Number uint64
}

const maxEntryLinks = 20

// shownFigures are the figures of a finding that pages show, in their order. The
// parts by kind, channel and origin follow them.
func shownFigures() []string {
	return []string{
		"messages", "occasions", "days", "days-watched", "last-42-days", "handles", "last-28-days", "28-days-before", "rate-28-days",
		"after-stop", "around-stop", "days-after-stop", "rate-stop", "after-block", "around-block", "allowed", "answered",
		"changes", "bursts", "quiet-spell", "busiest-day", "busiest-hour", "night", "named-days", "days-before-named-days",
		"to-others", "third-parties", "imprecise", "gone", "edited",
	}
}

// figures puts the figures of a finding into the order of the page. All of them
// are detection's: nothing is counted here.
func (r *request) figures(p *pattern, f *detect.Finding) ([]figure, error) {
	var out []figure
	for _, key := range shownFigures() {
		if g, there := f.Figures[key]; there && (key != "around-stop" || g.Value > 0) {
			shown, err := r.figure(p, f, key)
			if err != nil {
				return nil, err
			}
			out = append(out, shown)
		}
	}
	for _, part := range []string{"kind", "channel", "origin"} {
		for _, key := range partsOf(f, part) {
			shown, err := r.figure(p, f, key)
			if err != nil {
				return nil, err
			}
			out = append(out, shown)
		}
	}
	return out, nil
}

// partsOf returns the keys of the figures that say what the messages are made up
// of, the largest first; none if there is one alone, which says what the number
// of all says.
func partsOf(f *detect.Finding, part string) []string {
	var keys []string
	for key := range f.Figures {
		if strings.HasPrefix(key, part+".") {
			keys = append(keys, key)
		}
	}
	if len(keys) < 2 {
		return nil
	}
	slices.SortFunc(keys, func(a, b string) int {
		if n := f.Figures[b].Value - f.Figures[a].Value; n != 0 {
			return int(max(-1, min(1, n)))
		}
		return strings.Compare(a, b)
	})
	return keys
}

// figure shows one figure of a finding of the case.
func (r *request) figure(p *pattern, f *detect.Finding, key string) (out figure, err error) {
	g := f.Figures[key]
	out = figure{Key: "figure." + key, N: g.Value, Of: g.Of}
	if g.Unit == "seconds" {
		if out.N = g.Value / 86400; out.N < 2 {
			out.Key, out.N = out.Key+".hours", g.Value/3600
		}
	}
	if part, raw, is := strings.Cut(key, "."); is && (part == "kind" || part == "channel" || part == "origin") {
		out.Key, out.Raw, out.Label = "figure."+part, raw, part+"."+raw
		if part == "channel" {
			out.Label = "platform." + raw
		}
		if !r.s.words.keys[out.Label] {
			out.Label = ""
		}
	}
	if !r.s.words.keys[out.Key] {
		out.Text = r.sentence(g.Text)
	}
	if out.How, err = r.howCounted(key); err != nil {
		return out, err
	}
	if len(g.Entries) == 0 || !r.can(cases.List) {
		return out, nil
	}
	if out.Path, err = r.figurePath(p, f, key); err != nil {
		return out, err
	}
	out.Entries, out.More, err = r.entryLinks(g.Entries)
	return out, err
}

// sentence puts a sentence of detection, which is addressed to the person, into
// the voice of the page. What stands in quotation marks is somebody's own words.
func (r *request) sentence(text string) string {
	if r.owner() {
		return text
	}
	var b strings.Builder
	for text != "" {
		own, quoted, _ := strings.Cut(text, "“")
		b.WriteString(aboutThem.Replace(own))
		text = text[len(own):]
		if quoted != "" {
			_, rest, _ := strings.Cut(quoted, "”")
			b.WriteString(text[:len(text)-len(rest)])
			text = rest
		} else {
			b.WriteString(text)
			text = ""
		}
	}
	return b.String()
}

// aboutThem knows the ways in which detection addresses the person. A test reads
// every sentence that comes out.
var aboutThem = strings.NewReplacer(
	"They contacted you", "There was contact",
	"they contacted you", "there was contact",
	"linked handles contacted you", "linked handles made contact",
	"you wrote to them", "they were written to",
	"You asked", "The person asked",
	"you asked", "the person asked",
	"Beside you", "Beside the person",
	"beside you", "beside the person",
	"You were contacted", "There was contact",
	"You left open", "It was left open",
	"You talk with", "The person talks with",
	"You marked", "The person marked",
	"You wrote", "The person wrote",
	"wrote to you", "wrote to the person",
	"contacted you", "contacted the person",
)

// howCounted says how a figure is counted, and what to think of beside it.
func (r *request) howCounted(key string) (string, error) {
	how := detect.HowCounted(key)
	note := "figure." + key + ".note"
	if how == "" || !r.s.words.keys[note] {
		return how, nil
	}
	text, err := r.s.words.plain(note)
	return how + " " + text, err
}

// entryLinks makes links of the first entries, and tells how many more there are.
func (r *request) entryLinks(entries []uint64) (out []entryLink, more int, err error) {
	entries = slices.Compact(slices.Clone(entries))
	for _, e := range entries[:min(len(entries), maxEntryLinks)] {
		ref, err := r.ref(e)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, entryLink{ref, e})
	}
	return out, len(entries) - len(out), nil
}

// figurePath is the address of the entries of a figure: it names the handle, or
// the first of a group, and the figure, by keyed hashes that tell nothing.
func (r *request) figurePath(p *pattern, f *detect.Finding, key string) (string, error) {
	of := f.Handles[0]
	if g := p.group(of); g != nil && len(f.Handles) > 1 {
		of = g.Handles[0]
	}
	handle, err := r.handleRef(of)
	if err != nil {
		return "", err
	}
	ref, err := r.figureRef(handle, f, key)
	return r.in("figures/" + handle + "/" + ref), err
}

func (r *request) figureRef(handle string, f *detect.Finding, key string) (string, error) {
	k, err := r.s.Keys.Case(r.Context(), r.caseID)
	if err != nil {
		return "", err
	}
	of := "handle"
	if len(f.Handles) > 1 {
		of = "group"
	}
	m := k.MAC("page figure", handle+" "+of+" "+key)
	return lower.EncodeToString(m[:16]), nil
}
