package pdf

// A source gives the lines of a text one after the other. Long texts are laid
// out piece by piece, so that what is kept does not grow with them.
type source struct {
	set   *setter
	chars chars
	size  unit
	width unit
	ahead []*line

	pending []char // read, and not laid out yet
	rtl     bool   // direction of the paragraph that is being read
	begun   bool   // it has been decided
	done    bool
}

// mostAtOnce is how many characters are laid out together.
const mostAtOnce = 2000

func (s *setter) source(spans []Span, size, width unit) *source {
	room := int((width - 2*chipMargin) * 2 / size)
	return &source{set: s, chars: chars{spans: spans, faces: s.faces, room: max(room, 1)}, size: size, width: width}
}

// peek returns the line after so many others, nil if there is none.
func (s *source) peek(n int) *line {
	for len(s.ahead) <= n && !s.done {
		s.read()
	}
	if n >= len(s.ahead) {
		return nil
	}
	return s.ahead[n]
}

// take removes the first n lines, which peek has returned.
func (s *source) take(n int) { s.ahead = s.ahead[n:] }

// height returns how high all lines are together, or some height above most.
func (s *source) height(most unit) unit {
	var h unit
	for n := 0; h <= most; n++ {
		l := s.peek(n)
		if l == nil {
			break
		}
		h += l.height(s.size)
	}
	return h
}

// height returns how much room a line takes in text of a size.
func (l *line) height(size unit) unit { return max(size*140/100, l.ascent+l.descent) }

// baseline returns how far below the line's top its letters stand.
func (l *line) baseline(size unit) unit {
	return (l.height(size)-l.ascent-l.descent)/2 + l.ascent
}

// read lays out the next piece of the text.
func (s *source) read() {
	end := false // of the paragraph
	for len(s.pending) < mostAtOnce {
		c, ok := s.chars.next()
		if !ok {
			s.done = true
			break
		}
		if c.r == '\n' {
			end = true
			break
		}
		s.pending = append(s.pending, c)
	}
	if !s.begun {
		s.begun, s.rtl = true, false
		for _, c := range s.pending {
			if rtl, known := startsRTL(c.r); known {
				s.rtl = rtl
				break
			}
		}
	}
	text := s.pending
	s.pending = nil
	switch {
	case len(text) > 0:
		lines := s.set.wrap(text, s.set.clusters(text, s.size, s.rtl), s.size, s.width, s.rtl)
		if !end && !s.done && len(lines) > 1 {
			// The last line goes on with what comes next.
			last := lines[len(lines)-1]
			lines = lines[:len(lines)-1]
			s.pending = append(make([]char, 0, mostAtOnce), text[last.clusters[0].from:]...)
		}
		s.ahead = append(s.ahead, lines...)
	case end:
		empty := &line{}
		empty.ascent, empty.descent = s.size, s.size*3/10
		s.ahead = append(s.ahead, empty)
	}
	if end {
		s.begun = false
	}
}
