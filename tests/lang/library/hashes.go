// run

package main

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"hash/crc64"
	"hash/fnv"
	"hash/maphash"
)

func main() {
	all := []struct {
		name string
		h    hash.Hash
	}{
		{"md5", md5.New()}, {"sha1", sha1.New()}, {"sha224", sha256.New224()}, {"sha256", sha256.New()},
		{"sha384", sha512.New384()}, {"sha512", sha512.New()}, {"512/224", sha512.New512_224()}, {"512/256", sha512.New512_256()},
		{"hmac", hmac.New(sha256.New, []byte("a key"))}, {"hmaclong", hmac.New(sha512.New, bytes.Repeat([]byte("k"), 300))},
		{"crc32", crc32.NewIEEE()}, {"crc32c", crc32.New(crc32.MakeTable(crc32.Castagnoli))}, {"koop", crc32.New(crc32.MakeTable(crc32.Koopman))},
		{"crc64iso", crc64.New(crc64.MakeTable(crc64.ISO))}, {"crc64ecma", crc64.New(crc64.MakeTable(crc64.ECMA))},
		{"adler", adler32.New()}, {"fnv32", fnv.New32()}, {"fnv32a", fnv.New32a()}, {"fnv64", fnv.New64()}, {"fnv64a", fnv.New64a()}, {"fnv128", fnv.New128()}, {"fnv128a", fnv.New128a()},
	}
	data := make([]byte, 3000)
	for i := range data {
		data[i] = byte(i*i + i>>3)
	}
	for _, a := range all {
		for _, n := range []int{0, 1, 3, 55, 56, 63, 64, 65, 111, 112, 113, 119, 120, 127, 128, 129, 200, 1000, 3000} {
			a.h.Reset()
			a.h.Write(data[:n])
			x := a.h.Sum([]byte("p"))
			a.h.Reset()
			for i := 0; i < n; i += 7 {
				a.h.Write(data[i:min(n, i+7)])
			}
			y := a.h.Sum([]byte("p"))
			if !bytes.Equal(x, y) {
				fmt.Println("DIFFER", a.name, n)
			}
			fmt.Printf("%s %d %x %d %d\n", a.name, n, x, a.h.Size(), a.h.BlockSize())
		}
	}
	fmt.Printf("%x\n%x\n", sha256.Sum256([]byte("hello")), md5.Sum(nil))
	fmt.Println(crypto.SHA256, crypto.SHA256.Available(), crypto.Hash(77))
	fmt.Println(subtle.ConstantTimeCompare([]byte("a"), []byte("a")), subtle.ConstantTimeCompare([]byte("a"), []byte("b")), subtle.ConstantTimeEq(3, 3), subtle.ConstantTimeEq(3, -3), subtle.ConstantTimeLessOrEq(3, 4), subtle.ConstantTimeLessOrEq(4, 4), subtle.ConstantTimeLessOrEq(5, 4), subtle.ConstantTimeSelect(1, 7, 8), subtle.ConstantTimeSelect(0, 7, 8), subtle.ConstantTimeByteEq(1, 2))
	b := make([]byte, 1000)
	n, err := rand.Read(b)
	fmt.Println(n, err, bytes.Count(b, []byte{0}) < 50, len(rand.Text()), rand.Text() != rand.Text())
	s := maphash.MakeSeed()
	var mh maphash.Hash
	mh.SetSeed(s)
	mh.WriteString("hello")
	fmt.Println(mh.Sum64() == maphash.String(s, "hello"), maphash.Comparable(s, 1) == maphash.Comparable(s, 1), maphash.Comparable(s, struct{ a, b any }{1, "x"}) == maphash.Comparable(s, struct{ a, b any }{1, "x"}))
	c32 := crc32.NewIEEE()
	c32.Write([]byte("abc"))
	st, _ := c32.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
	fmt.Printf("%x\n", st)
}
