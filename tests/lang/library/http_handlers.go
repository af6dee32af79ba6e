// run
// Handlers without a network: patterns and which of them wins, redirects, files and ranges, cookies, types of content,
// requests and responses that are read and written.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing/fstest"
	"time"
)

func main() {
	patterns()
	conflicts()
	redirects()
	files()
	cookies()
	types()
	messages()
	media()
	wrappers()
	values()
}

func patterns() {
	mux := http.NewServeMux()
	for _, p := range []string{
		"/", "/{$}", "/a/", "/a/b", "GET /a/b/{x}", "POST /a/b/{x}", "/a/b/{x}/c", "/files/{path...}", "/u/{id}/posts/{post}",
		"example.com/", "example.com/a/{x}", "HEAD /h", "GET /h", "/u/me/posts/latest", "/sp%20ace/{x}", "DELETE /z/{x...}",
	} {
		mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s | %s x=%q id=%q post=%q path=%q", p, r.Pattern, r.PathValue("x"), r.PathValue("id"), r.PathValue("post"), r.PathValue("path"))
		})
	}
	for _, req := range []string{
		"GET /", "GET /nothing", "GET /a", "GET /a/", "GET /a/b", "GET /a/b/", "GET /a/b/1", "POST /a/b/1", "PUT /a/b/1", "HEAD /a/b/1",
		"GET /a/b/1/c", "GET /files/", "GET /files/x/y/z", "GET /files", "GET /u/7/posts/8", "GET /u/me/posts/latest", "GET /u/me/posts/9",
		"GET /u//posts/9", "GET http://example.com/a/q", "GET http://example.com:80/z", "GET http://other.com/a/q", "HEAD /h", "GET /h",
		"PUT /h", "GET /u/a%2Fb/posts/c%20d", "GET /sp%20ace/1", "DELETE /z/b/c/d", "GET /a//b", "GET /a/../h", "GET /a/./b/1?q=2", "CONNECT /a/b",
	} {
		method, target, _ := strings.Cut(req, " ")
		r := httptest.NewRequest(method, target, nil)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(req, "=>", w.Code, w.Header().Get("Location"), w.Header().Get("Allow"), strings.TrimSpace(w.Body.String()))
	}
	_, p := mux.Handler(httptest.NewRequest("GET", "/a/b/1", nil))
	fmt.Println(p)
}

func conflicts() {
	for _, pair := range [][2]string{
		{"/a", "/a"}, {"/{x}", "/{y}"}, {"/a/{x}", "/{x}/b"}, {"GET /", "/a"}, {"GET /a", "/a"}, {"/{x...}", "/"}, {"/a/{$}", "/a/"},
		{"GET /a", "HEAD /a"}, {"/x/{a}", "/x/{b}/"}, {"h/a", "/a"}, {"GET /a/{x}", "POST /{y}/b"}, {"/{x}/a/", "/b/{y}/c"},
		{"a b", "/"}, {"/{", "/"}, {"/{x}y", "/"}, {"/{x...}/y", "/"}, {"/{x}/{x}", "/"}, {"GE@T /", "/"}, {"x", "/"}, {"/{$}/x", "/"},
		{"/{}", "/"}, {"/{1}", "/"}, {"", "/"},
	} {
		func() {
			defer func() {
				if v := recover(); v != nil {
					fmt.Println(pair, "refused")
					return
				}
				fmt.Println(pair, "fine")
			}()
			mux := http.NewServeMux()
			mux.Handle(pair[0], http.NotFoundHandler())
			mux.Handle(pair[1], http.NotFoundHandler())
		}()
	}
}

func redirects() {
	for _, to := range []string{"b", "/b", "../x?y=z#f", "http://o.org/%zz", "?q", "//h/p", "", "ä", "b/"} {
		for _, method := range []string{"GET", "POST"} {
			w := httptest.NewRecorder()
			http.Redirect(w, httptest.NewRequest(method, "/a/c?d=e", nil), to, 302)
			fmt.Printf("%q %s: %q %q %q\n", to, method, w.Header().Get("Location"), w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func files() {
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	fsys := fstest.MapFS{
		"a.txt":          {Data: []byte("0123456789"), ModTime: at},
		"page.html":      {Data: []byte("<p>hello"), ModTime: at},
		"d/index.html":   {Data: []byte("index"), ModTime: at},
		"list/x<y>.txt":  {Data: []byte("x"), ModTime: at},
		"list/sub/z.txt": {Data: []byte("z"), ModTime: at},
		"noext":          {Data: []byte("GIF89a..."), ModTime: at},
	}
	h := http.StripPrefix("/static", http.FileServerFS(fsys))
	for _, test := range []struct{ target, key, value string }{
		{"/static/a.txt", "", ""}, {"/static/page.html", "", ""}, {"/static/d/", "", ""}, {"/static/d", "", ""}, {"/static/d/index.html", "", ""},
		{"/static/list/", "", ""}, {"/static/noext", "", ""}, {"/static/none", "", ""}, {"/other", "", ""}, {"/static/a.txt/", "", ""},
		{"/static/../a.txt", "", ""}, {"/static/a.txt", "Range", "bytes=2-4"}, {"/static/a.txt", "Range", "bytes=-3"},
		{"/static/a.txt", "Range", "bytes=7-"}, {"/static/a.txt", "Range", "bytes=20-"}, {"/static/a.txt", "Range", "bytes=x"},
		{"/static/a.txt", "Range", "bytes=0-99"}, {"/static/a.txt", "Range", "bytes=0-9,0-9"}, {"/static/a.txt", "Range", "lines=1-2"},
		{"/static/a.txt", "If-Modified-Since", at.Format(http.TimeFormat)},
		{"/static/a.txt", "If-Modified-Since", at.Add(-time.Hour).Format(http.TimeFormat)},
		{"/static/a.txt", "If-Unmodified-Since", at.Add(-time.Hour).Format(http.TimeFormat)},
	} {
		r := httptest.NewRequest("GET", test.target, nil)
		if test.key != "" {
			r.Header.Set(test.key, test.value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(test.target, test.key, test.value, "=>", w.Code)
		show(w.Result())
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/static/a.txt", nil)
	r.Header.Set("Range", "bytes=0-1,4-5")
	h.ServeHTTP(w, r)
	_, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	fmt.Println(w.Code, err, w.Header().Get("Content-Length") == fmt.Sprint(w.Body.Len()))
	mr := multipart.NewReader(w.Body, params["boundary"])
	for {
		p, err := mr.NextPart()
		if err != nil {
			fmt.Println(err)
			break
		}
		b, _ := io.ReadAll(p)
		fmt.Printf("%s %q\n", p.Header.Get("Content-Range"), b)
	}
	for _, match := range []string{`"v1"`, `W/"v1"`, `"v2"`, `*`, `"a", "v1"`} {
		for _, key := range []string{"If-None-Match", "If-Match", "If-Range"} {
			w := httptest.NewRecorder()
			w.Header().Set("Etag", `"v1"`)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set(key, match)
			r.Header.Set("Range", "bytes=0-0")
			http.ServeContent(w, r, "x.txt", at, bytes.NewReader([]byte("content")))
			fmt.Println(key, match, w.Code, w.Body)
		}
	}
	_, err = fs.Stat(fsys, "a.txt")
	fmt.Println(err)
}

func show(resp *http.Response) {
	for _, key := range slices.Sorted(maps.Keys(resp.Header)) {
		fmt.Printf("  %s: %s\n", key, strings.Join(resp.Header[key], " | "))
	}
	b, err := io.ReadAll(resp.Body)
	fmt.Printf("  %q %v\n", b, err)
}

func cookies() {
	for _, c := range []http.Cookie{
		{Name: "a", Value: "b"}, {Name: "a", Value: "b c,d"}, {Name: "a", Value: "q", Quoted: true}, {Name: "bad name", Value: "x"}, {Name: "a", Path: "/p;x"},
		{Name: "a", Domain: ".example.com", MaxAge: -1, Secure: true, SameSite: http.SameSiteStrictMode},
		{Name: "a", Domain: "ex ample", Expires: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), HttpOnly: true},
		{Name: "a", Domain: "127.0.0.1", SameSite: http.SameSiteNoneMode, Partitioned: true, Secure: true},
	} {
		fmt.Printf("%q %v\n", c.String(), c.Valid())
	}
	for _, line := range []string{
		"a=b; Path=/; Max-Age=10; HttpOnly; SameSite=Lax", `a="b c"; Domain=x; Secure; Unknown=1`, "a", "=b", "a=b; Expires=Wed, 02 Jan 2030 03:04:05 GMT",
		"a=b; Max-Age=0", "a=b; max-age=x", "", "a=b\x01",
	} {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			fmt.Printf("%q %v\n", line, err)
			continue
		}
		fmt.Printf("%q %q %q %v %v %v %q %v\n", c.Name, c.Value, c.Path, c.MaxAge, c.Secure, c.Quoted, c.Unparsed, c.Expires)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", `a=1; b="2 3"; bad; a=4; c=`)
	for _, c := range r.Cookies() {
		fmt.Print(c.Name, "=", c.Value, " ")
	}
	fmt.Println(len(r.CookiesNamed("a")))
	_, err := r.Cookie("none")
	fmt.Println(err)
}

func types() {
	for _, s := range []string{
		"", "text", "<html>", "  <!doctype html>", "<?xml version", "%PDF-1", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "PK\x03\x04", "\x1f\x8b\x08", "\x00\x01\x02",
		"\xef\xbb\xbfx", "RIFFxxxxWEBPVP", "\x00\x00\x00\x10ftypmp42....", "<b", "<b>", "{\"a\": 1}", "<!-- x", "OggS\x00",
	} {
		fmt.Printf("%q %s\n", s, http.DetectContentType([]byte(s)))
	}
}

func messages() {
	req, _ := http.NewRequest("POST", "http://h.org:81/p%20q?x=1#f", strings.NewReader("body"))
	req.Header.Set("X-B", " two ")
	req.Header.Set("X-A", "one")
	req.AddCookie(&http.Cookie{Name: "c", Value: "d"})
	var b bytes.Buffer
	fmt.Println(req.Write(&b))
	fmt.Printf("%q\n", b.String())
	again, err := http.ReadRequest(bufio.NewReader(&b))
	fmt.Println(err, again.Method, again.URL, again.Host, again.ContentLength, again.RequestURI, again.Header["X-B"])
	body, _ := io.ReadAll(again.Body)
	fmt.Printf("%q\n", body)

	req, _ = http.NewRequest("PUT", "http://h.org", io.MultiReader(strings.NewReader("a"), strings.NewReader("bc")))
	req.Close = true
	b.Reset()
	fmt.Println(req.Write(&b))
	fmt.Printf("%q\n", b.String())

	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "HTTP/1.0 404 Not Found\r\n\r\nall", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "HTTP/1.1 200\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n2\r\nab\r\n0\r\nT: v\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Len",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
	} {
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil {
			fmt.Println("error", err != nil)
			continue
		}
		b, err := io.ReadAll(resp.Body)
		fmt.Printf("%q %d %s %d %v %v %q %v %v\n", resp.Status, resp.StatusCode, resp.Proto, resp.ContentLength, resp.Close, resp.Header, b, err, resp.Trailer)
	}
	resp := &http.Response{StatusCode: 201, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"A": {"b"}}, Body: io.NopCloser(strings.NewReader("xyz")), ContentLength: 3}
	b.Reset()
	fmt.Println(resp.Write(&b))
	fmt.Printf("%q\n", b.String())
	for _, s := range []string{"accept-ENCODING", "x", "a b", "", "ÄÖ", "-a--b"} {
		fmt.Printf("%q ", http.CanonicalHeaderKey(s))
	}
	fmt.Println()
	t, err := http.ParseTime("Sunday, 06-Nov-94 08:49:37 GMT")
	fmt.Println(t, err, http.StatusText(418), http.StatusText(99) == "")
}

func media() {
	for _, s := range []string{
		"text/html; charset=utf-8", `form-data; name="a\"b"; filename="C:\dir\f.txt"`, "TEXT/Plain", "a/b; c", "a/b; c=d; c=e", "", "a/b/c", "x/y; n*=utf-8''%e2%82%ac%20rates",
		"x/y; n*0=one; n*1=two", "a/b;", "a/b; c=", `a/b; c="d`,
	} {
		t, params, err := mime.ParseMediaType(s)
		fmt.Printf("%q %q %v %v\n", s, t, params, err != nil)
	}
	fmt.Println(mime.FormatMediaType("text/HTML", map[string]string{"Charset": "utf-8", "name": `a "b"`, "x": "ä"}))
	fmt.Println(mime.TypeByExtension(".html"), mime.TypeByExtension(".PNG"), mime.TypeByExtension(".none") == "")
}

func wrappers() {
	h := http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%q %v", b, err)
	}), 5)
	for _, body := range []string{"abc", "abcde", "abcdef"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(body)))
		fmt.Println(w.Body)
	}
	w := httptest.NewRecorder()
	http.Error(w, "oops", 500)
	show(w.Result())
	w = httptest.NewRecorder()
	w.WriteHeader(404)
	w.WriteHeader(200)
	w.Header().Set("Late", "1")
	fmt.Println(w.Code, w.Result().Header, w.Result().Status)
	fmt.Println(http.NewResponseController(w).SetReadDeadline(time.Now()))
}

func values() {
	r := httptest.NewRequest("POST", "/?a=1&b=2&a=3", strings.NewReader("a=4&c=%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	fmt.Println(r.ParseForm(), r.Form, r.PostForm)
	r = httptest.NewRequest("POST", "/?a=1", strings.NewReader("a=4&c=5"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	fmt.Println(r.FormValue("a"), r.PostFormValue("c"), r.PostForm.Encode())
	r.SetBasicAuth("u", "p:q")
	fmt.Println(r.BasicAuth())
	r.SetPathValue("k", "v")
	c := r.Clone(r.Context())
	c.Header.Set("X", "y")
	c.Form.Set("a", "z")
	fmt.Println(r.Header.Get("X") == "", r.Form.Get("a"), c.PathValue("k"), r.ProtoAtLeast(1, 1), r.ProtoAtLeast(2, 0))
	u, _ := url.Parse("http://h/x")
	r2, err := http.NewRequest("", u.String(), nil)
	fmt.Println(r2.Method, err, r2.Body == nil)
	h := http.Header{}
	h.Add("a-b", "1")
	h.Add("A-B", "2")
	fmt.Println(h, h.Get("a-b"), h.Values("A-b"))
	var b bytes.Buffer
	h.Write(&b)
	fmt.Printf("%q\n", b.String())
}
