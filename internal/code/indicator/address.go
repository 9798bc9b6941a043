package indicator

import (
	"net/netip"
	"strconv"
	"strings"
)

const mostAddresses = 4096 // of one text that are read

// addresses reads the host and port of each URL in the text, and of a text that is
// nothing but an address with a port.
func (t *table) addresses(s string, found *marks) {
	for n, at := 0, 0; n < mostAddresses; n++ {
		i := strings.Index(s[at:], "://")
		if i < 0 {
			break
		}
		i += at
		at = i + 3
		host := authority(s[at:])
		t.authority(host, urlScheme(s[:i]), found)
		t.path(s[at+len(host):], found)
	}
	if host, port, ok := strings.Cut(strings.TrimSpace(s), ":"); ok && len(port) <= 5 {
		_, err := strconv.ParseUint(port, 10, 16)
		ip, ok := parseIP(host)
		if err == nil && ok && strings.Count(host, ".") == 3 && foreign(ip) {
			found.add(t.ip)
		}
	}
}

// authority is the text up to the path: user, host and port.
func authority(s string) string {
	if len(s) > 256 {
		s = s[:256]
	}
	if i := strings.IndexAny(s, "/\\?# \t\r\n\"'`<>,;)|"); i >= 0 {
		s = s[:i]
	}
	return s
}

// path looks at how the path of an address ends. Without a path there is no
// suffix: a host may end in .sh.
func (t *table) path(s string, found *marks) {
	if s == "" || s[0] != '/' {
		return
	}
	s = s[:min(len(s), window)]
	if i := strings.IndexAny(s, "?# \t\r\n\"'`<>,;)|&"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		if m, ok := t.suffixes[strings.ToLower(s[i:])]; ok {
			found.add(m)
		}
	}
}

// urlScheme is the word that the text ends with, in small letters.
func urlScheme(s string) string {
	i := len(s)
	for i > 0 && len(s)-i < 8 && (wordByte(s[i-1]) || s[i-1] == '+') {
		i--
	}
	return strings.ToLower(s[i:])
}

func (t *table) authority(a, scheme string, found *marks) {
	if i := strings.LastIndexByte(a, '@'); i >= 0 {
		a = a[i+1:]
	}
	host, port := a, ""
	if i := strings.LastIndexByte(a, ':'); i >= 0 && !strings.HasSuffix(a, "]") {
		host, port = a[:i], a[i+1:]
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip, isIP := parseIP(host)
	web := scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss" || scheme == "tcp" || scheme == "ftp"
	switch {
	case isIP && !foreign(ip):
		return
	case isIP:
		if web {
			found.add(t.ip)
		}
	default:
		labels := strings.Split(host, ".")
		if len(labels) < 2 || ownName(labels[len(labels)-1]) {
			return
		}
		for _, l := range labels[:len(labels)-1] {
			if m, ok := t.labels[l]; ok {
				found.add(m)
			}
		}
		if m, ok := t.tops[labels[len(labels)-1]]; ok {
			found.add(m)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && web && oddPort(n) && !strings.HasPrefix(host, "example.") {
		found.add(t.port)
	}
}

// ownName: a last label that no public host has. The label "invalid" is not among
// them: nobody's own network has it, and tests stand on it.
func ownName(top string) bool {
	switch top {
	case "localhost", "local", "localdomain", "lan", "internal", "intranet", "home", "corp", "test", "example", "svc":
		return true
	}
	return false
}

// parseIP reads a host the way that browsers and libc do: an IPv6 address in
// brackets, or one to four numbers, each decimal, hexadecimal or octal, of which
// the last fills what is left.
func parseIP(host string) (netip.Addr, bool) {
	if strings.HasPrefix(host, "[") {
		inner, _, _ := strings.Cut(strings.Trim(host, "[]"), "%")
		ip, err := netip.ParseAddr(inner)
		return ip.Unmap(), err == nil
	}
	if host == "" || host[0] < '0' || host[0] > '9' {
		return netip.Addr{}, false
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var v uint64
	for i, p := range parts {
		n, err := parseNumber(p)
		last := i == len(parts)-1
		switch {
		case err != nil, !last && n > 255, last && n >= 1<<(8*(4-i)):
			return netip.Addr{}, false
		case last:
			v |= n
		default:
			v |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), true
}

func parseNumber(p string) (uint64, error) {
	switch {
	case len(p) > 2 && p[0] == '0' && p[1] == 'x':
		return strconv.ParseUint(p[2:], 16, 32)
	case len(p) > 1 && p[0] == '0':
		return strconv.ParseUint(p[1:], 8, 32)
	}
	return strconv.ParseUint(p, 10, 32)
}

// foreign: somebody else's machine on the internet. The networks that are kept for
// documentation count, because a program that speaks to one means it, and so do tests.
// Public resolvers do not: honest programs name them, and they carry nobody's data off
// but by DNS, which has its own kind of fact.
func foreign(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range notForeign {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

var notForeign = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),    // between providers and their customers
	netip.MustParsePrefix("168.63.129.16/32"), // the host of a machine in Azure
	netip.MustParsePrefix("198.18.0.0/15"),    // measurements
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("1.1.1.1/32"), netip.MustParsePrefix("1.0.0.1/32"), netip.MustParsePrefix("8.8.8.8/32"),
	netip.MustParsePrefix("8.8.4.4/32"), netip.MustParsePrefix("9.9.9.9/32"), netip.MustParsePrefix("223.5.5.5/32"),
}

// oddPort: no service that programs usually speak to listens there.
func oddPort(n uint64) bool {
	switch {
	case n >= 3000 && n <= 3010, n >= 5000 && n <= 5010, n >= 8000 && n <= 8100, n >= 9000 && n <= 9100, n >= 9200 && n <= 9300:
		return false
	}
	switch n {
	case 0, 20, 21, 22, 25, 53, 80, 110, 143, 389, 443, 465, 587, 636, 853, 873, 993, 995, 1080, 1433, 1521, 1883, 2181, 2375, 2376, 2379,
		2380, 3128, 3268, 3306, 3333, 3389, 4000, 4200, 4222, 4317, 4318, 4443, 5173, 5222, 5432, 5601, 5671, 5672, 5984, 6379, 6443,
		6660, 6667, 6697, 7000, 7474, 7687, 7777, 8125, 8200, 8443, 8500, 8529, 8545, 8765, 8787, 8834, 8880, 8883, 8888, 8983, 9411, 9418,
		9443, 9999, 10000, 11211, 11434, 14268, 15672, 26257, 27017, 28015, 50051, 61613, 61616:
		return false
	}
	return true
}
