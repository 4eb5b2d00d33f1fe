//! The rules, one file each.

pub mod config_owner_differs_from_launcher;
pub mod environment_not_allowed;
pub mod target_user_is_root;
