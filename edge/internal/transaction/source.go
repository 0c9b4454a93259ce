package transaction

import (
	"errors"
	"fmt"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// fetch takes the contents of files by reference. Whoever owns a source may change it at any time, so each is read
// once, and what was read is what counts.
func (t *transfer) fetch() error {
	var errs []error
	for i := range t.g.AllFiles {
		f := &t.g.AllFiles[i]
		if f.Source == "" {
			continue
		}
		content, err := t.find(*f)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Path, err))
			continue
		}
		f.Content, f.Source = content, ""
	}
	return errors.Join(errs...)
}

// find returns the content that has a file's hash: from its source, else from where it stands, else from a generation.
func (t *transfer) find(f generation.File) ([]byte, error) {
	content, problem := t.take(f.Source, f.SHA256)
	if problem == nil {
		return content, nil
	}
	if content, found := t.store().Find(f.Path, f.SHA256); found {
		return content, nil
	}
	return nil, fmt.Errorf("%w; neither does the file itself have that content, nor a generation that is stored here", problem)
}

func (t *transfer) take(p, sum string) ([]byte, error) {
	info, err := t.FS.Lstat(p)
	switch {
	case rootfs.Missing(err):
		return nil, fmt.Errorf("its source %s is missing", p)
	case err != nil:
		return nil, err
	case info.Kind != rootfs.Regular:
		return nil, fmt.Errorf("its source %s is not a regular file", p)
	case info.Size > generation.MaxFileBytes:
		return nil, fmt.Errorf("its source %s is larger than %d MiB", p, generation.MaxFileBytes>>20)
	}
	content, err := t.FS.ReadFile(p)
	if err == nil && generation.Sum(content) != sum {
		err = fmt.Errorf("its source %s has another content than the document says", p)
	}
	return content, err
}
