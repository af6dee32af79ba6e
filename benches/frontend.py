#!/usr/bin/env python3
"""Writes a program of so many lines, to measure the front end with.

usage: frontend.py LINES DIR; then `time vo check DIR` (one core: `taskset -c 0`).

Each file has types, methods, generic functions, constants, closures, channels, maps and errors, as programs have
them; the number of a file is part of its names, so that none is like another to the checker.
"""

import os
import sys

UNIT = '''
// item$ is a thing with a name, a weight and what it belongs to.
type item$ struct {
	name   string
	weight float64
	tags   map[string]int
	owner  *item$
	next   []*item$
}

const (
	kind$First = iota + $
	kind$Second
	kind$Last
	mask$ = 1<<(kind$Last%8) - 1
)

var errItem$ = errors.New("item $ is missing")

type visitor$ interface {
	visit(it *item$, depth int) (bool, error)
}

// total adds the weights of an item and all below it.
func (it *item$) total() float64 {
	if it == nil {
		return 0
	}
	sum := it.weight
	for _, n := range it.next {
		sum += n.total()
	}
	return sum
}

func (it *item$) walk(v visitor$, depth int) error {
	ok, err := v.visit(it, depth)
	if err != nil {
		return fmt.Errorf("walk %q at %d: %w", it.name, depth, err)
	}
	for i := 0; ok && i < len(it.next); i++ {
		if err := it.next[i].walk(v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

type counter$ struct {
	seen  map[string]bool
	count int
}

func (c *counter$) visit(it *item$, depth int) (bool, error) {
	switch {
	case it == nil:
		return false, errItem$
	case depth > kind$Last*10:
		return false, fmt.Errorf("too deep: %d", depth)
	case c.seen[it.name]:
		return false, nil
	}
	c.seen[it.name] = true
	c.count++
	return c.count&mask$ != 0 || depth < 3, nil
}

func group$[K comparable, V any](list []V, key func(V) K) map[K][]V {
	groups := make(map[K][]V, len(list)/2)
	for _, v := range list {
		k := key(v)
		groups[k] = append(groups[k], v)
	}
	return groups
}

func build$(names []string, weights ...float64) (root *item$, err error) {
	root = &item${name: strings.Join(names, "."), tags: map[string]int{"first": kind$First, "second": kind$Second}}
	for i, name := range names {
		if name == "" {
			return nil, errItem$
		}
		child := &item${name: strings.ToUpper(name[:1]) + name[1:], owner: root}
		if i < len(weights) {
			child.weight = weights[i] * float64(i+1)
		}
		root.next = append(root.next, child)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("build: %v", r)
		}
	}()
	results := make(chan float64, len(root.next))
	for _, child := range root.next {
		go func() { results <- child.total() }()
	}
	for range root.next {
		select {
		case w := <-results:
			root.weight += w
		default:
			root.tags["missed"]++
		}
	}
	byLength := group$(root.next, func(it *item$) int { return len(it.name) })
	for n, list := range byLength {
		root.tags[fmt.Sprint(n)] = len(list)
	}
	c := &counter${seen: map[string]bool{}}
	if err := root.walk(c, 0); err != nil && !errors.Is(err, errItem$) {
		return nil, err
	}
	return root, nil
}
'''

HEADER = 'package main\n\nimport (\n\t"errors"\n\t"fmt"\n\t"strings"\n)\n'


def main():
    lines, directory = int(sys.argv[1]), sys.argv[2]
    os.makedirs(directory, exist_ok=True)
    per_unit = UNIT.count("\n")
    units = max(1, lines // per_unit)
    per_file = 8
    for file in range(0, units, per_file):
        text = HEADER + "".join(UNIT.replace("$", str(n)) for n in range(file, min(file + per_file, units)))
        with open(os.path.join(directory, f"part{file // per_file}.go"), "w") as out:
            out.write(text)
    calls = "".join(f"\tif _, err := build{n}(os.Args); err != nil {{\n\t\tfmt.Println(err)\n\t}}\n" for n in range(units))
    with open(os.path.join(directory, "main.go"), "w") as out:
        out.write('package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nfunc main() {\n' + calls + "}\n")


if __name__ == "__main__":
    main()
