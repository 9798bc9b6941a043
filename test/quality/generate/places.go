package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

type language int

const (
	python language = iota
	javascript
)

func (l language) ecosystem() string { return []string{"pypi", "npm"}[l] }

// snippet is code with marks, and the expression that sets it going.
type snippet struct{ code, call string }

// shape is one way to build an attack of a family, and what honest code does with
// the same interfaces.
type shape struct {
	family, name string
	lang         language
	bad, good    snippet
	weak         bool
	opened       bool
	sealed       bool
	grown        bool     // its package is one of many files
	fixed        bool     // its text is the point: not encoded again
	places       []string // where it can stand; nil for anywhere
}

// Where code can stand. The more usual ones are named more often.
var (
	pythonPlaces = []string{"init", "init", "module", "module", "nested", "class-body", "function", "setup", "setup", "cmdclass", "cmdclass", "backend", "pth", "sitecustomize"}
	scriptPlaces = []string{"main", "main", "nested", "dist", "function", "bin", "preinstall", "postinstall", "postinstall", "install", "prepare", "gyp", "inline"}
)

func placeFor(s shape, d disguise, rng *rand.Rand) string {
	if d.place != "" {
		return d.place
	}
	places := s.places
	if places == nil {
		places = []string{}
		for _, p := range [][]string{pythonPlaces, scriptPlaces}[s.lang] {
			if fits(p, s, d) {
				places = append(places, p)
			}
		}
	}
	return pick(rng, places...)
}

// fits says whether a disguise can be worn in a place.
func fits(place string, s shape, d disguise) bool {
	if !secondFits(place, d) || !thirdFits(place, d) {
		return false
	}
	switch place {
	case "pth", "inline":
		return d.around == "" && d.files == 0 && !s.fixed && d.wrap == ""
	case "nested", "class-body":
		return d.around != "whitespace" && d.around != "one-line" && !s.fixed && len(d.layers) == 0
	case "dist":
		return d.around == "" && !s.fixed && d.files == 0
	}
	return true
}

// honestPlace is where the twin of a payload stands: honest packages do not run
// text files or start with the interpreter.
func honestPlace(place string) string {
	switch place {
	case "pth", "sitecustomize":
		return "init"
	case "inline", "gyp", "preinstall":
		return "main"
	}
	if strings.HasPrefix(place, "fixture-") {
		return "data"
	}
	return secondHonestPlace(place)
}

// values are what the words with a dollar sign stand for in one sample.
func values(rng *rand.Rand, name string) *strings.Replacer {
	host := pick(rng, "cdn", "api", "stats", "img", "update", "t") + "." + pick(rng, firstWords...) + pick(rng, "-metrics", "-cloud", "-edge", "") + ".invalid"
	domain := host
	address := fmt.Sprintf("192.0.2.%d", rng.IntN(250)+1)
	if rng.IntN(4) == 0 {
		host = address
	}
	path := pick(rng, "v1/collect", "api/u", "p.php", "i", "beacon", "d/9f2", "upload", "assets/r.bin")
	url := pick(rng, "https", "https", "http") + "://" + host + "/" + path
	service := func(parts ...string) string { return "https://" + strings.Join(parts, "") }
	return strings.NewReplacer(
		"$HOST", host, "$DOMAIN", domain, "$ADDRESS", address, "$URL", url, "$PORT", fmt.Sprint(pick(rng, 4444, 8443, 9001, 1337, 53)), "$NAME", name,
		"$DISCORD", service("disc", "ord", ".com/api/web", "hooks/100000000000000001/inert"),
		"$TELEGRAM", service("api.tele", "gram", ".org/bot", "1:inert/sendMessage"),
		"$SLACK", service("hooks.sl", "ack", ".com/services/", "T0/B0/inert"),
		"$PASTE", service("paste", "bin.com/raw/inert"), "$SHORT", service("bit", ".ly/inert"), "$DROP", service("trans", "fer.sh/inert/x"),
		"$TUNNEL", service("0inert0.ng", "rok-free.app/x"), "$OAST", "inert.oa"+"st.fun", "$PIPE", service("eo0inert.m.pipe", "dream.net"),
		"$METADATA", "169.254."+"169.254", "$POOL", "stra"+"tum+tcp://pool."+pick(rng, firstWords...)+".invalid:3333",
		"$WALLET", "4"+strings.Repeat("inert", 18)+"Aaaa", "$COIN", "bc1q"+strings.Repeat("inert", 6)+"q9q9",
	)
}

// assemble writes the package of one sample.
func assemble(rng *rand.Rand, lang language, s snippet, d disguise, place string, honest bool) built {
	name := packageName(rng)
	version := fmt.Sprintf("%d.%d.%d", rng.IntN(3), rng.IntN(12), rng.IntN(20))
	if lang == python {
		p := pythonPackage{rng: rng, name: name, version: version}
		return p.build(s, d, place, honest)
	}
	p := scriptPackage{rng: rng, name: name, version: version}
	return p.build(s, d, place, honest)
}

// apart is a source of its own, so that what surrounds a payload is drawn the same
// whatever the payload draws.
func apart(rng *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), 1)) }
