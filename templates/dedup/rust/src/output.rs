//! Owns the forms in which a scan is printed.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use crate::{Scan, Verify, counted, document, escape, show_size};

/// A form of output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, as in `contract/scan.schema.json`.
    Json,
    /// A line for each name, as in RFC 4180.
    Csv,
    /// Names that end with NUL, groups that end with one more.
    Null,
}

/// Whether there is a line at the end that sums up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Summary {
    Shown,
    LeftOut,
}

/// Prints what a scan found.
///
/// # Errors
///
/// Those of `out`.
pub fn print(
    scan: &Scan,
    verify: Verify,
    format: Format,
    summary: Summary,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text => text(scan, summary, out),
        Format::Json => document::print(scan, verify, out),
        Format::Csv => csv(scan, out),
        Format::Null => null(scan, out),
    }
}

fn text(scan: &Scan, summary: Summary, out: &mut impl Write) -> io::Result<()> {
    for group in &scan.groups {
        let (files, gain) = (counted(group.count(), "file"), show_size(group.gain()));
        writeln!(out, "{files} of {}, {gain} to gain", show_size(group.size))?;
        for file in scan.files(group) {
            for (place, name) in file.names.iter().enumerate() {
                let indent = if place == 0 { "  " } else { "    " };
                writeln!(out, "{indent}{}", escape(name))?;
            }
        }
        writeln!(out)?;
    }
    if summary == Summary::LeftOut {
        return Ok(());
    }
    let groups = counted(scan.groups.len() as u64, "group");
    let files = counted(scan.count(), "file");
    writeln!(out, "{groups}, {files}, {} to gain", show_size(scan.gain()))
}

fn csv(scan: &Scan, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "group,size,path")?;
    for (group, number) in scan.groups.iter().zip(1..) {
        for name in scan.files(group).flat_map(|file| file.names) {
            write!(out, "{number},{},", group.size)?;
            let bytes = name.as_os_str().as_bytes();
            if bytes.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n')) {
                let parts: Vec<_> = bytes.split(|byte| *byte == b'"').collect();
                let doubled = parts.join(&b"\"\""[..]);
                out.write_all(&[b"\"", &doubled[..], b"\""].concat())?;
            } else {
                out.write_all(bytes)?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

fn null(scan: &Scan, out: &mut impl Write) -> io::Result<()> {
    for group in &scan.groups {
        for name in scan.files(group).flat_map(|file| file.names) {
            out.write_all(name.as_os_str().as_bytes())?;
            out.write_all(b"\0")?;
        }
        out.write_all(b"\0")?;
    }
    Ok(())
}
