// An import that nothing uses.

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("hello")
}
