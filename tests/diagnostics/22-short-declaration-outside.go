// A short declaration outside of a function.

package main

limit := 10

func main() { println(limit) }
