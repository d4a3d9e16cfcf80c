//go:build unix

package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// listenPrivately makes a socket of mode 0600: it is never open to others, not
// even between being made and being changed.
func listenPrivately(addr *net.UnixAddr) (*net.UnixListener, error) {
	old := unix.Umask(0o177)
	defer unix.Umask(old)
	return net.ListenUnix("unix", addr)
}
