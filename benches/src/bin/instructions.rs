//! Does one operation so many times, for callgrind to count: `instructions NAME TIMES`. Without a name, prints them all.

use std::error::Error;
use std::io::{Write, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let times: u32 = arguments.next().unwrap_or_default().parse().unwrap_or(0);
    for mut operation in netgiro_benches::operations()? {
        match &wanted {
            None => writeln!(stdout(), "{}", operation.name)?,
            Some(wanted) if wanted == operation.name => (0..times).for_each(|_| (operation.run)()),
            Some(_) => {}
        }
    }
    Ok(())
}
