package refl

import "reflect"

func TypeString(v any) string { return reflect.TypeOf(v).String() }
func Comparable(v any) bool   { return reflect.TypeOf(v).Comparable() }
