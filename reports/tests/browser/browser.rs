//! A headless Chromium, driven through chromedriver on a loopback port.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with a profile of its own.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

/// The test's browser, or `None` where there is none; says so, and fails where
/// there must be one.
pub async fn start() -> Option<Browser> {
    for (program, package) in [
        ("chromium", "chromium"),
        ("chromedriver", "chromium-driver"),
    ] {
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|at| at.join(program).is_file()));
        if !found {
            sekisho_skips::skipped(format!("{program} is missing (Debian: {package})"));
            return None;
        }
    }
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver");
    let port = port(&mut driver);
    let profile = tempfile::tempdir().expect("a temporary directory");
    let options = json!({
        "goog:chromeOptions": {"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            format!("--user-data-dir={}", profile.path().display()),
            "--window-size=1280,900",
        ]},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    });
    let Value::Object(capabilities) = options else {
        unreachable!("an object was written above");
    };
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("a session");
    Some(Browser {
        client,
        driver,
        _profile: profile,
    })
}

/// The port that the driver chose, from what it says.
fn port(driver: &mut Child) -> u16 {
    let said = BufReader::new(driver.stdout.take().expect("its output"));
    for line in said.lines() {
        let line = line.expect("a line of chromedriver");
        let port = line
            .strip_suffix('.')
            .and_then(|line| line.rsplit_once("on port "))
            .and_then(|(_, port)| port.parse().ok());
        if let Some(port) = port {
            return port;
        }
    }
    panic!("chromedriver said no port");
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session's end has ended the browser; only the driver is left.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A command beyond the WebDriver specification.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or(""), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Opens a file, with a fragment that may be empty.
    pub async fn open(&self, file: &Path, fragment: &str) {
        // Only another document is loaded anew.
        self.client.goto("about:blank").await.expect("a blank page");
        let address = format!("file://{}{fragment}", file.display());
        self.client.goto(&address).await.expect("the page");
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.run_with(script, Vec::new()).await
    }

    /// What a script returns, given arguments.
    pub async fn run_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        let done = self.client.execute(script, arguments).await;
        done.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// A text that a script returns.
    pub async fn text(&self, script: &str) -> String {
        let value = self.run(script).await;
        value
            .as_str()
            .unwrap_or_else(|| panic!("{script}: {value}"))
            .to_owned()
    }

    /// Waits until a script returns `true`.
    pub async fn until(&self, script: &str) {
        for _ in 0..200 {
            if self.run(script).await == json!(true) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("never true: {script}");
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("the focus");
        focused.send_keys(keys).await.expect("keys");
    }

    /// Clicks what a selector finds first.
    pub async fn click(&self, selector: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        let clicked = element.click().await;
        clicked.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extension(
            "goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        )
        .await
    }

    /// Messages of the console, errors of scripts and of the policy among them.
    pub async fn console(&self) -> Vec<String> {
        let log = self.extension("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().expect("a log");
        lines
            .iter()
            .map(|line| line["message"].to_string())
            .collect()
    }

    /// Addresses that were asked for, by pages, scripts or styles.
    pub async fn requests(&self) -> Vec<String> {
        let log = self
            .extension("se/log", json!({"type": "performance"}))
            .await;
        let lines = log.as_array().expect("a log").iter();
        let messages = lines.map(|line| {
            let text = line["message"].as_str().expect("a message");
            serde_json::from_str::<Value>(text).expect("JSON")["message"].take()
        });
        messages
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            .map(|message| {
                let url = &message["params"]["request"]["url"];
                url.as_str().expect("an address").to_owned()
            })
            .collect()
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        let done = self.client.issue_cmd(Extension { path, body }).await;
        done.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Ends the browser.
    pub async fn end(self) {
        let closed = self.client.clone().close().await;
        closed.expect("the end of the session");
    }
}
