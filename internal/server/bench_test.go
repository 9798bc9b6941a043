package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// BenchmarkIndex serves a small and a large index over a real connection, access
// log included, beside the same bytes from a handler that does nothing else.
// Compare the lines of one run with each other, never with those of another.
func BenchmarkIndex(b *testing.B) {
	for _, files := range []int{10, 1500} {
		w := servertest.New(b)
		for i := range files {
			w.Wheel(scantest.Wheel{Name: "demo", Version: fmt.Sprintf("1.%d", i)})
		}
		log := slog.New(slog.NewTextHandler(io.Discard, nil))
		s := server.New(server.Config{
			Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, AnonymousRead: true, MaxRequest: 1 << 20, Log: log,
			Registries: []server.Registry{{Name: "main", Handlers: map[string]http.Handler{"pypi": w.Handler("main")}}},
		})
		var page []byte
		plain := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
		for _, tc := range []struct {
			name string
			h    http.Handler
		}{{"gate", s}, {"bytes", plain}} {
			b.Run(fmt.Sprintf("%s-%d", tc.name, files), func(b *testing.B) {
				h := httptest.NewServer(tc.h)
				defer h.Close()
				c := &http.Client{Transport: &http.Transport{DisableCompression: true}}
				for b.Loop() {
					r, err := http.NewRequest("GET", h.URL+"/pypi/simple/demo/", nil)
					if err != nil {
						b.Fatal(err)
					}
					r.Host = ourHost
					r.Header.Set("Accept-Encoding", "gzip") // as every Python client does
					resp, err := c.Do(r)
					if err != nil {
						b.Fatal(err)
					}
					if page, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
						b.Fatal(resp.Status, err)
					}
					resp.Body.Close()
				}
				b.SetBytes(int64(len(page)))
			})
		}
	}
}
