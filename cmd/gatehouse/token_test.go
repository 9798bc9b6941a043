package main

import (
	"strings"
	"testing"
)

func TestATokenIsNamedAfterItsMaker(t *testing.T) {
	for user, want := range map[string]string{
		"local:ann": "ann", `local:DOMAIN\ann`: "ann", "local:ann lee": "ann-lee", "local:_svc": "svc", "local:é": "local", "local": "local",
		"local:" + strings.Repeat("a", 100): strings.Repeat("a", 64),
	} {
		if got := ownName(user); got != want {
			t.Errorf("%s: %q, want %q", user, got, want)
		}
	}
	typed := commandLine(t)
	secret, err := typed(exitAdmit, "token", "create", "--role", "reader")
	contains(t, secret, "ght_")
	contains(t, err, " for "+ownName(operator())+" as reader")
}

// A gate that serves the folder keeps nobody from its tokens.
func TestTokensOfAServingGate(t *testing.T) {
	d := servingGate(t)
	typed := typer(t)
	tokens := func(args ...string) (string, string) {
		return typed(exitAdmit, append([]string{"token", "--config", d.cfg.File, "--data", d.cfg.Data}, args...)...)
	}
	_, said := tokens("create", "--role", "reader", "--name", "ci")
	id := strings.Fields(said)[1]
	list, _ := tokens("list")
	contains(t, list, id+"  reader    ci ", "until 2")
	tokens("revoke", id)
	list, _ = tokens("list")
	contains(t, list, "ci                   revoked")
	_, err := typed(exitFault, "token", "--config", d.cfg.File, "--data", d.cfg.Data, "revoke", "tok_none")
	contains(t, err, "tok_none", "!not found: not found")
}
