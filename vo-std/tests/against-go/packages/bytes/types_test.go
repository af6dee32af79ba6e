package bytes_test

import (
	real "bytes"
	"fmt"
	"io"
	"math/rand"
	"testing"

	mine "vostd/bytes"
	"vostd/internal/texts"
	mineio "vostd/io"
)

// eof maps the two packages' EOFs.
func eof(err error) error {
	if err == mineio.EOF {
		return io.EOF
	}
	return err
}

type buffer interface {
	Bytes() []byte
	String() string
	Len() int
	Next(int) []byte
	Peek(int) ([]byte, error)
	Read([]byte) (int, error)
	ReadByte() (byte, error)
	ReadBytes(byte) ([]byte, error)
	ReadRune() (rune, int, error)
	ReadString(byte) (string, error)
	Reset()
	Truncate(int)
	Grow(int)
	UnreadByte() error
	UnreadRune() error
	Write([]byte) (int, error)
	WriteByte(byte) error
	WriteRune(rune) (int, error)
	WriteString(string) (int, error)
	Available() int
}

func TestBuffer(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	a, b := mine.NewBuffer(nil), real.NewBuffer(nil)
	for i := 0; i < 400000; i++ {
		k, n, s := r.Intn(19), r.Intn(12)-2, texts.Text(r, 9)
		step := func(x buffer) (out string) {
			defer func() {
				if p := recover(); p != nil {
					out = fmt.Sprint("panic ", p)
				}
			}()
			switch k {
			case 0:
				return fmt.Sprint(x.Len(), x.String(), x.Bytes())
			case 1:
				if n < 0 { // a plain bounds error
					return ""
				}
				return fmt.Sprint(x.Next(n))
			case 2:
				if n < 0 {
					return ""
				}
				p, err := x.Peek(n)
				return fmt.Sprint(p, eof(err))
			case 3:
				p := make([]byte, max(n, 0))
				m, err := x.Read(p)
				return fmt.Sprint(m, eof(err), p)
			case 4:
				c, err := x.ReadByte()
				return fmt.Sprint(c, eof(err))
			case 5:
				p, err := x.ReadBytes('a')
				return fmt.Sprint(p, p == nil, eof(err))
			case 6, 7:
				c, m, err := x.ReadRune()
				return fmt.Sprint(c, m, eof(err))
			case 8:
				p, err := x.ReadString(' ')
				return fmt.Sprint(p, eof(err))
			case 9:
				if n == 1 {
					x.Reset()
				}
			case 10:
				if i%4 == 0 {
					x.Truncate(n)
				}
			case 11:
				x.Grow(n * 10)
				return fmt.Sprint(x.Available() >= n*10)
			case 12:
				return fmt.Sprint(x.UnreadByte())
			case 13:
				return fmt.Sprint(x.UnreadRune())
			case 14:
				m, err := x.Write([]byte(s))
				return fmt.Sprint(m, err)
			case 15:
				return fmt.Sprint(x.WriteByte(byte(n)))
			case 16:
				m, err := x.WriteRune(rune(n * 30000))
				return fmt.Sprint(m, err)
			case 17, 18:
				m, err := x.WriteString(s)
				return fmt.Sprint(m, err)
			}
			return ""
		}
		if x, y := step(a), step(b); x != y {
			t.Fatalf("step %d, %d: %s, want %s", i, k, x, y)
		}
	}
	c := mine.NewBufferString("")
	n, err := c.ReadFrom(mineReader{real.NewReader(make([]byte, 5000))})
	if n != 5000 || err != nil {
		t.Error(n, err)
	}
	var w real.Buffer
	n, err = c.WriteTo(&w)
	if n != 5000 || err != nil || w.Len() != 5000 || c.Len() != 0 {
		t.Error(n, err)
	}
	if (*mine.Buffer)(nil).String() != "<nil>" {
		t.Error("nil")
	}
}

// A mineReader ends with the EOF of our io.
type mineReader struct{ r io.Reader }

func (m mineReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err == io.EOF {
		err = mineio.EOF
	}
	return n, err
}

func TestReader(t *testing.T) {
	r := mine.NewReader([]byte("hé"))
	c, n, err := r.ReadRune()
	c2, n2, err2 := r.ReadRune()
	if c != 'h' || n != 1 || err != nil || c2 != 'é' || n2 != 2 || err2 != nil || r.UnreadRune() != nil || r.Len() != 2 {
		t.Error(c, n, err, c2, n2, err2)
	}
	if s := fmt.Sprint(r.UnreadRune()); s != "bytes.Reader.UnreadRune: previous operation was not ReadRune" {
		t.Error(s)
	}
}
