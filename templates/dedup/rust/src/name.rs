//! Owns names: paths from the root of the file system, as text and in JSON.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::strict::{Object, present};

/// The largest number of bytes in a name that the system takes (`PATH_MAX` less its NUL).
pub(crate) const LONGEST: usize = 4095;

/// Makes `path` absolute from the folder `here`, as text: no link is resolved.
///
/// ```
/// use std::path::Path;
///
/// let name = my_project::absolute(Path::new("a//b/./../c"), Path::new("/here"));
/// assert_eq!(name, Path::new("/here/a/c"));
/// ```
#[must_use]
pub fn absolute(path: &Path, here: &Path) -> PathBuf {
    let mut name = PathBuf::from("/");
    for part in here.join(path).components() {
        match part {
            Component::Normal(part) => name.push(part),
            Component::ParentDir => {
                name.pop();
            }
            _ => {}
        }
    }
    name
}

/// The order of names, that of their bytes; paths alone are ordered part by part.
pub(crate) fn by_bytes(one: &Path, other: &Path) -> Ordering {
    one.as_os_str().cmp(other.as_os_str())
}

/// Whether a name is the root `root` or lies below it.
pub(crate) fn lies_in(name: &Path, root: &Path) -> bool {
    name.starts_with(root)
}

/// A name in JSON: `{"path": …}`, or `{"path_base64": …}` where it is not UTF-8.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(pub PathBuf);

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NameOf(&self.0).serialize(serializer)
    }
}

/// The same for a name that is lent.
pub(crate) struct NameOf<'a>(pub(crate) &'a Path);

impl Serialize for NameOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        if let Some(text) = self.0.to_str() {
            map.serialize_entry("path", text)?;
        } else {
            let encoded = STANDARD.encode(self.0.as_os_str().as_bytes());
            map.serialize_entry("path_base64", &encoded)?;
        }
        map.end()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, deserialize_with = "present")]
    path: Option<String>,
    #[serde(default, deserialize_with = "present")]
    path_base64: Option<String>,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Object::deserialize(deserializer)?.0 {
            Written { path: Some(path), path_base64: None } => path.into_bytes(),
            Written { path: None, path_base64: Some(encoded) } => {
                STANDARD.decode(encoded).map_err(D::Error::custom)?
            }
            _ => return Err(D::Error::custom("a name is a path or its base64")),
        };
        Ok(Self(OsString::from_vec(bytes).into()))
    }
}

/// The last part of a name; a name without one is `/`.
pub(crate) fn last_part(name: &Path) -> &OsStr {
    name.file_name().unwrap_or(name.as_os_str())
}
