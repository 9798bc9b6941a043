// Package clients runs the real programs in tests: the built gatehouse, and the
// pip, uv, poetry, twine and flit that requirements.txt here pins, each on a machine of
// its own: a Box has its own home folder and not one setting of a client.
//
// A client that is missing is an error, never a reason to skip: one that nobody
// tried is one that nobody knows anything about. `make clients` installs them,
// `make conformance` and `make live` say where they are.
package clients

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Where the programs are, once Find has found them.
var (
	Binary        string // the built gatehouse
	Folder        string // the folder with the clients
	Python        string // the interpreter that virtual environments are made of
	PythonVersion string // its version, in full
)

// Find reads GATEHOUSE_TEST_BINARY, GATEHOUSE_TEST_CLIENTS and
// GATEHOUSE_TEST_PYTHON, and fails for anything that is missing. Call it from
// TestMain.
func Find() error {
	Binary, Folder, Python = os.Getenv("GATEHOUSE_TEST_BINARY"), os.Getenv("GATEHOUSE_TEST_CLIENTS"), os.Getenv("GATEHOUSE_TEST_PYTHON")
	need := []string{Binary, Python}
	for _, name := range []string{"pip", "uv", "poetry", "twine", "flit", "pdm", "pipenv", "pip-audit"} {
		need = append(need, filepath.Join(Folder, name))
	}
	for _, path := range need {
		if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !st.Mode().IsRegular() {
			return fmt.Errorf("%q is no program here; run: make conformance", path)
		}
	}
	out, err := exec.Command(Python, "-I", "-c", "import platform; print(platform.python_version())").Output()
	if err != nil {
		return fmt.Errorf("asking %s for its version: %w", Python, err)
	}
	if PythonVersion = strings.TrimSpace(string(out)); PythonVersion == "" {
		return errors.New("python says no version")
	}
	return nil
}
