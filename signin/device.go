package signin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// knows reports whether a device was seen lately enough to be known.
func (r DeviceRow) knows(now time.Time) bool {
	return !r.Seen.IsZero() && now.Sub(r.Seen) < DeviceLife
}

// trusts reports whether somebody signed in with this device who need not be
// held there any longer.
func (d *Desk) trusts(ctx context.Context, door Door) (bool, error) {
	rows, err := d.store.UsersOfDevice(ctx, hashToken(door.Device))
	now := d.now()
	return slices.ContainsFunc(rows, func(r DeviceRow) bool { return r.knows(now) && !now.Before(r.HeldTill) }), err
}

// deviceToken returns the token that a browser is known by: its own, if it was
// given out here, and otherwise a new one. A token that somebody made up and put
// into the browser is never taken on.
func (d *Desk) deviceToken(ctx context.Context, door Door) (string, error) {
	rows, err := d.store.UsersOfDevice(ctx, hashToken(door.Device))
	if err != nil {
		return "", fmt.Errorf("look for a device: %w", err)
	}
	now := d.now()
	if slices.ContainsFunc(rows, func(r DeviceRow) bool { return r.knows(now) }) {
		return door.Device, nil
	}
	return newToken(), nil
}

// meet notes that a user signs in with a device and returns until when it is
// held. It is called within an Update. Their first device is not held.
func (d *Desk) meet(ctx context.Context, device Hash, user string, invited bool) (heldTill time.Time, err error) {
	r, err := d.store.HoldDevice(ctx, device, user)
	if err != nil {
		return heldTill, err
	}
	all, err := d.store.DevicesOf(ctx, user)
	if err != nil {
		return heldTill, err
	}
	now := d.now()
	if !r.knows(now) {
		r.HeldTill = time.Time{}
		if others := slices.ContainsFunc(all, func(o DeviceRow) bool { return o.Device != device }); others && !invited {
			r.HeldTill = now.Add(NewDevice)
		}
	}
	r.Seen = now
	return r.HeldTill, d.store.PutDevice(ctx, r)
}

// forget makes a user's device new again. The row stays: it shows that they had
// one.
func (d *Desk) forget(ctx context.Context, device Hash, user string) error {
	r, err := d.store.HoldDevice(ctx, device, user)
	if err != nil {
		return err
	}
	r.HeldTill, r.Seen = time.Time{}, time.Time{}
	return d.store.PutDevice(ctx, r)
}

// deviceWords says what kind of device sends a User-Agent: "Firefox on Android".
// Nothing of the header itself comes out.
func deviceWords(agent string) string {
	agent = agent[:min(len(agent), 1000)]
	find := func(words [][2]string, otherwise string) string {
		for _, w := range words {
			if strings.Contains(agent, w[0]) {
				return w[1]
			}
		}
		return otherwise
	}
	// The order matters: browsers also claim to be those that came before.
	browser := find([][2]string{
		{"SamsungBrowser", "Samsung Internet"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"},
	}, "A browser")
	system := find([][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "Mac"}, {"Linux", "Linux"},
	}, "")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}
