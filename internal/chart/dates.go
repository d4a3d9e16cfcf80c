package chart

import "time"

// monthsFrom is the number of days from which months are named, not Mondays.
const monthsFrom = 180

// A dateTick is a day that is named below the bars.
type dateTick struct {
	day  int
	text string
}

// drawDates names as many Mondays, or months, as have room.
func (l *barsLayout) drawDates(c Canvas) {
	ticks := l.dateTicks()
	every := 1
	for every < len(ticks) && l.crowded(c, ticks, every) {
		every *= 2
	}
	for i := 0; i < len(ticks); i += every {
		x := l.x(float64(ticks[i].day) + 0.5)
		c.Path(classAxis, Point{x, l.base}, Point{x, l.base + 5})
		anchor, at := l.anchored(c, ticks[i].text, x)
		c.Text("", anchor, at, l.base+20, ticks[i].text)
	}
}

func (l *barsLayout) dateTicks() []dateTick {
	form, wanted := "Mon 2 Jan", func(t time.Time) bool { return t.Weekday() == time.Monday }
	switch {
	case l.Days > monthsFrom:
		form, wanted = "Jan 2006", func(t time.Time) bool { return t.Day() == 1 }
	case l.slim:
		form = "2 Jan"
	}
	y, m, d := l.First.Date()
	date := func(day int) time.Time { return time.Date(y, m, d+day, 12, 0, 0, 0, time.UTC) }
	var ticks []dateTick
	for day := range l.Days {
		if t := date(day); wanted(t) {
			ticks = append(ticks, dateTick{day, t.Format(form)})
		}
	}
	if len(ticks) == 0 && l.Days > 0 {
		ticks = append(ticks, dateTick{0, date(0).Format(form)})
	}
	return ticks
}

// crowded reports whether two names that follow each other would touch if every
// n-th was written.
func (l *barsLayout) crowded(c Canvas, ticks []dateTick, n int) bool {
	end := -1.0
	for i := 0; i < len(ticks); i += n {
		from, to := l.extent(c, ticks[i])
		if from < end {
			return true
		}
		end = to + 8
	}
	return false
}

func (l *barsLayout) extent(c Canvas, t dateTick) (from, to float64) {
	anchor, x := l.anchored(c, t.text, l.x(float64(t.day)+0.5))
	w := c.TextWidth("", t.text)
	switch anchor {
	case Start:
		return x, x + w
	case End:
		return x - w, x
	}
	return x - w/2, x + w/2
}

// anchored centres a text at x, but keeps it inside the drawing.
func (l *barsLayout) anchored(c Canvas, text string, x float64) (Anchor, float64) {
	half := c.TextWidth("", text) / 2
	switch {
	case x-half < 0:
		return Start, 0
	case x+half > l.width:
		return End, l.width
	}
	return Middle, x
}
