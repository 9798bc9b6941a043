package external

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/policy"
)

// TestDocsAreTrue reads every example of docs/scanners.md as the gate would, but
// for the programs and folders that it names, and wants every preset mentioned.
func TestDocsAreTrue(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "scanners.md"))
	if err != nil {
		t.Fatal(err)
	}
	read, policies := 0, 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		if strings.HasPrefix(block[1], "version: 1") {
			policies++
			p, err := policy.Parse("docs/scanners.md", []byte(block[1]))
			if err != nil {
				t.Error(err)
				continue
			}
			for _, r := range policy.Test(p) {
				if !r.OK {
					t.Errorf("%s: %s", r.Rule, r.Text)
				}
			}
			continue
		}
		file := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file)
		if err != nil {
			t.Errorf("%v in\n%s", err, block[1])
			continue
		}
		for _, c := range cfg.Scanners {
			read++
			c, err := withPreset(c)
			if err == nil {
				c = withDefaults(c)
				err = check(c, served)
			}
			if err == nil {
				_, err = compileJSON(c)
			}
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	if read < 4 || policies < 1 {
		t.Errorf("found %d scanners and %d policies in docs/scanners.md", read, policies)
	}
	for _, name := range Presets() {
		if !strings.Contains(string(b), "| `"+name+"` |") {
			t.Errorf("docs/scanners.md does not tell about the preset %s", name)
		}
	}
}
