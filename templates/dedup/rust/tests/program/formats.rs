//! How names are printed that hold whatever names may hold.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use crate::tree::Tree;

/// A newline, a tab, an escape sequence, a quotation mark and a comma, and bytes without meaning.
const NAMES: [&[u8]; 4] = [b"a\nb\tc", b"\x1b[31mred\x7f", b"q\"u,o\\te", b"\xff\xfe\xc2\x85"];

fn odd() -> Tree {
    let tree = Tree::new(&[]);
    for name in NAMES {
        tree.write(OsStr::from_bytes(name), "same");
    }
    tree
}

#[test]
fn text_speaks_to_no_terminal() {
    let tree = odd();
    let here = tree.root().display();
    tree.say("scan . --quiet").code(0).stdout(format!(
        "4 files of 4 bytes, 12 bytes to gain\n  {here}/\\x1b[31mred\\x7f\n  {here}/a\\nb\\tc\n  \
         {here}/q\"u,o\\\\te\n  {here}/\\xff\\xfe\\xc2\\x85\n\n"
    ));
}

#[test]
fn json_gives_what_is_not_utf_8_in_base64() {
    let tree = odd();
    let output = tree.say("scan . none --format json").code(1).get_output().clone();
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let here = tree.root().display();
    let encoded = &found["groups"][0]["files"][3]["names"][0]["path_base64"];
    assert!(encoded.as_str().is_some_and(|text| text.ends_with("//7ChQ==") || text.len() > 8));
    let first = &found["groups"][0]["files"][1]["names"][0];
    assert_eq!(first, &json!({"path": format!("{here}/a\nb\tc")}));
    let summary = json!({"scanned": 4, "groups": 1, "files": 4, "gain": 12});
    assert_eq!(found["summary"], summary);
    let problem = json!([{"name": {"path": format!("{here}/none")}, "reason": "missing"}]);
    assert_eq!(found["problems"], problem);
    let hash = blake3::hash(b"same").to_hex().to_string();
    assert_eq!(found["groups"][0]["hash"], hash);
    let start =
        "{\n  \"version\": 1,\n  \"verify\": \"hash\",\n  \"groups\": [\n    {\n      \"size\"";
    assert!(output.stdout.starts_with(start.as_bytes()));
}

#[test]
fn csv_and_null_give_names_byte_by_byte() {
    let tree = odd();
    let here = tree.root().as_os_str().as_bytes();
    let name = |name: &[u8]| [here, b"/", name].concat();
    let [newline, escape, quote, bytes] = NAMES.map(name);
    let quoted = [b"\"", here, b"/q\"\"u,o\\te\""].concat();
    let csv = [
        &b"group,size,path\n1,4,"[..],
        &escape,
        b"\n1,4,\"",
        &newline,
        b"\"\n1,4,",
        &quoted,
        b"\n1,4,",
        &bytes,
        b"\n",
    ];
    tree.say("scan . --format csv").code(0).stdout(csv.concat());
    let null = [&escape[..], &newline, &quote, &bytes].map(|name| [name, b"\0"].concat()).concat();
    tree.say("scan . --format null").code(0).stdout([&null[..], b"\0"].concat());
}
