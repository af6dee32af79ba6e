// An assertion that cannot hold.

package main

type Reader interface{ Read() string }

type file struct{}

func (f *file) Read() string { return "" }

func main() {
	var r Reader = &file{}
	_, ok := r.(file)
	println(ok)
}
