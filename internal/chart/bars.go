package chart

import (
	"math"
	"time"
)

// Bars shows counts by day as stacked bars, with moments marked by vertical
// lines and gaps by dotted boxes.
type Bars struct {
	Width   int       // 760 or 340; below 500 labels are short
	First   time.Time // a moment of the first day, in the zone in which its date is meant
	Days    int
	Each    int      // days to a bar; 0 means 1. See ByWeek
	Series  []Series // from the bottom up
	Markers []Marker
	Gaps    []Gap
	More    string // stands below if labels had to be left out: "More is marked in the table."
}

// A Series is one part of each bar.
type Series struct {
	Style  Style
	Counts []int // one for each bar; what is missing or negative is 0, what is beyond 10^15 is that
}

// A Marker is a moment. At counts days since the first day began: 1.5 is noon
// on the second day. A marker outside of the days is not drawn.
type Marker struct {
	At    float64
	Label string
	Short string // for a slim drawing, and where Label has no room; "" means Label
}

// A Gap is a time about which less is known, in days as in Marker. What lies
// outside of the days is cut off.
type Gap struct {
	From, To float64
	Label    string
	Short    string
}

// ByWeek returns the same chart with one bar for each week, Monday to Sunday.
// Bars of more than about 120 days cannot be told apart otherwise.
func (b Bars) ByWeek() Bars {
	if b.Each > 1 || b.Days <= 0 {
		return b
	}
	lead := (int(b.First.Weekday()) + 6) % 7 // days since Monday
	w := b
	w.First, w.Days, w.Each = b.First.AddDate(0, 0, -lead), b.Days+lead, 7
	w.Series = make([]Series, len(b.Series))
	for i, s := range b.Series {
		counts := make([]int, w.count())
		for d := range b.Days {
			counts[(d+lead)/7] += s.at(d)
		}
		w.Series[i] = Series{Style: s.Style, Counts: counts}
	}
	w.Markers = make([]Marker, len(b.Markers))
	for i, m := range b.Markers {
		m.At += float64(lead)
		w.Markers[i] = m
	}
	w.Gaps = make([]Gap, len(b.Gaps))
	for i, g := range b.Gaps {
		g.From, g.To = g.From+float64(lead), g.To+float64(lead)
		w.Gaps[i] = g
	}
	return w
}

// mostCount is where counting ends: sums of it, and round numbers near them, are
// still whole numbers.
const mostCount = min(1_000_000_000_000_000, math.MaxInt/64)

// count returns the number of bars.
func (b Bars) count() int {
	each := max(b.Each, 1)
	return (max(b.Days, 0) + each - 1) / each
}

func (s Series) at(i int) int {
	if i >= len(s.Counts) {
		return 0
	}
	return min(max(s.Counts[i], 0), mostCount)
}

// stacked returns what a whole bar counts.
func stacked(series []Series, i int) float64 {
	sum := 0
	for _, s := range series {
		sum += s.at(i)
	}
	return float64(sum)
}

// barsLayout is where the parts of Bars stand.
type barsLayout struct {
	Bars
	slim          bool
	width, height float64 // of the whole drawing
	left, right   float64 // of the bars
	top, base     float64 // of the bars; top is 0 until the labels above have been placed
	pitch         float64 // from bar to bar
	barFrom       float64 // from the place of a bar to its edge
	barWidth      float64
	most          float64 // the highest bar, in counts
	scale         float64 // height of one count
	markers       []placedMarker
	gaps          []placedGap
	leftOut       bool // a label found no room
}

// Draw draws the bars.
func (b Bars) Draw(c Canvas) (width, height float64) {
	l := b.layout(c)
	l.drawScale(c)
	for _, g := range l.gaps {
		g.draw(c, l)
	}
	for i := range b.count() {
		drawStack(c, b.Series, i, stackPlace{x: l.left + float64(i)*l.pitch + l.barFrom, width: l.barWidth, base: l.base, unit: l.scale, most: l.most * l.scale})
	}
	l.drawDates(c)
	for _, m := range l.markers {
		m.draw(c, l)
	}
	if more := fit(c, "", b.More, l.right-l.left); l.leftOut && more != "" {
		c.Text("", Start, l.left, l.height-6, more)
	}
	return l.width, l.height
}

func (b Bars) layout(c Canvas) *barsLayout {
	l := &barsLayout{Bars: b, width: float64(max(b.Width, leastWidth))}
	l.slim = l.width < slimBelow
	for i := range b.count() {
		l.most = max(l.most, stacked(b.Series, i))
	}
	l.left, l.right = 30, l.width-6
	plot, head := 184.0, 14.0
	if l.slim {
		l.left, l.right, plot, head = 26, l.width-4, 162, 10
	}
	for _, n := range l.ticks() {
		l.left = max(l.left, 7+c.TextWidth("", short(n)))
	}
	l.pitch = (l.right - l.left) / float64(max(b.count(), 1))
	if b.count() < 7 && b.count() > 0 {
		l.pitch = (l.right - l.left) / 7 // a bar as wide as a wall says more than it knows
	}
	l.barFrom, l.barWidth = l.pitch*0.128, l.pitch*0.744

	l.scale = plot * 12 / 13 / max(l.most, 1) // some room above the highest bar
	l.top, l.base = 0, plot
	rows := l.place(c)
	l.top = head + float64(rows)*rowPitch
	l.base = l.top + plot
	l.height = l.base + 34
	if l.leftOut && b.More != "" {
		l.height += 18
	}
	return l
}

// x returns the place of a moment, in days since the first began.
func (l *barsLayout) x(days float64) float64 {
	return l.left + days/float64(max(l.Each, 1))*l.pitch
}

// ticks returns the round numbers of the axis.
func (l *barsLayout) ticks() []int {
	every := roundUp((int(max(l.most, 1)) + 3) / 4) // at most four, and 0
	ticks := []int{0}
	for n := every; n <= int(max(l.most, 1)); n += every {
		ticks = append(ticks, n)
	}
	return ticks
}

// drawScale draws the axis, and rules with round numbers.
func (l *barsLayout) drawScale(c Canvas) {
	for i, n := range l.ticks() {
		y, class := l.base-float64(n)*l.scale, classRule
		if i == 0 {
			class = classAxis
		}
		c.Path(class, Point{l.left, y}, Point{l.right, y})
		c.Text("", End, l.left-6, y+4, short(n))
	}
}

// stackPlace is where one bar stands.
type stackPlace struct {
	x, width, base float64
	unit           float64 // height of one
	most           float64 // height that no bar exceeds
}

// leastHeight keeps a few beside very many visible.
const leastHeight = 1

// drawStack draws bar i. Parts that stand on another keep a hair's breadth from
// it.
func drawStack(c Canvas, series []Series, i int, p stackPlace) {
	heights := make([]float64, len(series))
	var sum float64
	largest := 0
	for k, s := range series {
		if n := s.at(i); n > 0 {
			heights[k] = max(float64(n)*p.unit, leastHeight)
		}
		sum += heights[k]
		if heights[k] > heights[largest] {
			largest = k
		}
	}
	if over := sum - p.most; over > 0 && sum > 0 {
		if heights[largest] > over+leastHeight {
			heights[largest] -= over
		} else {
			for k := range heights {
				heights[k] *= p.most / sum
			}
		}
	}
	y := p.base
	for k, h := range heights {
		if h == 0 {
			continue
		}
		apart := 0.0
		if y < p.base && h > 3 {
			apart = 1
		}
		c.Rect(series[k].Style, p.x, y-h, p.width, h-apart, 0)
		y -= h
	}
}
