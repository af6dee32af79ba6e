package bufio_test

import (
	real "bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	mine "vostd/bufio"
	mineio "vostd/io"
)

var errTest = errors.New("test error")

// A source delivers data in odd pieces and ends with an error; mineEOF makes that the EOF of our io.
type source struct {
	data    string
	r       *rand.Rand
	err     error
	mineEOF bool
}

func (s *source) Read(p []byte) (int, error) {
	if s.r.Intn(5) == 0 {
		return 0, nil
	}
	n := s.r.Intn(30)
	if n > len(s.data) {
		n = len(s.data)
	}
	n = copy(p, s.data[:n])
	s.data = s.data[n:]
	if s.data == "" && (n == 0 || s.r.Intn(2) == 0) {
		if s.err == io.EOF && s.mineEOF {
			return n, mineio.EOF
		}
		return n, s.err
	}
	return n, nil
}

func same(err error) string {
	if err == mineio.EOF {
		err = io.EOF
	}
	if err == mineio.ErrNoProgress {
		err = io.ErrNoProgress
	}
	return fmt.Sprint(err)
}

func input(r *rand.Rand) string {
	parts := []string{"a", "bc", "\n", "\r\n", "\r", " ", "é", "日本", "\xff", "\xe2\x82", "long-long-long-long", "\u2003", "\t"}
	s := ""
	for n := r.Intn(60); n > 0; n-- {
		s += parts[r.Intn(len(parts))]
	}
	return s
}

type reader interface {
	Buffered() int
	Discard(int) (int, error)
	Peek(int) ([]byte, error)
	Read([]byte) (int, error)
	ReadByte() (byte, error)
	ReadBytes(byte) ([]byte, error)
	ReadLine() ([]byte, bool, error)
	ReadRune() (rune, int, error)
	ReadSlice(byte) ([]byte, error)
	ReadString(byte) (string, error)
	UnreadByte() error
	UnreadRune() error
}

func TestReader(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for i := 0; i < 8000; i++ {
		in, seed, err := input(r), r.Int63(), []error{io.EOF, errTest}[r.Intn(2)]
		a := mine.NewReaderSize(&source{in, rand.New(rand.NewSource(seed)), err, true}, 16)
		b := real.NewReaderSize(&source{in, rand.New(rand.NewSource(seed)), err, false}, 16)
		for j := 0; j < 50; j++ {
			k, n := r.Intn(14), r.Intn(20)-1
			step := func(x reader) string {
				switch k {
				case 0:
					return fmt.Sprint(x.Buffered())
				case 1:
					m, err := x.Discard(n / 3)
					return fmt.Sprint(m, same(err))
				case 2:
					p, err := x.Peek(n)
					return fmt.Sprint(p, same(err))
				case 3:
					p := make([]byte, max(0, n))
					m, err := x.Read(p)
					return fmt.Sprint(m, p, same(err))
				case 4, 5:
					c, err := x.ReadByte()
					return fmt.Sprint(c, same(err))
				case 6:
					p, err := x.ReadBytes('\n')
					return fmt.Sprint(p, p == nil, same(err))
				case 7:
					p, pre, err := x.ReadLine()
					return fmt.Sprint(p, p == nil, pre, same(err))
				case 8, 9:
					c, m, err := x.ReadRune()
					return fmt.Sprint(c, m, same(err))
				case 10:
					p, err := x.ReadSlice('\n')
					return fmt.Sprint(p, same(err))
				case 11:
					p, err := x.ReadString(' ')
					return fmt.Sprint(p, same(err))
				case 12:
					return same(x.UnreadByte())
				}
				return same(x.UnreadRune())
			}
			if x, y := step(a), step(b); x != y {
				t.Fatalf("%q, op %d(%d): %s, want %s", in, k, n, x, y)
			}
		}
	}
}

func TestReaderWriteTo(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for i := 0; i < 3000; i++ {
		in, seed := input(r), r.Int63()
		a := mine.NewReaderSize(&source{in, rand.New(rand.NewSource(seed)), io.EOF, true}, 16)
		a.ReadByte()
		var w bytes.Buffer
		n, err := a.WriteTo(struct{ io.Writer }{&w})
		if want := in[min(1, len(in)):]; w.String() != want || n != int64(len(want)) || err != nil {
			t.Fatalf("%q: %q %v", in, w.String(), err)
		}
	}
}

// A sink takes a number of bytes and then fails.
type sink struct {
	strings.Builder
	left int
	err  error
}

func (s *sink) Write(p []byte) (int, error) {
	if len(p) > s.left {
		n, _ := s.Builder.Write(p[:s.left])
		s.left = 0
		return n, s.err
	}
	s.left -= len(p)
	s.Builder.WriteByte('|')
	return s.Builder.Write(p)
}

type writer interface {
	Available() int
	Buffered() int
	Flush() error
	Write([]byte) (int, error)
	WriteByte(byte) error
	WriteRune(rune) (int, error)
	WriteString(string) (int, error)
}

func TestWriter(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for i := 0; i < 20000; i++ {
		left, size, err := r.Intn(300), r.Intn(20), []error{io.ErrShortBuffer, errTest}[r.Intn(2)]
		var s1, s2 = &sink{left: left, err: err}, &sink{left: left, err: err}
		a, b := mine.NewWriterSize(struct{ io.Writer }{s1}, size), real.NewWriterSize(struct{ io.Writer }{s2}, size)
		for j := 0; j < 30; j++ {
			k, s := r.Intn(7), input(r)
			s = s[:r.Intn(len(s)/2+1)]
			step := func(x writer, from func(io.Reader) (int64, error), seed int64, mineEOF bool) string {
				out := ""
				switch k {
				case 0:
					out = fmt.Sprint(x.Flush())
				case 1:
					m, err := x.Write([]byte(s))
					out = fmt.Sprint(m, err)
				case 2:
					out = fmt.Sprint(x.WriteByte('x'))
				case 3:
					m, err := x.WriteRune([]rune{'é', 'a', -1, '日'}[j%4])
					out = fmt.Sprint(m, err)
				case 4, 5:
					m, err := x.WriteString(s)
					out = fmt.Sprint(m, err)
				case 6:
					m, err := from(&source{s, rand.New(rand.NewSource(seed)), io.EOF, mineEOF})
					out = fmt.Sprint(m, same(err))
				}
				return fmt.Sprint(out, x.Available(), x.Buffered())
			}
			seed := r.Int63()
			x := step(a, func(r io.Reader) (int64, error) { return a.ReadFrom(r) }, seed, true)
			y := step(b, func(r io.Reader) (int64, error) { return b.ReadFrom(r) }, seed, false)
			if x != y || s1.String() != s2.String() {
				t.Fatalf("op %d(%q): %s, want %s\n%q\n%q", k, s, x, y, s1.String(), s2.String())
			}
		}
	}
}

func TestScanner(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	splits := []struct {
		a mine.SplitFunc
		b real.SplitFunc
	}{{mine.ScanLines, real.ScanLines}, {mine.ScanWords, real.ScanWords}, {mine.ScanRunes, real.ScanRunes}, {mine.ScanBytes, real.ScanBytes}}
	odd := func(final, bad error) func(data []byte, atEOF bool) (int, []byte, error) {
		return func(data []byte, atEOF bool) (int, []byte, error) {
			if len(data) > 0 {
				switch data[0] {
				case 'a':
					return 1, []byte{}, nil
				case 'b':
					return 1, nil, nil
				case '\t':
					return 0, []byte("last"), final
				case ' ':
					return 3, []byte("sp"), nil
				case '\r':
					return -1, nil, nil
				case 'l':
					return 0, nil, bad
				case '\xff':
					return 0, nil, final
				}
				return 1, data[:1], nil
			}
			return 0, nil, nil
		}
	}
	for i := 0; i < 30000; i++ {
		in, seed, err, k := input(r), r.Int63(), []error{io.EOF, errTest}[r.Intn(2)], r.Intn(5)
		a := mine.NewScanner(&source{in, rand.New(rand.NewSource(seed)), err, true})
		b := real.NewScanner(&source{in, rand.New(rand.NewSource(seed)), err, false})
		if k < 4 {
			a.Split(splits[k].a)
			b.Split(splits[k].b)
		} else {
			a.Split(odd(mine.ErrFinalToken, errTest))
			b.Split(odd(real.ErrFinalToken, errTest))
		}
		if r.Intn(2) == 0 {
			n, m := r.Intn(20), r.Intn(40)
			a.Buffer(make([]byte, n), m)
			b.Buffer(make([]byte, n), m)
		}
		for {
			x, y := a.Scan(), b.Scan()
			if x != y || a.Text() != b.Text() && x || a.Err() != b.Err() && same(a.Err()) != same(b.Err()) {
				t.Fatalf("%q with %d: %v %q %v, want %v %q %v", in, k, x, a.Text(), a.Err(), y, b.Text(), b.Err())
			}
			if !x {
				break
			}
		}
		if a.Scan() != b.Scan() {
			t.Fatal("Scan after the end")
		}
	}
	s := mine.NewScanner(strings.NewReader(""))
	s.Scan()
	for want, f := range map[string]func(){
		"Buffer called after Scan": func() { s.Buffer(nil, 1) },
		"Split called after Scan":  func() { s.Split(nil) },
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
