package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/git"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// moduleOptions say which tag of which repository is published.
type moduleOptions struct {
	address, tag, folder string
	user, credential     string
}

// publishModuleCommand makes a version of a Go module of a tag.
func (a *app) publishModuleCommand() *cobra.Command {
	var o moduleOptions
	c := &cobra.Command{
		Use:   "publish-module --tag TAG",
		Short: "Publish a tag of a git repository as a version of a Go module",
		Long: `Makes the zip of a module out of a tag, exactly as the go command would (the same
h1 hash), and sends it to a running gate, which looks at it as at any other version
before anybody gets it. Run it in CI when a tag is pushed, with a publisher's token.

The module's path stands in its go.mod, the version in the tag: v1.2.3 is one of the
module in the repository's root, sub/v1.2.3 of the one in the folder sub. From v2 on
the module may have a folder of its own (v2, sub/v2), which is found. Tags alone are
published: pseudo-versions and branches are not.

The repository is a folder (a checkout or a bare clone, of which no working file is
read) or an https address, of which the tag's commit alone is fetched. Nothing of the
repository runs: no hook, filter, attribute, submodule or large-file fetch.

Exit codes: 0 published (or it was before, with the same bytes), 1 refused, 2 kept
and waiting for a person, 3 a fault.`,
		Example: `  gatehouse publish-module --tag v1.2.3 --server https://gate.example --token env:GATE_TOKEN
  gatehouse publish-module --git https://git.example/team/lib.git --credential env:GIT_TOKEN --tag sub/v0.4.0 --server https://gate.example`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.publishModule(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.address, "git", ".", "the repository: a folder, or an https address")
	f.StringVar(&o.tag, "tag", "", "the tag: v1.2.3, or folder/v1.2.3 (required)")
	f.StringVar(&o.folder, "folder", "", "the module's folder in the repository (default: what the tag says)")
	f.StringVar(&o.credential, "credential", "", "password or token for the git server, by reference: env:NAME or file:PATH")
	f.StringVar(&o.user, "git-user", "git", "user name that goes with --credential")
	return c
}

// publishedModule is what the command prints.
type publishedModule struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Hash     string `json:"hash"` // h1, as it stands in go.sum
	Status   int    `json:"status"`
	Decision string `json:"decision,omitempty"`
	Text     string `json:"text"`
}

func (a *app) publishModule(ctx context.Context, o moduleOptions) error {
	if o.tag == "" {
		return errors.New("name the tag that is the version: --tag v1.2.3")
	}
	gate, err := a.runningGate(ctx)
	if err != nil {
		return err
	}
	defer gate.Close()
	zip, out, err := zipOfTag(ctx, o)
	if err != nil {
		return err
	}
	defer os.Remove(zip.Name())
	defer zip.Close()
	if err := a.sendModule(ctx, gate, zip, &out); err != nil {
		return err
	}
	err = a.print(out, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s %s\n%s\n%s\n", out.Module, out.Version, out.Hash, out.Text)
		return err
	})
	if err != nil {
		return err
	}
	return uploadExit(out.Status, out.Text)
}

// uploadExit is the exit code for what a gate answered.
func uploadExit(status int, text string) error {
	switch {
	case status == http.StatusOK || status == http.StatusCreated:
		return nil
	case status == http.StatusForbidden && strings.HasPrefix(text, "held by gatehouse: "):
		return exit{exitHold}
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		return exit{exitReject}
	}
	return exit{exitFault}
}

// runningGate is the gate that --server names, or the one that serves on this machine.
func (a *app) runningGate(ctx context.Context) (*client.Client, error) {
	if a.flags.server != "" {
		return a.remote(ctx)
	}
	if c := a.local(ctx); c != nil {
		return c, nil
	}
	return nil, errors.New("no gate is running on this data folder; name the one to publish to: --server https://gate.example --token env:GATE_TOKEN")
}

// zipOfTag makes the zip of a tag in a file that nobody else can read; the caller
// removes it.
func zipOfTag(ctx context.Context, o moduleOptions) (_ *os.File, out publishedModule, err error) {
	remote := git.Remote{Address: o.address, User: o.user}
	if o.credential != "" {
		if remote.Secret, err = secretref.Resolve(ctx, o.credential); err != nil {
			return nil, out, fmt.Errorf("--credential: %w", err)
		}
	}
	dir, done, err := remote.Open(ctx, o.tag)
	if err != nil {
		return nil, out, err
	}
	defer done()
	files, commit, err := git.Files(ctx, dir, "refs/tags/"+o.tag, "")
	if err != nil {
		return nil, out, err
	}
	v, folder, err := golang.TagVersion(files, o.tag, o.folder)
	if err != nil {
		return nil, out, err
	}
	f, err := os.CreateTemp("", "gatehouse-module-*.zip")
	if err != nil {
		return nil, out, err
	}
	hash := ""
	if err = golang.WriteZip(f, v, folder, files); err == nil {
		hash, err = dirhash.HashZip(f.Name(), dirhash.Hash1)
	}
	if err != nil {
		return nil, out, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, publishedModule{Module: v.Path, Version: v.Version, Commit: commit, Hash: hash}, nil
}

// sendModule sends the zip and notes the answer.
func (a *app) sendModule(ctx context.Context, gate *client.Client, zip *os.File, out *publishedModule) error {
	size, err := zip.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = zip.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	path, err := golang.UploadPath(module.Version{Path: out.Module, Version: out.Version})
	if err != nil {
		return err
	}
	answer, err := gate.Upload(ctx, "/registry/"+a.flags.registry+"/"+golang.Adapter().Path+"/"+path, zip, size)
	if err != nil {
		return err
	}
	out.Status, out.Decision = answer.Status, answer.Decision
	for line := range strings.Lines(string(answer.Text)) {
		out.Text += artifact.Untrusted(strings.TrimSpace(line)).String() + "\n"
	}
	out.Text = strings.TrimSpace(out.Text)
	return nil
}
