//! A cell of a CSV file that no spreadsheet takes for a formula, whatever separates its cells.

/// What separates cells or rows in some country's spreadsheets: Iceland's take `;`.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\r', '\n'];

/// A text as a cell of a CSV file.
///
/// Where a formula would begin, in the cell or after a separator within it, an apostrophe is put before it: spreadsheets
/// show none at the beginning of a cell. Numbers stay numbers, negative ones too. Texts with any separator are quoted.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 4);
    for part in text.split_inclusive(SEPARATORS) {
        if is_formula(part.trim_end_matches(SEPARATORS)) {
            cell.push('\'');
        }
        cell.push_str(part);
    }
    if text.starts_with(['\t', '\r', '\n']) {
        cell.insert(0, '\'');
    }
    let is_plain = |c: char| c != '"' && !SEPARATORS.contains(&c);
    if cell.chars().all(is_plain) && cell.trim() == cell {
        cell
    } else {
        format!("\"{}\"", cell.replace('"', "\"\""))
    }
}

/// Whether a spreadsheet may take a text for a formula: it skips what cannot be seen, and quotes.
fn is_formula(text: &str) -> bool {
    let is_skipped = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let text = text.trim_matches(is_skipped);
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) && !is_number(text)
}

fn is_number(text: &str) -> bool {
    let is_of_one = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    text.chars().all(is_of_one) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn what_begins_a_formula_has_an_apostrophe_before_it() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1+1", "'+1+1"),
            ("-1+1", "'-1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1+1", "' =1+1"),
            ("\u{a0}=1+1", "'\u{a0}=1+1"),
            ("x;=1+1", "\"x;'=1+1\""),
            ("x\t=1+1", "\"x\t'=1+1\""),
            ("x|=1+1", "\"x|'=1+1\""),
            ("x,=1+1", "\"x,'=1+1\""),
            ("x\r\n=1+1", "\"x\r\n'=1+1\""),
            ("x; \"=1+1", "\"x;' \"\"=1+1\""),
            ("\t=1", "\"'\t'=1\""),
            ("\tx", "\"'\tx\""),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("\0=1", "'\0=1"),
            ("＝1+1", "'＝1+1"),
            ("x;＠SUM(A1)", "\"x;'＠SUM(A1)\""),
            ("-5;-6+1", "\"-5;'-6+1\""),
            ("--5", "'--5"),
            ("-inf", "'-inf"),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }

    #[test]
    fn other_texts_and_numbers_stay_as_they_are() {
        for text in [
            "",
            "order-1",
            "a=b",
            "-5",
            "-4990.50",
            "+1e3",
            "2026-11-28T12:30:00Z",
            "Jón – 1",
        ] {
            assert_eq!(csv_cell(text), text);
        }
        assert_eq!(csv_cell("Wool; blue"), "\"Wool; blue\"");
        assert_eq!(csv_cell("say \"wool\""), "\"say \"\"wool\"\"\"");
        assert_eq!(csv_cell("-5;+6"), "\"-5;+6\"");
    }
}
