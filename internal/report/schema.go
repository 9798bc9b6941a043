package report

import (
	"embed"
	"fmt"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema gives the JSON Schema (draft 2020-12) of a JSON output: "request" for
// what a request is answered with, "audit" for an audit.
func Schema(of string) ([]byte, error) {
	switch of {
	case "request":
		return schemas.ReadFile("schema/report.json")
	case "audit":
		return schemas.ReadFile("schema/audit.json")
	}
	return nil, fmt.Errorf("there is no schema of %.40q; there are request and audit", of)
}
