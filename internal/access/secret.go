package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// The form of a token: the prefix that secret scanners look for, 30 random
// base62 characters (178 bits), and 6 characters that hold the CRC-32 (IEEE) of
// all before them in base62, high digit first. The checksum lets a scanner skip
// what only looks alike and lets the gate say "copied wrongly" instead of
// "unknown"; it protects nothing.
const (
	Prefix      = "ght_"
	randomLen   = 30
	checksumLen = 6
	secretLen   = len(Prefix) + randomLen + checksumLen
)

// Pattern is what a secret scanner can match; checkSecret tells real ones apart.
const Pattern = Prefix + "[0-9A-Za-z]{36}"

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var errMalformed = errors.New("does not read as a gatehouse token")

// newSecret draws a token.
func newSecret() string {
	body := Prefix + randomText(randomLen)
	return body + checksum(body)
}

// randomText is n random base62 characters from the system's generator, which
// never fails: since Go 1.24 crypto/rand ends the process rather than return
// anything weaker.
func randomText(n int) string {
	// Bytes from 248 on are thrown away: 256 is no multiple of 62 and the first
	// eight characters would come up more often.
	const fair = 256 / len(base62) * len(base62)
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		rand.Read(buf[:])
		for _, b := range buf {
			if int(b) < fair && len(out) < n {
				out = append(out, base62[int(b)%len(base62)])
			}
		}
	}
	return string(out)
}

func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var out [checksumLen]byte
	for i := checksumLen - 1; i >= 0; i-- {
		out[i] = base62[sum%uint32(len(base62))]
		sum /= uint32(len(base62))
	}
	return string(out[:])
}

// checkSecret tells a token from a typing error without asking the store. Its
// errors never repeat the text.
func checkSecret(s string) error {
	if !strings.HasPrefix(s, Prefix) {
		return fmt.Errorf("%w: it does not start with %s", errMalformed, Prefix)
	}
	if len(s) != secretLen {
		return fmt.Errorf("%w: it has %d characters and not %d; was it cut when copied?", errMalformed, len(s), secretLen)
	}
	for i := len(Prefix); i < len(s); i++ {
		if strings.IndexByte(base62, s[i]) < 0 {
			return fmt.Errorf("%w: it holds a character that tokens do not have", errMalformed)
		}
	}
	if body := s[:secretLen-checksumLen]; checksum(body) != s[secretLen-checksumLen:] {
		return fmt.Errorf("%w: its checksum is wrong; was it typed or cut?", errMalformed)
	}
	return nil
}

// hashSecret is the form in which a token is kept. One round of SHA-256 is
// enough: slow hashes exist because passwords can be guessed, and nobody guesses
// 178 random bits; a slow one here would only be a way to tire the server.
func hashSecret(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
