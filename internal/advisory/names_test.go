package advisory

import (
	"errors"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// pythonNames knows Python only, as the program does at first.
type pythonNames struct{}

func (pythonNames) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	if eco != artifact.PyPI {
		return "", errors.ErrUnsupported
	}
	return pep503.Parse(name)
}

func (pythonNames) Key(eco artifact.Ecosystem, version string) ([]byte, error) {
	if eco != artifact.PyPI {
		return nil, errors.ErrUnsupported
	}
	v, err := pep440.Parse(version)
	if err != nil {
		return nil, err
	}
	return v.Key(), nil
}

func pypi(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.PyPI, Name: name}
}
