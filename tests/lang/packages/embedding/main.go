// run

// go:embed with strings, byte slices and file systems.
package main

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/template"
)

//go:embed data/hello.txt
var hello string

//go:embed data/sub/deep/raw.bin
var raw []byte

type text string

//go:embed texts/a.txt
var named text

//go:embed data
var data embed.FS

//go:embed all:data
var all embed.FS

//go:embed texts/*.txt
//go:embed "texts/d e.txt" data/sub/[a-o]*.txt
var some embed.FS

//go:embed data/.dot texts/?.md
var dots embed.FS

var empty embed.FS

func list(f fs.FS) {
	fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			fmt.Println("error", err)
			return nil
		}
		info, _ := d.Info()
		fmt.Print(path, " ", d.Name(), " ", info.Size(), " ", info.Mode(), "; ")
		return nil
	})
	fmt.Println()
}

func main() {
	fmt.Printf("%q %q %q\n", hello, raw, named)
	raw[0] = 'x'
	fmt.Printf("%q\n", raw)
	for _, f := range []embed.FS{data, all, some, dots, empty} {
		list(f)
	}
	b, err := data.ReadFile("data/sub/one.txt")
	fmt.Println(string(b), err)
	for _, name := range []string{"data/nothing", "data", "/data", "data/../data", "", "data/hello.txt/x"} {
		_, err := data.ReadFile(name)
		fmt.Println(err)
		_, err = data.ReadDir(name)
		fmt.Println(err)
		_, err = data.Open(name)
		fmt.Println(err)
	}
	f, err := data.Open("data/hello.txt")
	fmt.Println(err)
	var buf [3]byte
	n, err := f.Read(buf[:])
	fmt.Println(n, err, string(buf[:n]))
	at, err := f.(io.Seeker).Seek(-2, io.SeekEnd)
	fmt.Println(at, err)
	rest, err := io.ReadAll(f)
	fmt.Printf("%q %v\n", rest, err)
	_, err = f.(io.Seeker).Seek(-1, io.SeekStart)
	fmt.Println(err)
	n, err = f.(io.ReaderAt).ReadAt(buf[:], 4)
	fmt.Println(n, err)
	info, err := f.Stat()
	fmt.Println(info.Name(), info.Size(), info.Mode(), info.ModTime().IsZero(), info.IsDir(), info.Sys(), info)
	d, _ := data.Open("data")
	for {
		es, err := d.(fs.ReadDirFile).ReadDir(2)
		fmt.Print(es, err, " ")
		if err != nil {
			break
		}
	}
	_, err = d.Read(buf[:])
	fmt.Println(err)
	sub, err := fs.Sub(data, "data/sub")
	list(sub)
	matches, err := fs.Glob(all, "data/*")
	fmt.Println(matches, err)
	t, err := template.ParseFS(some, "texts/?.txt")
	fmt.Println(err, t.ExecuteTemplate(os.Stdout, "b.txt", nil))
}
