package golang_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestNoDatabaseIsAssumedFromAFault: a proxy of this network that does not answer just
// now has not said that it passes no database on. Until it has answered nobody has
// vouched for anything, and no module's name goes to the database's own address.
func TestNoDatabaseIsAssumedFromAFault(t *testing.T) {
	w := &world{proxy: stub.NewGoProxy(t), dir: t.TempDir(), clock: newClock()}
	elsewhere := stub.NewGoProxy(t)
	t.Setenv("GOSUMDB", w.proxy.Key()+" "+elsewhere.URL()+"/sumdb/"+stub.GoDatabase)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	supported := "/sumdb/" + stub.GoDatabase + "/supported"
	w.proxy.Fail(supported, http.StatusBadGateway)
	w.open(t, nil)
	state := func() record.State {
		t.Helper()
		return known(t, w.complete(t, w.index(t, mod), "v1.0.0.zip"), "v1.0.0").Sum.State
	}
	if got := state(); got != record.Unknown {
		t.Errorf("while the proxy answers with a fault the state is %q", got)
	}
	for _, r := range elsewhere.Requests() {
		if strings.Contains(r, "example.invalid") {
			t.Errorf("the database's own address was asked %s", r)
		}
	}
	w.proxy.Fail(supported, 0)
	w.clock.forward(time.Minute)
	if got := state(); got != record.Verified {
		t.Errorf("once it answers the state is %q", got)
	}
}

// TestAPrivateProxyWithoutADatabase counts as internal, and says so of every version.
func TestAPrivateProxyWithoutADatabase(t *testing.T) {
	for why, setting := range map[string]string{"it passes none on": "", "the go command of this machine asks none": "off"} {
		w := &world{proxy: stub.NewGoProxy(t), dir: t.TempDir(), clock: newClock()}
		if setting == "" {
			setting = w.proxy.Key()
		}
		t.Setenv("GOSUMDB", setting)
		w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
		w.proxy.Fail("/sumdb/", http.StatusNotFound)
		w.open(t, nil)
		if got := known(t, w.complete(t, w.index(t, mod), "v1.0.0.zip"), "v1.0.0").Sum.State; got != record.Assumed {
			t.Errorf("%s: state %q", why, got)
		}
		if text, next := w.up.Caution(t.Context()); !strings.Contains(text, "nobody vouches") || !strings.Contains(next, "sumdb: off") {
			t.Errorf("%s: doctor says %q and %q", why, text, next)
		}
		w.open(t, map[string]string{"sumdb": "off"})
		if text, _ := w.up.Caution(t.Context()); text != "" {
			t.Errorf("%s, and written out: doctor says %q", why, text)
		}
	}
}
