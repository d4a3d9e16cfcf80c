package chart

// A Spark is a row of small bars without numbers, for a line of a table.
type Spark struct {
	Days   int
	Series []Series // from the bottom up
	Most   int      // what the full height means, so that several can be compared; 0: the largest of its own
}

// sparkWidth and sparkHeight are those of the style sheet's table column.
const (
	sparkWidth  = 136
	sparkHeight = 30
)

// Draw draws the spark.
func (s Spark) Draw(c Canvas) (width, height float64) {
	const base = sparkHeight - 1
	c.Path(classAxis, Point{0, base + 0.5}, Point{sparkWidth, base + 0.5})
	most := float64(s.Most)
	for i := range s.Days {
		most = max(most, stacked(s.Series, i))
	}
	pitch := sparkWidth / float64(max(s.Days, 1))
	if s.Days < 7 {
		pitch = sparkWidth / 42.0 // a bar as wide as a wall says more than it knows
	}
	for i := range s.Days {
		drawStack(c, s.Series, i, stackPlace{x: float64(i)*pitch + pitch*0.1, width: pitch * 0.77, base: base, unit: (base - 2) / max(most, 1), most: base - 2})
	}
	return sparkWidth, sparkHeight
}

// A Swatch is a small square in one style, for a legend.
type Swatch struct{ Style Style }

// Draw draws the square.
func (s Swatch) Draw(c Canvas) (width, height float64) {
	radius := 2.0
	if s.Style.Outline > 0 {
		radius = 0
	}
	c.Rect(s.Style, 0, 0, 14, 14, radius)
	return 14, 14
}
