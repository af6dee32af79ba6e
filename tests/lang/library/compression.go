// run
// flate, gzip and zlib: there and back, headers, files one after the other, flushing, what is corrupt or cut off.
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing/iotest"
	"time"
)

func text(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of some text, %x\n", i, i*i)
	}
	return b.Bytes()[:n]
}

func main() {
	for _, n := range []int{0, 1, 100, 10000, 50000} {
		data := text(n)
		for _, level := range []int{-2, 0, 6, 9} {
			var f, g, z bytes.Buffer
			fw, err := flate.NewWriter(&f, level)
			gw, err2 := gzip.NewWriterLevel(&g, level)
			zw, err3 := zlib.NewWriterLevel(&z, level)
			if err != nil || err2 != nil || err3 != nil {
				fmt.Println(err, err2, err3)
			}
			for _, w := range []io.WriteCloser{fw, gw, zw} {
				for rest := data; len(rest) > 0; {
					k := min(len(rest), 7001)
					w.Write(rest[:k])
					rest = rest[k:]
				}
				w.Close()
			}
			if level == 9 && n >= 10000 && f.Len() > n/3 {
				fmt.Println("not compressed", n, f.Len())
			}
			gr, err := gzip.NewReader(&g)
			if err != nil {
				fmt.Println(err)
			}
			zr, err := zlib.NewReader(bytes.NewReader(z.Bytes()))
			if err != nil {
				fmt.Println(err)
			}
			for _, r := range []io.Reader{flate.NewReader(iotest.OneByteReader(&f)), gr, zr} {
				back, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(back, data) {
					fmt.Println("bad", n, level, len(back), err)
				}
			}
		}
	}
	known()
	header()
	several()
	flushing()
	corrupt()
	exact()
	reset()
	many()
}

// known is what others have compressed.
func known() {
	b, _ := hex.DecodeString("1f8b08000000000000ffca48cdc9c95728cf2fca49010400ad8d8b5d0b000000")
	r, err := gzip.NewReader(bytes.NewReader(b[:len(b)]))
	fmt.Println(err)
	if err == nil {
		s, err := io.ReadAll(r)
		fmt.Printf("%q %v\n", s, err != nil)
	}
	b, _ = hex.DecodeString("789ccb48cdc9c9070006 2c0215")
	b, _ = hex.DecodeString("789ccb48cdc9c90700062c0215")
	z, err := zlib.NewReader(bytes.NewReader(b))
	fmt.Println(err)
	s, err := io.ReadAll(z)
	fmt.Printf("%q %v\n", s, err)
}

func header() {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment, w.Extra, w.ModTime = "näme", "comment", []byte{1, 2, 3}, time.Unix(1700000000, 0)
	io.WriteString(w, "content")
	fmt.Println(w.Close(), w.Close())
	r, err := gzip.NewReader(&b)
	fmt.Println(err, r.Name, r.Comment, r.Extra, r.ModTime.Unix(), r.OS)
	s, err := io.ReadAll(r)
	fmt.Printf("%q %v\n", s, err)
	w = gzip.NewWriter(&b)
	w.Name = "\u4e16"
	_, err = w.Write([]byte("x"))
	fmt.Println(err)
}

func several() {
	var b bytes.Buffer
	for _, s := range []string{"one ", "two ", "three"} {
		w := gzip.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
	}
	all := b.Bytes()
	r, _ := gzip.NewReader(bytes.NewReader(all))
	s, err := io.ReadAll(r)
	fmt.Printf("%q %v\n", s, err)
	src := bufio.NewReader(bytes.NewReader(all))
	r, _ = gzip.NewReader(src)
	for {
		r.Multistream(false)
		s, err := io.ReadAll(r)
		fmt.Printf("%q %v\n", s, err)
		if err := r.Reset(src); err != nil {
			fmt.Println(err)
			break
		}
	}
}

func flushing() {
	pr, pw := io.Pipe()
	go func() {
		w := zlib.NewWriter(pw)
		for i := range 3 {
			fmt.Fprintf(w, "message %d\n", i)
			w.Flush()
		}
		w.Close()
		pw.Close()
	}()
	r, err := zlib.NewReader(pr)
	fmt.Println(err)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	fmt.Println(lines.Err())
}

func corrupt() {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text(1000))
	w.Close()
	good := b.Bytes()
	for _, at := range []int{5, len(good) / 2, len(good) - 9, len(good) - 1} {
		r, err := gzip.NewReader(bytes.NewReader(good[:at]))
		if err != nil {
			fmt.Println("header", err)
			continue
		}
		_, err = io.ReadAll(r)
		fmt.Println(err)
	}
	for _, at := range []int{0, 2, len(good) - 1, len(good) - 8} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x55
		r, err := gzip.NewReader(bytes.NewReader(bad))
		if err != nil {
			fmt.Println("header", err)
			continue
		}
		_, err = io.ReadAll(r)
		fmt.Println(err)
	}
	_, err := zlib.NewReader(strings.NewReader("xx"))
	fmt.Println(err)
	_, err = zlib.NewReader(strings.NewReader("x"))
	fmt.Println(err)
	_, err = io.ReadAll(flate.NewReader(strings.NewReader("\xff\xff\xff")))
	_, isCorrupt := err.(flate.CorruptInputError)
	fmt.Println(isCorrupt)
	_, err = flate.NewWriter(io.Discard, 10)
	fmt.Println(err)
	_, err = gzip.NewWriterLevel(io.Discard, -3)
	fmt.Println(err)
	fw, _ := flate.NewWriter(io.Discard, 1)
	fw.Close()
	_, err = fw.Write([]byte("x"))
	fmt.Println(err)
}

// exact reads no further than the data goes.
func exact() {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	io.WriteString(w, "data")
	w.Close()
	b.WriteString("after")
	whole := b.String()
	r := strings.NewReader(whole)
	s, err := io.ReadAll(flate.NewReader(r))
	rest, _ := io.ReadAll(r)
	fmt.Printf("%q %v %q\n", s, err, rest)
	s, err = io.ReadAll(flate.NewReader(&b))
	fmt.Printf("%q %v %q\n", s, err, b.String())
	br := bufio.NewReader(strings.NewReader(whole))
	s, err = io.ReadAll(flate.NewReader(br))
	rest, _ = io.ReadAll(br)
	fmt.Printf("%q %v %q\n", s, err, rest)
}

func reset() {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	r := new(gzip.Reader)
	for i := range 3 {
		b.Reset()
		w.Reset(&b)
		fmt.Fprint(w, "round ", i)
		w.Close()
		if err := r.Reset(&b); err != nil {
			fmt.Println(err)
		}
		s, err := io.ReadAll(r)
		fmt.Printf("%q %v\n", s, err)
	}
}

// many streams at once, most of them left as they are.
func many() {
	data := text(5000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				w.Write(data)
				w.Close()
				r, err := gzip.NewReader(&b)
				if err != nil {
					fmt.Println(err)
					return
				}
				first := make([]byte, 100)
				if _, err := io.ReadFull(r, first); err != nil || !bytes.Equal(first, data[:100]) {
					fmt.Println("bad")
				}
			}
		})
	}
	wg.Wait()
	fmt.Println("done")
}
