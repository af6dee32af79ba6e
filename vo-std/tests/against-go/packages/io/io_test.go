package io_test

import (
	"bytes"
	"errors"
	"fmt"
	realio "io"
	"strings"
	"testing"
	"testing/iotest"

	mine "vostd/io"
)

func TestReadFull(t *testing.T) {
	for n := 0; n < 6; n++ {
		for want := 0; want < 6; want++ {
			buf := make([]byte, want)
			_, err := mine.ReadFull(strings.NewReader(strings.Repeat("x", n)), buf)
			_, err2 := realio.ReadFull(strings.NewReader(strings.Repeat("x", n)), buf)
			if fmt.Sprint(err) != fmt.Sprint(err2) && n >= want {
				t.Errorf("%d of %d: %v, want %v", want, n, err, err2)
			}
		}
	}
}

// A reader that ends with this package's EOF.
type src struct{ r realio.Reader }

func (s src) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err == realio.EOF {
		err = mine.EOF
	}
	return n, err
}

func text(s string) mine.Reader { return src{iotest.HalfReader(strings.NewReader(s))} }

func TestCopies(t *testing.T) {
	var b bytes.Buffer
	n, err := mine.Copy(struct{ mine.Writer }{&b}, mine.MultiReader(text("abc"), mine.MultiReader(text("def"), text("")), mine.LimitReader(text("ghijk"), 2)))
	if n != 8 || err != nil || b.String() != "abcdefgh" {
		t.Error(n, err, b.String())
	}
	var c, d bytes.Buffer
	w := mine.MultiWriter(&c, mine.MultiWriter(&d))
	data, err := mine.ReadAll(mine.TeeReader(text(strings.Repeat("0123456789", 200)), w))
	if len(data) != 2000 || err != nil || c.Len() != 2000 || d.String() != string(data) {
		t.Error(len(data), err)
	}
	if n, err := mine.CopyN(mine.Discard, text("abc"), 5); n != 3 || err != mine.EOF {
		t.Error(n, err)
	}
	if n, err := mine.WriteString(w, "x"); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestSection(t *testing.T) {
	r := strings.NewReader("0123456789")
	a, b := mine.NewSectionReader(r, 2, 5), realio.NewSectionReader(r, 2, 5)
	for off := int64(-1); off < 8; off++ {
		for n := 0; n < 8; n++ {
			p, q := make([]byte, n), make([]byte, n)
			n1, e1 := a.ReadAt(p, off)
			n2, e2 := b.ReadAt(q, off)
			if n1 != n2 || fmt.Sprint(e1) != fmt.Sprint(e2) || string(p) != string(q) {
				t.Error(off, n, n1, e1, n2, e2)
			}
		}
		for wh := -1; wh < 4; wh++ {
			p1, e1 := a.Seek(off, wh)
			p2, e2 := b.Seek(off, wh)
			if p1 != p2 || fmt.Sprint(e1) != fmt.Sprint(e2) {
				t.Error(off, wh, p1, e1, p2, e2)
			}
			p, q := make([]byte, 3), make([]byte, 3)
			n1, e1 := a.Read(p)
			n2, e2 := b.Read(q)
			if n1 != n2 || fmt.Sprint(e1) != fmt.Sprint(e2) || string(p) != string(q) {
				t.Error(off, wh, n1, e1, n2, e2)
			}
		}
	}
}

func TestPipe(t *testing.T) {
	r, w := mine.Pipe()
	done := make(chan bool)
	go func() {
		for i := 0; i < 1000; i++ {
			if n, err := fmt.Fprintf(w, "%d,", i); err != nil || n == 0 {
				t.Error(n, err)
			}
		}
		w.Close()
		done <- true
	}()
	data, err := mine.ReadAll(src{iotest.OneByteReader(r)})
	<-done
	if len(data) != 3890 || err != nil {
		t.Error(len(data), err)
	}
}

func TestPipeErrors(t *testing.T) {
	x := errors.New("x")
	for order := 0; order < 9; order++ {
		run := func(r, w interface {
			CloseWithError(error) error
		}, read, write func([]byte) (int, error)) string {
			var rerr, werr error
			if order%3 == 1 {
				rerr = x
			}
			if order/3 == 1 {
				werr = x
			}
			s := ""
			step := func() {
				n, err := read(make([]byte, 1))
				m, err2 := write([]byte("ab"))
				s += fmt.Sprint(n, err, m, err2, ";")
			}
			if order%3 < 2 {
				r.CloseWithError(rerr)
				step()
			}
			w.CloseWithError(werr)
			w.CloseWithError(errors.New("later"))
			step()
			r.CloseWithError(rerr)
			step()
			return s
		}
		r, w := mine.Pipe()
		r2, w2 := realio.Pipe()
		a, b := run(r, w, r.Read, w.Write), run(r2, w2, r2.Read, w2.Write)
		if a != b {
			t.Errorf("order %d:\n%s\n%s", order, a, b)
		}
	}
	r, w := mine.Pipe()
	go func() { r.Read(make([]byte, 3)); r.CloseWithError(x) }()
	if n, err := w.Write([]byte("abcdef")); n != 3 || err != x {
		t.Error(n, err)
	}
}
