// run

// The right to recover goes through a function made by reflection to the function that does its work.
package main

import (
	"fmt"
	"reflect"
)

func recovers(args []reflect.Value) []reflect.Value {
	fmt.Println("nested:", nested(), "own:", recover(), "again:", recover())
	return nil
}

func nested() any { return recover() }

func callsRecovering(args []reflect.Value) []reflect.Value {
	helper()
	return nil
}

func helper() { fmt.Println("helper:", recover()) }

func callsMade(args []reflect.Value) []reflect.Value {
	made(recovers)()
	return nil
}

func made(fn func([]reflect.Value) []reflect.Value) func() {
	return reflect.MakeFunc(reflect.TypeFor[func()](), fn).Interface().(func())
}

func try(name string, deferred func()) {
	defer func() { fmt.Println(name, "left with", recover()) }()
	defer deferred()
	panic(name)
}

func main() {
	try("direct", made(recovers))
	try("one deeper", made(callsRecovering))
	try("made in made", made(callsMade))
	try("closure", made(func(args []reflect.Value) []reflect.Value {
		fmt.Println("closure:", recover())
		return nil
	}))
	try("plain", made(func(args []reflect.Value) []reflect.Value { return nil }))
	made(recovers)()
	add := reflect.MakeFunc(reflect.TypeFor[func(int, int) int](), func(args []reflect.Value) []reflect.Value {
		defer func() { fmt.Println("inside:", recover()) }()
		panic("in a made function")
	})
	func() {
		defer func() { fmt.Println("outside:", recover() != nil) }()
		fmt.Println(add.Interface().(func(int, int) int)(1, 2))
	}()
}
