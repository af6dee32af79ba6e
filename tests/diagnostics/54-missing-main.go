// A program without main.

package main

func Main() { println("hello") }
