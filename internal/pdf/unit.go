package pdf

import (
	"math"
	"strconv"
)

// A unit is a thousandth of a point. Everything is laid out in whole units, so
// that a document comes out the same on every machine.
type unit int64

// point is one point, 1/72 inch.
const point unit = 1000

// mostUnits is where a length ends, some hundred times a page.
const mostUnits = 100_000_000

// points makes units of a measure that was given in points. What is no number is
// 0.
func points(x float64) unit {
	return share(float64(x) * float64(point))
}

// share rounds a measure in units.
func share(x float64) unit {
	if math.IsNaN(x) {
		return 0
	}
	return unit(math.Round(min(max(x, -mostUnits), mostUnits)))
}

// millimetres makes units of millimetres.
func millimetres(mm int) unit { return unit(mm * 72_000 * 10 / 254) }

// appendUnit writes a measure in points with at most two decimals.
func appendUnit(b []byte, u unit) []byte {
	if u < 0 {
		u = -u
		if u >= 5 {
			b = append(b, '-')
		}
	}
	hundredths := (int64(u) + 5) / 10
	b = strconv.AppendInt(b, hundredths/100, 10)
	rest := hundredths % 100
	if rest == 0 {
		return b
	}
	b = append(b, '.', byte('0'+rest/10))
	if rest%10 != 0 {
		b = append(b, byte('0'+rest%10))
	}
	return b
}

// appendFactor writes a factor that is given in thousandths.
func appendFactor(b []byte, thousandths unit) []byte {
	return strconv.AppendFloat(b, float64(thousandths)/1000, 'f', 3, 64)
}

// divide returns a/b, rounded to the nearest, halves away from zero. b is
// positive.
func divide(a, b int64) int64 {
	if a < 0 {
		return -((-a + b/2) / b)
	}
	return (a + b/2) / b
}
