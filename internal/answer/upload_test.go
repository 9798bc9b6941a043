package answer_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/answer"
)

// TestSayAfterTheBody: a client that sends all before it reads gets the sentence
// in the status line, which is all that twine and poetry print.
func TestSayAfterTheBody(t *testing.T) {
	for _, tc := range []struct {
		drain  bool
		phrase string
		why    string
	}{
		{true, "403 no: \"??\" is a ? name", "the sentence, in what a status line may hold"},
		{false, "403 Forbidden", "a body that nobody read: net/http answers and drains it"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tc.drain {
				answer.Drain(r)
			}
			if err := answer.Say(w, r, http.StatusForbidden, "no: \"\r\n\" is a \u202e name"); err != nil {
				t.Error(err)
			}
		}))
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n%s", strings.Repeat("x", 100000))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || res.Status != tc.phrase || !strings.HasPrefix(string(b), "no:") {
			t.Errorf("%s: %q %q %v, want %q", tc.why, res.Status, b, err, tc.phrase)
		}
		conn.Close()
		srv.Close()
	}
}
