// A struct that contains itself.

package main

type Node struct {
	value int
	next  Node
}

func main() { println(Node{}.value) }
