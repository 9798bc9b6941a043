package quality

import (
	"fmt"
	"os"
	"strings"

	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// Section is a part of the report, by the name that its marks in the document have.
type Section struct{ Name, Text string }

// notRun is what stands between marks before the first run.
const notRun = "Not run yet."

// WriteSections puts each text between its marks in a document. The first run of
// each sealed half is kept for good: its marks are filled once.
func WriteSections(name string, sections []Section) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc := string(b)
	for _, s := range sections {
		if doc, err = replace(doc, s.Name, s.Text, true); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if first := firstRun(s.Name); first != "" {
			if doc, err = replace(doc, first, s.Text, false); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return os.WriteFile(name, []byte(doc), 0o644)
}

// firstRun names the marks that keep the first run of what a section is about; it is
// empty where no first run is kept. Every sealed half of generated packages has marks
// of its own; the real packages have been the same since the first.
func firstRun(section string) string {
	switch section {
	case generate.Sealed:
		return fmt.Sprintf("first-%s-%d", section, generate.SealedRound)
	case "corpus-" + generate.Sealed:
		return "first-" + section
	}
	return ""
}

func replace(doc, name, text string, again bool) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	from, to := strings.Index(doc, begin), strings.Index(doc, end)
	if from < 0 || to < from {
		return "", fmt.Errorf("no marks for %s", name)
	}
	from += len(begin)
	if !again && strings.TrimSpace(doc[from:to]) != notRun {
		return doc, nil
	}
	return doc[:from] + "\n" + text + "\n" + doc[to:], nil
}
