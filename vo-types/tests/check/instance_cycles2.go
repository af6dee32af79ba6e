package p

func f[T any]() { // ERROR "8: instantiation cycle:"
	type Local struct{ x T }
	f[Local]()
}
