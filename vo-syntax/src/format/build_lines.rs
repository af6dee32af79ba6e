//! `//go:build` lines: one form, and a place above the package clause, behind the comments that come first.
//!
//! The older form of constraints, `// +build` lines, is kept where it is used, below the newer one and saying the
//! same.

use crate::build::Constraint;

/// Moves the build constraints of a formatted file to where they belong.
pub(super) fn gather(text: String) -> String {
    let header = header_length(&text);
    let (head, rest) = text.split_at(header);
    if !head.lines().any(is_constraint) {
        return text;
    }
    let constraints = block(head);
    let insert = insertion(head);
    let mut out = String::with_capacity(text.len() + 1);
    let mut offset = 0;
    let mut placed = false;
    for line in head.split_inclusive('\n') {
        if offset >= insert && !placed {
            place(&mut out, &constraints);
            placed = true;
        }
        offset += line.len();
        if is_constraint(line.trim_end()) {
            continue;
        }
        // What stood around a line that has gone leaves one empty line.
        if line == "\n" && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
    }
    if !placed {
        place(&mut out, &constraints);
    }
    out.push_str(rest);
    out
}

fn place(out: &mut String, constraints: &[String]) {
    for line in constraints {
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// Just past the line comments and empty lines at the start of the file.
fn header_length(text: &str) -> usize {
    let comment = |line: &&str| line.trim().is_empty() || line.starts_with("//");
    text.split_inclusive('\n').take_while(comment).map(str::len).sum()
}

/// Where the constraints go: behind the last empty line of the header, or where the first one stands if that is
/// earlier.
fn insertion(head: &str) -> usize {
    let mut offset = 0;
    let (mut first, mut behind_empty) = (None, 0);
    for line in head.split_inclusive('\n') {
        if is_constraint(line) {
            first = first.or(Some(offset));
        }
        offset += line.len();
        if line == "\n" {
            behind_empty = offset;
        }
    }
    first.map_or(behind_empty, |first| first.min(behind_empty))
}

fn is_constraint(line: &str) -> bool {
    is_build(line) || plus_build(line).is_some()
}

fn is_build(line: &str) -> bool {
    line.strip_prefix("//go:build").is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// The terms of a `// +build` line.
fn plus_build(line: &str) -> Option<&str> {
    let rest = line.trim_end().strip_prefix("//")?.trim_start_matches([' ', '\t']).strip_prefix("+build")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

/// The lines that say what the constraints of a header say.
fn block(head: &str) -> Vec<String> {
    let build: Vec<&str> = head.lines().filter(|line| is_build(line)).collect();
    let plus: Vec<&str> = head.lines().filter(|line| plus_build(line).is_some()).collect();
    let constraint = match build[..] {
        [] => old_constraint(&plus),
        [one] => Constraint::parse(&one["//go:build".len()..]).ok(),
        // Of several it is not clear which one is meant.
        _ => None,
    };
    let Some(constraint) = constraint else {
        return build.iter().chain(&plus).map(|&line| line.to_owned()).collect();
    };
    let mut lines = vec![format!("//go:build {constraint}")];
    if !plus.is_empty() {
        lines.extend(old_lines(constraint));
    }
    lines
}

/// What `// +build` lines say together: all of them must hold, on each line one of the words, of a word all of
/// its parts between commas.
fn old_constraint(lines: &[&str]) -> Option<Constraint> {
    let tag = |text: &str| {
        let (negated, name) = text.strip_prefix('!').map_or((false, text), |name| (true, name));
        let fine = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c));
        let tag = Constraint::Tag(if fine { name } else { "ignore" }.to_owned());
        if negated { Constraint::Not(Box::new(tag)) } else { tag }
    };
    let and = |x, y| Constraint::And(Box::new(x), Box::new(y));
    let or = |x, y| Constraint::Or(Box::new(x), Box::new(y));
    let word = |word: &str| word.split(',').map(tag).reduce(and);
    let line = |line: &&str| {
        let words = plus_build(line)?.split_ascii_whitespace().filter_map(word);
        Some(words.reduce(or).unwrap_or(Constraint::Tag("ignore".to_owned())))
    };
    lines.iter().filter_map(line).reduce(and)
}

/// A constraint as `// +build` lines.
fn old_lines(constraint: Constraint) -> Vec<String> {
    let mut lines: Vec<Vec<Vec<String>>> = Vec::new();
    let constraint = negations_inwards(constraint, false);
    for line in parts(&constraint, true) {
        let words = parts(line, false).into_iter().map(|word| {
            let tags = parts(word, true);
            let simple = |x: &&Constraint| !matches!(x, Constraint::And(..) | Constraint::Or(..));
            tags.iter().all(simple).then(|| tags.iter().map(|tag| tag.to_string()).collect())
        });
        match words.collect() {
            Some(words) => lines.push(words),
            None => {
                let error = "// +build error: expression too complex for // +build lines";
                return vec![error.to_owned()];
            }
        }
    }
    // Without alternatives, one line says it all.
    if lines.iter().all(|words| words.len() == 1) {
        let tags = lines.drain(..).flatten().flatten().collect();
        lines.push(vec![tags]);
    }
    let line = |words: &Vec<Vec<String>>| {
        let words: Vec<String> = words.iter().map(|tags| tags.join(",")).collect();
        format!("// +build {}", words.join(" "))
    };
    lines.iter().map(line).collect()
}

/// The operands of a chain of `&&` or `||`.
fn parts(x: &Constraint, and: bool) -> Vec<&Constraint> {
    match (x, and) {
        (Constraint::And(a, b), true) | (Constraint::Or(a, b), false) => {
            let mut all = parts(a, and);
            all.extend(parts(b, and));
            all
        }
        _ => vec![x],
    }
}

/// The same constraint (or its negation) with `!` before tags only.
fn negations_inwards(x: Constraint, negate: bool) -> Constraint {
    let inwards = |x: Box<Constraint>| Box::new(negations_inwards(*x, negate));
    match (x, negate) {
        (Constraint::Tag(tag), false) => Constraint::Tag(tag),
        (Constraint::Tag(tag), true) => Constraint::Not(Box::new(Constraint::Tag(tag))),
        (Constraint::Not(x), _) => negations_inwards(*x, !negate),
        (Constraint::And(a, b), false) | (Constraint::Or(a, b), true) => {
            Constraint::And(inwards(a), inwards(b))
        }
        (Constraint::Or(a, b), false) | (Constraint::And(a, b), true) => {
            Constraint::Or(inwards(a), inwards(b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn constraints_have_one_form_and_place() {
        let cases = [
            ("//go:build a||b&&c\n\npackage p\n", "//go:build a || (b && c)\n\npackage p\n"),
            ("// Doc.\n//go:build a\npackage p\n", "//go:build a\n\n// Doc.\npackage p\n"),
            (
                "// C.\n\n// +build a,!b c\n\npackage p\n",
                "// C.\n\n//go:build (a && !b) || c\n// +build a,!b c\n\npackage p\n",
            ),
            ("package p\n", "package p\n"),
        ];
        for (before, after) in cases {
            assert_eq!(gather(before.to_owned()), after);
        }
    }
}
