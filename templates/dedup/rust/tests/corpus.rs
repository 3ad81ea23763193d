//! The corpus of the benchmark is the same on every machine.

#[path = "../benches/corpus/mod.rs"]
mod corpus;

use std::fs;
use std::io::Read;

use tempfile::TempDir;

#[test]
fn the_corpus_is_that_of_the_contract() {
    let folder = TempDir::new().expect("there is a folder for temporary files");
    assert_eq!(corpus::write(folder.path(), 100).expect("it is written"), 15_880_201);
    let mut hash = blake3::Hasher::new();
    for file in corpus::plan(100) {
        let mut content = Vec::new();
        corpus::content(&file).read_to_end(&mut content).expect("it is made up");
        let path = folder.path().join(&file.path);
        assert!(fs::read(path).expect("it was written") == content, "{}", file.path.display());
        hash.update(format!("{}\0{}\0", file.path.display(), file.size).as_bytes());
        hash.update(&content);
    }
    let expected = "272c5f1e5f25972ea6c622540160a9c792ea484a501085acb3b681af75fef346";
    assert_eq!(hash.finalize().to_hex().as_str(), expected);
}

#[test]
fn the_whole_corpus_has_the_size_of_the_contract() {
    let files = corpus::plan(20_000);
    assert_eq!(files.iter().map(|file| file.size).sum::<u64>(), 3_496_455_172);
}
