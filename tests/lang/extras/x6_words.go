// run
// In Go's files island and port are names like any other.
package main

import "fmt"

type island struct{ port int }

func port(island island) int { return island.port }

func main() {
	island := island{port: 3}
	fmt.Println(port(island))
}
