// A method for another package's type.

package main

import "time"

func (d time.Duration) Days() int { return int(d.Hours()) / 24 }

func main() {}
