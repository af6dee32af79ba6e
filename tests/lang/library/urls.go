// run

package main

import (
	"fmt"
	"net/url"
)

func main() {
	for _, s := range []string{
		"http://user:pa%20ss@example.com:8080/a/b%2fc/d?x=1&y=2&x=3#frag%20x", "mailto:joe@example.com", "/path only?q", "//host/path", "http://[::1]:80/", "http://[fe80::1%25en0]/", "http://[zz]/", "http://a:b:c/", "foo://a:1,b:2/",
		"", ":", "http://", "http:///x", "file:///etc/passwd", "file:/etc", "a:b:c", "1:2", "./a:b", "a b", "http://a b.com/", "http://x/ y", "http://x/%zz", "http://x/%", "http://x:port/", "http://x:/", "http://%41/", "http://x/?a;b", "?", "x?", "http://x?", "*", "//", "///a", "////a", "http://x/#", "http://x/#a#b", "http://u@h", "http://:p@h", "http://u:@h", "http://a@b@c/", "HTTP://EXAMPLE.com/%7Efoo", "http://x/a\x7fb", "http://ü.com/ü?ü#ü", "http://x/a//b/../c", "magnet:?xt=urn:btih:c12fe", "http://[::1", "http://[1.2.3.4]/", "http://x/!$&'()*+,;=:@[]", "http://x/%2F%3f%23",
	} {
		u, err := url.Parse(s)
		fmt.Printf("%q: ", s)
		if err != nil {
			fmt.Println(err)
		} else {
			user := u.User
			u.User = nil
			fmt.Printf("%#v ", *u)
			u.User = user
			fmt.Printf("%v %q %q %q %q %q %q %q\n", u.User, u, u.Redacted(), u.EscapedPath(), u.EscapedFragment(), u.RequestURI(), u.Hostname(), u.Port())
			fmt.Println(u.Query(), u.IsAbs(), u.JoinPath("x", "../y/", "/z"), u.JoinPath())
		}
		u, err = url.ParseRequestURI(s)
		fmt.Println(u, err)
	}
	base, _ := url.Parse("http://a/b/c/d;p?q")
	for _, r := range []string{"g:h", "g", "./g", "g/", "/g", "//g", "?y", "g?y", "#s", "g#s", "g?y#s", ";x", "g;x", "", ".", "./", "..", "../", "../g", "../..", "../../", "../../g", "../../../g", "/./g", "/../g", "g.", ".g", "..g", "./../g", "./g/.", "g/./h", "g/../h", "g?y/./x", "http:g", "//x/..", "a/b/..", "../../..", "/a//b/../c"} {
		u, err := base.Parse(r)
		fmt.Println(r, u, err)
	}
	fmt.Println(url.QueryEscape("a b&c=d/é?+~"), url.PathEscape("a b&c=d/é?+~"))
	fmt.Println(url.QueryUnescape("a+b%26%C3%A9"))
	fmt.Println(url.PathUnescape("a+b%26%C3%A9"))
	fmt.Println(url.QueryUnescape("%4"))
	fmt.Println(url.ParseQuery("a=1&b=%zz&a=2&c;d&e&=f&%41=g&&h=a=b"))
	v := url.Values{}
	v.Set("name", "Ava")
	v.Add("friend", "Jess")
	v.Add("friend", "Sarah & Co")
	fmt.Println(v.Encode(), v.Get("friend"), v.Has("x"), v["friend"])
	fmt.Println(url.JoinPath("https://go.dev/a/", "../b", "c"))
	u := &url.URL{Scheme: "https", User: url.UserPassword("me", "p/w"), Host: "x.com", Path: "a b", RawQuery: "q=1", Fragment: "f g"}
	fmt.Println(u)
	fmt.Println((&url.URL{Path: "a:b"}).String(), (&url.URL{Path: "//x"}).String(), (&url.URL{Host: "h", Path: "//x"}).String(), (&url.URL{Scheme: "s", Opaque: "o"}).String(), (&url.URL{Scheme: "s"}).String())
}
