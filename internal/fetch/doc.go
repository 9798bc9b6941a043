// Package fetch is the only outgoing HTTP of the program. Its Client reaches
// public addresses on ports 80 and 443, and of private addresses only those of
// upstreams that the configuration names by host and port; the address is
// checked after resolution on every dial, so neither DNS nor a redirect can
// lead it elsewhere (THREATS.md, Outgoing). Bodies are capped, slow peers are
// dropped, https never becomes http, and a credential goes to the one origin it
// was configured for, never across a redirect.
//
// Quarantine downloads a package's files through the Client into a blob store:
// one fetch of a file in flight however many ask, digest and size checked.
//
// It never follows a URL that a manifest or lockfile names (that is the
// callers' promise: URLs come from configuration and from an index's own
// answers), never writes a credential into an error, and has no clock, random
// source or sleep that a test cannot replace.
package fetch
