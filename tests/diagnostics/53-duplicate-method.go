// A method declared twice.

package main

type T struct{}

func (T) Close() {}

func (*T) Close() {}

func main() { T{}.Close() }
