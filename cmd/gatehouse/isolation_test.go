package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLayersAreToldAndDemanded(t *testing.T) {
	var log bytes.Buffer
	to := slog.New(slog.NewTextHandler(&log, nil))
	if err := tellLayers(t.Context(), nil, to); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "layers=") {
		t.Errorf("want one line with the layers, got %q", got)
	}
	err := tellLayers(t.Context(), []string{"walls"}, to)
	if err == nil || !strings.Contains(err.Error(), "walls") || !strings.Contains(err.Error(), "take it out of sandbox.require") {
		t.Errorf("a layer that is not there: got %v, want an error that says what to do", err)
	}
}
