#!/usr/bin/env python3
"""Checks the algorithm of sync.Mutex (pkg/sync/mutex.vo) in every interleaving of a few goroutines.

usage: mutex.py [GOROUTINES ROUNDS MAX_LOSSES SPINS]      (without arguments: a choice that takes a few seconds)

Each goroutine locks and unlocks ROUNDS times. A goroutine is a program counter and its local variables; each step of one is one
atomic operation of the source, or one call of the semaphore. All reachable states are visited, and in each:

- at most one goroutine owns the lock, and while one does the locked bit is set;
- the handover bit implies the locked bit and a non-zero count of waiters;
- if nobody can go on, all are done, the word and the semaphore are zero: no wake-up was lost.

The names of program counters are those of the places in the source. MAX_LOSSES must be at least 1: the algorithm relies on handover being
asked for by goroutines that have been woken only.
"""

import sys

LOCKED, WOKEN, HANDOVER, WAITER = 1, 2, 4, 8
IDLE = ("idle", False, 0, 0, 0)  # pc, underway, losses, turn, old


class Model:
    def __init__(self, goroutines, rounds, max_losses, spins):
        self.n, self.max_losses, self.spins = goroutines, max_losses, spins
        self.start = (0, 0, (), ((rounds,) + IDLE,) * goroutines)

    def successors(self, world, i):
        """The worlds that one step of goroutine i leads to."""
        state, sema, queue, gs = world
        rounds, pc, underway, losses, turn, old = gs[i]

        def to(pc, underway=underway, losses=losses, turn=turn, old=0, rounds=rounds, state=state, sema=sema, queue=queue, woken=None):
            new = list(gs)
            new[i] = (rounds, pc, underway, losses, turn, old)
            if woken is not None:
                new[woken] = (new[woken][0], "woke") + new[woken][2:]
            return (state, sema, queue, tuple(new))

        def done(state=state):
            return to(*IDLE, rounds=rounds - 1, state=state)

        def owner(state):
            return to("critical", False, 0, 0, state=state)

        def release(state=state):
            """Semrelease, and the end of Unlock."""
            if queue:
                return to(*IDLE, rounds=rounds - 1, state=state, queue=queue[1:], woken=queue[0])
            return to(*IDLE, rounds=rounds - 1, state=state, sema=sema + 1)

        if pc == "idle":
            if rounds:
                # The word is read and exchanged: it may have changed between, whatever it is now.
                yield to("load")
                if not state & LOCKED:
                    yield owner(state | LOCKED)
        elif pc == "load":
            yield to("decide", old=state)
        elif pc == "decide":
            if old & (LOCKED | HANDOVER) == LOCKED and turn < self.spins:  # spinning; it may also be refused
                claim = not underway and not old & WOKEN and old // WAITER and state == old
                yield to("load", underway or bool(claim), turn=turn + 1, state=old | WOKEN if claim else state)
            new = old & ~WOKEN if underway else old
            if state != old:
                yield to("load")
            elif not old & LOCKED:
                yield owner(new | LOCKED)
            else:
                new += WAITER
                if losses >= self.max_losses:
                    new |= HANDOVER
                yield to("acquire", state=new)
        elif pc == "acquire":
            if sema:
                yield to("woke", sema=sema - 1)
            else:
                yield to("asleep", queue=(i,) + queue if losses else queue + (i,))
        elif pc == "woke":
            if state & HANDOVER:
                yield to("takeover", old=-WAITER - (HANDOVER if losses >= self.max_losses else 0))
            else:
                yield to("decide", True, min(losses + 1, self.max_losses), 0, old=state)
        elif pc == "takeover":
            yield owner(state + old)
        elif pc == "critical":
            yield to("unlock")
            if state == LOCKED or state & (LOCKED | WOKEN | HANDOVER) == LOCKED | WOKEN:
                yield done(state & ~LOCKED)
        elif pc == "unlock":
            yield to("unlocking", old=state)
        elif pc == "unlocking":
            assert old & LOCKED, ("unlock of unlocked mutex", world)
            if old & HANDOVER:
                yield release()
            elif state != old:
                yield to("unlock")
            elif old // WAITER == 0 or old & WOKEN:
                yield done(old & ~LOCKED)
            else:
                yield to("waking", state=(old - WAITER) & ~LOCKED | WOKEN)
        elif pc == "waking":
            yield release()

    def check(self, world, successors):
        state, sema, _, gs = world
        owners = sum(g[1] in ("critical", "unlock", "unlocking") for g in gs)
        assert owners <= 1, ("two owners", world)
        assert not owners or state & LOCKED, ("an owner without the lock", world)
        assert not state & HANDOVER or state & LOCKED and state // WAITER, ("handover", world)
        if not successors:
            assert all(g[:2] == (0, "idle") for g in gs) and state == sema == 0, ("stuck", world)

    def run(self):
        seen, todo = set(), [self.start]
        while todo:
            world = todo.pop()
            if world in seen:
                continue
            seen.add(world)
            successors = [s for i in range(self.n) for s in self.successors(world, i)]
            self.check(world, successors)
            todo += successors
        return len(seen)


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    for config in [given] if given else [[2, 3, 1, 2], [3, 2, 1, 1], [3, 3, 1, 0], [3, 2, 2, 1]]:
        print(*config, ":", Model(*config).run(), "states")
