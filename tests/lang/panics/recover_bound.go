// run

// recover in deferred method values: of interface values, of reflection, and not one call deeper.
package main

import (
	"fmt"
	"reflect"
)

type shower interface {
	Catch()
	Pass()
	Deeper()
}

type T struct{ name string }

func (t *T) Catch()  { fmt.Println("recovered", t.name, recover()) }
func (t *T) Pass()   { fmt.Println("not here", t.name) }
func (t *T) Deeper() { helper() }

type V int

func (v V) Catch()  { fmt.Println("recovered", v, recover()) }
func (v V) Pass()   {}
func (v V) Deeper() { helper() }

func helper() { fmt.Println("helper got", recover()) }

type outer struct {
	*T
	n int
}

func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, "still panics:", r)
		}
	}()
	f()
}

func main() {
	for _, s := range []shower{&T{"pointer"}, V(3), outer{&T{"embedded"}, 1}, &outer{&T{"deep"}, 2}} {
		try("interface", func() {
			f := s.Catch
			defer f()
			panic(1)
		})
		try("pass", func() {
			f := s.Pass
			defer f()
			panic(2)
		})
		try("deeper", func() {
			f := s.Deeper
			defer f()
			panic(3)
		})
		try("reflection", func() {
			f := reflect.ValueOf(s).MethodByName("Catch").Interface().(func())
			defer f()
			panic(4)
		})
		try("reflection deeper", func() {
			f := reflect.ValueOf(s).MethodByName("Deeper").Interface().(func())
			defer f()
			panic(5)
		})
		try("direct", func() {
			defer s.Catch()
			panic(6)
		})
	}
	try("expression", func() {
		f := reflect.TypeOf(V(0)).Method(0).Func.Interface().(func(V))
		defer f(7)
		panic(7)
	})
	var nothing shower
	try("nil", func() {
		defer nothing.Catch()
	})
}
