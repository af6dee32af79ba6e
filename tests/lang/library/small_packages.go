// run

package main

import (
	"bytes"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing/fstest"
	"testing/iotest"
)

func main() {
	for _, enc := range []*base32.Encoding{base32.StdEncoding, base32.HexEncoding, base32.StdEncoding.WithPadding(base32.NoPadding), base32.HexEncoding.WithPadding('.')} {
		for _, s := range []string{"", "f", "fo", "foo", "foob", "fooba", "foobar", "\x00\xff\x10 and more text"} {
			e := enc.EncodeToString([]byte(s))
			d, err := enc.DecodeString(e)
			fmt.Println(e, string(d) == s, err, enc.EncodedLen(len(s)), enc.DecodedLen(len(e)))
			var b bytes.Buffer
			w := base32.NewEncoder(enc, &b)
			for i := range len(s) {
				w.Write([]byte{s[i]})
			}
			w.Close()
			r, err := io.ReadAll(base32.NewDecoder(enc, strings.NewReader(b.String())))
			fmt.Println(b.String() == e, string(r) == s, err)
		}
	}
	for _, bad := range []string{"MZXW6===", "MZXW6YQ", "M=======", "MZ=====", "MZ======X", "1Z======", "MZXW6YTB!", "MZ\nXW6\r===", "MZXW6=="} {
		d, err := base32.StdEncoding.DecodeString(bad)
		fmt.Printf("%q %q %v\n", bad, d, err)
	}
	data, err := io.ReadAll(iotest.HalfReader(strings.NewReader("hello")))
	fmt.Println(string(data), err)
	data, err = io.ReadAll(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("hello"))))
	fmt.Println(string(data), err, err == iotest.ErrTimeout)
	data, err = io.ReadAll(iotest.ErrReader(errors.New("broken")))
	fmt.Println(data, err)
	buf := make([]byte, 10)
	n, err := iotest.DataErrReader(strings.NewReader("abc")).Read(buf)
	fmt.Println(n, err)
	var out bytes.Buffer
	n, err = iotest.TruncateWriter(&out, 3).Write([]byte("hello"))
	fmt.Println(n, err, out.String())
	fmt.Println(iotest.TestReader(strings.NewReader("some text to read"), []byte("some text to read")), iotest.TestReader(strings.NewReader("x"), []byte("y")) != nil)
	fsys := fstest.MapFS{
		"a.txt":       {Data: []byte("A")},
		"dir/b.txt":   {Data: []byte("BB"), Mode: 0o600},
		"dir/sub/c":   {Data: nil},
		"empty":       {Mode: fs.ModeDir | 0o755},
		"dir/sub/d.x": {Data: []byte("ddd")},
	}
	fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		info, _ := d.Info()
		fmt.Println(p, d, info.Size(), info.Mode(), err)
		return nil
	})
	fmt.Println(fstest.TestFS(fsys, "a.txt", "dir/sub/c"), fstest.TestFS(fsys, "nope") != nil)
	sub, err := fsys.Sub("dir")
	g, _ := fs.Glob(sub, "*/*.x")
	fmt.Println(g, err)
	_, err = fsys.Open("nope")
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	f, _ := fsys.Open("dir/b.txt")
	st, _ := f.Stat()
	b, err := io.ReadAll(f)
	fmt.Println(st.Name(), string(b), err)
}
