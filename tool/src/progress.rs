//! Progress bars: on a terminal only, and never where a program reads along.
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for `total` things; `None` when only time will tell.
pub fn bar(json: bool, what: &'static str, total: Option<u64>) -> ProgressBar {
    // `stderr()` draws nothing where standard error is no terminal.
    let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(total, target).with_message(what);
    let template = match total {
        Some(_) => "{msg:24} [{wide_bar}] {human_pos}/{human_len} {eta}",
        None => "{msg:24} {spinner} {elapsed}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
    if total.is_none() {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}
