//! Tables for a terminal: columns as wide as what is in them, the last one as long as it is.

use std::fmt;

use crate::text::guard;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Cells(Vec<String>),
    /// A line below the last cell of the row before.
    Under(String),
}

impl Table {
    /// A table with these headings.
    #[must_use]
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![Row::Cells(headings.map(str::to_owned).into())] }
    }

    /// A table of these rows; other people's text is made safe.
    #[must_use]
    pub fn of(headings: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Self {
        let safe = |row: Vec<String>| Row::Cells(row.iter().map(|cell| guard(cell)).collect());
        Self { rows: std::iter::once(headings).chain(rows).map(safe).collect() }
    }

    /// Whether it has headings only.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// Adds a row; other people's text is made safe.
    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(Row::Cells(cells.map(guard).into()));
    }

    /// Adds a line below the last cell of the last row.
    pub fn under(&mut self, text: &str) {
        self.rows.push(Row::Under(guard(text)));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            let lengths = cells.iter().map(|cell| cell.chars().count());
            widths.iter_mut().zip(lengths).for_each(|(width, length)| *width = (*width).max(length));
        }
        let last = widths.len().saturating_sub(1);
        let indent = widths.iter().take(last).map(|width| width + 2).sum::<usize>();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            match row {
                Row::Cells(cells) => {
                    for (cell, width) in cells.iter().zip(&widths).take(last) {
                        line.push_str(&format!("{cell:<width$}  "));
                    }
                    line.extend(cells.last().map(String::as_str));
                }
                Row::Under(text) => line = format!("{:indent$}{text}", ""),
            }
            write!(f, "{}{}", if number == 0 { "" } else { "\n" }, line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut table = Table::new(["A", "NAME", "WHAT"]);
        table.row(["", "ä-long-name", "first"]);
        table.under("help: mend it");
        table.row(["x", "b", "second\u{1b}[2J"]);
        assert_eq!(
            table.to_string(),
            "A  NAME         WHAT\n   ä-long-name  first\n                help: mend it\nx  b            second\\u{1b}[2J"
        );
    }
}
