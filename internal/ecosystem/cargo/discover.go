package cargo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// discovery finds the index that cargo itself asks here. No command of cargo's prints
// it, so cargo is watched as it asks (askCargo).
func discovery() adapter.Discovery {
	return adapter.Discovery{
		Environment: []string{"CARGO_REGISTRIES_CRATES_IO_INDEX", "CARGO_REGISTRIES_CRATES-IO_INDEX"},
		Read:        sparse,
		Library:     askCargo,
	}
}

// sparse is the URL of a sparse index; "" for one that is kept in git.
func sparse(value string) string {
	if at, ok := strings.CutPrefix(strings.TrimSpace(value), "sparse+"); ok {
		return at
	}
	return ""
}

// Limits of watching cargo.
const (
	askTimeout = 20 * time.Second
	maxLogLine = 64 << 10
)

// probe is a project that makes cargo read its index and fetch nothing else.
const probe = "[package]\nname = \"probe\"\nversion = \"0.0.0\"\n[dependencies]\nitoa = \"1\"\n"

// askCargo runs `cargo generate-lockfile` on a project of ours in an empty folder and
// reads the index's address off its log, at the first line that has it: what the
// person's own configuration says about sources has its say. Where that fails, the
// folder in which cargo keeps indexes names the host of the one it asked last.
func askCargo(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "gatehouse-ask-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{"Cargo.toml": probe, "lib.rs": ""} {
		path := filepath.Join(dir, name)
		if name == "lib.rs" {
			path = filepath.Join(dir, "src", name)
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				return "", err
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	if found, err := watchCargo(ctx, dir); err == nil {
		return found, nil
	}
	return keptIndex(cargoHome())
}

func watchCargo(ctx context.Context, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "cargo", "generate-lockfile")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "CARGO_LOG=network=debug", "CARGO_NET_RETRY=0", "CARGO_TERM_COLOR=never")
	cmd.WaitDelay = time.Second
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("asking cargo: %w", err)
	}
	defer func() {
		cancel() // it has said what there was to learn
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		if found := askedIndex(lines.Text()); found != "" {
			return found, nil
		}
	}
	return "", errors.New("cargo asked for no index")
}

// askedIndex reads a line of cargo's log: "… fetch https://HOST/config.json".
func askedIndex(line string) string {
	_, address, ok := strings.Cut(line, " fetch ")
	if !ok {
		return ""
	}
	address, ok = strings.CutSuffix(strings.TrimSpace(address), "/config.json")
	if !ok || strings.ContainsAny(address, " \t") {
		return ""
	}
	return address + "/"
}

func cargoHome() string {
	if home := os.Getenv("CARGO_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cargo")
}

// keptIndex reads the folder that cargo keeps indexes in: HOST-HASH, where a sparse
// index has a config.json. Only where there is one alone is it clear which is meant.
func keptIndex(home string) (string, error) {
	kept, err := filepath.Glob(filepath.Join(home, "registry", "index", "*", "config.json"))
	if err != nil {
		return "", err
	}
	if home == "" || len(kept) != 1 {
		return "", fmt.Errorf("%d indexes are kept by cargo, which does not say which one it asks", len(kept))
	}
	folder := filepath.Base(filepath.Dir(kept[0]))
	host := folder[:max(0, strings.LastIndexByte(folder, '-'))]
	if host == "" {
		return "", errors.New("cargo keeps no index")
	}
	return "https://" + host + "/", nil
}
