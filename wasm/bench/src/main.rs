//! Owns the conversation with `npm run bench`: a command a line on standard input, a JSON object a line in answer. The pair lives on this one thread.

mod driver;
mod host;
mod pair;

use std::io::Write as _;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::LocalSet;

use crate::pair::Pair;

fn main() -> Result<()> {
    let esplora_url = std::env::args().nth(1).context("usage: tern-bench ESPLORA_URL")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, converse(&esplora_url))
}

/// Says first where coins are wanted. Ends with standard input.
async fn converse(esplora_url: &str) -> Result<()> {
    let pair = Pair::start(esplora_url).await?;
    say(&json!({ "addresses": pair.addresses() }))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        say(&answer(&pair, &line).await?)?;
    }
    Ok(())
}

async fn answer(pair: &Pair, line: &str) -> Result<Value> {
    match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["open"] => Ok(json!({ "fundingTxid": pair.open().await? })),
        ["confirm"] => {
            pair.confirm().await?;
            Ok(json!({}))
        }
        ["pay", count, width] => pair.pay(count.parse()?, width.parse()?).await,
        _ => bail!("unknown command: {line}"),
    }
}

fn say(answer: &Value) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{answer}")?;
    Ok(output.flush()?)
}
