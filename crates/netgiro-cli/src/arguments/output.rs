//! How every command writes its results.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Write one JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}
