// run

package main

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

var exprs = []string{
	``, `a`, `abc`, `a*`, `a+?b`, `(a|b)*c`, `^abc$`, `(?m)^\w+$`, `[a-c]+`, `[^a-c\n]+`, `\d+`, `\bfoo\b`, `\Bo`, `(\w+)@(\w+)\.com`, `(?i)hello`, `(?i)[k-m]+`, `(?s).+`, `.+`, `.*?x`, `(a)(b)?(c)?`, `(?P<year>\d{4})-(?P<month>\d{2})`, `x{2,3}`, `x{2,}`, `x{2}`, `x{,3}`, `{`, `a{`, `a{1`, `(ab){2}c`, `(a*)*`, `(a*)+`, `(a|ab)(c|bcd)(d*)`, `a||b`, `(|a)*`, `(|a)+`, `[[:alpha:]]+`, `[[:^digit:]]+`, `\pL+`, `\p{Greek}+`, `\P{L}+`, `[\p{Lu}\d]+`, `\x41\x{42}`, `\Qa.b\E+`, `\Q`, `\141`, `\.`, `[\]a]`, `[]a]`, `[a\-z]`, `[-a]`, `[a-]`, `[^]a]`, `(?U)a+`, `(?U)a+?`, `a(?i)b|C`, `(?i:a)b`, `(?-s).`, `$`, `^`, `\A\w+\z`, `(?:foo|bar)+`, `foo|foobar`, `(foo|foobar)$`, `\s+`, `\S+`, `[^\s]+`, `é+`, `[à-ü]`, `日本`, `\t|\n`, `a.c`, `[[:word:]-]+`, `(a+)(b+)`, `((a)|b)*`, `(?:(a)|b)*`, `(a){0}b`, `a{0}`, `(?i)σ`, `(?i)ſ`, `\pN`, `(?<n>x)(?<m>y)`,
	`x*`, `\b`, `(?m)$`, `(?m)^`, `[a-zA-Z_][a-zA-Z0-9_]*`, `"(?:[^"\\]|\\.)*"`, `(\d+)\.(\d+)?`, `^(\+|-)?\d+$`, `.`, `(.)(.)`,
	// wrong ones
	`(`, `)`, `a)`, `(a`, `[`, `[a`, `[b-a]`, `*`, `+a`, `a**`, `a*+`, `a??+`, `x{2}{3}`, `x{1001}`, `x{3,2}`, `(?P<n`, `(?P<n>a)(?P<n>b)`, `(?P<n-m>a)`, `(?P<>a)`, `(?z)`, `(?i`, `(?i)(?s`, `(?=a)`, `(?!a)`, `(?<=a)`, `\1`, `\8`, `\`, `\p{Foo}`, `\pX`, `\p{`, `[[:foo:]]`, `\C`, `\xZZ`, `\x{110000}`, `\e`, `[a-\d]`, "\xff", "a\xffb", "[\xff]", `(?i-)`, `(?--i)`, `((a{100}){100}){100}`, `(a{1000}){2}`, `|*`, `(*)`, `^*`, `(?:x{2}){3}`, `\pn`, `\p{lu}`, `(?i)\p{Lu}+`, `\p{^L}`, `\pZ`, `[[:space:]\pL]`, `\p{Letter}`, `\p{Any}`, `x**?`, `a{,2}{3}`, `(?)`, `(?-)`, `a|*`, `((((a))))`,
}

var texts = []string{
	"", "a", "abc", "aaa", "aabc", "xxabcxx", "foo bar foobar", "hello HELLO Hello\nworld", "joe@example.com, ann@test.com", "2024-05-06 and 1999-12-31", "xxxxx", "x{,3}", "αβγ Ωmega", "a.b a.bb", "AB ab", "Kelvin K ſ s S k", "日本語テキスト", "\n\nabc\n\n", "a\xffb", "\xff\xfe", "foo_bar-baz 12.5 .5 5.", `say "hi \"you\"" now`, "+12", "-", "abababc", "acbbd abcd", "tab\tnew\nline", "été à l'eau", "Σςσ", "ababab", "aXbYc", "b", "c",
}

func main() {
	for _, e := range exprs {
		re, err := regexp.Compile(e)
		if err != nil {
			fmt.Printf("%q: %v\n", e, err)
			_, err = regexp.CompilePOSIX(e)
			fmt.Println("posix", err)
			continue
		}
		lp, lc := re.LiteralPrefix()
		fmt.Printf("%q: n=%d %q %q %v %s\n", e, re.NumSubexp(), re.SubexpNames(), lp, lc, re)
		posix, perr := regexp.CompilePOSIX(e)
		fmt.Println(perr)
		for i, t := range texts {
			fmt.Print(" ", re.FindStringSubmatchIndex(t))
			if perr == nil {
				fmt.Print(posix.FindStringIndex(t))
			}
			if i%4 == 0 {
				fmt.Printf(" %d %q %q %v", len(re.FindAllString(t, -1)), re.ReplaceAllString(t, "<$0|${1}|$x>"), re.Split(t, 2), re.FindReaderIndex(strings.NewReader(t)))
			}
		}
		fmt.Println()
		// A long text is for the other machine.
		fmt.Println(re.FindStringSubmatchIndex(strings.Repeat("-", 20000) + "aabcxx"))
	}
	re := regexp.MustCompile(`(?P<first>\w+) (?P<last>\w+)`)
	fmt.Println(re.ReplaceAllString("Ada Lovelace", "${last}, $first $$ $9 ${x $"), re.SubexpIndex("last"), re.SubexpIndex("x"))
	fmt.Println(string(re.Expand([]byte("x"), []byte("$last-$1x-${1}x"), []byte("Ada Lovelace"), re.FindSubmatchIndex([]byte("Ada Lovelace")))))
	fmt.Println(regexp.QuoteMeta("a.b*c[d]$é"))
	fmt.Printf("%q %q\n", re.Find([]byte("x y z")), re.FindSubmatch([]byte("x y z")))
	fmt.Println(re.ReplaceAllStringFunc("a b c d", strings.ToUpper), string(re.ReplaceAll([]byte("a b"), []byte("$2 $1"))), string(re.ReplaceAllFunc([]byte("a b"), func(b []byte) []byte { return append(b, '!') })))
	fmt.Println(re.MatchReader(bufio.NewReader(strings.NewReader("hello world"))))
	b, _ := re.MarshalText()
	var r2 regexp.Regexp
	fmt.Println(string(b), r2.UnmarshalText([]byte("a(")), r2.UnmarshalText([]byte("a(b)")), r2.String())
	defer func() { fmt.Println(recover()) }()
	regexp.MustCompile("a`(")
}
