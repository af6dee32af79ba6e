// Package part is part of the program.
package part

const Name = "part"
