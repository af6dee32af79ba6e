// run

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

type header struct {
	Magic [4]byte
	A     uint16
	B     int32
	_     [3]byte
	C     float64
	D     complex64
	E     bool
	F     [2]struct{ X, Y int8 }
}

func bin() {
	h := header{Magic: [4]byte{'a', 'b', 'c', 'd'}, A: 0x1234, B: -5, C: math.Pi, D: complex(1, 2), E: true}
	h.F[1].Y = -1
	var buf bytes.Buffer
	fmt.Println(binary.Write(&buf, binary.BigEndian, h), binary.Size(h))
	fmt.Printf("%x\n", buf.Bytes())
	var g header
	fmt.Println(binary.Read(&buf, binary.BigEndian, &g), g == h, g)
	buf.Reset()
	binary.Write(&buf, binary.LittleEndian, []uint32{1, 2, 3})
	binary.Write(&buf, binary.LittleEndian, &h)
	fmt.Printf("%x\n", buf.Bytes())
	xs := make([]uint32, 3)
	fmt.Println(binary.Read(&buf, binary.LittleEndian, xs), xs)
	fmt.Println(binary.Write(&buf, binary.LittleEndian, 5), binary.Write(&buf, binary.LittleEndian, "x"))
	var short uint64
	fmt.Println(binary.Read(strings.NewReader("abc"), binary.LittleEndian, &short), binary.Read(strings.NewReader(""), binary.LittleEndian, &short))
	var i int
	fmt.Println(binary.Read(strings.NewReader("abcsdfsdfasdf"), binary.LittleEndian, &i))
	for _, x := range []uint64{0, 1, 127, 128, 300, 1 << 63, math.MaxUint64} {
		b := binary.AppendUvarint(nil, x)
		y, n := binary.Uvarint(b)
		z, err := binary.ReadUvarint(bytes.NewReader(b))
		fmt.Println(x, b, y, n, z, err)
		b = binary.AppendVarint(nil, -int64(x>>1))
		v, n := binary.Varint(b)
		fmt.Println(b, v, n)
	}
	fmt.Println(binary.Uvarint([]byte{0x80, 0x80}))
	fmt.Println(binary.Uvarint(bytes.Repeat([]byte{0xff}, 11)))
	fmt.Println(binary.ReadUvarint(bytes.NewReader(bytes.Repeat([]byte{0xff}, 11))))
	fmt.Println(binary.ReadUvarint(bytes.NewReader([]byte{0x80})))
	fmt.Println(binary.BigEndian, binary.LittleEndian.Uint32([]byte{1, 2, 3, 4}), binary.BigEndian.AppendUint64(nil, 258))
	fmt.Println(binary.Append(nil, binary.BigEndian, []int16{1, -1}))
	fmt.Println(binary.Encode(make([]byte, 1), binary.BigEndian, []int16{1, -1}))
	fmt.Println(binary.Decode([]byte{1, 2, 3}, binary.BigEndian, &h.A))
	fmt.Println(h.A)
}

func csvs() {
	tests := []string{
		"a,b,c\n1,2,3\n", "a,\"b\"\"x\",c\r\n\"multi\nline\",2,3", "a,b\n1,2,3\n", "\"unclosed\n", "a\"b,c\n", "\"a\"b,c\n", "\n\n# comment\na;b\n", " x, y,\"z\"\n", "\"a\nb\nc\"x,1\n", "a,b\n\"\",\n", ",,\n", "a,b", "\"x\"", "\"x\",", "a\rb,c\r\n",
	}
	for _, t := range tests {
		for mode := range 4 {
			r := csv.NewReader(strings.NewReader(t))
			switch mode {
			case 1:
				r.LazyQuotes = true
				r.FieldsPerRecord = -1
			case 2:
				r.TrimLeadingSpace = true
				r.Comment = '#'
			case 3:
				r.Comma = ';'
			}
			for {
				rec, err := r.Read()
				fmt.Printf("%d %q %v %d\n", mode, rec, err, r.InputOffset())
				for i := range rec {
					fmt.Print(r.FieldPos(i))
					fmt.Print(" ")
				}
				fmt.Println()
				var pe *csv.ParseError
				if errors.As(err, &pe) {
					fmt.Println(pe.StartLine, pe.Line, pe.Column, pe.Err == csv.ErrQuote)
				}
				if err == io.EOF || err != nil && !errors.Is(err, csv.ErrFieldCount) {
					break
				}
			}
		}
	}
	w := csv.NewWriter(os.Stdout)
	w.Write([]string{"a", "b c", " lead", "q\"x", "l\nm", "x,y", "", `\.`, "\ttab", "cr\rx"})
	w.UseCRLF = true
	w.Write([]string{"a\nb", "c\r\nd"})
	w.Flush()
	fmt.Println(w.Error())
	w.Comma = '"'
	fmt.Println(w.Write([]string{"a"}))
}

func main() {
	bin()
	csvs()
}
