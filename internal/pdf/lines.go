package pdf

// atom returns the cluster of a chip, or of the bar of a covered text.
func (s *setter) atom(c char, at int, level uint8, size unit) cluster {
	a := cluster{from: at, to: at + 1, level: level, look: c.look, size: size, face: s.faces.face(sansFile)}
	if c.chip == "" {
		a.bar, a.width = true, 3*size
		return a
	}
	key := chipKey{c.chip, size}
	chip, ok := s.chips[key]
	if !ok {
		chip = s.chipLine(c.chip, size)
		if len(s.chips) == mostChips {
			clear(s.chips)
		}
		s.chips[key] = chip
	}
	a.chip, a.width = chip, chip.width+2*chipMargin
	return a
}

// mostChips is how many chips are kept for the next time.
const mostChips = 500

type chipKey struct {
	text string
	size unit
}

// chipLine lays out the text of a chip.
func (s *setter) chipLine(shown string, size unit) *line {
	runes, breaks := s.runes, s.breaks // are in use
	s.runes, s.breaks = nil, nil
	text := make([]char, 0, len(shown))
	for _, r := range shown {
		text = append(text, char{r: r, look: small})
	}
	chip := &line{text: text, clusters: s.clusters(text, size, false)}
	chip.place(s.faces.face(sansFile), size)
	s.runes, s.breaks = runes, breaks
	return chip
}

// chipMargin is left free at each side of a chip's text.
const chipMargin = 5 * point / 2

// wrap cuts clusters into lines no wider than width. A word that is wider is
// broken where it has to be.
func (s *setter) wrap(text []char, clusters []cluster, size, width unit, rtl bool) []*line {
	var lines []*line
	base := s.faces.face(sansFile)
	for from := 0; from < len(clusters); {
		to := fit(clusters[from:], width) + from
		l := &line{text: text, clusters: clusters[from:to], rtl: rtl}
		l.place(base, size)
		lines = append(lines, l)
		from = to
	}
	return lines
}

// fit returns how many clusters the next line takes, at least one.
func fit(clusters []cluster, width unit) int {
	var w unit
	end := 0 // after the last cluster where a line may end
	for i, c := range clusters {
		w += c.width
		if w > width && i > 0 && !c.space && c.width > 0 {
			if end > 0 {
				return end
			}
			return i
		}
		if c.breaks {
			end = i + 1
		}
	}
	return len(clusters)
}

// place says where each cluster stands and how high the line is: at least as
// high as one in the base font and in plain size.
func (l *line) place(base *face, size unit) {
	order := l.visual()
	var x unit
	for _, i := range order {
		l.clusters[i].x = x
		x += l.clusters[i].width
	}
	// Spaces at the end take no room. They stand rightmost, or leftmost in a
	// line from right to left.
	l.width = x
	var spaces unit
	for i := len(l.clusters) - 1; i >= 0 && l.clusters[i].space; i-- {
		spaces += l.clusters[i].width
	}
	if spaces < l.width {
		l.width -= spaces
		if l.rtl {
			for i := range l.clusters {
				l.clusters[i].x -= spaces
			}
		}
	}
	rise := func(a *face, size unit) {
		l.ascent = max(l.ascent, size*unit(min(a.ascent, mostAscent))/1000)
		l.descent = max(l.descent, size*unit(min(a.descent, mostDescent))/1000)
	}
	rise(base, size)
	for _, c := range l.clusters {
		if c.chip != nil || c.bar {
			l.atoms = true
		} else {
			rise(c.face, c.size)
		}
	}
}

// A line is no higher than this, in thousandths of an em: what rises above it is
// cut off at the edge of its paragraph or cell.
const (
	mostAscent  = 1350
	mostDescent = 600
)

// visual returns the clusters of a line from left to right (UAX #9, L1 and L2).
func (l *line) visual() []int {
	order := make([]int, len(l.clusters))
	levels := make([]uint8, len(l.clusters))
	var highest uint8
	for i, c := range l.clusters {
		order[i], levels[i] = i, c.level
	}
	for i := len(levels) - 1; i >= 0 && l.clusters[i].space; i-- {
		levels[i] = 0
		if l.rtl {
			levels[i] = 1
		}
	}
	for _, v := range levels {
		highest = max(highest, v)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(order); {
			k := i
			for k < len(order) && levels[order[k]] >= level {
				k++
			}
			for a, b := i, k-1; a < b; a, b = a+1, b-1 {
				order[a], order[b] = order[b], order[a]
			}
			i = max(k, i+1)
		}
	}
	return order
}
