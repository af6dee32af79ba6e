// A misspelt function of a package.

package main

import "fmt"

func main() {
	fmt.Printn("hello")
}
