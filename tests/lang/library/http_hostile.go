// run
// What a server answers to requests that are malformed, hostile, or just unusual: byte for byte.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
)

var date = regexp.MustCompile(`Date: [^\r]*\r\n`)

// ask sends bytes and then the end, and prints all that comes back.
func ask(addr, title, request string) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	io.WriteString(c, request)
	c.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(c)
	text := date.ReplaceAllString(string(answer), "")
	if len(text) > 500 {
		text = text[:200] + "..." + fmt.Sprint(len(text))
	}
	fmt.Printf("%s: %v\n%q\n", title, err, text)
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/tree/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "tree ", r.URL.Path) })
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%q %v %d %d", b, err, r.ContentLength, len(r.Header))
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 5000)) })
	mux.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { panic("on purpose") })
	mux.HandleFunc("/inject", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Value", "a\r\nSet-Cookie: stolen=1")
		w.Header()["X-Bad\r\nName"] = []string{"b"}
		http.SetCookie(w, &http.Cookie{Name: "n", Value: "v\r\nX: y"})
		http.Redirect(w, r, "/to\r\nX-Injected: 1", 302)
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		n, err := w.Write([]byte("1234567"))
		fmt.Println(n, err)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "3")
		n, err := w.Write([]byte("1234567"))
		fmt.Println(n, err)
	})
	mux.HandleFunc("/limit", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4))
		fmt.Fprintf(w, "%q %v", b, err)
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.MaxHeaderBytes = 8192
	s.Start()
	defer s.Close()
	addr := s.Listener.Addr().String()

	const get, post = "GET /none HTTP/1.1\r\nHost: a\r\n", "POST /echo HTTP/1.1\r\nHost: a\r\n"
	for _, test := range [][2]string{
		{"plain", get + "\r\n"},
		{"two in one", get + "\r\n" + get + "\r\n"},
		{"1.0", "GET /none HTTP/1.0\r\n\r\n"},
		{"1.0 keep-alive", "GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
		{"1.0 big", "GET /big HTTP/1.0\r\n\r\n"},
		{"no host", "GET /none HTTP/1.1\r\n\r\n"},
		{"two hosts", get + "Host: b\r\n\r\n"},
		{"bad host", "GET /none HTTP/1.1\r\nHost: a b\r\n\r\n"},
		{"space in name", get + "X y: b\r\n\r\n"},
		{"space after name", get + "Xy : b\r\n\r\n"},
		{"NUL in value", get + "Xy: b\x00\r\n\r\n"},
		{"CR in value", get + "Xy: b\rc\r\n\r\n"},
		{"version 3", "GET /none HTTP/3.0\r\nHost: a\r\n\r\n"},
		{"no version", "GET /none\r\nHost: a\r\n\r\n"},
		{"other protocol", "GET /none HTP/1.1\r\nHost: a\r\n\r\n"},
		{"garbage", "\x16\x03\x01\x02\x00\x01\r\n\r\n"},
		{"bad method", "G@T /none HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"bad target", "GET none HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"bad escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"cut off", "GET /none HTTP/1.1\r\nHos"},
		{"nothing", ""},
		{"head too long", get + "X: " + strings.Repeat("y", 20000) + "\r\n\r\n"},
		{"long head", get + "X: " + strings.Repeat("y", 6000) + "\r\n\r\n"},
		{"many fields", get + strings.Repeat("X: y\r\n", 300) + "\r\n"},
		{"absolute target", "GET http://b/none HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"length", post + "Content-Length: 5\r\n\r\nabcde"},
		{"same length twice", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"},
		{"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"},
		{"length list", post + "Content-Length: 5, 5\r\n\r\nabcdef"},
		{"plus", post + "Content-Length: +5\r\n\r\nabcde"},
		{"minus", post + "Content-Length: -5\r\n\r\nabcde"},
		{"huge length", post + "Content-Length: 99999999999999999999\r\n\r\nabcde"},
		{"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"identity", post + "Transfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"encoded twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"chunked in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n02\r\nde\r\n0\r\nTr: x\r\n\r\n"},
		{"bad chunk length", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"},
		{"long chunk", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"},
		{"huge chunk length", post + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nabcd\r\n0\r\n\r\n"},
		{"bare LF", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"},
		{"negative chunk", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n"},
		{"chunks cut off", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"},
		{"continue", post + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"},
		{"continue unread", "POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"},
		{"expects else", "POST /none HTTP/1.1\r\nHost: a\r\nExpect: else\r\nContent-Length: 3\r\n\r\nabc"},
		{"big", "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"head of big", "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"panic", "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"injection", "GET /inject HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"too short", "GET /short HTTP/1.1\r\nHost: a\r\n\r\n" + get + "\r\n"},
		{"too long", "GET /long HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"limited", "POST /limit HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789"},
		{"options", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"wrong method", "PUT /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"slash", "GET /tree?q=1 HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"unclean", "GET //x/../tree/./a HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"escaped", "GET /tree/a%2Fb%20c HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"unknown", "GET /zip HTTP/1.1\r\nHost: a\r\n\r\n"},
	} {
		ask(addr, test[0], test[1])
	}
}
