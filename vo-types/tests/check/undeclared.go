package p

func f() {
	x = 1 // ERROR "2: undefined: x"
	_ = y + 1 // ERROR "6: undefined: y"
	var z undefinedType // ERROR "8: undefined: undefinedType"
	_ = z
	g() // ERROR "2: undefined: g"
	_ = _ // ERROR "6: cannot use _ as value or type"
}
