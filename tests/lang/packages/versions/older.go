//go:build go1.18

package main

import "fmt"

// Never older than 1.21, so min is there.
func older() {
	var fs []func() int
	for i := 0; i < min(3, 5); i++ {
		fs = append(fs, func() int { return i })
	}
	for _, f := range fs {
		fmt.Print(f(), " ")
	}
	fmt.Println()
}
