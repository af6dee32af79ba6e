package p

import "time"

type T int
type P *T
type I interface{ m() }

func (P) a()          {} // ERROR "7: invalid receiver type P (pointer or interface type)"
func (I) b()          {} // ERROR "7: invalid receiver type I (pointer or interface type)"
func (int) c()        {} // ERROR "7: cannot define new methods on non-local type int"
func (time.Time) d()  {} // ERROR "7: cannot define new methods on non-local type time.Time"
func (*T) e()         {}
func (**T) f()        {} // ERROR "8: invalid receiver type **T"
func ([]T) g()        {} // ERROR "7: invalid receiver type []T"
func (undefined) h()  {} // ERROR "7: undefined: undefined"
func (T) String() int { return 0 }

type Stringer interface{ String() string }

var _ Stringer = T(0) // ERROR "18: cannot use T(0) (constant 0 of int type T) as Stringer value in variable declaration: T does not implement Stringer (wrong type for method String)\n\t\thave String() int\n\t\twant String() string"
var _ interface{ e() } = T(0) // ERROR "26: cannot use T(0) (constant 0 of int type T) as interface{e()} value in variable declaration: T does not implement interface{e()} (method e has pointer receiver)"
var _ interface{ E() } = new(T) // ERROR "26: cannot use new(T) (value of type *T) as interface{E()} value in variable declaration: *T does not implement interface{E()} (missing method E)\n\t\thave e()\n\t\twant E()"
var _ I = (*I)(nil) // ERROR "11: cannot use (*I)(nil) (value of type *I) as I value in variable declaration: *I does not implement I (type *I is pointer to interface, not interface)"

func init() int { return 1 } // ERROR "6: func init must have no arguments and no return values"
func init(x int) {} // ERROR "6: func init must have no arguments and no return values"

var init = 1 // ERROR "5: cannot declare init - must be func"
