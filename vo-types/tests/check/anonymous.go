package p

type T interface { // ERROR "8: invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)"
	m() interface{ T }
}
