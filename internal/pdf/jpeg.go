package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A photo is a JPEG file without what is not needed to show it.
type photo struct {
	data          []byte
	width, height int
	components    int
	inverted      bool // four components as Adobe's programs write them
	turn          turn
}

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markSOF0  = 0xC0 // baseline
	markSOF2  = 0xC2 // progressive
	markDHT   = 0xC4
	markSOI   = 0xD8
	markEOI   = 0xD9
	markSOS   = 0xDA
	markDQT   = 0xDB
	markDRI   = 0xDD
	markAPP1  = 0xE1
	markAPP14 = 0xEE
)

var errJPEG = errors.New("not a JPEG picture that can be shown")

// readJPEG checks the structure of a JPEG file and keeps the segments that a
// reader needs: tables, frame and scans. Everything else is left out: what the
// camera wrote, comments, previews, and whatever stands behind the end.
func readJPEG(data []byte) (photo, error) {
	if len(data) < 4 || data[0] != 0xFF || data[1] != markSOI {
		return photo{}, errJPEG
	}
	p := photo{data: []byte{0xFF, markSOI}}
	scans := 0
	for at := 2; ; {
		if at+4 > len(data) {
			if scans > 0 && at+2 <= len(data) && data[at] == 0xFF && data[at+1] == markEOI {
				break
			}
			return photo{}, fmt.Errorf("%w: it ends too early", errJPEG)
		}
		if data[at] != 0xFF {
			return photo{}, fmt.Errorf("%w: no marker at byte %d", errJPEG, at)
		}
		mark := data[at+1]
		if mark == 0xFF { // fill byte
			at++
			continue
		}
		if mark == markEOI {
			break
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(data) {
			return photo{}, fmt.Errorf("%w: the segment at byte %d does not end", errJPEG, at)
		}
		body := data[at+4 : end]
		switch {
		case mark == markDQT, mark == markDHT, mark == markDRI:
			p.data = append(p.data, data[at:end]...)
		case mark == markSOF0, mark == markSOF0+1, mark == markSOF2:
			if err := p.frame(body); err != nil {
				return photo{}, err
			}
			p.data = append(p.data, data[at:end]...)
		case mark == markSOS:
			if p.width == 0 {
				return photo{}, fmt.Errorf("%w: a scan before the frame", errJPEG)
			}
			scans++
			end = endOfScan(data, end)
			p.data = append(p.data, data[at:end]...)
		case mark == markAPP14 && len(body) >= 12 && string(body[:5]) == "Adobe":
			// How the components are to be read, and nothing else.
			p.inverted = true
			p.data = append(p.data, 0xFF, markAPP14, 0, 14)
			p.data = append(append(p.data, "Adobe\x00\x64\x00\x00\x00\x00"...), body[11])
		case mark == markAPP1:
			if p.turn == 0 {
				p.turn = orientation(body)
			}
		case mark >= 0xE0 && mark <= 0xEF, mark == 0xFE: // APPn, COM
		default:
			return photo{}, fmt.Errorf("%w: it is of a kind (marker %02X) that PDF does not know", errJPEG, mark)
		}
		at = end
	}
	if scans == 0 {
		return photo{}, fmt.Errorf("%w: it has no scan", errJPEG)
	}
	p.data = append(p.data, 0xFF, markEOI)
	return p, nil
}

// frame reads the frame header (T.81, B.2.2).
func (p *photo) frame(body []byte) error {
	if p.width != 0 || len(body) < 6 || body[0] != 8 {
		return fmt.Errorf("%w: its frame header is not one of eight bits", errJPEG)
	}
	p.height, p.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	p.components = int(body[5])
	if len(body) != 6+3*p.components || p.components != 1 && p.components != 3 && p.components != 4 {
		return fmt.Errorf("%w: %d components", errJPEG, p.components)
	}
	return checkSize(p.width, p.height, mostInPhoto)
}

// endOfScan returns where the next segment begins after the data of a scan.
func endOfScan(data []byte, at int) int {
	for ; at+1 < len(data); at++ {
		if data[at] == 0xFF && data[at+1] != 0 && data[at+1] != 0xFF && (data[at+1] < 0xD0 || data[at+1] > 0xD7) {
			return at
		}
	}
	return len(data)
}

// A turn says how a camera was held (EXIF, Orientation): 1 to 8, 0 if it does not
// say.
type turn int

// orientation reads it from the body of an APP1 segment; 0 if it is not there.
func orientation(body []byte) turn {
	const head = "Exif\x00\x00"
	if len(body) < len(head)+8 || string(body[:len(head)]) != head {
		return 0
	}
	tiff := body[len(head):]
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 0
	}
	n := int(order.Uint16(tiff[at:]))
	at += 2
	for range n {
		if at+12 > len(tiff) {
			return 0
		}
		if order.Uint16(tiff[at:]) == 0x0112 {
			if v := turn(order.Uint16(tiff[at+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		at += 12
	}
	return 0
}

// sideways reports whether width and height change places.
func (t turn) sideways() bool { return t >= 5 }

// matrix maps the unit square onto itself as the turn says.
func (t turn) matrix() string {
	switch t {
	case 2:
		return "-1 0 0 1 1 0"
	case 3:
		return "-1 0 0 -1 1 1"
	case 4:
		return "1 0 0 -1 0 1"
	case 5:
		return "0 -1 -1 0 1 1"
	case 6:
		return "0 -1 1 0 0 1"
	case 7:
		return "0 1 1 0 0 0"
	case 8:
		return "0 1 -1 0 1 0"
	}
	return "1 0 0 1 0 0"
}
