package answer

import (
	"container/list"
	"errors"
	"sync"
)

// maxPages is what all rendered pages of one Pages may hold together, in bytes.
const maxPages = 32 << 20

// Pages keeps rendered pages by name and variant while the listing's tag holds, the
// most recently used first, up to a number of bytes. A page is rendered once
// however many ask for it. The zero value is ready; it is safe for concurrent use.
type Pages struct {
	mu    sync.Mutex
	rows  map[pageKey]*list.Element // of *pageRow
	order list.List
	bytes int
}

type pageKey struct{ name, variant string }

type pageRow struct {
	key  pageKey
	tag  string
	page func() (*Page, error) // renders at its first call
	size int                   // 0 until it is rendered
}

// Uncached is what render returns beside a page that may be served this once and not
// kept, because something of it could not be had.
var Uncached = errors.New("this page is not kept")

// Get gives the page of a name in a variant (a media type, "json 1.2") as of a tag,
// which is another one whenever the page would differ. An error of render is not
// kept; with Uncached the page is given without an error.
func (p *Pages) Get(name, variant, tag string, render func() (*Page, error)) (*Page, error) {
	row := p.row(pageKey{name, variant}, tag, render)
	page, err := row.page()
	if err != nil {
		p.forget(row)
		if errors.Is(err, Uncached) {
			err = nil
		}
		return page, err
	}
	p.weigh(row, page)
	return page, nil
}

// row finds the page's row, or makes one in place of an older one.
func (p *Pages) row(k pageKey, tag string, render func() (*Page, error)) *pageRow {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.rows[k]; e != nil {
		if row := e.Value.(*pageRow); row.tag == tag {
			p.order.MoveToFront(e)
			return row
		}
		p.remove(e)
	}
	if p.rows == nil {
		p.rows = map[pageKey]*list.Element{}
	}
	row := &pageRow{key: k, tag: tag, page: sync.OnceValues(render)}
	p.rows[k] = p.order.PushFront(row)
	return row
}

// weigh counts a row that was just rendered and makes room for it. The newest page
// stays, however large.
func (p *Pages) weigh(row *pageRow, page *Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.rows[row.key]; e == nil || e.Value != row || row.size > 0 {
		return
	}
	row.size = max(1, page.Size())
	p.bytes += row.size
	for p.bytes > maxPages && p.order.Len() > 1 {
		p.remove(p.order.Back())
	}
}

func (p *Pages) forget(row *pageRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.rows[row.key]; e != nil && e.Value == row {
		p.remove(e)
	}
}

func (p *Pages) remove(e *list.Element) {
	row := p.order.Remove(e).(*pageRow)
	delete(p.rows, row.key)
	p.bytes -= row.size
}
