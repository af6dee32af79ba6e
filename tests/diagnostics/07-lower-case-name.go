// A name of another package in lower case.

package main

import "fmt"

func main() {
	fmt.println("hello")
}
