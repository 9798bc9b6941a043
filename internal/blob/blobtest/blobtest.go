// Package blobtest is the suite that every blob store passes. A store's test
// calls Main from TestMain, because one test kills a child process in the
// middle of a Put, and Run from a test of its own.
package blobtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
)

// Opener opens the store that lives in a folder, or the one that the folder
// stands for. Opened twice on one folder it gives the same content.
type Opener func(dir string) (blob.Store, error)

// childDir names the variable that turns the test binary into the child that
// is killed.
const childDir = "GATEHOUSE_BLOBTEST_DIR"

// Main runs the tests, or in the child process writes blobs until it is killed.
func Main(m *testing.M, open Opener) {
	if dir := os.Getenv(childDir); dir != "" {
		putForEver(open, dir)
	}
	os.Exit(m.Run())
}

// Run holds a store to its promises.
func Run(t *testing.T, open Opener) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, blob.Store)
	}{
		{"RoundTrip", roundTrip},
		{"EmptyBlob", emptyBlob},
		{"NotThere", notThere},
		{"Limit", limit},
		{"WrongDigest", wrongDigest},
		{"ReaderFails", readerFails},
		{"Cancelled", cancelled},
		{"NoClimbing", noClimbing},
		{"Delete", deleteBlob},
		{"List", list},
		{"SameContentAtOnce", sameContentAtOnce},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, mustOpen(t, open, t.TempDir())) })
	}
	t.Run("KilledInTheMiddle", func(t *testing.T) { killedInTheMiddle(t, open) })
}

func mustOpen(t *testing.T, open Opener, dir string) blob.Store {
	t.Helper()
	s, err := open(dir)
	if err != nil {
		t.Fatalf("opening store: %v", err)
	}
	return s
}

func mustPut(t *testing.T, s blob.Store, content []byte) artifact.Digest {
	t.Helper()
	d, n, err := s.Put(t.Context(), bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	if d != artifact.DigestOf(content) || n != int64(len(content)) {
		t.Fatalf("Put = %s, %d; want %s, %d", d, n, artifact.DigestOf(content), len(content))
	}
	return d
}

func wantEmpty(t *testing.T, s blob.Store) {
	t.Helper()
	for info, err := range s.List(t.Context()) {
		t.Errorf("store holds %v, %v; want nothing kept", info, err)
	}
}

func roundTrip(t *testing.T, s blob.Store) {
	content := make([]byte, 300<<10)
	rand.NewChaCha8([32]byte{1}).Read(content)
	d := mustPut(t, s, content)
	r, size, err := s.Open(t.Context(), d)
	if err != nil || size != int64(len(content)) {
		t.Fatalf("Open = %d, %v; want size %d", size, err, len(content))
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("read %d bytes, %v; they differ from what was put", len(got), err)
	}
	part := make([]byte, 100)
	if _, err := r.ReadAt(part, 1000); err != nil || !bytes.Equal(part, content[1000:1100]) {
		t.Errorf("ReadAt(1000) differs: %v", err)
	}
	if at, err := r.Seek(-10, io.SeekEnd); err != nil || at != int64(len(content)-10) {
		t.Errorf("Seek from the end = %d, %v", at, err)
	}
	if n, err := s.Stat(t.Context(), d); err != nil || n != int64(len(content)) {
		t.Errorf("Stat = %d, %v", n, err)
	}
	if err := blob.Verify(t.Context(), s, d); err != nil {
		t.Errorf("Verify: %v", err)
	}
	mustPut(t, s, content) // again is no error
}

func emptyBlob(t *testing.T, s blob.Store) {
	d := mustPut(t, s, nil)
	if n, err := s.Stat(t.Context(), d); n != 0 || err != nil {
		t.Errorf("Stat of the empty blob = %d, %v", n, err)
	}
}

func notThere(t *testing.T, s blob.Store) {
	d := artifact.DigestOf([]byte("never put"))
	if _, _, err := s.Open(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v, want fs.ErrNotExist", err)
	}
	if _, err := s.Stat(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat = %v, want fs.ErrNotExist", err)
	}
	if err := s.Delete(t.Context(), d); err != nil {
		t.Errorf("Delete of what is not there = %v, want nil", err)
	}
}

func limit(t *testing.T, s blob.Store) {
	if _, _, err := s.Put(t.Context(), strings.NewReader("12345"), 4, ""); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("5 bytes with limit 4: %v, want ErrTooLarge", err)
	}
	wantEmpty(t, s)
	if _, n, err := s.Put(t.Context(), strings.NewReader("12345"), 5, ""); err != nil || n != 5 {
		t.Errorf("5 bytes with limit 5: %d, %v", n, err)
	}
}

func wrongDigest(t *testing.T, s blob.Store) {
	want := artifact.DigestOf([]byte("promised"))
	if _, _, err := s.Put(t.Context(), strings.NewReader("delivered"), 100, want); !errors.Is(err, blob.ErrWrongDigest) {
		t.Errorf("Put = %v, want ErrWrongDigest", err)
	}
	wantEmpty(t, s)
	if d, _, err := s.Put(t.Context(), strings.NewReader("promised"), 100, want); err != nil || d != want {
		t.Errorf("Put of the promised bytes = %s, %v", d, err)
	}
}

func readerFails(t *testing.T, s blob.Store) {
	broken := errors.New("line broke")
	r := io.MultiReader(strings.NewReader("half"), failing{broken})
	if _, _, err := s.Put(t.Context(), r, 100, ""); !errors.Is(err, broken) {
		t.Errorf("Put = %v, want the reader's own error wrapped", err)
	}
	wantEmpty(t, s)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(strings.NewReader("half"), calling(cancel), strings.NewReader("rest"))
	if _, _, err := s.Put(ctx, r, 100, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	wantEmpty(t, s)
}

// calling is an empty reader that calls a function when it is reached.
type calling func()

func (c calling) Read([]byte) (int, error) { c(); return 0, io.EOF }

func noClimbing(t *testing.T, s blob.Store) {
	for _, bad := range []artifact.Digest{"", "..", "../../../../etc/passwd", "ab/../../x", artifact.Digest(strings.Repeat("g", 64)), artifact.Digest(strings.Repeat("a", 63))} {
		if _, _, err := s.Open(t.Context(), bad); err == nil {
			t.Errorf("Open(%q) gave a blob", bad)
		}
		if _, err := s.Stat(t.Context(), bad); err == nil {
			t.Errorf("Stat(%q) gave a size", bad)
		}
		if err := s.Delete(t.Context(), bad); err == nil {
			t.Errorf("Delete(%q) was accepted", bad)
		}
	}
}

func deleteBlob(t *testing.T, s blob.Store) {
	d := mustPut(t, s, []byte("to go"))
	if err := s.Delete(t.Context(), d); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if _, err := s.Stat(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat after Delete = %v, want fs.ErrNotExist", err)
	}
	mustPut(t, s, []byte("to go")) // and it can come back
}

func list(t *testing.T, s blob.Store) {
	want := map[artifact.Digest]int64{}
	for i := range 20 {
		content := bytes.Repeat([]byte{byte(i)}, i)
		want[mustPut(t, s, content)] = int64(i)
	}
	var last artifact.Digest
	for info, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if info.Digest <= last {
			t.Errorf("%s comes after %s", info.Digest, last)
		}
		last = info.Digest
		if size, ok := want[info.Digest]; !ok || size != info.Size || info.Modified.IsZero() {
			t.Errorf("listed %+v, want size %d", info, size)
		}
		delete(want, info.Digest)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	n, err := VerifyAll(t.Context(), s, func(d artifact.Digest, err error) { t.Errorf("scrub: %s: %v", d, err) })
	if n != 20 || err != nil {
		t.Errorf("Scrub = %d, %v; want 20", n, err)
	}
}

func sameContentAtOnce(t *testing.T, s blob.Store) {
	content := bytes.Repeat([]byte("same "), 50_000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			d, n, err := s.Put(t.Context(), bytes.NewReader(content), 1<<20, "")
			if err != nil || n != int64(len(content)) {
				t.Errorf("Put = %d, %v", n, err)
				return
			}
			if err := blob.Verify(t.Context(), s, d); err != nil {
				t.Errorf("after Put: %v", err)
			}
		})
	}
	wg.Wait()
	count := 0
	for range s.List(t.Context()) {
		count++
	}
	if count != 1 {
		t.Errorf("%d blobs, want 1", count)
	}
}

// childContent is the i-th blob of the child: a size that takes many writes,
// bytes that the parent can make again.
func childContent(i int) []byte {
	content := make([]byte, 700<<10+i)
	rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(content)
	return content
}

// putForEver is the child: it names each digest after Put has promised that the
// blob is durable, and shows with a dot where it is inside a blob.
func putForEver(open Opener, dir string) {
	s, err := open(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		d, _, err := s.Put(context.Background(), dotting{bytes.NewReader(childContent(i))}, 1<<20, "")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(d)
	}
}

type dotting struct{ r io.Reader }

func (d dotting) Read(p []byte) (int, error) {
	fmt.Println(".")
	return d.r.Read(p)
}

// killedInTheMiddle kills children at different lines of their output: all they
// promised is there, whole, and nothing that is there is broken.
func killedInTheMiddle(t *testing.T, open Opener) {
	dir := t.TempDir()
	for _, lines := range []int{1, 2, 4, 7, 8, 9, 13, 23} {
		promised := killAfter(t, dir, lines)
		s := mustOpen(t, open, dir)
		for _, d := range promised {
			if err := blob.Verify(t.Context(), s, d); err != nil {
				t.Errorf("killed after %d lines: promised blob: %v", lines, err)
			}
		}
		if _, err := VerifyAll(t.Context(), s, func(d artifact.Digest, err error) {
			t.Errorf("killed after %d lines: %s: %v", lines, d, err)
		}); err != nil {
			t.Errorf("killed after %d lines: %v", lines, err)
		}
	}
	s := mustOpen(t, open, dir)
	for i := range 3 {
		mustPut(t, s, childContent(i))
	}
}

// killAfter runs a child, kills it after so many lines and gives the digests it
// had promised by then.
func killAfter(t *testing.T, dir string, lines int) []artifact.Digest {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting child: %v", err)
	}
	var promised []artifact.Digest
	in := bufio.NewScanner(out)
	for n := 0; n < lines && in.Scan(); n++ {
		if line := in.Text(); line != "." {
			promised = append(promised, artifact.Digest(line))
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("killing child: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself before it was killed")
	}
	return promised
}

// VerifyAll verifies every blob and hands each bad one to report; what to do about
// it is the caller's decision. It returns how many blobs it read.
func VerifyAll(ctx context.Context, s blob.Store, report func(artifact.Digest, error)) (int, error) {
	n := 0
	for info, err := range s.List(ctx) {
		if err != nil {
			return n, fmt.Errorf("listing blobs: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		n++
		if err := blob.Verify(ctx, s, info.Digest); err != nil {
			report(info.Digest, err)
		}
	}
	return n, nil
}
