package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Layer is one thing that holds a worker back.
type Layer struct {
	Name    string `json:"name"` // a stable word
	InForce bool   `json:"in_force"`
	Why     string `json:"why,omitempty"` // why it is not
}

// Names of the layers.
const (
	LayerNamespaces      = "namespaces"        // user, process, mount, network, IPC and host name of its own
	LayerRoot            = "empty-root"        // a root folder with nothing in it
	LayerNoNewPrivileges = "no-new-privileges" // no program started later has more rights
	LayerCapabilities    = "capabilities"      // none left
	LayerLandlock        = "landlock"          // no file can be opened, made or changed
	LayerLandlockNetwork = "landlock-network"  // no TCP port can be opened or connected to; Landlock does not know the other kinds
	LayerSeccomp         = "seccomp"           // only the system calls that reading needs
	LayerMemory          = "memory"
	LayerAddressSpace    = "address-space"
	LayerProcessCount    = "process-count"
	LayerCore            = "core"
	LayerFileSize        = "file-size"
	LayerCPUTime         = "cpu-time"
	LayerDescriptors     = "descriptors"
)

// LayerNames lists them, from the outside in.
func LayerNames() []string {
	return []string{
		LayerNamespaces, LayerRoot, LayerNoNewPrivileges, LayerCapabilities, LayerLandlock, LayerLandlockNetwork, LayerSeccomp,
		LayerMemory, LayerAddressSpace, LayerProcessCount, LayerCore, LayerFileSize, LayerCPUTime, LayerDescriptors,
	}
}

// Missing says, for people, which of the required layers are not in force; ""
// when all are.
func Missing(layers []Layer, required []string) string {
	var lacks []string
	for _, name := range required {
		at := slices.IndexFunc(layers, func(l Layer) bool { return l.Name == name })
		switch {
		case at < 0:
			lacks = append(lacks, name+" (this system does not know it)")
		case !layers[at].InForce:
			lacks = append(lacks, name+" ("+layers[at].Why+")")
		}
	}
	return strings.Join(lacks, ", ")
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
