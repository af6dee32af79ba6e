package p

func f(x any, s []int, c chan int, ro <-chan int, so chan<- int) int {
	if s { // ERROR "5: non-boolean condition in if statement"
	}
	for 1 { // ERROR "6: non-boolean condition in for statement"
	}
	switch x {
	case 1, 1: // ERROR "10: duplicate case 1 (constant of type int) in expression switch"
	case "a":
	default:
	default: // ERROR "2: multiple defaults (first at statements.go:11:2)"
	}
	switch {
	case 1: // ERROR "7: cannot convert 1 (untyped int constant) to type bool"
	case true:
	}
	switch x.(type) {
	case int, string:
	case int: // ERROR "7: duplicate case int in type switch"
	case T:
	case nil, nil: // ERROR "12: duplicate case nil in type switch"
	}
	switch s.(type) { // ERROR "9: s (variable of type []int) is not an interface"
	}
	switch s {
	case nil:
	case s: // ERROR "7: invalid case s in switch on s (slice can only be compared to nil)"
	}
	select {
	case c <- 1:
	case <-so: // ERROR "9: invalid operation: cannot receive from send-only channel chan<- int so (variable of type chan<- int)"
	case ro <- 1: // ERROR "7: invalid operation: cannot send to receive-only channel <-chan int ro (variable of type <-chan int)"
	case v := <-c:
		_ = v
	case f(nil, nil, nil, nil, nil): // ERROR "8: select case must be send or receive (possibly with assignment)"
	}
	ro <- 1 // ERROR "2: invalid operation: cannot send to receive-only channel <-chan int ro (variable of type <-chan int)"
	<-so // ERROR "4: invalid operation: cannot receive from send-only channel chan<- int so (variable of type chan<- int)"
	c <- "a" // ERROR "7: cannot use \"a\" (untyped string constant) as int value in send"
	s <- 1 // ERROR "2: invalid operation: cannot send to non-channel []int s (variable of type []int)"
	return // ERROR "2: not enough return values\n\thave ()\n\twant (int)"
}

type T struct{}
type E interface{ M() }

func g(e E) (a int, err error) {
	switch e.(type) {
	case T: // ERROR "7: impossible type switch case: T\n\te (variable of interface type E) cannot have dynamic type T (missing method M)"
	}
	_ = e.(T) // ERROR "6: impossible type assertion: e.(T)\n\tT does not implement E (missing method M)"
	_ = e.(E)
	{
		a := 1
		_ = a
		return // ERROR "3: result parameter a not in scope at return"
	}
}

func h() int {
	return 1, 2 // ERROR "12: too many return values\n\thave (number, number)\n\twant (int)"
}

func i() {
	return 1 // ERROR "9: too many return values\n\thave (number)\n\twant ()"
}

func j() (int, string) {
	return "a", 1 // ERROR "9: cannot use \"a\" (untyped string constant) as int value in return statement" "14: cannot use 1 (untyped int constant) as string value in return statement"
}
