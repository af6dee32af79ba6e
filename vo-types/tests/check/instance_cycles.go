package p

type List[P any] struct{} // ERROR "11: instantiation cycle:"

func (_ List[P]) m() (_ List[List[P]]) { return }
