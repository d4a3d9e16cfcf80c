package config

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// A Duration is written with its units: "60s", "5m", "1h30m". Days are "24h".
type Duration time.Duration

// UnmarshalText reads a duration that is not negative.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write a number with its unit, such as \"60s\", \"5m\" or \"24h\"", b)
	}
	if v < 0 {
		return fmt.Errorf("%q is less than nothing; write a duration such as \"60s\"", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the shortest form without zero parts at the end: "5m", not
// "5m0s".
func (d Duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}

// A TimeOfDay is a time on a clock, in minutes since midnight: "22:00".
type TimeOfDay int

// UnmarshalText reads "hh:mm", from 00:00 to 23:59.
func (t *TimeOfDay) UnmarshalText(b []byte) error {
	v, err := time.Parse("15:04", string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time of day; write it as \"22:00\"", b)
	}
	*t = TimeOfDay(v.Hour()*60 + v.Minute())
	return nil
}

// MarshalText writes "hh:mm".
func (t TimeOfDay) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", int(t)/60, int(t)%60), nil
}

// A Secret is text that never shows itself: not in logs, not in messages.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret, and says whether there is one.
func (s Secret) String() string {
	if s == "" {
		return "(not set)"
	}
	return "(set)"
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
