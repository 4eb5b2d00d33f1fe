//! What is to be started, and its form on the way to the fork server.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// One start: a program, as a caller asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Path of the program.
    pub program: Vec<u8>,
    /// Its arguments, the zeroth included.
    pub arguments: Vec<Vec<u8>>,
    /// Its environment, `NAME=value` each.
    pub environment: Vec<Vec<u8>>,
    /// Where it starts.
    pub directory: Vec<u8>,
    /// Real, effective and saved uid of the caller.
    pub uid: u32,
    /// Real, effective and saved gid of the caller.
    pub gid: u32,
    /// Supplementary groups of the caller.
    pub groups: Vec<u32>,
    /// After this time the started process is killed. Time in the controller's
    /// closure counts.
    pub limit: Duration,
}

impl Start {
    /// The program with its words, asked for by this uid and the gid of the same
    /// number, its only group, in `/`, with the usual PATH and 20 seconds of time.
    #[must_use]
    pub fn new(words: &[&str], caller: u32) -> Self {
        let bytes = |word: &&str| word.as_bytes().to_vec();
        Self {
            program: words.first().map(bytes).unwrap_or_default(),
            arguments: words.iter().map(bytes).collect(),
            environment: vec![b"PATH=/usr/local/bin:/usr/bin:/bin".to_vec()],
            directory: b"/".to_vec(),
            uid: caller,
            gid: caller,
            groups: vec![caller],
            limit: Duration::from_secs(20),
        }
    }

    /// All but the limit, which is the controller's: lists of byte strings, each
    /// with its length before it.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let numbers = |list: &[u32]| list.iter().map(|id| id.to_le_bytes().to_vec()).collect();
        let lists: [Vec<Vec<u8>>; 5] = [
            vec![self.program.clone(), self.directory.clone()],
            self.arguments.clone(),
            self.environment.clone(),
            numbers(&[self.uid, self.gid]),
            numbers(&self.groups),
        ];
        for list in &lists {
            put_length(&mut bytes, list.len())?;
            for entry in list {
                put_length(&mut bytes, entry.len())?;
                bytes.extend_from_slice(entry);
            }
        }
        Ok(bytes)
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self> {
        let mut list = || -> Result<Vec<Vec<u8>>> {
            let count = take_length(&mut bytes)?;
            let mut entry = || {
                let length = take_length(&mut bytes)?;
                let (entry, rest) = bytes.split_at_checked(length).context("cut off")?;
                bytes = rest;
                Ok(entry.to_vec())
            };
            (0..count).map(|_| entry()).collect()
        };
        let (paths, arguments, environment) = (list()?, list()?, list()?);
        let (ids, groups) = (list()?, list()?);
        ensure!(bytes.is_empty(), "more than a start");
        let [program, directory] = <[Vec<u8>; 2]>::try_from(paths)
            .map_err(|paths| anyhow::anyhow!("{} paths", paths.len()))?;
        let ids = numbers(&ids)?;
        let [uid, gid] = ids[..] else {
            anyhow::bail!("{} ids", ids.len());
        };
        Ok(Self {
            program,
            arguments,
            environment,
            directory,
            uid,
            gid,
            groups: numbers(&groups)?,
            limit: Duration::MAX,
        })
    }
}

fn put_length(bytes: &mut Vec<u8>, length: usize) -> Result<()> {
    let length = u32::try_from(length).context("longer than 4 GiB")?;
    bytes.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

fn take_length(bytes: &mut &[u8]) -> Result<usize> {
    let (length, rest) = bytes.split_first_chunk::<4>().context("cut off")?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*length) as usize)
}

fn numbers(list: &[Vec<u8>]) -> Result<Vec<u32>> {
    let number = |entry: &Vec<u8>| {
        let entry = <[u8; 4]>::try_from(entry.as_slice()).context("no number")?;
        Ok(u32::from_le_bytes(entry))
    };
    list.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_comes_out_as_it_went_in_and_a_part_of_one_does_not() {
        let start = Start {
            environment: vec![b"A=\xff\n".to_vec(), Vec::new()],
            directory: b"/srv".to_vec(),
            gid: 34,
            groups: vec![1, u32::MAX],
            limit: Duration::MAX,
            ..Start::new(&["/bin/true", "", "b c"], 33)
        };
        let bytes = start.encode().expect("short");
        assert_eq!(Start::decode(&bytes).expect("whole"), start);
        for length in 0..bytes.len() {
            assert!(Start::decode(&bytes[..length]).is_err(), "{length}");
        }
    }
}
