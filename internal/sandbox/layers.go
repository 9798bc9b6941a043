package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

// Layer is one thing that holds a worker back.
type Layer struct {
	Name    string `json:"name"` // a stable word
	InForce bool   `json:"in_force"`
	Why     string `json:"why,omitempty"` // why it is not
}

// probeTask answers with the layers that the worker found in force.
const probeTask = "layers"

func probe(layers []Layer) Task {
	return func([]*os.File, []byte) ([]byte, error) { return json.Marshal(layers) }
}

// Layers starts a worker and says which layers were in force in it.
func Layers(ctx context.Context) ([]Layer, error) {
	b, err := Run(ctx, probeTask, nil, nil, Limits{})
	if err != nil {
		return nil, fmt.Errorf("asking a worker for its layers: %w", err)
	}
	var layers []Layer
	if err := json.Unmarshal(b, &layers); err != nil {
		return nil, fmt.Errorf("asking a worker for its layers: %w", err)
	}
	return layers, nil
}
