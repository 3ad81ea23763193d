//! Owns the arguments: what may be said on the command line, and what it means.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use my_project::{Action, Format, Glob, Keep, Verify};
use my_project::{parse_age, parse_size};

use super::examples;

#[derive(Parser)]
#[command(name = "my-project", version, about, after_help = examples::ALL)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Find files that hold the same; nothing is changed.
    // Of an option that is given twice, the last counts.
    #[command(args_override_self = true, after_help = examples::SCAN)]
    Scan {
        #[command(flatten)]
        search: Search,
        /// The form of the output.
        #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
        format: FormatName,
    },
    /// Write down which files would be kept and what would become of the others.
    #[command(args_override_self = true, after_help = examples::PLAN)]
    Plan {
        #[command(flatten)]
        search: Search,
        #[command(flatten, next_help_heading = "Plan")]
        choice: Choice,
    },
    /// Show what a plan would do, or do it.
    #[command(args_override_self = true, after_help = examples::APPLY)]
    Apply {
        #[command(flatten)]
        order: Order,
    },
    /// Look at the cache of hashes, or remove it.
    #[command(after_help = examples::CACHE)]
    Cache {
        #[command(subcommand)]
        task: CacheTask,
    },
    /// Print the completions of a shell, such as `bash` or `zsh`.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What to look at, and how.
#[derive(Args)]
pub(crate) struct Search {
    /// Folders and files to look at.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten, next_help_heading = "Selection")]
    pub(crate) selecting: Selecting,
    #[command(flatten, next_help_heading = "Reading")]
    pub(crate) reading: Reading,
    #[command(flatten, next_help_heading = "Output")]
    pub(crate) showing: Showing,
}

#[derive(Args)]
pub(crate) struct Selecting {
    /// Leave out smaller files, such as 10MiB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "1")]
    // Else clap would speak of an option `-1` that there is not.
    #[arg(allow_hyphen_values = true)]
    pub(crate) min_size: u64,
    /// Leave out larger files.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, allow_hyphen_values = true)]
    pub(crate) max_size: Option<u64>,
    /// Take only files that match; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = OsStringValueParser::new().try_map(glob))]
    pub(crate) glob: Vec<Glob>,
    /// Leave out files and folders that match; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = OsStringValueParser::new().try_map(glob))]
    pub(crate) exclude: Vec<Glob>,
    /// Take names that start with a dot, too.
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Follow symbolic links to folders.
    #[arg(long)]
    pub(crate) follow_symlinks: bool,
    /// Stay on the file system of each root.
    #[arg(long)]
    pub(crate) one_file_system: bool,
    /// Leave out files that were changed less than this ago, such as 10m or 7d.
    #[arg(long, value_name = "DURATION", value_parser = parse_age, default_value = "0s")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) min_age: Duration,
    /// Look at this folder too; its files are kept before all others. May be repeated.
    #[arg(long, value_name = "DIR")]
    pub(crate) reference: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Reading {
    /// Read with so many threads; as many as there are processors unless said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    #[arg(allow_negative_numbers = true)]
    pub(crate) jobs: Option<u16>,
    /// What makes files the same: their BLAKE3, or every byte.
    #[arg(long, value_enum, default_value = "hash")]
    pub(crate) verify: VerifyName,
    /// Keep hashes, and use those that were kept.
    #[arg(long)]
    pub(crate) cache: bool,
}

#[derive(Args)]
pub(crate) struct Showing {
    /// Print no summary, no warnings and no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
}

#[derive(Args)]
pub(crate) struct Choice {
    /// What becomes of the files that are not kept.
    #[arg(long, value_enum)]
    pub(crate) action: ActionName,
    /// Which file of a group is kept.
    #[arg(long, value_enum, default_value = "first-path")]
    pub(crate) keep: KeepName,
    /// Write the plan to this file rather than to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Never act on files that match, or lie in folders that do; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = OsStringValueParser::new().try_map(glob))]
    pub(crate) protect: Vec<Glob>,
}

#[derive(Args)]
pub(crate) struct Order {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Do it, rather than show it.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Keep the journal in this file rather than in PLAN.journal.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Clone, Copy, Subcommand)]
pub(crate) enum CacheTask {
    /// Print where the cache is and how much it holds.
    Info,
    /// Remove the cache.
    Clear,
}

/// Declares the words of an option, and what they stand for in the library.
macro_rules! words {
    ($name:ident means $meaning:ident { $($word:ident),+ }) => {
        #[derive(Clone, Copy, ValueEnum)]
        pub(crate) enum $name { $($word),+ }

        impl From<$name> for $meaning {
            fn from(name: $name) -> Self {
                match name { $($name::$word => Self::$word),+ }
            }
        }
    };
}

words!(FormatName means Format { Text, Json, Csv, Null });
words!(VerifyName means Verify { Hash, Bytes });
words!(ActionName means Action { Hardlink, Reflink, Symlink, Trash, Delete });
words!(KeepName means Keep { FirstPath, Oldest, Newest, Shortest });

#[expect(clippy::needless_pass_by_value, reason = "clap hands it over")]
fn glob(pattern: OsString) -> Result<Glob, String> {
    Glob::new(pattern.as_bytes())
}
