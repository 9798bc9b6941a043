package npm

import (
	"context"

	"github.com/google/osv-scalibr/clients/datasource"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// discovery finds the registry that npm itself asks here.
func discovery() adapter.Discovery {
	return adapter.Discovery{
		Environment: []string{"npm_config_registry", "NPM_CONFIG_REGISTRY"},
		Commands:    [][]string{{"npm", "config", "get", "registry"}},
		Library:     libraryDefault,
	}
}

// libraryDefault is the registry that osv-scalibr reads where nothing is set.
func libraryDefault(context.Context) (string, error) {
	return datasource.ParseNPMRegistryInfo(datasource.NpmrcConfig{}).ScopeURLs[""], nil
}
