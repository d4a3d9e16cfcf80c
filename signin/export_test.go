package signin

import "sync/atomic"

// CountChecks counts from now on how often a passphrase is hashed.
func CountChecks(d *Desk) *atomic.Int64 {
	var n atomic.Int64
	argon := d.argon
	d.argon = func(passphrase, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
		n.Add(1)
		return argon(passphrase, salt, time, memory, threads, size)
	}
	return &n
}

// What the fuzz tests call.
var (
	ReadCode        = readCode
	NewCodeText     = newCode
	Digits          = digits
	DeviceWords     = deviceWords
	Network         = network
	PasskeyName     = passkeyName
	CheckPassphrase = checkPassphrase
)
