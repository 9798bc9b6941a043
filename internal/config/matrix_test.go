package config

import "testing"

func TestMatrixNode(t *testing.T) {
	for v, ok := range map[string]bool{"22.12.0": true, "22": false, "v22.12.0": false, ">=20": false, "": false} {
		if err := (Matrix{Node: []string{v}}).check(); (err == nil) != ok {
			t.Errorf("%q: %v", v, err)
		}
	}
}
