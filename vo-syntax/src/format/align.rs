//! A page of text with tab stops, and its layout: elastic tabstops.
//!
//! A [`Page`] is text with marks in it. A [`Mark::Cell`] ends a cell of a table that the lines of a section
//! form: the cells that stand one below the other on adjacent lines make a column, which is as wide as its
//! widest cell. Where a line has no such cell, the column ends. A [`Mark::Section`] is a line end at which all
//! columns end. Indentation is made of [`Mark::Tab`]s, which are empty cells whose columns are never dropped.
//!
//! What must stay true:
//! * Text between two marks is never looked into: a literal may hold tabs and newlines.
//! * No line ends in blanks, unless a literal does.

/// What stands between two pieces of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// Ends a cell; the column shows even when all its cells are empty (indentation).
    Tab,
    /// Ends a cell; a column of such cells that are all empty is dropped.
    Cell,
    /// Ends a line.
    Line,
    /// Ends a line and every column.
    Section,
}

/// Text with marks, in the order it was written.
#[derive(Default, Debug)]
pub(super) struct Page {
    text: String,
    /// Each mark with the length of the text before it.
    marks: Vec<(usize, Mark)>,
}

/// How wide a tab is.
const TAB_WIDTH: usize = 8;
/// How many blanks at least stand between two columns.
const PADDING: usize = 1;

#[derive(Clone, Copy)]
struct Cell<'a> {
    text: &'a str,
    /// In characters.
    width: usize,
    /// Whether its column must show.
    hard: bool,
}

type Row<'a> = Vec<Cell<'a>>;

impl Page {
    /// Whether nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.marks.is_empty()
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a mark.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.marks.push((self.text.len(), mark));
    }

    /// The size in bytes if it is laid out on one line without padding; none if it has several lines.
    pub(super) fn one_line_size(&self) -> Option<usize> {
        let breaks = |&(_, mark): &(usize, Mark)| matches!(mark, Mark::Line | Mark::Section);
        if self.marks.iter().any(breaks) || self.text.contains('\n') {
            return None;
        }
        let trailing = self.marks.iter().rev().take_while(|&&(at, _)| at == self.text.len()).count();
        Some(self.text.trim_end_matches(' ').len() + self.marks.len() - trailing)
    }

    /// The text with its columns laid out.
    pub(super) fn layout(&self) -> String {
        let mut out = String::with_capacity(self.text.len() * 5 / 4);
        let mut rows: Vec<Row<'_>> = vec![Vec::new()];
        let mut from = 0;
        for &(at, mark) in &self.marks {
            let text = &self.text[from..at];
            from = at;
            let row = rows.last_mut().expect("internal error: a page without rows");
            row.push(Cell::new(text, mark == Mark::Tab));
            if matches!(mark, Mark::Line | Mark::Section) {
                // A line of one cell takes part in no column, so all columns end there as well.
                if mark == Mark::Section || row.len() == 1 {
                    Table::lay_out(&rows, &mut out);
                    rows.clear();
                }
                rows.push(Vec::new());
            }
        }
        let rest = &self.text[from..];
        let row = rows.last_mut().expect("internal error: a page without rows");
        if !rest.is_empty() || !row.is_empty() {
            row.push(Cell::new(rest, false));
        } else {
            rows.pop();
        }
        Table::lay_out(&rows, &mut out);
        if rest.is_empty() || out.is_empty() { out } else { without_last_newline(out) }
    }
}

/// The last line had no line end of its own.
fn without_last_newline(mut out: String) -> String {
    out.pop();
    out
}

impl<'a> Cell<'a> {
    fn new(text: &'a str, hard: bool) -> Cell<'a> {
        Cell { text, width: text.chars().count(), hard }
    }
}

/// Lines whose columns are laid out together.
struct Table<'r, 'a, 'o> {
    rows: &'r [Row<'a>],
    /// The widths of the columns that enclose the rows being looked at, left to right.
    widths: Vec<usize>,
    out: &'o mut String,
}

impl Table<'_, '_, '_> {
    fn lay_out(rows: &[Row<'_>], out: &mut String) {
        let mut table = Table { rows, widths: Vec::new(), out };
        table.columns(0, rows.len());
    }

    /// Whether a row has a cell in a column; the text behind the last mark is in none.
    fn has(&self, row: usize, column: usize) -> bool {
        column + 1 < self.rows[row].len()
    }

    /// Finds the blocks of the next column among the rows, and writes the rows.
    fn columns(&mut self, mut from: usize, to: usize) {
        let column = self.widths.len();
        let mut row = from;
        while row < to {
            if !self.has(row, column) {
                row += 1;
                continue;
            }
            self.write(from, row);
            from = row;
            while row < to && self.has(row, column) {
                row += 1;
            }
            let width = self.width(from, row, column);
            self.widths.push(width);
            self.columns(from, row);
            self.widths.pop();
            from = row;
        }
        self.write(from, to);
    }

    fn width(&self, from: usize, to: usize, column: usize) -> usize {
        let cells = || self.rows[from..to].iter().map(|row| row[column]);
        if cells().all(|c| c.width == 0 && !c.hard) {
            return 0;
        }
        cells().map(|c| c.width + PADDING).max().unwrap_or(0)
    }

    fn write(&mut self, from: usize, to: usize) {
        for row in &self.rows[from..to] {
            let mut indenting = true;
            for (i, cell) in row.iter().enumerate() {
                indenting &= cell.text.is_empty();
                self.out.push_str(cell.text);
                let Some(&width) = self.widths.get(i) else { continue };
                if indenting {
                    self.out.extend(std::iter::repeat_n('\t', width.div_ceil(TAB_WIDTH)));
                } else {
                    self.out.extend(std::iter::repeat_n(' ', width - cell.width.min(width)));
                }
            }
            let end = self.out.trim_end_matches([' ', '\t']).len();
            self.out.truncate(end);
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        let mut page = Page::default();
        for c in text.chars() {
            match c {
                '>' => page.mark(Mark::Tab),
                '|' => page.mark(Mark::Cell),
                '/' => page.mark(Mark::Line),
                '#' => page.mark(Mark::Section),
                c => page.push(&c.to_string()),
            }
        }
        page
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(page(">a|b/>ccc|d/").layout(), "\ta   b\n\tccc d\n");
        assert_eq!(page("a|b#ccc|d/").layout(), "a b\nccc d\n");
        assert_eq!(page("a|b/x/ccc|d/").layout(), "a b\nx\nccc d\n");
    }

    #[test]
    fn empty_columns_are_dropped() {
        assert_eq!(page("a||b/cc||d/").layout(), "a  b\ncc d\n");
        assert_eq!(page("a||b/cc|e|d/").layout(), "a    b\ncc e d\n");
    }

    #[test]
    fn a_last_line_may_be_open() {
        assert_eq!(page("a|b/cc|d").layout(), "a  b\ncc d");
        assert_eq!(page("").layout(), "");
    }
}
