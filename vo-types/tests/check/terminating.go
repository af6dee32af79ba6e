package p

func a() int {
	for {
	}
}

func b() int {
	for {
		break
	}
} // ERROR "1: missing return"

func c(x int) int {
	if x > 0 {
		return 1
	} else {
		panic("x")
	}
}

func d(x int) int {
	switch x {
	case 1:
		return 1
	default:
		return 2
	}
}

func e(x int) int {
	switch x {
	case 1:
		return 1
	}
} // ERROR "1: missing return"

func f(c chan int) int {
	select {
	case <-c:
		return 1
	}
}

func g() int {
L:
	for {
		for {
			break L
		}
	}
} // ERROR "1: missing return"

func h() int {
	goto L
L:
	return 1
}

func i() int {
	func() {}()
} // ERROR "1: missing return"

func j() int {
	{
		return 1
	}
}
