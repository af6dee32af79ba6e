//! The difference of two texts, line by line, in the unified form.
//!
//! The common lines are found with Myers' greedy algorithm: the shortest way from the beginning of both texts
//! to their ends, where a step that keeps a line is free and one that drops or adds a line costs one.

use std::fmt::Write;

/// How many common lines are shown around a difference.
const CONTEXT: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Keep,
    Drop,
    Add,
}

/// The unified difference; empty if there is none.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let steps = steps(&a, &b);
    let mut out = String::new();
    let (mut i, mut j, mut at) = (0, 0, 0);
    while let Some(next) = steps[at..].iter().position(|&s| s != Step::Keep) {
        if out.is_empty() {
            let _ = write!(out, "diff {name}.orig {name}\n--- {name}.orig\n+++ {name}\n");
        }
        let lead = next.saturating_sub(CONTEXT);
        (i, j, at) = (i + lead, j + lead, at + lead);
        let end = hunk_end(&steps, at);
        let (mut from_i, mut from_j) = (i, j);
        let mut body = String::new();
        for &step in &steps[at..end] {
            let (sign, line) = match step {
                Step::Keep => (' ', a[i]),
                Step::Drop => ('-', a[i]),
                Step::Add => ('+', b[j]),
            };
            i += usize::from(step != Step::Add);
            j += usize::from(step != Step::Drop);
            let _ = write!(body, "{sign}{line}");
            if !line.ends_with('\n') {
                body.push_str("\n\\ No newline at end of file\n");
            }
        }
        let (olds, news) = (i - from_i, j - from_j);
        from_i += usize::from(olds > 0);
        from_j += usize::from(news > 0);
        let _ = write!(out, "@@ -{from_i},{olds} +{from_j},{news} @@\n{body}");
        at = end;
    }
    out
}

/// Where a hunk that begins at `at` ends: behind the context of its last difference.
fn hunk_end(steps: &[Step], at: usize) -> usize {
    let mut end = at;
    let mut kept = 0;
    for (n, &step) in steps[at..].iter().enumerate() {
        kept = if step == Step::Keep { kept + 1 } else { 0 };
        if step != Step::Keep {
            end = at + n + 1;
        }
        if kept > 2 * CONTEXT && end > at {
            break;
        }
    }
    (end + CONTEXT).min(steps.len())
}

/// The shortest way from one text to the other.
fn steps(a: &[&str], b: &[&str]) -> Vec<Step> {
    let same_start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - same_end], &b[..b.len() - same_end]);
    let mut steps = vec![Step::Keep; same_start];
    steps.extend(middle(a, b));
    steps.extend(std::iter::repeat_n(Step::Keep, same_end));
    steps
}

/// Beyond so many differing lines the texts are shown as wholly different.
const MAX_COST: usize = 1_000;

fn middle(a: &[&str], b: &[&str]) -> Vec<Step> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let bound = (a.len() + b.len()).min(MAX_COST);
    let width = 2 * bound + 2;
    let index = |k: isize| (k + bound as isize).clamp(0, 2 * bound as isize + 1) as usize;
    if bound == 0 {
        return Vec::new();
    }
    // For each diagonal k = x - y the furthest x reached, and a copy of it for each cost.
    let mut furthest = vec![0isize; width];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for cost in 0..=bound as isize {
        trace.push(furthest.clone());
        for k in (-cost..=cost).step_by(2) {
            let down = k == -cost || k != cost && furthest[index(k - 1)] < furthest[index(k + 1)];
            let mut x = match down {
                _ if cost == 0 => 0,
                true => furthest[index(k + 1)],
                false => furthest[index(k - 1)] + 1,
            };
            let mut y = x - k;
            while x < n && y < m && a[x as usize] == b[y as usize] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[index(k)] = x;
            if x >= n && y >= m {
                return walk_back(&trace, n, m, index);
            }
        }
    }
    let mut all = vec![Step::Drop; a.len()];
    all.extend(std::iter::repeat_n(Step::Add, b.len()));
    all
}

fn walk_back(trace: &[Vec<isize>], mut x: isize, mut y: isize, index: impl Fn(isize) -> usize) -> Vec<Step> {
    let mut back = Vec::new();
    for (cost, furthest) in trace.iter().enumerate().rev() {
        let (cost, k) = (cost as isize, x - y);
        let down = k == -cost || k != cost && furthest[index(k - 1)] < furthest[index(k + 1)];
        let before = if down { k + 1 } else { k - 1 };
        let from_x = if cost == 0 { 0 } else { furthest[index(before)] };
        // The step, and then what both texts have in common.
        let step_x = if cost > 0 && !down { from_x + 1 } else { from_x };
        while x > step_x {
            back.push(Step::Keep);
            (x, y) = (x - 1, y - 1);
        }
        if cost > 0 {
            back.push(if down { Step::Add } else { Step::Drop });
            (x, y) = (from_x, from_x - before);
        }
    }
    back.reverse();
    back
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn differences_are_shown_with_context() {
        assert_eq!(unified("f", "a\nb\n", "a\nb\n"), "");
        let shown = unified("f", "a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(shown, "diff f.orig f\n--- f.orig\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        let shown = unified("f", "", "a\n");
        assert_eq!(shown, "diff f.orig f\n--- f.orig\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
        let shown = unified("f", "a\nb\nc\nd\n", "b\nc\ne\nd\n");
        assert_eq!(shown, "diff f.orig f\n--- f.orig\n+++ f\n@@ -1,4 +1,4 @@\n-a\n b\n c\n+e\n d\n");
    }
}
