package strings_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	real "strings"
	"testing"

	mineio "vostd/io"
	mine "vostd/strings"
)

func TestReplacer(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	olds := []string{"", "a", "b", "ab", "ba", "aa", "aba", "é", "\xc3", "c", "abc"}
	for i := 0; i < 50000; i++ {
		var pairs []string
		for n := r.Intn(6); n > 0; n-- {
			o, w := olds[r.Intn(len(olds))], olds[r.Intn(len(olds))]
			if i%3 == 0 && len(o) != 1 {
				o = "a"
			}
			pairs = append(pairs, o, w)
		}
		a, b := mine.NewReplacer(pairs...), real.NewReplacer(pairs...)
		s := ""
		for n := r.Intn(12); n > 0; n-- {
			s += olds[r.Intn(len(olds))] + "x"[:r.Intn(2)]
		}
		if x, y := a.Replace(s), b.Replace(s); x != y {
			t.Fatalf("%q on %q: %q, want %q", pairs, s, x, y)
		}
		var w1, w2 bytes.Buffer
		n1, e1 := a.WriteString(&w1, s)
		n2, e2 := b.WriteString(&w2, s)
		if n1 != n2 || e1 != e2 || w1.String() != w2.String() {
			t.Fatalf("%q on %q: %q, want %q", pairs, s, w1.String(), w2.String())
		}
	}
	defer func() {
		if x := recover(); x != "strings: NewReplacer: odd argument count" && x != "strings.NewReplacer: odd argument count" {
			t.Error(x)
		}
	}()
	mine.NewReplacer("a")
}

func TestBuilder(t *testing.T) {
	var b mine.Builder
	for i := 0; i < 100; i++ {
		fmt.Fprint(&b, i)
		b.WriteByte('-')
		b.WriteRune('é')
		b.WriteRune(-1)
		b.WriteString("xyz")
	}
	var c real.Builder
	for i := 0; i < 100; i++ {
		fmt.Fprint(&c, i)
		c.WriteByte('-')
		c.WriteRune('é')
		c.WriteRune(-1)
		c.WriteString("xyz")
	}
	if b.String() != c.String() || b.Len() != c.Len() {
		t.Error(b.String())
	}
	b.Reset()
	b.Grow(100)
	if b.Len() != 0 || b.Cap() < 100 {
		t.Error(b.Len(), b.Cap())
	}
	for want, f := range map[string]func(){
		"strings.Builder.Grow: negative count":                     func() { b.Grow(-1) },
		"strings: illegal use of non-zero Builder copied by value": func() { d := b; d.WriteByte(1) },
	} {
		func() {
			defer func() {
				if x := recover(); x != want {
					t.Error(x)
				}
			}()
			f()
		}()
	}
}

// eof maps the two packages' EOFs.
func eof(err error) error {
	if err == mineio.EOF {
		return io.EOF
	}
	return err
}

type reader interface {
	Len() int
	Size() int64
	Read([]byte) (int, error)
	ReadAt([]byte, int64) (int, error)
	ReadByte() (byte, error)
	UnreadByte() error
	ReadRune() (rune, int, error)
	UnreadRune() error
	Seek(int64, int) (int64, error)
	Reset(string)
}

func TestReader(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	a, b := mine.NewReader("aé\xff日本x"), real.NewReader("aé\xff日本x")
	for i := 0; i < 200000; i++ {
		k, n, off := r.Intn(10), r.Intn(5), int64(r.Intn(20)-4)
		step := func(x reader) string {
			p := make([]byte, n)
			switch k {
			case 0:
				m, err := x.Read(p)
				return fmt.Sprint(m, eof(err), p)
			case 1:
				m, err := x.ReadAt(p, off)
				return fmt.Sprint(m, eof(err), p)
			case 2:
				c, err := x.ReadByte()
				return fmt.Sprint(c, eof(err))
			case 3:
				return fmt.Sprint(x.UnreadByte())
			case 4, 5:
				c, m, err := x.ReadRune()
				return fmt.Sprint(c, m, eof(err))
			case 6:
				return fmt.Sprint(x.UnreadRune())
			case 7:
				m, err := x.Seek(off, n)
				return fmt.Sprint(m, err)
			case 8:
				return fmt.Sprint(x.Len(), x.Size())
			}
			if off == 0 {
				x.Reset("new é")
			}
			return ""
		}
		if x, y := step(a), step(b); x != y {
			t.Fatalf("step %d, %d: %s, want %s", i, k, x, y)
		}
	}
	var w bytes.Buffer
	n, err := mine.NewReader("hello").WriteTo(&w)
	if n != 5 || err != nil || w.String() != "hello" {
		t.Error(n, err)
	}
}
