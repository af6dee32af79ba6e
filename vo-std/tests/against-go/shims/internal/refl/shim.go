// Package refl's natives on top of Go's reflect, for the comparison tests.
package refl

import (
	"reflect"
	"unsafe"
)

func open(v reflect.Value) any {
	if !v.CanInterface() { // an unexported field, of an addressable copy
		v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	return v.Interface()
}

func addressable(v any) reflect.Value {
	x := reflect.ValueOf(v)
	c := reflect.New(x.Type()).Elem()
	c.Set(x)
	return c
}

func KindOf(v any) int { return int(reflect.ValueOf(v).Kind()) }

func TypeString(v any) string {
	if v == nil {
		return "<nil>"
	}
	return reflect.TypeOf(v).String()
}

func TypeID(v any) uintptr       { return reflect.ValueOf(reflect.TypeOf(v)).Pointer() }
func Comparable(v any) bool      { return reflect.TypeOf(v).Comparable() }
func BoolOf(v any) bool          { return reflect.ValueOf(v).Bool() }
func IntOf(v any) int64          { return reflect.ValueOf(v).Int() }
func UintOf(v any) uint64        { return reflect.ValueOf(v).Uint() }
func FloatOf(v any) float64      { return reflect.ValueOf(v).Float() }
func ComplexOf(v any) complex128 { return reflect.ValueOf(v).Complex() }
func StringOf(v any) string      { return reflect.ValueOf(v).String() }
func BytesOf(v any) []byte {
	if x := reflect.ValueOf(v); x.Kind() == reflect.Slice {
		return x.Bytes()
	}
	return addressable(v).Bytes()
}

func IsNil(v any) bool {
	switch x := reflect.ValueOf(v); x.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Map, reflect.Pointer, reflect.Slice, reflect.UnsafePointer:
		return x.IsNil()
	}
	return false
}

func PointerOf(v any) uintptr     { return reflect.ValueOf(v).Pointer() }
func Len(v any) int               { return reflect.ValueOf(v).Len() }
func Index(v any, i int) any      { return open(reflect.ValueOf(v).Index(i)) }
func Elem(v any) any              { return open(reflect.ValueOf(v).Elem()) }
func ElemKind(v any) int          { return int(reflect.TypeOf(v).Elem().Kind()) }
func ElemTypeString(v any) string { return reflect.TypeOf(v).Elem().String() }
func KeyTypeString(v any) string  { return reflect.TypeOf(v).Key().String() }

func MapEntries(v any) (keys, values []any) {
	for it := reflect.ValueOf(v).MapRange(); it.Next(); {
		keys = append(keys, open(it.Key()))
		values = append(values, open(it.Value()))
	}
	return
}

func NumField(v any) int                  { return reflect.TypeOf(v).NumField() }
func Field(v any, i int) any              { return open(addressable(v).Field(i)) }
func FieldName(v any, i int) string       { return reflect.TypeOf(v).Field(i).Name }
func FieldExported(v any, i int) bool     { return reflect.TypeOf(v).Field(i).IsExported() }
func FieldTypeString(v any, i int) string { return reflect.TypeOf(v).Field(i).Type.String() }
func SetBool(p any, x bool)               { reflect.ValueOf(p).Elem().SetBool(x) }
func SetInt(p any, x int64)               { reflect.ValueOf(p).Elem().SetInt(x) }
func SetUint(p any, x uint64)             { reflect.ValueOf(p).Elem().SetUint(x) }
func SetFloat(p any, x float64)           { reflect.ValueOf(p).Elem().SetFloat(x) }
func SetComplex(p any, x complex128)      { reflect.ValueOf(p).Elem().SetComplex(x) }
func SetString(p any, x string)           { reflect.ValueOf(p).Elem().SetString(x) }
func SetBytes(p any, x []byte)            { reflect.ValueOf(p).Elem().SetBytes(x) }

var errorType = reflect.TypeFor[error]()

func AsTarget(target any) int {
	t := reflect.TypeOf(target)
	if t.Kind() != reflect.Pointer || reflect.ValueOf(target).IsNil() {
		return TargetNoPointer
	}
	if t.Elem().Kind() != reflect.Interface && !t.Elem().Implements(errorType) {
		return TargetNoError
	}
	return TargetFits
}

func Assign(target any, v any) bool {
	t := reflect.ValueOf(target).Elem()
	if !reflect.TypeOf(v).AssignableTo(t.Type()) {
		return false
	}
	t.Set(reflect.ValueOf(v))
	return true
}

func Swap(slice any, i, j int) { reflect.Swapper(slice)(i, j) }
