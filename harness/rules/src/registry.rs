//! The one list of all rules: suEXEC's conditions in Apache's order, then the
//! rules beyond them. A new rule is its file and one line here (and its name
//! in `catalogue/mod.rs`).

use crate::catalogue;
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::rule::Rule;
use crate::set::RuleSet;
use crate::verdict::Verdict;

/// All rules.
pub static RULES: &[&Rule] = &[
    &catalogue::caller_unknown::RULE,
    &catalogue::arguments_too_few::RULE,
    &catalogue::argument_empty::RULE,
    &catalogue::argument_has_control_bytes::RULE,
    &catalogue::argument_too_long::RULE,
    &catalogue::caller_not_allowed::RULE,
    &catalogue::bundle_is_absolute::RULE,
    &catalogue::bundle_has_dot_dot::RULE,
    &catalogue::init_has_dot_dot::RULE,
    &catalogue::target_user_unknown::RULE,
    &catalogue::target_user_inexact::RULE,
    &catalogue::target_group_unknown::RULE,
    &catalogue::target_group_inexact::RULE,
    &catalogue::target_user_is_root::RULE,
    &catalogue::target_user_below_minimum::RULE,
    &catalogue::target_group_is_root::RULE,
    &catalogue::target_group_below_minimum::RULE,
    &catalogue::privileges_not_dropped::RULE,
    &catalogue::supplementary_groups_inherited::RULE,
    &catalogue::bundle_not_enterable::RULE,
    &catalogue::working_directory_not_enterable::RULE,
    &catalogue::bundle_outside_base::RULE,
    &catalogue::rootfs_outside_base::RULE,
    &catalogue::bundle_writable_by_others::RULE,
    &catalogue::rootfs_writable_by_others::RULE,
    &catalogue::init_missing::RULE,
    &catalogue::init_not_regular::RULE,
    &catalogue::init_not_executable::RULE,
    &catalogue::init_writable_by_others::RULE,
    &catalogue::config_writable_by_others::RULE,
    &catalogue::init_setuid::RULE,
    &catalogue::init_setgid::RULE,
    &catalogue::bundle_owner_differs::RULE,
    &catalogue::bundle_group_differs::RULE,
    &catalogue::init_owner_differs::RULE,
    &catalogue::init_group_differs::RULE,
    &catalogue::config_owner_differs_from_launcher::RULE,
    &catalogue::environment_not_allowed::RULE,
    &catalogue::environment_has_unlisted::RULE,
    &catalogue::path_differs_from_policy::RULE,
    &catalogue::init_format_unrecognised::RULE,
    // Beyond suEXEC.
    &catalogue::target_group_not_of_user::RULE,
    &catalogue::supplementary_groups_not_of_user::RULE,
    &catalogue::ancestor_writable_by_others::RULE,
    &catalogue::access_list_grants_write::RULE,
    &catalogue::bundle_has_symlink::RULE,
    &catalogue::config_has_symlink::RULE,
    &catalogue::rootfs_has_symlink::RULE,
    &catalogue::working_directory_has_symlink::RULE,
    &catalogue::init_has_file_capabilities::RULE,
    &catalogue::init_has_hard_links::RULE,
    &catalogue::interpreter_writable_by_others::RULE,
    &catalogue::no_new_privileges_missing::RULE,
    &catalogue::capability_not_allowed::RULE,
    &catalogue::mount_not_allowed::RULE,
    &catalogue::hook_not_allowed::RULE,
    &catalogue::device_not_allowed::RULE,
    &catalogue::namespace_shared_with_host::RULE,
    &catalogue::user_mapping_includes_system_ids::RULE,
    &catalogue::descriptor_inherited::RULE,
    &catalogue::limits_inherited::RULE,
    &catalogue::signals_inherited::RULE,
    &catalogue::umask_inherited::RULE,
    &catalogue::terminal_shared::RULE,
    &catalogue::argument_looks_like_option::RULE,
    &catalogue::environment_loads_code::RULE,
    &catalogue::config_environment_loads_code::RULE,
    &catalogue::environment_malformed::RULE,
    &catalogue::environment_has_duplicates::RULE,
    &catalogue::environment_value_has_control_bytes::RULE,
    &catalogue::environment_value_defines_function::RULE,
    &catalogue::environment_too_many::RULE,
    &catalogue::environment_entry_too_long::RULE,
];

/// Evaluates the rules of a set, in the order of [`RULES`].
pub fn evaluate<'a>(
    set: RuleSet,
    evidence: &'a Evidence,
    policy: &'a Policy,
) -> impl Iterator<Item = (&'static Rule, Verdict)> + 'a {
    set.rules()
        .map(move |rule| (rule, (rule.evaluate)(evidence, policy)))
}
