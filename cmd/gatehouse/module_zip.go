package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/git"
)

// moduleZipCommand makes what a Go module is published as, out of a repository.
func (a *app) moduleZipCommand() *cobra.Command {
	var revision, folder string
	c := &cobra.Command{
		Use:   "module-zip REPOSITORY MODULE@VERSION",
		Short: "Write the zip of a Go module from a git repository",
		Long: `Reads the files of a commit with git's plumbing, never the working tree, and writes
the zip that the go command would make of it. Nothing of the repository runs: no
hook, filter or attribute. Send the zip to the registry with a publisher's token:

  curl -T mod.zip -u ci:TOKEN http://GATE/go/MODULE/@v/VERSION.zip

where a capital letter of MODULE is written as ! and the small one. Give a bare
clone or any checkout; to read from a server, clone it first.`,
		Example: `  gatehouse module-zip . git.example/team/lib@v1.2.3 -o mod.zip
  gatehouse module-zip repo.git git.example/team/lib/sub@v0.4.0 --folder sub --revision sub/v0.4.0 -o mod.zip`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, version, ok := strings.Cut(args[1], "@")
			if !ok {
				return errors.New("name what it is to be: MODULE@VERSION")
			}
			if revision == "" {
				revision = "refs/tags/" + version
			}
			files, _, err := git.Files(cmd.Context(), args[0], revision, "")
			if err != nil {
				return err
			}
			return a.write(func(w io.Writer) error {
				return golang.WriteZip(w, module.Version{Path: path, Version: version}, folder, files)
			})
		},
	}
	c.Flags().StringVar(&revision, "revision", "", "the commit or tag to read (default: the tag named VERSION)")
	c.Flags().StringVar(&folder, "folder", "", "the module's folder in the repository (default: the repository's own)")
	return c
}
