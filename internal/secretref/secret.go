package secretref

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden is what every output shows in place of a secret.
const hidden = "[secret]"

// Secret is a value that does not show itself: fmt with any verb, JSON, YAML,
// XML and slog all print "[secret]". Only Reveal gives it, so that a search for
// Reveal finds every use. The zero Secret is empty. Safe for concurrent use.
type Secret struct {
	// A pointer, because fmt does not call methods of values in unexported fields:
	// a struct that holds a Secret there would print a plain string.
	value *string
}

// New wraps a value.
func New(value string) Secret { return Secret{&value} }

// Reveal gives the value; use it at the last moment, where it goes on the wire.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says whether there is nothing in it.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return hidden }

// Format implements fmt.Formatter for every verb, %#v and %x among them.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText serves encoding/json, YAML, XML and text templates.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON implements json.Marshaler.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
