package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestDoctorSeesAnUpstreamThatAnswersBadly: an answer is not enough, it has to be
// one that an index gives.
func TestDoctorSeesAnUpstreamThatAnswersBadly(t *testing.T) {
	dir := t.TempDir()
	index := exampleIndex(t)
	conf, err := ownWorld(t, dir, index)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	for _, test := range []struct {
		fault stub.Fault
		want  string
	}{
		{stub.Fault{}, `ok    upstream .*answers`},
		{stub.Fault{Status: 401}, `warn  upstream .*does not let the gate in: 401 .*\n.*credential`},
		{stub.Fault{Status: 500}, `warn  upstream .*answers 500`},
	} {
		index.Fault("/simple/"+canaryName, test.fault)
		index.Fault("/simple/"+canaryName+"/", test.fault)
		if _, out, errs := command(t, data, conf, "doctor"); !regexp.MustCompile(test.want).MatchString(out) {
			t.Errorf("an upstream with %+v: want %q in\n%s%s", test.fault, test.want, out, errs)
		}
	}
}

// TestDoctorDoesNotGuessForPip: a pip that cannot be asked may read more than was
// looked at.
func TestDoctorDoesNotGuessForPip(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	for script, failing := range map[string]bool{"#!/bin/sh\nexit 0\n": false, "#!/bin/sh\nexit 1\n": true} {
		if err := os.WriteFile(filepath.Join(bin, "pip"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := pipEffective(t.Context(), "http://127.0.0.1:1"); (err != nil) != failing {
			t.Errorf("%q: %v", script, err)
		}
	}
}
