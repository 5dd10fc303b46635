//! How long each operation takes, by criterion.

use criterion::Criterion;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for mut operation in netgiro_benches::operations()? {
        criterion.bench_function(operation.name, |bencher| bencher.iter(&mut operation.run));
    }
    criterion.final_summary();
    Ok(())
}
