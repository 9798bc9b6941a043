package pypi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"

	"golang.org/x/net/html"
)

// maxHTMLToken is the most that one tag, text or comment of a page may have.
const maxHTMLToken = 1 << 20

// htmlPage is what a reading of a page has seen.
type htmlPage struct {
	l       *listing
	based   bool // a base element has been taken
	anchors int
	marked  bool // it says that it is a repository page (PEP 629)
	status  string
	reason  string
}

// parseIndexHTML reads a page in HTML (PEP 503, 592, 629, 658, 714, 740, 792).
// It looks at tags one by one and builds no tree, so that nesting costs nothing.
func parseIndexHTML(l *listing, body []byte) error {
	page := htmlPage{l: l}
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(maxHTMLToken)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("reading HTML page: %w", err)
			}
			return page.finish()
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := page.tag(z); err != nil {
				return err
			}
		}
	}
}

func (page *htmlPage) tag(z *html.Tokenizer) error {
	name, more := z.TagName()
	switch string(name) {
	case "a":
		page.anchors++
		return page.anchor(attributes(z, more))
	case "base":
		page.base(attributes(z, more))
	case "meta":
		return page.meta(attributes(z, more))
	}
	return nil
}

// attributes reads a tag's attributes; the first of one name counts, as in a
// browser.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	out := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, ok := out[string(key)]; !ok {
			out[string(key)] = string(value)
		}
	}
	return out
}

// base takes the page's first base element, if it stands before all links. It
// may not lead from https to http: resolve looks at the page's own scheme.
func (page *htmlPage) base(a map[string]string) {
	href, ok := a["href"]
	if !ok || page.based || page.anchors > 0 {
		return
	}
	page.based = true
	ref, err := url.Parse(href)
	if err != nil || len(href) > maxURL {
		return
	}
	to := page.l.base.ResolveReference(ref)
	if to.Scheme == "https" || to.Scheme == page.l.base.Scheme {
		page.l.base = to
	}
}

func (page *htmlPage) meta(a map[string]string) error {
	switch a["name"] {
	case "pypi:repository-version":
		page.marked = true
		return apiVersion(a["content"])
	case "pypi:project-status":
		page.status = a["content"]
	case "pypi:project-status-reason":
		page.reason = a["content"]
	}
	return nil
}

func (page *htmlPage) anchor(a map[string]string) error {
	if err := page.l.count(); err != nil {
		return err
	}
	u, err := url.Parse(a["href"])
	if err != nil || len(a["href"]) > maxURL {
		page.l.drop()
		return nil
	}
	e := entry{
		name: path.Base(u.Path), href: a["href"], sha256: splitHash(u.Fragment),
		requiresPython: a["data-requires-python"], provenance: a["data-provenance"],
	}
	e.yankedReason, e.yanked = a["data-yanked"]
	mark, ok := a["data-core-metadata"]
	if !ok {
		mark, ok = a["data-dist-info-metadata"] // its name before PEP 714
	}
	if ok && mark != "false" {
		e.hasMetadata, e.metadataSHA256 = true, splitHash(mark)
	}
	page.l.add(e)
	return nil
}

// finish tells an empty project from a page that is no index at all, such as a
// login form that a proxy answers with.
func (page *htmlPage) finish() error {
	if len(page.l.index.Files) == 0 && !page.marked {
		return errors.New("HTML page lists no file of the package and does not say that it is an index")
	}
	page.l.setStatus(page.status, page.reason)
	return nil
}
