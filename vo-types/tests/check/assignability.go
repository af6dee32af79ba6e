package p

type I interface{ M() }
type T struct{}

func (*T) M() {}

type F func()

var (
	a string = 1 // ERROR "13: cannot use 1 (untyped int constant) as string value in variable declaration"
	b int    = "x" // ERROR "13: cannot use \"x\" (untyped string constant) as int value in variable declaration"
	c I      = T{} // ERROR "13: cannot use T{} (value of struct type T) as I value in variable declaration: T does not implement I (method M has pointer receiver)"
	d I      = &T{}
	e error  = d // ERROR "13: cannot use d (variable of interface type I) as error value in variable declaration: I does not implement error (missing method Error)"
	f []int  = nil
	g int    = nil // ERROR "13: cannot use nil as int value in variable declaration"
	h *int   = &f // ERROR "13: cannot use &f (value of type *[]int) as *int value in variable declaration"
	i F      = func() {}
	j chan<- int = make(chan int)
	k <-chan int = j // ERROR "17: cannot use j (variable of type chan<- int) as <-chan int value in variable declaration"
	l map[string]int = map[string]string{} // ERROR "21: cannot use map[string]string{} (value of type map[string]string) as map[string]int value in variable declaration"
	m = nil // ERROR "6: use of untyped nil in variable declaration"
	n float64 = 'a'
	o [3]int = [2]int{} // ERROR "13: cannot use [2]int{} (value of type [2]int) as [3]int value in variable declaration"
)

func f1() (int, string) { return 1, "a" }

func g1() {
	var x, y int
	x, y = f1() // ERROR "9: cannot use 2nd function result (value of type string) as int value in multiple assignment"
	x, y = 1 // ERROR "9: assignment mismatch: 2 variables but 1 value"
	x, y := f1(), 2 // ERROR "7: no new variables on left side of :=" "10: multiple-value f1() (value of type (int, string)) in single-value context"
	1 = x // ERROR "2: cannot assign to 1 (neither addressable nor a map index expression)"
	f1() = 2 // ERROR "2: multiple-value f1() (value of type (int, string)) in single-value context"
	"abc"[0] = 'x' // ERROR "2: cannot assign to \"abc\"[0] (neither addressable nor a map index expression)"
	m := map[string]T2{}
	m["a"].f = 1 // ERROR "2: cannot assign to struct field m[\"a\"].f in map"
	_ = y
}

type T2 struct{ f int }
