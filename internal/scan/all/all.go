// Package all is the list of the file scanners that look into every archive.
package all

import (
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/honesty"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
)

// FileScanners lists them in the order they run. The worker and its parent must
// use the same list.
func FileScanners() []scan.FileScanner {
	return []scan.FileScanner{
		honesty.Scanner{},
		malware.Scanner{},
	}
}
