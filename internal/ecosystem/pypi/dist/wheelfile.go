package dist

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mostTags bounds the Tag lines of one WHEEL file.
const mostTags = 2000

// WheelInfo is what WHEEL says.
type WheelInfo struct {
	Version       string // Wheel-Version
	Generator     string
	RootIsPurelib bool
	Tags          []string // "py3-none-any", sorted, lower case
	Build         string
}

// ParseWheelFile reads WHEEL: "Key: value" lines up to the first blank one.
func ParseWheelFile(b []byte) (WheelInfo, error) {
	var w WheelInfo
	seen := map[string]bool{}
	n := 0
	for line := range bytes.Lines(b) {
		n++
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		key, value, ok := strings.Cut(string(line), ":")
		if !ok {
			return w, fmt.Errorf("reading WHEEL: line %d: no colon", n)
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if seen[key] && key != "tag" {
			return w, fmt.Errorf("reading WHEEL: line %d: %.40q for the second time", n, key)
		}
		seen[key] = true
		if err := w.set(key, value); err != nil {
			return w, fmt.Errorf("reading WHEEL: line %d: %w", n, err)
		}
	}
	if w.Version == "" {
		return w, errors.New("reading WHEEL: no Wheel-Version")
	}
	slices.Sort(w.Tags)
	w.Tags = slices.Compact(w.Tags)
	return w, nil
}

func (w *WheelInfo) set(key, value string) error {
	switch key {
	case "wheel-version":
		w.Version = value
	case "generator":
		w.Generator = value
	case "root-is-purelib":
		w.RootIsPurelib = strings.EqualFold(value, "true")
	case "build":
		w.Build = value
	case "tag":
		return w.addTags(strings.ToLower(value))
	}
	return nil
}

// addTags takes one Tag line; some writers leave the sets compressed.
func (w *WheelInfo) addTags(value string) error {
	parts := strings.Split(value, "-")
	if len(parts) != 3 {
		return fmt.Errorf("tag %.80q has not three parts", value)
	}
	for _, py := range strings.Split(parts[0], ".") {
		for _, abi := range strings.Split(parts[1], ".") {
			for _, platform := range strings.Split(parts[2], ".") {
				if len(w.Tags) == mostTags {
					return fmt.Errorf("more than %d tags", mostTags)
				}
				w.Tags = append(w.Tags, py+"-"+abi+"-"+platform)
			}
		}
	}
	return nil
}
