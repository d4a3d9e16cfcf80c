package chart

// A Legend is a drawing with what its styles mean below it, for where there is
// no page around it to say so.
type Legend struct {
	Of    Drawing
	Items []LegendItem
}

// A LegendItem says what a style means.
type LegendItem struct {
	Style Style
	Label string
}

const (
	legendPitch  = 20 // from row to row
	legendSwatch = 12
	legendApart  = 22 // from item to item
)

// Draw draws the drawing, and the legend in as many rows as it needs.
func (l Legend) Draw(c Canvas) (width, height float64) {
	width, height = l.Of.Draw(c)
	if len(l.Items) == 0 {
		return width, height
	}
	x, y := 0.0, height+8
	for _, item := range l.Items {
		label := fit(c, "", item.Label, width-legendSwatch-6)
		w := legendSwatch + 6 + c.TextWidth("", label)
		if x > 0 && x+w > width {
			x, y = 0, y+legendPitch
		}
		c.Rect(item.Style, x, y, legendSwatch, legendSwatch, 0)
		write(c, "", x+legendSwatch+6, y+10.5, label)
		x += w + legendApart
	}
	return width, y + legendPitch
}
