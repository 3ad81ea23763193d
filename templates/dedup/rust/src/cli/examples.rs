//! Owns the examples that the help ends with.

pub(crate) const ALL: &str = "\
Examples:
  my-project scan ~/Pictures
  my-project plan ~/Pictures --action trash --keep oldest -o plan.json
  my-project apply plan.json        what would be done?
  my-project apply plan.json --yes  do it; again, to go on after an interruption";

pub(crate) const SCAN: &str = "\
Examples:
  my-project scan ~/Pictures ~/Downloads --exclude .git --min-size 10KiB
  my-project scan . --format csv > duplicates.csv
  my-project scan . --format null | xargs -0 ls -li";

pub(crate) const PLAN: &str = "\
Examples:
  my-project plan ~/Pictures --action hardlink -o plan.json
  my-project plan ~/Downloads --reference ~/Pictures --action trash -o plan.json
  my-project plan . --action delete --keep oldest --protect '*.raw' -o plan.json";

pub(crate) const APPLY: &str = "\
Examples:
  my-project apply plan.json
  my-project apply plan.json --yes";

pub(crate) const CACHE: &str = "\
Examples:
  my-project scan ~/Pictures --cache  fills it, and uses what is in it
  my-project cache info
  my-project cache clear";
