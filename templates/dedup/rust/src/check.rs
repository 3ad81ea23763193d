//! Owns the reading of plans: what comes out of it can be carried out safely, line by line.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::file::{Identity, Stamp, Time};
use crate::name::{Name, lies_in};
use crate::plan::{End, VERSION};
use crate::strict::{Object, Outline};
use crate::{Action, Error, Plan, PlanFault, PlannedFile, PlannedGroup};

impl Plan {
    /// Reads the plan that the file `path` holds.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadablePlan`], and [`Error::Plan`] for the first line that is no part of a safe
    /// plan.
    pub fn read(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        check(bytes).map_err(|(line, fault)| Error::Plan { path: path.to_owned(), line, fault })
    }
}

/// A fault, and the line it is in, from 1.
type Faulty = (usize, PlanFault);

fn check(bytes: &[u8]) -> Result<Plan, Faulty> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines = text.split(|byte| *byte == b'\n').zip(1_usize..);
    let (head, _) = lines.next().filter(|_| !bytes.is_empty()).ok_or((1, PlanFault::NoEnd))?;
    let mut checked = Checked::new(head).map_err(|fault| (1, fault))?;
    let mut last = 1;
    for (line, number) in lines {
        checked.add(line).map_err(|fault| (number, fault))?;
        last = number;
    }
    if !checked.has_ended {
        return Err((last + 1, PlanFault::NoEnd));
    }
    let is_victim = |group: &PlannedGroup| checked.victims.holds(&group.keep);
    match checked.plan.groups.iter().position(is_victim) {
        // Groups stand behind the head.
        Some(group) => Err((group + 2, PlanFault::VictimElsewhere)),
        None => Ok(checked.plan),
    }
}

/// What was read so far.
struct Checked {
    plan: Plan,
    victims: Files,
    has_ended: bool,
}

/// Files by all that they are known by.
#[derive(Default)]
struct Files {
    identities: HashSet<Identity>,
    names: HashSet<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    plan: u64,
    #[serde(deserialize_with = "action")]
    action: Action,
    roots: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroup {
    size: i64,
    keep: Object<WrittenFile>,
    victims: Vec<Object<WrittenFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    names: Vec<Name>,
    device: u64,
    inode: u64,
    mtime_ns: Time,
    ctime_ns: Time,
}

impl Checked {
    fn new(line: &[u8]) -> Result<Self, PlanFault> {
        let outline: Outline = parse(line)?;
        match outline.get("plan") {
            Some(Outline::Whole(version)) if u64::try_from(*version) != Ok(VERSION) => {
                return Err(PlanFault::Version);
            }
            _ => {}
        }
        let Object(Head { plan, action, roots }) = parse(line)?;
        if plan != VERSION || roots.is_empty() {
            return Err(PlanFault::NotALine);
        }
        let roots: Vec<_> = roots.into_iter().map(|Name(root)| root).collect();
        roots.iter().try_for_each(|root| ensure_plain(root))?;
        let plan = Plan { action, roots, groups: Vec::new() };
        Ok(Self { plan, victims: Files::default(), has_ended: false })
    }

    fn add(&mut self, line: &[u8]) -> Result<(), PlanFault> {
        let outline: Outline = parse(line)?;
        if self.has_ended || !matches!(outline, Outline::Object(_)) {
            return Err(PlanFault::NotALine);
        }
        if outline.get("groups").is_some() {
            let Object(end) = parse(line)?;
            return self.end(end);
        }
        if matches!(outline.get("keep"), None | Some(Outline::Null)) {
            return Err(PlanFault::NoKeeper);
        }
        if matches!(outline.get("victims"), None | Some(Outline::Null | Outline::EmptyList)) {
            return Err(PlanFault::NoVictims);
        }
        let Object::<WrittenGroup>(group) = parse(line)?;
        let size = u64::try_from(group.size).map_err(|_| PlanFault::NotALine)?;
        let keep = group.keep.0.planned(size)?;
        let victims = group.victims.into_iter().map(|Object(victim)| victim.planned(size));
        self.group(PlannedGroup { keep, victims: victims.collect::<Result<_, _>>()? })
    }

    fn group(&mut self, group: PlannedGroup) -> Result<(), PlanFault> {
        let files = || std::iter::once(&group.keep).chain(&group.victims);
        for name in files().flat_map(|file| &file.names) {
            ensure_plain(name)?;
            if !self.plan.roots.iter().any(|root| lies_in(name, root)) {
                return Err(PlanFault::Outside);
            }
        }
        let mut kept = Files::default();
        kept.add(&group.keep);
        if group.victims.iter().any(|victim| kept.holds(victim)) {
            return Err(PlanFault::KeeperIsVictim);
        }
        for victim in &group.victims {
            if self.victims.holds(victim) || !self.victims.add(victim) {
                return Err(PlanFault::Twice);
            }
        }
        self.plan.groups.push(group);
        Ok(())
    }

    fn end(&mut self, End { groups, victims }: End) -> Result<(), PlanFault> {
        self.has_ended = true;
        let is_right = groups == self.plan.groups.len() as u64 && victims == self.plan.victims();
        if is_right { Ok(()) } else { Err(PlanFault::Count) }
    }
}

impl WrittenFile {
    fn planned(self, size: u64) -> Result<PlannedFile, PlanFault> {
        if self.names.is_empty() {
            return Err(PlanFault::NotALine);
        }
        let identity = Identity { device: self.device, inode: self.inode };
        let stamp = Stamp { identity, size, modified: self.mtime_ns, changed: self.ctime_ns };
        Ok(PlannedFile { names: self.names.into_iter().map(|Name(name)| name).collect(), stamp })
    }
}

impl Files {
    fn holds(&self, file: &PlannedFile) -> bool {
        self.identities.contains(&file.stamp.identity)
            || file.names.iter().any(|name| self.names.contains(name))
    }

    /// Returns whether all its names were new.
    fn add(&mut self, file: &PlannedFile) -> bool {
        self.identities.insert(file.stamp.identity);
        file.names.iter().all(|name| self.names.insert(name.clone()))
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, PlanFault> {
    serde_json::from_slice(line).map_err(|_| PlanFault::NotALine)
}

/// Reads the word for an action; serde would take `{"delete": null}` too.
fn action<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
    let word = String::deserialize(deserializer)?;
    let known = Action::ALL.into_iter().find(|action| action.word() == word);
    known.ok_or_else(|| D::Error::custom("no action"))
}

/// Refuses a name that could lead elsewhere than it says.
fn ensure_plain(name: &Path) -> Result<(), PlanFault> {
    let bytes = name.as_os_str().as_bytes();
    let Some(parts) = bytes.strip_prefix(b"/") else {
        return Err(PlanFault::NotAbsolute);
    };
    let is_plain = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.contains(&0);
    let is_root = parts.is_empty();
    if is_root || parts.split(|byte| *byte == b'/').all(is_plain) {
        Ok(())
    } else {
        Err(PlanFault::NotPlain)
    }
}
