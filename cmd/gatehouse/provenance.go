package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/provenance/verify"
)

// openProvenance makes the verifier of attestations, with the roots that are
// configured or those in the program.
func openProvenance(cfg config.Config) (*verify.Verifier, error) {
	root, err := rootsOf(cfg.Provenance.TrustedRoot)
	if err != nil {
		return nil, fmt.Errorf("provenance.trusted_root: %w", err)
	}
	keys, err := rootsOf(cfg.Provenance.NPMKeys)
	if err != nil {
		return nil, fmt.Errorf("provenance.npm_keys: %w", err)
	}
	v, err := verify.New(root, keys)
	if err != nil {
		return nil, fmt.Errorf("provenance: %w; docs/provenance.md says where the files are had", err)
	}
	return v, nil
}

// rootsOf reads a configured file of roots; nothing where none is.
func rootsOf(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, verify.MaxRoots+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) == 0:
		return nil, errors.New("the file is empty")
	}
	return b, nil
}

// writeProvenance says who made a file.
func writeProvenance(w io.Writer, p gate.FileProvenance) {
	for _, a := range p.Attestations {
		did := map[provenance.Kind]string{provenance.Build: "built", provenance.Publish: "published"}[a.Kind]
		fmt.Fprintf(w, "  %s by %s\n", cmp.Or(did, "attested"), artifact.Untrusted(a.Source()))
		fmt.Fprintf(w, "         %s\n", artifact.Untrusted(a.Details()))
	}
	for _, s := range p.Signatures {
		fmt.Fprintf(w, "  signed by the registry with %s\n", artifact.Untrusted(s.Key))
	}
	if p.Offered && len(p.Attestations)+len(p.Problems) == 0 {
		fmt.Fprintln(w, "  said to be attested; nobody has verified that")
	}
}
