// A type without the method that an interface wants.

package main

type Shape interface {
	Area() float64
	Name() string
}

type Square struct{ side float64 }

func (s Square) Area() float64 { return s.side * s.side }

func main() {
	var shape Shape = Square{2}
	println(shape.Area())
}
