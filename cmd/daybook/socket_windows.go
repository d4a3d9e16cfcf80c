package main

import "net"

// listenPrivately makes a socket. Who may open it goes by the data folder's
// access list.
func listenPrivately(addr *net.UnixAddr) (*net.UnixListener, error) {
	return net.ListenUnix("unix", addr)
}
