package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// childDir tells a copy of the test binary that it is the one to be killed.
const childDir = "GATEHOUSE_STORETEST_DIR"

// killRounds is how often a writing process is killed.
const killRounds = 20

// Child makes this process the writer of the kill test when it was started as
// such, and never returns then. Call it first in TestMain.
func Child(open Open) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	err := writeForever(open, dir, os.Getenv(childDir+"_ROUND"))
	fmt.Fprintln(os.Stderr, "writer:", err)
	os.Exit(1)
}

// writeForever writes from four goroutines and prints each id once the store
// says that it is kept.
func writeForever(open Open, dir, round string) error {
	ctx := context.Background()
	s, err := open(ctx, dir)
	if err != nil {
		return err
	}
	var printing sync.Mutex
	faults := make(chan error)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s.%d.%d", round, w, i)
				if err := writeOne(ctx, s, w, id); err != nil {
					faults <- err
					return
				}
				printing.Lock()
				fmt.Println(w, id)
				printing.Unlock()
			}
		}()
	}
	return <-faults
}

// writeOne writes one row, or one batch, of the kind that worker w writes.
func writeOne(ctx context.Context, s Store, w int, id string) error {
	switch w {
	case 0:
		return s.PutFile(ctx, file(version(django, id), id), day)
	case 1:
		return s.Publish(ctx, batch(id))
	case 2:
		return s.PutWaiver(ctx, waiver(id, django))
	}
	if err := s.Submit(ctx, request(id), held(id)); err != nil {
		return err
	}
	return s.FinishRequest(ctx, first(id), ended(id, verdict.Done), day)
}

// findOne looks for what writeOne acknowledged. state is that of django now.
func findOne(ctx context.Context, s Store, state gate.PackageState, w int, id string) error {
	switch w {
	case 0:
		_, err := s.FileNamed(ctx, django, file(version(django, id), id).Name)
		return err
	case 1:
		if n, err := published(ctx, s, state, id); err != nil || n != batchSize {
			return fmt.Errorf("%d of %d decisions: %w", n, batchSize, errors.Join(err, verdict.ErrNotFound))
		}
		return nil
	case 2:
		_, err := s.Waiver(ctx, id)
		return err
	}
	_, status, _, err := s.Request(ctx, id)
	if err == nil && status != verdict.Done {
		err = fmt.Errorf("request %s is %s", id, status)
	}
	return err
}

const batchSize = 5

func batch(id string) []verdict.Decision {
	ds := make([]verdict.Decision, batchSize)
	for i := range ds {
		ds[i] = decision(version(django, id), fmt.Sprint(id, "-", i), verdict.Admit, "kill", day)
	}
	return ds
}

// published counts the decisions of a batch that are there and stand in state,
// which is read once for many batches: it holds everything of a package.
func published(ctx context.Context, s Store, state gate.PackageState, id string) (int, error) {
	n := 0
	for _, d := range batch(id) {
		_, err := s.Decision(ctx, d.ID)
		stands := !state.AdmittedSince[d.File].IsZero()
		if errors.Is(err, verdict.ErrNotFound) && !stands {
			continue
		}
		if err != nil || !stands {
			return n, fmt.Errorf("decision %s stands: %t (%w)", d.ID, stands, err)
		}
		n++
	}
	return n, nil
}

// ack is one acknowledged write.
type ack struct {
	worker int
	id     string
}

// kill starts a writer, kills it with SIGKILL at a random acknowledged row while
// its other goroutines are anywhere in theirs, and looks: everything that was
// acknowledged is there (and still is after the last round), the batch under way
// is there whole or not at all, and the data is sound.
func kill(t *testing.T, open Open) {
	ctx, dir := t.Context(), t.TempDir()
	var all []ack
	for round := range killRounds {
		acks := runWriter(t, dir, fmt.Sprint(round), 1+rand.IntN(120))
		all = append(all, acks...)
		s := must(open(ctx, dir))(t)
		ok(t, s.Check(ctx))
		state := must(s.State(ctx, "main", django))(t)
		allThere(t, s, state, acks)
		wholeOrNot(t, s, state, acks, round)
		if round == killRounds-1 {
			allThere(t, s, state, all)
		}
		ok(t, s.Close())
	}
	t.Logf("%d acknowledged writes over %d kills, all there", len(all), killRounds)
}

func allThere(t *testing.T, s Store, state gate.PackageState, acks []ack) {
	t.Helper()
	for _, a := range acks {
		if err := findOne(t.Context(), s, state, a.worker, a.id); err != nil {
			t.Fatalf("%s of worker %d was acknowledged and is not there: %v", a.id, a.worker, err)
		}
	}
}

// wholeOrNot checks the batch that the killed writer may have been writing.
func wholeOrNot(t *testing.T, s Store, state gate.PackageState, acks []ack, round int) {
	t.Helper()
	acked := 0
	prefix := fmt.Sprintf("%d.1.", round)
	for _, a := range acks {
		if strings.HasPrefix(a.id, prefix) {
			acked++
		}
	}
	n := must(published(t.Context(), s, state, fmt.Sprint(prefix, acked)))(t)
	if n != 0 && n != batchSize {
		t.Errorf("round %d: %d of %d decisions of the interrupted batch", round, n, batchSize)
	}
}

// runWriter starts this binary as the writer and kills it after so many rows.
// Lines that were already in the pipe count: they were acknowledged.
func runWriter(t *testing.T, dir, round string, rows int) []ack {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childDir+"_ROUND="+round)
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())(t)
	ok(t, cmd.Start())
	var acks []ack
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var a ack
		if _, err := fmt.Sscan(lines.Text(), &a.worker, &a.id); err != nil {
			break // the last line was cut
		}
		acks = append(acks, a)
		if len(acks) == rows {
			ok(t, cmd.Process.Kill())
		}
	}
	cmd.Wait() // says that it was killed
	if len(acks) < rows {
		t.Fatalf("the writer ended by itself after %d rows, want %d", len(acks), rows)
	}
	return acks
}
