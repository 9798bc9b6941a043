package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// The hook's file, where another one that was there before goes, and the line
// by which ours is known.
const (
	hookName = "pre-receive"
	hookKept = "pre-receive.before-gatehouse"
	hookMark = "# gatehouse pre-receive hook; made by \"gatehouse hook install\", taken out by \"gatehouse hook uninstall\""
)

func (a *app) hookInstall() *cobra.Command {
	var dir, refuse string
	var branches []string
	c := &cobra.Command{
		Use:   "install --repo-dir BARE.git",
		Short: "Install the pre-receive hook into a bare repository",
		Long: `Writes hooks/pre-receive. A hook that is there already is kept as
` + hookKept + ` and run after ours, with the same input.

By default the hook reports and lets every push through. With --refuse a push
that brings a rejected version is turned away, with --refuse=hold also one that
brings a held one; if the gate cannot answer, such a push is turned away too.

The hook asks the gate of --server, else the one that serves on the data folder,
else it looks by itself. After 60 seconds the pusher gets the link instead.`,
		Example: `  gatehouse hook install --repo-dir /srv/git/shop.git
  gatehouse hook install --repo-dir /srv/git/shop.git --refuse --branch main --branch "release/*"
  gatehouse hook install --repo-dir /srv/git/shop.git --server https://gate.example.com --token file:/etc/gatehouse/push.token`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkRefuse(refuse); err != nil {
				return err
			}
			if err := checkPatterns(branches); err != nil {
				return err
			}
			return a.installHook(cmd.Context(), dir, refuse, branches)
		},
	}
	c.Flags().StringVar(&dir, "repo-dir", "", "the bare repository (required)")
	hookFlags(c, &refuse, &branches)
	return c
}

func (a *app) hookUninstall() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "uninstall --repo-dir BARE.git",
		Short: "Take the hook out again and put back the one that was there before",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.uninstallHook(cmd.Context(), dir) },
	}
	c.Flags().StringVar(&dir, "repo-dir", "", "the bare repository (required)")
	return c
}

func checkPatterns(patterns []string) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return fmt.Errorf("--branch %q is no pattern; write a name, or one with * such as release/*", p)
		}
	}
	return nil
}

// hookState is what stands where the hook goes.
type hookState int

const (
	noHook hookState = iota
	ourHook
	otherHook
)

func (a *app) installHook(ctx context.Context, dir, refuse string, branches []string) error {
	hooks, err := hooksOf(ctx, dir)
	if err != nil {
		return err
	}
	script, err := a.hookScript(dir, refuse, branches)
	if err != nil {
		return err
	}
	state, err := stateOfHook(hooks)
	if err != nil {
		return err
	}
	file, kept := filepath.Join(hooks, hookName), filepath.Join(hooks, hookKept)
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		return err
	}
	if state == otherHook {
		if err := keepHook(file, kept); err != nil {
			return err
		}
	}
	if err := writeHook(file, script); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	_, err = os.Lstat(kept)
	said := map[string]any{"hook": file, "refuse": refuse, "branches": orNone(branches), "chained": err == nil}
	return a.print(said, func(w io.Writer) error {
		fmt.Fprintf(w, "installed %s\n", file)
		if err == nil {
			fmt.Fprintf(w, "the hook that was there runs after it, from %s\n", kept)
		}
		what := "reports and lets every push through; --refuse turns rejected ones away"
		switch refuse {
		case refuseReject:
			what = "turns away pushes that bring a rejected version"
		case refuseHold:
			what = "turns away pushes that bring a rejected or held version"
		}
		_, err := fmt.Fprintln(w, "it "+what)
		return err
	})
}

func (a *app) uninstallHook(ctx context.Context, dir string) error {
	hooks, err := hooksOf(ctx, dir)
	if err != nil {
		return err
	}
	state, err := stateOfHook(hooks)
	if err != nil {
		return err
	}
	file, kept := filepath.Join(hooks, hookName), filepath.Join(hooks, hookKept)
	said := "there is no hook of gatehouse's in " + hooks
	if state == ourHook {
		said = "removed " + file
		if _, err := os.Lstat(kept); err == nil {
			said = "put the earlier hook back as " + file
			if err := os.Rename(kept, file); err != nil {
				return err
			}
		} else if err := os.Remove(file); err != nil {
			return err
		}
	}
	return a.print(map[string]any{"hook": file, "removed": state == ourHook}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, said)
		return err
	})
}

// hooksOf is the folder that git takes a bare repository's hooks from.
func hooksOf(ctx context.Context, dir string) (string, error) {
	if dir == "" {
		return "", errors.New("--repo-dir is missing: name the bare repository")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, part := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			return "", fmt.Errorf("%s is no bare git repository (%s is missing); pre-receive runs where people push to", dir, part)
		}
	}
	// Reading a value runs nothing that a configuration names.
	c := exec.CommandContext(ctx, "git", "--git-dir", dir, "config", "--get", "core.hooksPath")
	out, err := c.Output()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed) && failed.ExitCode() == 1: // not set
		return filepath.Join(dir, "hooks"), nil
	case err != nil:
		return "", fmt.Errorf("asking git for core.hooksPath: %w", err)
	}
	return "", fmt.Errorf("core.hooksPath is set to %q for this repository, so its hooks folder is not used; unset it, or call \"gatehouse hook run\" from the hook there", strings.TrimSpace(string(out)))
}

// stateOfHook says whose hook is there. What is no plain file or link is not
// touched.
func stateOfHook(hooks string) (hookState, error) {
	file := filepath.Join(hooks, hookName)
	st, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return noHook, nil
	} else if err != nil {
		return noHook, err
	}
	if st.Mode()&fs.ModeSymlink != 0 {
		return otherHook, nil
	}
	if !st.Mode().IsRegular() {
		return noHook, fmt.Errorf("%s is neither a file nor a link; it was left alone", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return noHook, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return noHook, err
	}
	if strings.Contains(string(b), hookMark+"\n") {
		return ourHook, nil
	}
	return otherHook, nil
}

// keepHook gives the hook that is there a second name. The first one is then
// replaced in one step, so that no push ever finds no hook.
func keepHook(file, kept string) error {
	old, err := os.Lstat(file)
	if err != nil {
		return err
	}
	if have, err := os.Lstat(kept); err == nil {
		if os.SameFile(old, have) { // an install that was interrupted
			return nil
		}
		return fmt.Errorf("%s and %s are both there and neither is gatehouse's; move one away first", file, kept)
	}
	if err := os.Link(file, kept); err != nil {
		return fmt.Errorf("keeping the hook that is there: %w", err)
	}
	return nil
}

func writeHook(file, script string) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".gatehouse-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(script)
	if err := errors.Join(err, f.Chmod(0o755), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// hookScript is the hook's text. It only chooses what happens when the program
// itself is missing or breaks; everything else is in `hook run`.
func (a *app) hookScript(dir, refuse string, branches []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	args, err := a.hookArguments(dir, refuse, branches)
	if err != nil {
		return "", err
	}
	var quoted []string
	for _, s := range args {
		quoted = append(quoted, shellQuote(s))
	}
	answers, broken := "0) exit 0 ;;", "exit 0"
	if refuse != refuseNothing { // then no answer lets nothing through
		answers, broken = "0) exit 0 ;;\n\t1) exit 1 ;;", "exit 1"
	}
	return `#!/bin/sh
` + hookMark + `
gatehouse=` + shellQuote(self) + `
kept="${0%/*}/` + hookKept + `"
updates=$(cat; echo .)
updates=${updates%.}
ask() {
	if [ ! -x "$gatehouse" ]; then
		echo "gatehouse: $gatehouse is not there; nothing was looked at" >&2
		` + broken + `
	fi
	printf '%s' "$updates" | "$gatehouse" hook run ` + strings.Join(quoted, " ") + `
	case $? in
	` + answers + `
	*) echo "gatehouse: it ended without an answer; nothing was looked at" >&2; ` + broken + ` ;;
	esac
}
(ask) || exit 1
[ -x "$kept" ] || exit 0
printf '%s' "$updates" | "$kept"
`, nil
}

// hookArguments are what the hook hands on: everything that depends on the
// folder, environment or user of this installation is made absolute.
func (a *app) hookArguments(dir, refuse string, branches []string) ([]string, error) {
	var args []string
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag+"="+value)
		}
	}
	data, err := filepath.Abs(a.cfg.Data)
	if err != nil {
		return nil, err
	}
	add("--data", data)
	if a.cfg.File != "" {
		file, err := filepath.Abs(a.cfg.File)
		if err != nil {
			return nil, err
		}
		add("--config", file)
	}
	add("--server", a.flags.server)
	if a.flags.server != "" && a.flags.token != "" {
		if _, err := secretref.Resolve(context.Background(), a.flags.token); errors.Is(err, secretref.ErrReference) {
			return nil, fmt.Errorf("--token: %w", err) // or the secret itself would stand in the hook
		}
		add("--token", a.flags.token)
	}
	add("--registry", a.flags.registry)
	project := a.flags.project
	if project == "" {
		whole, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		project = strings.TrimSuffix(filepath.Base(whole), ".git")
	}
	add("--project", project)
	add("--refuse", refuse)
	for _, b := range branches {
		add("--branch", b)
	}
	return args, nil
}

// shellQuote makes one word of sh of any text.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
