package archive

import "io"

// Alone shows a file that is no archive, such as a pom, as an archive of one entry
// would: whoever scans sees it like any other. What is an archive by its bytes is
// refused, because nobody would see what lies in it; so is what is larger than a body
// that is kept, because nobody would see all of it. Archives hidden behind something
// else are opened as Walk opens those inside.
func Alone(r io.ReaderAt, size int64, name string, lim Limits, fn func(Entry) error) (Stats, error) {
	c := &common{lim: lim.withDefaults(), packed: size, fn: fn}
	w := &walk{common: c, counts: &counts{}, body: c.lim.Body}
	w.begin()
	err := w.alone(r, size, name)
	c.stats.Odd = w.tree.odd
	return c.stats, err
}

func (w *walk) alone(r io.ReaderAt, size int64, name string) error {
	if size > int64(w.body) {
		return refuse("", TooLarge, "it has %d bytes; a file that is no archive may have %d", size, w.body)
	}
	if err := w.tree.add(name, file, false); err != nil {
		return err
	}
	if err := w.spend(size); err != nil {
		return err
	}
	head := make([]byte, min(size, block))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if p, _ := packingOf(head); p != plain {
		return refuse(name, Unsupported, "it is an archive, under a name that says that it is none")
	}
	return w.file(Entry{Path: name, Mode: 0o644, Size: size}, io.NewSectionReader(r, 0, size))
}
