// run

package main

import (
	"encoding/json"
	"fmt"
)

type T struct {
	I int64   `json:"i,string"`
	F float64 `json:"f,string"`
	B bool    `json:"b,string"`
	S string  `json:"s,string"`
	P *int    `json:"p,string"`
}

func main() {
	for _, s := range []string{`{"i":7}`, `{"i":"x"}`, `{"i":"1.5"}`, `{"i":""}`, `{"i":null}`, `{"i":"null"}`, `{"i":true}`, `{"i":[1]}`, `{"i":{}}`, `{"f":"1e2"}`, `{"f":"x"}`, `{"f":1}`, `{"b":"true"}`, `{"b":"x"}`, `{"b":true}`, `{"s":"\"q\""}`, `{"s":5}`, `{"p":"5"}`, `{"p":5}`, `{"i":" 7"}`, `{"i":"7 "}`, `{"i":"99999999999999999999"}`, `{"i":"007"}`, `{"i":"-5"}`} {
		var t T
		err := json.Unmarshal([]byte(s), &t)
		fmt.Printf("%s %v %T %+v\n", s, err, err, struct {
			I int64
			F float64
			B bool
			S string
		}{t.I, t.F, t.B, t.S})
	}
}
