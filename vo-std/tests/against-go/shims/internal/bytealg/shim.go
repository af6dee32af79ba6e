package bytealg

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

func Compare(a, b []byte) int              { return bytes.Compare(a, b) }
func CompareString(a, b string) int        { return strings.Compare(a, b) }
func Equal(a, b []byte) bool               { return bytes.Equal(a, b) }
func IndexByte(b []byte, c byte) int       { return bytes.IndexByte(b, c) }
func IndexByteString(s string, c byte) int { return strings.IndexByte(s, c) }
func Index(b, sep []byte) int              { return bytes.Index(b, sep) }
func IndexString(s, sep string) int        { return strings.Index(s, sep) }
func Count(b []byte, c byte) int           { return bytes.Count(b, []byte{c}) }
func CountString(s string, c byte) int     { return strings.Count(s, string([]byte{c})) }

func Valid(b []byte) bool          { return utf8.Valid(b) }
func ValidString(s string) bool    { return utf8.ValidString(s) }
func RuneCount(b []byte) int       { return utf8.RuneCount(b) }
func RuneCountString(s string) int { return utf8.RuneCountInString(s) }

func Grow(b []byte, n int) []byte { return append(b, make([]byte, n)...)[:len(b)] }
