//! A folder of files to try the program on.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use tempfile::TempDir;

/// It is removed with all in it at the end of a test.
pub(crate) struct Tree(TempDir);

impl Tree {
    /// Makes a folder with these files, given by name and content.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(TempDir::new().expect("there is a folder for temporary files"));
        for (name, content) in files {
            tree.write(name, content);
        }
        tree
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("folders are made");
        fs::write(path, content).expect("a file is written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file is read")
    }

    /// Runs the program in the folder; what it caches and throws away stays there too.
    pub(crate) fn command(&self) -> Command {
        let mut program = cargo_bin_cmd!("my-project");
        program.current_dir(self.root()).env("XDG_CACHE_HOME", self.path(".cache"));
        program.env("XDG_DATA_HOME", self.path(".data"));
        program
    }

    pub(crate) fn run<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> Assert {
        self.command().args(arguments).assert()
    }

    /// Runs the program with arguments that are told apart by blanks.
    pub(crate) fn say(&self, arguments: &str) -> Assert {
        self.run(arguments.split_whitespace())
    }

    /// What a scan prints with names from here on.
    pub(crate) fn groups(&self, arguments: &str) -> Vec<Vec<String>> {
        let output = self.say(&format!("scan --format null {arguments}")).get_output().clone();
        let text = String::from_utf8(output.stdout).expect("these names are UTF-8");
        let here = format!("{}/", self.root().display());
        let names = |group: &str| {
            group.split_terminator('\0').map(|name| name.replacen(&here, "", 1)).collect()
        };
        text.split_terminator("\0\0").map(names).collect()
    }

    /// All that regular files below the folder hold, each once; but for the program's own.
    pub(crate) fn contents(&self) -> BTreeSet<Vec<u8>> {
        let files = files(self.root());
        files.iter().map(|file| fs::read(file).expect("a file is read")).collect()
    }
}

/// Where the program is.
pub(crate) fn program() -> &'static Path {
    cargo_bin!("my-project")
}

/// All regular files below a folder but plans, journals, and what is hidden.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder is listed") {
        let path = entry.expect("a folder is listed").path();
        let kind = path.symlink_metadata().expect("it is there").file_type();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() && !path.to_string_lossy().contains("plan.json") {
            found.push(path);
        }
    }
    found.sort();
    found
}
