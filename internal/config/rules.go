package config

import (
	"fmt"
	"path/filepath"
)

// Rules are rules of behaviour of one's own, beside those that are built in.
type Rules struct {
	// Folder holds one rule a file and lists of known bad files and hosts;
	// docs/detection.md shows how they are written. What does not load, or does not
	// find its own examples, is an error when the gate starts. Default: none.
	Folder string `yaml:"folder"`
}

func (r Rules) check() error {
	if r.Folder != "" && !filepath.IsAbs(r.Folder) {
		return fmt.Errorf("rules.folder: %.200q depends on where gatehouse is started; write the whole path", r.Folder)
	}
	return nil
}
