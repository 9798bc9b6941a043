package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// service gives the gate that a command speaks to: the one at --server; else the
// one that serves this data folder, over its socket; else the engine right here.
// While another command has the folder it waits for its turn. Call the function
// that comes with it when done.
func (a *app) service(ctx context.Context) (gate.Service, func(), error) {
	e, c, err := a.reach(ctx)
	if err != nil {
		return nil, nil, err
	}
	if c != nil {
		return c, c.Close, nil
	}
	return e.gate, func() { a.closed(e.Close()) }, nil
}

func (a *app) closed(err error) {
	if err != nil {
		fmt.Fprintf(a.err, "gatehouse: closing the data folder: %v\n", err)
	}
}

func holder(l *store.LockedError) string {
	if l.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("%s (pid %d)", l.Purpose, l.PID)
}

// remote is the gate at --server.
func (a *app) remote(ctx context.Context) (*client.Client, error) {
	var token secretref.Secret
	if a.flags.token != "" {
		var err error
		if token, err = secretref.Resolve(ctx, a.flags.token); err != nil {
			return nil, fmt.Errorf("--token: %w", err)
		}
	}
	return client.New(a.flags.server, token)
}

// local is the gate that serves this data folder, nil when none answers.
func (a *app) local(ctx context.Context) *client.Client {
	socket, err := filepath.Abs(filepath.Join(a.cfg.Data, socketName))
	if err != nil {
		return nil
	}
	c, err := client.New(socket, secretref.Secret{})
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if !c.Answers(ctx) {
		c.Close()
		return nil
	}
	return c
}
