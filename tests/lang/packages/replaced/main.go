// run

// Modules of local directories: replace with paths, language versions of each, dot and blank imports.
package main

import (
	"fmt"
	. "fmt"

	_ "example.com/lib/effects"

	"example.com/app/part"
	"example.com/lib"
	deep "example.com/lib/deep"
	"example.com/lib/inner"
)

func main() {
	fmt.Println(lib.Name(), inner.Value, deep.Name())
	Println(part.Name)
	// The library's module is of Go 1.20, with shared loop variables.
	for _, f := range lib.Funcs() {
		Print(f(), " ")
	}
	for _, f := range deep.Funcs() {
		Print(f(), " ")
	}
	Println()
}
