package jobs_test

import (
	"context"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/jobs/jobstest"
)

// The store that the tests below run on keeps what every store promises.
func TestMemory(t *testing.T) {
	jobstest.Run(t, func(context.Context, string) (jobstest.Store, error) { return &jobstest.Memory{}, nil })
}
