//! Enters in step 22: Landlock: which files there still are.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope,
};
use shared::cli::Failure;

use super::Places;

/// What this program knows of: from here on kernels have more.
const KNOWN: ABI = ABI::V6;

/// Gives up all rights to files but these, to connect and to bind, and to
/// signal others. Returns the version of Landlock, or why there is none.
///
/// # Errors
/// When a place cannot be opened.
pub fn restrict(places: &Places) -> Result<Result<u32, String>, Failure> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let log = AccessFs::WriteFile | AccessFs::MakeReg;
    let write = log | AccessFs::RemoveFile | AccessFs::Truncate;
    let mut rules = Vec::new();
    for (paths, access) in [
        (&places.read, read),
        (&places.write, read | write),
        (&places.log, log),
        (&places.sockets, AccessFs::RemoveFile.into()),
    ] {
        for path in paths {
            rules.push(rule(path, access)?);
        }
    }
    // Enters in step 27: a node dials others, at any port.
    let mut ports = AccessNet::from_all(KNOWN);
    ports.set(AccessNet::ConnectTcp, !places.dials);
    Ok(enforce(rules, ports).unwrap_or_else(|error| Err(error.to_string())))
}

fn rule(
    path: &PathBuf,
    access: BitFlags<AccessFs>,
) -> Result<PathBeneath<PathFd>, Failure> {
    let place = PathFd::new(path).map_err(|error| {
        Failure::wrong(format_args!("sandbox: {}: {error}", path.display()))
    })?;
    Ok(PathBeneath::new(place, access))
}

fn enforce(
    rules: Vec<PathBeneath<PathFd>>,
    ports: BitFlags<AccessNet>,
) -> Result<Result<u32, String>, RulesetError> {
    // Make a set of rules: what it handles is forbidden, but for what a rule
    // allows.
    let rules = rules.into_iter().map(Ok::<_, RulesetError>);
    let ruleset: RulesetCreated = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(ports)?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(rules)?;
    let status = ruleset.restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, kernel_abi },
        ) => Ok(kernel_abi.unwrap_or(effective_abi as i32) as u32),
        (_, LandlockStatus::NotEnabled) => Err("it is not enabled".into()),
        _ => Err("this kernel does not have it".into()),
    })
}
