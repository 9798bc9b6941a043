package ecosystem

import (
	"net/url"
	"slices"
	"strings"
)

// IndexAddress is where a manifest leads an installer: one address, or several of
// one host. They may hold a password or a secret path, so nothing prints them:
// only whether all lead below a known address can be asked.
type IndexAddress struct{ addresses []string }

// AddressOf keeps an address.
func AddressOf(address string) IndexAddress { return IndexAddress{}.And(address) }

// And is the same with one more address.
func (a IndexAddress) And(address string) IndexAddress {
	return IndexAddress{append(a.addresses, strings.Clone(address))}
}

// String says no more than that there is one.
func (a IndexAddress) String() string {
	if len(a.addresses) == 0 {
		return ""
	}
	return "(an address)"
}

// Below says whether every address is base or lies below it: the same scheme, host
// and port, and a path that goes on where that of base ends. An address with dots
// or escapes in its path that could lead elsewhere does not; nor does none.
func (a IndexAddress) Below(base string) bool {
	return len(a.addresses) > 0 && !slices.ContainsFunc(a.addresses, func(address string) bool { return !below(address, base) })
}

func below(address, base string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	b, berr := url.Parse(base)
	if err != nil || berr != nil || b.Host == "" || u.Opaque != "" || u.RawPath != "" || strings.Contains(u.Path, "..") || strings.Contains(u.Path, `\`) {
		return false
	}
	under := strings.TrimSuffix(b.Path, "/")
	return strings.EqualFold(u.Scheme, b.Scheme) && strings.EqualFold(u.Host, b.Host) && (u.Path == under || strings.HasPrefix(u.Path, under+"/"))
}
