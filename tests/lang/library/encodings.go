// run

// Packages encoding/base64 and encoding/hex.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

func main() {
	encodings := []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding, base64.StdEncoding.WithPadding('*'), base64.StdEncoding.Strict()}
	for _, s := range []string{"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd\x00", "sure."} {
		for _, e := range encodings {
			text := e.EncodeToString([]byte(s))
			back, err := e.DecodeString(text)
			fmt.Print(text, " ", string(back) == s, err, e.EncodedLen(len(s)), e.DecodedLen(len(text)), " ")
		}
		fmt.Println()
	}
	for _, s := range []string{"!!!!", "====", "x===", "=AAA", "A=AA", "AA=A", "AA==A", "AAA=AAAA", "AAAAA", "AAAAAA", "A=", "A==", "AA=", "AA==", "AA==\n", "\nAA\r\n==", "AAA=", "AAAA", "AAAA====", "AAAAAA=", "YWJjZA=====", "A!", "A\n", "AB==", "AAB=", "Zm9v\nYmFy"} {
		for _, e := range encodings[:3] {
			b, err := e.DecodeString(s)
			fmt.Printf("%q %v; ", b, err)
		}
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		fmt.Printf("%q: %q %v\n", s, b, err)
	}
	var buf bytes.Buffer
	w := base64.NewEncoder(base64.StdEncoding, &buf)
	for _, part := range []string{"a", "bcd", "efghij", "k"} {
		w.Write([]byte(part))
	}
	w.Close()
	fmt.Println(buf.String(), string(base64.StdEncoding.AppendEncode([]byte("x:"), []byte("hi"))))
	out, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader("YWJjZGVm\nZ2hpams=")))
	fmt.Println(string(out), err)
	out, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader("YWJjZGVmZ")))
	fmt.Println(string(out), err)

	fmt.Println(hex.EncodeToString([]byte("hello\xff")), hex.EncodedLen(3), hex.DecodedLen(6))
	for _, s := range []string{"", "68656C6c6f", "6", "6g", "g", "666", "66é", "zz00"} {
		b, err := hex.DecodeString(s)
		fmt.Printf("%q %v\n", b, err)
	}
	fmt.Print(hex.Dump([]byte("The quick brown fox jumps over\x00\x01 the lazy dog")), hex.Dump(nil), hex.Dump([]byte("short")))
	out, err = io.ReadAll(hex.NewDecoder(strings.NewReader("616263")))
	fmt.Println(string(out), err)
	out, err = io.ReadAll(hex.NewDecoder(strings.NewReader("6162633")))
	fmt.Println(string(out), err)
}
