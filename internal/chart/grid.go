package chart

import "strconv"

// A Grid shows the 168 hours of a week as cells, the darker the more. If all
// the numbers have room in their cells they are written there.
type Grid struct {
	Width int // 760 or 340
	Hours [7][24]int
	Rows  [7]string // names of the days, short
}

// gridClasses are the five steps, from none to many.
var gridClasses = [...]string{"h0", "h1", "h2", "h3", "h4"}

// Steps returns the smallest number of each step but the first, which is for
// none: 1, 2, 3 and 5 if no cell holds more than 9, else rounded ones.
func (g Grid) Steps() [4]int {
	most := 0
	for _, row := range g.Hours {
		for _, n := range row {
			most = max(most, n)
		}
	}
	if most < 10 {
		return [4]int{1, 2, 3, 5}
	}
	s := roundDown(most / 4)
	return [4]int{1, s, 2 * s, 3 * s}
}

// Draw draws the grid.
func (g Grid) Draw(c Canvas) (width, height float64) {
	const left, top = 37, 21
	width = float64(max(g.Width, leastWidth))
	cellHeight, textDrop, every := 23.0, 16.0, 3
	if width < slimBelow {
		cellHeight, textDrop, every = 20, 14, 6
	}
	pitch := (width - left + 1) / 24
	for h := 0; h < 24; h += every {
		c.Text("", Start, left+float64(h)*pitch, 12, strconv.Itoa(h/10)+strconv.Itoa(h%10)+":00")
	}
	steps, numbers := g.Steps(), g.numbersFit(c, pitch-2)
	for d, row := range g.Hours {
		y := top + float64(d)*(cellHeight+2)
		if name := fit(c, "", g.Rows[d], left-4); name != "" {
			c.Text("", Start, 0, y+textDrop, name)
		}
		for h, n := range row {
			x := left + float64(h)*pitch
			level := 0
			for level < len(steps) && n >= steps[level] {
				level++
			}
			c.Rect(Style{Class: gridClasses[level]}, x, y, pitch-2, cellHeight, 2)
			if level == 0 || !numbers {
				continue
			}
			class := classLow
			if level > 2 {
				class = classHigh
			}
			c.Text(class, Middle, x+(pitch-2)/2, y+textDrop, short(n))
		}
	}
	return width, top + 7*(cellHeight+2) + 1
}

// numbersFit reports whether every number has room in its cell. If one has not,
// none is written: a dark cell without a number among numbers looks like less.
func (g Grid) numbersFit(c Canvas, cell float64) bool {
	for _, row := range g.Hours {
		for _, n := range row {
			if n > 0 && c.TextWidth(classHigh, short(n)) > cell {
				return false
			}
		}
	}
	return true
}
