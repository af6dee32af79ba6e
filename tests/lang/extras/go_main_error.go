// errorcheck

// In .go files none of Vo's extras exist.
package main

func main() error { // ERROR "func main must have no arguments and no return values"
	fail := 1
	errdefer := fail
	assert := func(bool) {}
	assert(errdefer == 1)
	return nil
}
