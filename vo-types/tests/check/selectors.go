package p

import (
	"fmt"
	"os"
)

type A struct{ X, y int }
type B struct{ X int }
type C struct {
	A
	*B
}
type P *A

func (A) M()  {}
func (*A) PM() {}

func f(a A, c C, p P, pp **A, i interface{ M() }, pi *interface{ M() }) {
	_ = a.Z // ERROR "8: a.Z undefined (type A has no field or method Z)"
	_ = a.x // ERROR "8: a.x undefined (type A has no field or method x, but does have field X)"
	_ = a.Y // ERROR "8: a.Y undefined (type A has no field or method Y, but does have field y)"
	_ = c.X // ERROR "8: ambiguous selector c.X"
	_ = c.y
	_ = p.X
	p.M() // ERROR "4: p.M undefined (type P has no field or method M)"
	_ = pp.X // ERROR "9: pp.X undefined (type **A has no field or method X)"
	i.N() // ERROR "4: i.N undefined (type interface{M()} has no field or method N)"
	pi.M() // ERROR "5: pi.M undefined (type *interface{M()} is pointer to interface, not interface)"
	A{}.PM() // ERROR "6: cannot call pointer method PM on A"
	a.PM()
	A.M(a)
	A.PM(&a) // ERROR "4: invalid method expression A.PM (needs pointer receiver (*A).PM)"
	(*A).PM(&a)
	_ = fmt.println // ERROR "10: undefined: fmt.println (but have Println)"
	_ = fmt.Foo // ERROR "10: undefined: fmt.Foo"
	_ = os.args // ERROR "9: undefined: os.args (but have Args)"
	_ = os.hidden // ERROR "9: name hidden not exported by package os"
	_ = fmt // ERROR "6: use of package fmt not in selector"
	_ = A.X // ERROR "6: operand for field selector X must be value of type A"
	a.m() // ERROR "4: a.m undefined (type A has no field or method m, but does have method M)"
}
