//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sekisho_lab::machine;
use sekisho_results::Shard;

const EXAMPLES: &str = "\
Examples:
  sekisho                                    the main job: the whole corpus under the default rule sets
  sekisho eval --filter bad-id               only one family (or scenario, case, kind, attacker)
  sekisho eval --rules suexec,-target-user-is-root --rules suexec:7
  sekisho eval --target runc,crun            the same requests to other launchers (`sekisho targets`)
  sekisho eval --resume                      continue the latest interrupted run
  sekisho rules show target-user-is-root     what a rule refuses, and why
  sekisho scenarios explain witness          what a field of a scenario means
  sekisho conform suexec                     do we and the real suEXEC agree?
  sekisho doctor                             can this machine run trials?

Exit status:
  0  done
  1  done, but the corpus was wrong about something, trials failed, or something was left behind
  2  could not run: bad arguments, no privileges, unwritable output
  129, 130, 143  interrupted by SIGHUP, Ctrl-C or SIGTERM; `--resume` continues";

/// Examines start requests: replays legitimate and malicious ones as real
/// starts through a setuid launcher in a disposable host, under many rule sets.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; the main job when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of the main job.
    #[command(flatten)]
    pub eval: EvalOptions,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay the corpus (the main job).
    #[command(after_help = EXAMPLES)]
    Eval(EvalOptions),
    /// List the rules, or show one.
    Rules {
        #[command(subcommand)]
        command: Option<RulesCommand>,
    },
    /// Check, list, explain or show scenarios.
    Scenarios {
        /// Use this directory instead of the corpus inside the program.
        #[arg(long, global = true, value_name = "DIR")]
        scenarios: Option<PathBuf>,
        #[command(subcommand)]
        command: ScenariosCommand,
    },
    /// List the launchers that can be evaluated, and which parts of a start
    /// request each can express; or show one, with how it is set up.
    Targets {
        /// Name of one target, e.g. `runc` or `oci:/path/to/runtime`.
        name: Option<String>,
        /// How to print them.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Start configurations found in the wild, and see which rules break them.
    #[command(after_help = PROFILES, args_conflicts_with_subcommands = true)]
    Profiles {
        #[command(subcommand)]
        command: Option<ProfilesCommand>,
        #[command(flatten)]
        options: ProfilesOptions,
    },
    /// Say which recorded starts a rule set would have refused.
    #[command(after_help = REPLAY)]
    Replay(ReplayOptions),
    /// Run one trial and tell it in full, from request to witness.
    Trial(TrialOptions),
    /// Compare our launchers with real ones, request by request.
    Conform {
        #[command(subcommand)]
        command: ConformCommand,
    },
    /// Make the report of a run again from its files: text, figures, tables.
    /// Several runs, of different cases and otherwise alike, are read as one.
    Report {
        /// Directory of the run, or of a `cargo bench` alone; several runs need `--out`.
        #[arg(required = true)]
        run: Vec<PathBuf>,
        /// Directory for the report of several runs.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Directory of a `cargo bench` (`out/bench/<time>`), which answers Q4; without it
        /// the overhead.csv in the directory of the run, if there is one.
        #[arg(long, value_name = "DIR")]
        bench: Option<PathBuf>,
        /// Language of the texts: `en` writes report.html and report.md, `ja`
        /// report.ja.html and report.ja.md.
        #[arg(long, value_name = "en|ja", default_value = "en")]
        lang: sekisho_reports::Lang,
    },
    /// Put the parts of a plan that `--shard` cut back together: all of them,
    /// complete and of one machine. The result is a run like any other.
    Merge {
        /// Directories of the parts, in any order.
        #[arg(required = true, value_name = "RUN")]
        parts: Vec<PathBuf>,
        /// Directory that the merged run is written to, as a run of its own.
        #[arg(long, value_name = "DIR", default_value = "out")]
        out: PathBuf,
    },
    /// Say what changed between two runs: outcomes, deciding rules, verdicts,
    /// rates, and what only one of them has. Ends with 0 when they say the
    /// same (races aside), with 1 when they do not or one is not complete.
    Compare {
        /// Directory of the earlier run.
        before: PathBuf,
        /// Directory of the later run.
        after: PathBuf,
        /// Language of the text.
        #[arg(long, value_name = "en|ja", default_value = "en")]
        lang: sekisho_reports::Lang,
        /// What to print: text or one JSON object.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Say whether this machine can run trials, and what to do if not.
    Doctor,
}

const REPLAY: &str = "\
A launcher with `observe = all` and `record = FILE` in launcher.conf appends what
every rule said of every start. Here no start is made and no privilege needed.
docs/operation.md says how to record, and how exact the answer is.

Examples:
  sekisho replay /var/log/sekisho/records --rules suexec
  sekisho replay records.1 records --rules suexec --rules all --baseline haconiwa
  sekisho replay records --rules suexec,-deferred --format csv > starts.csv";

/// Options of a replay.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// Files of records.
    #[arg(required = true, value_name = "RECORDS")]
    pub records: Vec<PathBuf>,
    /// Rule set to try; may be given several times (see `sekisho eval --help`).
    #[arg(
        long,
        short,
        required = true,
        value_name = "EXPRESSION",
        allow_hyphen_values = true
    )]
    pub rules: Vec<String>,
    /// Rule set to compare with: what is newly refused, what no longer.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub baseline: Option<String>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = ReplayFormat::Text)]
    pub format: ReplayFormat,
}

/// How a replay is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// Tables of counts.
    Text,
    /// One line for each start and rule set.
    Csv,
    /// Everything as one object.
    Json,
}

const PROFILES: &str = "\
Each configuration of an image, a Compose service, a pod, a Haconiwa file … is
started as its own engine would start it, through the launcher, under `none`,
`suexec`, `suexec,-deferred` and `all`; configurations that no rule can tell
apart share one start. Results: profiles.csv, profile_trials.csv and
profile_verdicts.csv of a new run in --out (docs/results.md). The main job does
this as well.

Examples:
  sekisho profiles                           every world
  sekisho profiles --world compose --world kubernetes
  sekisho profiles --every --policy default  each configuration by itself
  sekisho profiles list --world hosting
  sekisho profiles show official-images/nginx-1-31-3";

/// What to do with profiles; without a word they are started.
#[derive(Debug, Subcommand)]
pub enum ProfilesCommand {
    /// List the configurations and the ones that stand for several.
    List {
        /// Only this world; may be given several times.
        #[arg(long, value_name = "WORLD")]
        world: Vec<String>,
    },
    /// Show one as it is started: bundle, request, witness.
    Show {
        /// `world/profile`.
        profile: String,
        /// The policy that it is judged by.
        #[arg(long, value_enum, default_value_t = PolicyChoice::Default)]
        policy: PolicyChoice,
    },
}

/// Which policy profiles are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyChoice {
    /// Both, reported apart.
    Both,
    /// The hosting policy that Sekisho has, with the world's caller and base.
    Default,
    /// The one that an operator of that world would write.
    Tuned,
}

/// Options of starting profiles.
#[derive(Debug, Args)]
pub struct ProfilesOptions {
    /// Only this world; may be given several times.
    #[arg(long, value_name = "WORLD")]
    pub world: Vec<String>,
    /// Start each configuration, not one for all that look the same to rules.
    #[arg(long)]
    pub every: bool,
    /// Rule set instead of `suexec`, `suexec,-deferred` and `all`; may be given
    /// several times (see `sekisho eval --help`). `none` is always run.
    #[arg(long, short, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub rules: Vec<String>,
    /// Also this many random rule sets.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub random_sets: u32,
    /// Seed of the order of trials and of random rule sets.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Policies.
    #[arg(long, value_enum, default_value_t = PolicyChoice::Both)]
    pub policy: PolicyChoice,
    /// Starts at once; four per processor when absent.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Append the launcher's own records of the starts under `none` to this
    /// file, for `sekisho replay`.
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
    /// Directory that runs are written to.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Continue this interrupted run; what it starts is in its run.json.
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "world", "every", "policy", "rules", "random_sets", "records", "seed", "timeout",
        "launcher", "shard",
    ])]
    pub resume: Option<PathBuf>,
    /// Milliseconds until a start is killed as a whole.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Use this research build of the launcher instead of the one inside.
    #[arg(long, value_name = "PATH")]
    pub launcher: Option<PathBuf>,
    /// Start only part I of N disjoint parts, such as 3/20.
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub shard: Shard,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules and the named sets.
    List,
    /// Show the documentation of one rule.
    Show {
        /// Id of the rule.
        rule: String,
    },
}

/// What to do with scenarios.
#[derive(Debug, Subcommand)]
pub enum ScenariosCommand {
    /// Read every file and say how many scenarios and cases there are.
    Check,
    /// List the cases.
    List {
        /// Only cases that match (see `sekisho eval --help`).
        #[arg(long, value_name = "WORD")]
        filter: Vec<String>,
    },
    /// Say what the fields of a scenario file mean.
    Explain {
        /// Path of a field, e.g. `request.environment`; everything when absent.
        field: Option<String>,
    },
    /// Show one case as it would be run.
    Show {
        /// `scenario` or `scenario/case`.
        case: String,
    },
}

const CONFORM_SUEXEC: &str = "\
Examples:
  sekisho conform suexec                          2,000 requests at the real suEXEC and at ours
  sekisho conform suexec --count 20000 --seed 7   the long run
  sekisho conform suexec --first 137 --count 1    request 137 again
  sekisho conform suexec --resume                 continue the latest interrupted run
  sekisho conform suexec --mode strict            our own rules: every difference has to be a documented one
  sekisho conform suexec --differences            the request that shows each of them, for real

Results: DIR/conform/STAMP/ holds conform.json (seed, versions, how often each
exit status was seen), requests.csv (one line a request) and regressions/ (what
disagreed, shrunk). docs/conformance.md says what is compared.

Exit status:
  0  both did the same with every request (strict: or differ in a documented way)
  1  they did not, one of them failed, or an exit status was never reached
  2  could not run: not root, no suexec-custom (package apache2-suexec-custom)
  129, 130, 143  interrupted by SIGHUP, Ctrl-C or SIGTERM; `--resume` continues";

/// What to compare with.
#[derive(Debug, Subcommand)]
pub enum ConformCommand {
    /// Run generated requests at Debian's suexec-custom and at our start of the
    /// same shape, in the same disposable host, and compare verdict, failing
    /// condition, log and what the started program sees.
    #[command(after_help = CONFORM_SUEXEC)]
    Suexec(ConformSuexecOptions),
    /// Start legitimate cases with the reference launcher, no rule on, and with
    /// OCI runtimes, and compare what the started program sees of itself.
    Oci(ConformOciOptions),
}

/// Options of the comparison with suEXEC.
#[derive(Debug, Args)]
pub struct ConformSuexecOptions {
    /// Number of generated requests; those that every run holds come first:
    /// kept regression cases and every pair of failing conditions.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub count: u64,
    /// Index of the first generated request: a request depends on seed and
    /// index only.
    #[arg(long, value_name = "I", default_value_t = 0)]
    pub first: u64,
    /// Seed of the generators.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Our side: `exact` does what the original does, `strict` what our rules
    /// say.
    #[arg(long, value_enum, default_value_t = ConformMode::Exact)]
    pub mode: ConformMode,
    /// Continue this interrupted run (its directory), or the latest in --out;
    /// what it runs is in its files.
    #[arg(long, value_name = "RUN", num_args = 0..=1,
          conflicts_with_all = ["count", "first", "seed", "mode", "differences"])]
    pub resume: Option<Option<PathBuf>>,
    /// Instead of generated requests run those that show the documented
    /// differences of strict mode, and hold each to what is documented.
    #[arg(long, conflicts_with_all = ["count", "first", "seed", "mode", "jobs", "out"])]
    pub differences: bool,
    /// Arenas at once; four per processor when absent.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Directory that results are written to.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// The real suEXEC.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/usr/lib/apache2/suexec-custom"
    )]
    pub suexec: PathBuf,
    /// Use this build of sekisho-suexec instead of the one inside.
    #[arg(long, value_name = "PATH")]
    pub launcher: Option<PathBuf>,
}

/// Which behaviour of ours is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConformMode {
    /// As the original.
    Exact,
    /// By our rules.
    Strict,
}

/// Options of the comparison with OCI runtimes.
#[derive(Debug, Args)]
pub struct ConformOciOptions {
    /// Runtimes to compare with, separated by commas or given several times.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "runc,crun"
    )]
    pub target: Vec<String>,
    /// Only legitimate cases that match (see `sekisho eval --help`).
    #[arg(long, short, value_name = "WORD")]
    pub filter: Vec<String>,
}

/// Options of a single trial.
#[derive(Debug, Args)]
pub struct TrialOptions {
    /// `scenario` or `scenario/case`.
    pub case: String,
    /// Rule set in force; all rules are evaluated and shown in any case.
    #[arg(
        long,
        short,
        value_name = "EXPRESSION",
        default_value = "none",
        allow_hyphen_values = true
    )]
    pub rules: String,
    /// How the reference launcher resolves references.
    #[arg(long, value_enum, default_value_t = ResolutionChoice::ByDescriptor)]
    pub resolution: ResolutionChoice,
    /// Launcher to ask; rules and resolution are the reference launcher's.
    #[arg(long, value_name = "NAME", default_value = "sekisho")]
    pub target: String,
    /// Also print the launcher's record and the probe's whole report.
    #[arg(long)]
    pub full: bool,
    /// Milliseconds until the trial is killed as a whole.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Use this research build of the launcher instead of the one inside.
    #[arg(long, value_name = "PATH")]
    pub launcher: Option<PathBuf>,
    /// Use this directory of scenarios instead of the corpus inside.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// Options of the main job.
#[derive(Debug, Args)]
pub struct EvalOptions {
    /// Only cases of which the scenario, case, `scenario/case`, family, kind or
    /// attacker matches: a part of the word, or a pattern with `*` and `?`;
    /// several: any of them.
    #[arg(long, short, value_name = "WORD")]
    pub filter: Vec<String>,
    /// Start every case under each rule alone and under suEXEC's rules less each
    /// one. Otherwise, of the trials whose outcome the verdicts predict, one in
    /// eight is drawn by seed. A filter or --rules implies it.
    #[arg(long)]
    pub every_set: bool,
    /// Rule set instead of the default ones; may be given several times. Terms
    /// separated by commas: rules, `none`, `all`, `suexec`, `fatal`,
    /// `selectable`, `deferred`, `act`, `further`, `haconiwa`, `suexec:7`; a
    /// leading `-` takes away. `none` is always run.
    #[arg(long, short, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub rules: Vec<String>,
    /// Also this many random rule sets.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub random_sets: u32,
    /// How the reference launcher resolves references.
    #[arg(long, value_enum, default_value_t = ResolutionChoice::Both)]
    pub resolution: ResolutionChoice,
    /// Launchers to evaluate, separated by commas or given several times; when
    /// absent the reference launcher, and Apache's suexec if it is installed. `all` stands for every installed one,
    /// `sekisho targets` lists them. The reference launcher is in every run,
    /// since attacks are demonstrated on it: under `none`, `suexec` and `all`,
    /// unless it is named too or --rules says otherwise.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub target: Vec<String>,
    /// Starts of each launcher, by turns, for its start latency; 20 with real
    /// launchers, none otherwise.
    #[arg(long, value_name = "N")]
    pub latency_rounds: Option<u32>,
    /// Trials at once; four per processor when absent, since a start mostly
    /// waits for the kernel to make and unmake namespaces.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// How often each trial is run.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Seed of the order of trials and of random rule sets.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Directory that runs are written to.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Continue this interrupted run (its directory), or the latest in --out;
    /// what it runs is in its run.json.
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with_all = [
        "filter", "every_set", "rules", "random_sets", "resolution", "target", "latency_rounds",
        "repeat", "seed", "timeout", "no_profiles", "launcher", "scenarios", "shard",
    ])]
    #[expect(clippy::option_option, reason = "absent, without a value, with one")]
    pub resume: Option<Option<PathBuf>>,
    /// Milliseconds until a trial is killed as a whole.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// What to print at the end.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Leave the real configurations out (see `sekisho profiles --help`).
    #[arg(long)]
    pub no_profiles: bool,
    /// Use this research build of the launcher instead of the one inside.
    #[arg(long, value_name = "PATH")]
    pub launcher: Option<PathBuf>,
    /// Use this directory of scenarios instead of the corpus inside.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// Run only part I of N disjoint parts of the trials, such as 3/20;
    /// `sekisho merge` puts the parts together.
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub shard: Shard,
}

impl EvalOptions {
    /// Trials at once.
    pub fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| 4 * machine::cpus(), usize::from)
    }
}

/// Which resolutions to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResolutionChoice {
    /// Both ways.
    Both,
    /// Open once, check and use the descriptor.
    ByDescriptor,
    /// Check a path, use it again later.
    ByPath,
}

/// What to print at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables.
    Text,
    /// One JSON object.
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_rule_expression_may_begin_with_a_minus() {
        let cli = Cli::parse_from(["sekisho", "eval", "--rules", "-deferred"]);
        let Some(Command::Eval(options)) = cli.command else {
            panic!("not eval")
        };
        assert_eq!(options.rules, ["-deferred"]);
    }
}
