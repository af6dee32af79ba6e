package p

type A struct{ b B } // ERROR "6: invalid recursive type A"
type B struct{ a A }
type C [2]C // ERROR "6: invalid recursive type: C refers to itself"
type D struct{ d *D }
type E []E
type F F // ERROR "6: invalid recursive type: F refers to itself"
type G H // ERROR "6: invalid recursive type G"
type H G
type I interface{ I } // ERROR "6: invalid recursive type: I refers to itself"
type J interface{ m(J) }
type K = []K // ERROR "6: invalid recursive type: K refers to itself"
type L map[string]L

var a = b // ERROR "5: initialization cycle for a"
var b = c()

func c() int { return a }

const d = e // ERROR "7: initialization cycle for d"
const e = d

var f, g = g, 1
var h = func() int { return h() } // ERROR "5: initialization cycle: h refers to itself"
