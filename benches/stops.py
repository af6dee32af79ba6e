"""How long a collector stops a program, each stop by itself: reads the lines that VO_TRACE=gc makes.

    VO_TRACE=gc vo run benches/pauses.go 18 10 2>&1 | python3 benches/stops.py

Says it in time, and in processor time of the thread that led the stop: where the first is much more than the second,
other programs had the processor meanwhile. Takes the lines of GODEBUG=gctrace=1 as well (stops in time only).
"""

import re
import sys


def stops(times):
    """The stops of a collection: all but the second number, which is how long it marked beside the program."""
    numbers = [float(number) for number in times.split("+")]
    return numbers[:1] + numbers[2:]


def show(what, values):
    values.sort()
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    print(f"{what}: {len(values)} stops, median {at(0.5):.3f} ms, p99 {at(0.99):.3f} ms, max {values[-1]:.3f} ms")


def main():
    clock, cpu = [], []
    for line in sys.stdin:
        found = re.match(r"gc \d+ @\S+ \S+ (\S+) ms clock, (?:([\d.+]+) ms cpu)?", line)
        if found:
            clock += stops(found[1])
            cpu += stops(found[2]) if found[2] else []
        else:
            print(line, end="")
    if not clock:
        sys.exit("no collections: was VO_TRACE=gc set, and standard error piped?")
    show("time", clock)
    if cpu:
        show("processor time", cpu)


main()
