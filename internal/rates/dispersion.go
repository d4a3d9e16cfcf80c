package rates

// A Dispersion is how much more uneven counts are than those of events that come
// independently of each other: about how many events come in a row. The zero
// value is that of independent events.
//
// Of two counts x and y that follow each other with one rate, (x-y)²/(x+y) is 1
// on average if events are independent, whatever the rate: given the sum, x is
// binomial. So the mean of it does not mind a rate that changes slowly, or once.
type Dispersion struct {
	sum   int64 // in thousandths
	pairs int64
}

const maxPair = 1_000_000

// Add takes in two counts of times of the same length that follow each other. A
// pair without events says nothing.
func (d *Dispersion) Add(x, y int) {
	x, y = min(max(x, 0), maxPair), min(max(y, 0), maxPair)
	if x+y == 0 {
		return
	}
	d.sum += int64(x-y) * int64(x-y) * 1000 / int64(x+y)
	d.pairs++
}

// Thousandths returns the dispersion times 1000: 1000 or more.
func (d Dispersion) Thousandths() int64 {
	if d.pairs == 0 {
		return 1000
	}
	return max(1000, d.sum/d.pairs)
}
