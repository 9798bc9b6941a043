// Command draw makes the list of the benign corpus anew: it samples names by
// corpus.Draw, adds the hard ones, fetches the newest release of each and the one
// before for those that are measured as upgrades, and writes list.tsv to standard
// output. It needs the clients of `make clients`, npm, and some minutes.
//
//	go run ./test/quality/corpus/draw -clients .clients/bin -cache DIR >list.tsv
//
// A name without a file of the wanted form, or with one over corpus.MostBytes, is
// left out and said on standard error. It runs nothing of what it fetches.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gatehouse-project/gatehouse/test/quality/corpus"
)

func main() {
	log.SetFlags(0)
	clients := flag.String("clients", ".clients/bin", "the `folder` that make clients filled")
	popular := flag.String("popular", "internal/scan/typosquat/popular/pypi.txt", "the `file` with PyPI's names, the most downloaded first")
	cache := flag.String("cache", "", "the `folder` to keep the files in")
	flag.Parse()
	if *cache == "" {
		log.Fatal("name a folder with -cache")
	}
	folder, err := filepath.Abs(*clients)
	if err != nil {
		log.Fatal(err)
	}
	names, err := os.ReadFile(*popular)
	if err != nil {
		log.Fatal(err)
	}
	d := drawer{clients: corpus.Clients{Folder: folder, NPM: "npm"}, cache: *cache}
	for _, w := range corpus.Wanted(string(names)) {
		d.add(w)
	}
	if err := corpus.Format(os.Stdout, d.releases); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d releases, %d upgrades, %d MB", len(d.releases), len(corpus.Upgrades(d.releases)), d.total>>20)
}

type drawer struct {
	clients  corpus.Clients
	cache    string
	releases []corpus.Release
	total    int64
}

// add fetches a wanted release, and the one before it when that is wanted too.
func (d *drawer) add(w corpus.Want) {
	r, ok := d.one(w, "")
	if !ok {
		return
	}
	d.releases = append(d.releases, r)
	if !w.Upgrade {
		return
	}
	constraint := "<" + r.Version
	if w.Ecosystem == "npm" {
		constraint = "@<" + r.Version
	}
	if before, ok := d.one(w, constraint); ok {
		before.Before = true
		d.releases = append(d.releases, before)
	}
}

func (d *drawer) one(w corpus.Want, constraint string) (corpus.Release, bool) {
	path, err := d.clients.Get(context.Background(), d.cache, w.Form, w.Name, constraint)
	if err != nil {
		log.Printf("left out: %v", err)
		return corpus.Release{}, false
	}
	st, err := os.Stat(path)
	if err != nil {
		log.Fatal(err)
	}
	if st.Size() > corpus.MostBytes || d.total+st.Size() > corpus.MostTotal {
		log.Printf("left out: %s has %d MB", filepath.Base(path), st.Size()>>20)
		if err := os.Remove(path); err != nil {
			log.Fatal(err)
		}
		return corpus.Release{}, false
	}
	d.total += st.Size()
	sum, err := corpus.Digest(path)
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Base(path)
	return corpus.Release{Ecosystem: w.Ecosystem, Name: w.Name, Version: version(w, file), Form: w.Form, File: file, SHA256: sum, Why: w.Why}, true
}

var npmVersion = regexp.MustCompile(`-(\d+\.\d+\.\d+.*)\.tgz$`)

// version reads the version off a file's name.
func version(w corpus.Want, file string) string {
	switch w.Form {
	case corpus.Tgz:
		if m := npmVersion.FindStringSubmatch(file); m != nil {
			return m[1]
		}
	case corpus.Sdist:
		stem := strings.TrimSuffix(strings.TrimSuffix(file, ".tar.gz"), ".zip")
		return stem[strings.LastIndex(stem, "-")+1:]
	default:
		if parts := strings.Split(file, "-"); len(parts) > 2 {
			return parts[1]
		}
	}
	log.Fatal(fmt.Errorf("%s: no version in this name", file))
	return ""
}
