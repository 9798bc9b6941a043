package analyze

import (
	"bytes"
	"encoding/binary"
)

// pictureName is the format that the bytes begin like.
func pictureName(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "jpeg"
	case bytes.HasPrefix(b, []byte("GIF8")):
		return "gif"
	}
	return ""
}

// afterPicture gives the bytes behind the end of a PNG, JPEG or GIF; nil when it is
// none of them, or none follow.
func afterPicture(b []byte) []byte {
	var end int
	switch pictureName(b) {
	case "png":
		end = endOfPNG(b)
	case "jpeg":
		end = endOfJPEG(b)
	case "gif":
		end = endOfGIF(b)
	default:
		return nil
	}
	if end <= 0 || end >= len(b) {
		return nil
	}
	return bytes.TrimLeft(b[end:], "\x00\r\n\t ")
}

// endOfPNG walks the chunks (RFC 2083) to the one called IEND.
func endOfPNG(b []byte) int {
	for at := 8; at+12 <= len(b); {
		n := binary.BigEndian.Uint32(b[at:])
		if uint64(n) > uint64(len(b)-at-12) {
			return 0
		}
		name := string(b[at+4 : at+8])
		at += 12 + int(n)
		if name == "IEND" {
			return at
		}
	}
	return 0
}

// endOfJPEG walks the segments (ITU T.81, annex B), and the coded data behind each
// start of scan, in which a marker is never followed by zero.
func endOfJPEG(b []byte) int {
	at := 2
	for at+4 <= len(b) {
		if b[at] != 0xFF {
			at++ // coded data
			continue
		}
		switch m := b[at+1]; {
		case m == 0xD9:
			return at + 2
		case m == 0x00, m == 0xFF, m == 0x01, m >= 0xD0 && m <= 0xD8:
			at += 2
			if m == 0xFF {
				at--
			}
		default:
			at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		}
	}
	return 0
}

// endOfGIF walks the blocks (GIF89a) to the trailer.
func endOfGIF(b []byte) int {
	if len(b) < 13 {
		return 0
	}
	at := 13 + colours(b[10])
	subBlocks := func() {
		for at < len(b) && b[at] != 0 {
			at += 1 + int(b[at])
		}
		at++
	}
	for at < len(b) {
		switch b[at] {
		case 0x3B:
			return at + 1
		case 0x21:
			at += 2
			subBlocks()
		case 0x2C:
			if at+10 > len(b) {
				return 0
			}
			at += 10 + colours(b[at+9]) + 1
			subBlocks()
		default:
			return 0
		}
	}
	return 0
}

// colours is the size of a colour table by its flags.
func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// archive names what begins like one.
func archive(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "zip"
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return "gzip"
	case bytes.HasPrefix(b, []byte("7z\xbc\xaf\x27\x1c")):
		return "7z"
	case bytes.HasPrefix(b, []byte("Rar!\x1a\x07")):
		return "rar"
	case bytes.HasPrefix(b, []byte("\xfd7zXZ\x00")):
		return "xz"
	case bytes.HasPrefix(b, []byte("BZh")) && len(b) > 10 && bytes.HasPrefix(b[4:], []byte("1AY&SY")):
		return "bzip2"
	}
	return ""
}
