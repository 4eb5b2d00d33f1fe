//! A stage without processes and a target without a launcher, for tests of what
//! the lab does with them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, anyhow};
use sekisho_arena::protocol::Trial;
use sekisho_rules::RuleSet;
use sekisho_targets::{
    Asked, Expresses, Found, Part, Prepared, Refusal, RefusalKind, Reply, Target,
};
use sekisho_trial::{Conditions, End, Layout, Observation, PlannedFile, Resolution, Setting};
use sekisho_witness::{MARK, Report};

use crate::corpus::{self, Case};
use crate::plan::Plan;
use crate::sets::NamedSet;
use crate::stage::{Stage, Stages};
use sekisho_results::Shard;

/// Status of a refusal.
const REFUSED: i32 = 101;

/// A launcher that refuses whatever any rule is on for.
pub struct MockTarget;

impl Target for MockTarget {
    fn name(&self) -> &str {
        "mock"
    }

    fn hint(&self) -> &str {
        "a test has it"
    }

    fn find(&self) -> Result<Found, String> {
        Ok(Found::default())
    }

    fn has_rules(&self) -> bool {
        true
    }

    fn expresses(&self, _: Part) -> Expresses {
        Expresses::Yes
    }

    fn equip(&self) -> Vec<PlannedFile> {
        Vec::new()
    }

    fn prepare(&self, asked: &Asked<'_>, setting: &Setting) -> Prepared {
        let rules = setting.rules.to_string().into_bytes();
        Prepared {
            files: Vec::new(),
            start: asked.request.to_start("/mock".to_owned(), vec![rules]),
            collect: Vec::new(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        match observation.end {
            End::Exited(0) => Reply::Started,
            End::Exited(REFUSED) => Reply::Refused(Refusal {
                verdict: RefusalKind::Deny,
                rule: "target-user-is-root".to_owned(),
                reason: "the mock refuses".to_owned(),
            }),
            _ => Reply::Failed {
                reason: String::from_utf8_lossy(&observation.stderr).into_owned(),
            },
        }
    }
}

/// What a mock stage does with an order.
pub type Behaviour = dyn Fn(&Trial, usize) -> Does + Send + Sync;

/// What comes of one order.
pub enum Does {
    /// The launcher starts the init, which reports.
    Start,
    /// The launcher refuses.
    Refuse,
    /// The launcher fails with these words.
    Fail(&'static str),
    /// The stage dies.
    Die,
    /// The order cannot be carried out, for this reason.
    Fault(&'static str),
}

/// Makes mock stages and counts them.
pub struct MockStages {
    behaviour: Arc<Behaviour>,
    /// Orders so far, over all stages.
    orders: Arc<AtomicUsize>,
    /// Stages so far.
    pub started: AtomicUsize,
    /// Nonces of the orders in their order.
    pub nonces: Arc<Mutex<Vec<String>>>,
}

impl MockStages {
    /// Stages that behave so, told order and number of the order from 0.
    pub fn new(behaviour: impl Fn(&Trial, usize) -> Does + Send + Sync + 'static) -> Self {
        Self {
            behaviour: Arc::new(behaviour),
            orders: Arc::default(),
            started: AtomicUsize::new(0),
            nonces: Arc::default(),
        }
    }
}

impl Stages for MockStages {
    fn start(&self) -> Result<(Box<dyn Stage>, Conditions)> {
        self.started.fetch_add(1, Ordering::Relaxed);
        let stage = MockStage {
            behaviour: Arc::clone(&self.behaviour),
            orders: Arc::clone(&self.orders),
            nonces: Arc::clone(&self.nonces),
            alive: true,
        };
        Ok((Box::new(stage), Conditions::default()))
    }
}

struct MockStage {
    behaviour: Arc<Behaviour>,
    orders: Arc<AtomicUsize>,
    nonces: Arc<Mutex<Vec<String>>>,
    alive: bool,
}

impl Stage for MockStage {
    fn prepare(&mut self, _: &Layout) -> Result<()> {
        Ok(())
    }

    fn run(&mut self, order: Trial) -> Result<Observation> {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        self.nonces.lock().unwrap().push(order.nonce.clone());
        let (status, stdout, stderr) = match (self.behaviour)(&order, number) {
            Does::Start => {
                let report = Report {
                    nonce: order.nonce,
                    via: "init".to_owned(),
                    ..Report::default()
                };
                let line = format!("{MARK}{}\n", serde_json::to_string(&report)?);
                (0, line, "")
            }
            Does::Refuse => (REFUSED, String::new(), ""),
            Does::Fail(words) => (1, String::new(), words),
            Does::Die => {
                self.alive = false;
                return Err(anyhow!("the stage died"));
            }
            Does::Fault(reason) => return Err(anyhow!(reason)),
        };
        Ok(Observation {
            end: End::Exited(status),
            stdout: stdout.into_bytes(),
            stderr: stderr.as_bytes().to_vec(),
            truncated: false,
            observed: Vec::new(),
            collected: Vec::new(),
            leftovers: Vec::new(),
            cleared: Vec::new(),
            host_changes: Vec::new(),
            survivors: 0,
            not_done: Vec::new(),
            steps_failed: Vec::new(),
            duration_us: 1,
            total_us: 2,
        })
    }

    fn is_alive(&self) -> bool {
        self.alive
    }

    fn quit(self: Box<Self>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// A legitimate case of this name.
pub fn case(name: &str) -> Case {
    let mut case = corpus::usual("via = 'init'").unwrap();
    case.row.scenario = name.to_owned();
    case
}

/// So many cases under `none` and one rule, in both resolutions.
pub fn plan(cases: usize, shard: Shard) -> Plan {
    let set = |name: &str, rules| NamedSet {
        name: name.to_owned(),
        rules,
    };
    let one = RuleSet::one("target-user-is-root").unwrap();
    Plan {
        cases: (0..cases)
            .map(|number| case(&format!("case-{number}")))
            .collect(),
        sets: vec![
            set("none", RuleSet::NONE),
            set("only:target-user-is-root", one),
        ],
        targets: vec![Box::new(MockTarget)],
        resolutions: Resolution::ALL.to_vec(),
        repeat: 1,
        seed: 7,
        timeout_ms: 100,
        sampled: false,
        shard,
    }
}
