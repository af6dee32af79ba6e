package effects

import "fmt"

func init() { fmt.Println("effects of a blank import") }
