// Loops of before Go 1.22.
package p

func loops(list []int) {
	for i, v := range list {
		go func() {
			println(i) // ERROR "loop variable i captured by func literal"
			println(v) // ERROR "loop variable v captured by func literal"
		}()
	}
	for i := 0; i < 3; i++ {
		defer func() { println(i) }() // ERROR "loop variable i captured"
	}
	for i := range list {
		i := i
		go func() { println(i) }()
	}
	for i := range list {
		func() { println(i) }()
	}
}
