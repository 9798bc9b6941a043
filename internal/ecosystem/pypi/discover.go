package pypi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/osv-scalibr/clients/datasource"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// discovery says how the default index is found: what pip and uv read, then what
// pip's configuration says (the user's and the system's, since pip knows none of a
// project), then what pip is built with. -I keeps the environment and the user's
// folder from putting other code in pip's place.
func discovery() adapter.Discovery {
	config := []string{"config", "get", "global.index-url"}
	return adapter.Discovery{
		Environment: []string{"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"},
		Read:        withoutName,
		Commands: [][]string{
			append([]string{"pip"}, config...),
			append([]string{"pip3"}, config...),
			append([]string{"python3", "-m", "pip"}, config...),
		},
		Builtin: [][]string{{"python3", "-I", "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"}},
		Library: libraryDefault,
	}
}

// withoutName takes the name off uv's "name=url".
func withoutName(v string) string {
	name, rest, ok := strings.Cut(strings.TrimSpace(v), "=")
	if ok && !strings.ContainsAny(name, ":/?") {
		return rest
	}
	return strings.TrimSpace(v)
}

// libraryDefault builds osv-scalibr's index client with its default, and reads
// the URL that it asks for off a transport that sends nothing.
func libraryDefault(ctx context.Context) (string, error) {
	const project = "gatehouse-probe"
	asked := &capture{}
	client, err := datasource.NewPyPIRegistryAPIClient("", "", &http.Client{Transport: asked})
	if err != nil {
		return "", err
	}
	if _, err := client.GetIndex(ctx, project); err == nil || asked.url == "" {
		return "", errors.New("the library asked for nothing")
	}
	base, ok := strings.CutSuffix(strings.TrimSuffix(asked.url, "/"), "/"+project)
	if !ok {
		return "", errors.New("the library's URL does not end in the project's name")
	}
	return base + "/", nil
}

// capture keeps the URL of a request and sends nothing.
type capture struct{ url string }

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.url = r.URL.String()
	return nil, errors.New("captured, not sent")
}
