//! Finds files that hold the same, and removes all but one of them without a risk to that one.
//!
//! [`scan()`] finds groups of files that hold the same; it never changes anything.
//! [`Plan::new`] chooses which file of each group is kept, and [`apply()`] carries that out:
//! right before each action both files are opened and compared again, and every replacement is one
//! atomic step of the file system.
//! What is right is written down in the contract, beside the sources in `contract/README.md`.
//!
//! ```
//! use std::fs;
//! use my_project::{Progress, Request, Roots, Selection, Verify, scan};
//!
//! let folder = tempfile::tempdir()?;
//! for (name, content) in [("a", "same"), ("b", "same"), ("c", "else")] {
//!     fs::write(folder.path().join(name), content)?;
//! }
//! let roots = Roots { plain: vec![folder.path().to_owned()], references: vec![] };
//! let request =
//!     Request { roots, selection: Selection::default(), verify: Verify::Hash, jobs: 2 };
//! let found = scan(&request, None, &Progress::default())?;
//! assert_eq!(found.groups.len(), 1);
//! let names: Vec<_> = found.files(&found.groups[0]).flat_map(|file| file.names).collect();
//! assert_eq!(names, [folder.path().join("a"), folder.path().join("b")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod act;
mod apply;
mod cache;
mod candidates;
mod check;
mod choose;
mod compare;
mod document;
mod error;
mod escape;
mod file;
mod folder;
mod found;
mod glob;
mod halt;
mod journal;
mod name;
mod output;
mod pair;
mod plan;
mod progress;
mod reading;
mod reason;
mod recover;
mod resume;
mod scan;
mod selection;
mod size;
mod stages;
mod strict;
pub mod system;
mod temporary;
mod walk;
mod whole_file;
mod workers;

pub use apply::{Applied, Undone, apply};
pub use cache::Cache;
pub use choose::Keep;
pub use error::{Error, PlanFault};
pub use escape::escape;
pub use file::{Identity, Stamp, Time};
pub use found::{FoundFile, Group, Problem, Scan};
pub use glob::Glob;
pub use halt::{Halt, Obstacle};
pub use journal::Journal;
pub use name::{Name, absolute};
pub use output::{Format, Summary, print};
pub use plan::{Action, Plan, PlannedFile, PlannedGroup};
pub use progress::{Progress, Snapshot, Stage};
pub use reason::Reason;
pub use scan::{Request, Roots, Verify, scan};
pub use selection::{Hidden, Links, Mounts, Selection};
pub use size::{counted, parse_age, parse_size, show_size};
pub use whole_file::{is_stream, write_stream, write_whole};
