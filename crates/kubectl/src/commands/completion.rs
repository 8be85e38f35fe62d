//! `kubectl completion`. Models kubectl `pkg/cmd/completion/completion.go`, except for the scripts themselves: the
//! terminal completes kubectl's lines by itself, so that what a shell would source has nothing left to do.

use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    long: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell). The shell code must be evaluated to provide interactive completion of kubectl commands.  This can be done by sourcing it from the .bash_profile.\n\n Detailed instructions on how to do this are available here:\n\n        for macOS:\n        https://kubernetes.io/docs/tasks/tools/install-kubectl-macos/#enable-shell-autocompletion\n        \n        for linux:\n        https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/#enable-shell-autocompletion\n        \n        for windows:\n        https://kubernetes.io/docs/tasks/tools/install-kubectl-windows/#enable-shell-autocompletion\n        \n Note for zsh users: [1] zsh completions are only supported in versions of zsh >= 5.2.",
    examples: "# Load the kubectl completion code for bash into the current shell\nsource <(kubectl completion bash)",
    usage: "SHELL",
    run: Some(run),
    ..Command::named("completion")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let shell = match args.words.as_slice() {
        [] => return Err(args.usage_error("Shell not specified.")),
        [one] => one.as_str(),
        _ => return Err(args.usage_error("Too many arguments. Expected only the shell type.")),
    };
    match shell {
        "bash" => session
            .println("# bash completion V2 for kubectl                             -*- shell-script -*-"),
        "zsh" => session.println("#compdef kubectl\ncompdef _kubectl kubectl"),
        "fish" => {
            session
                .println("# fish completion for kubectl                              -*- shell-script -*-");
        }
        "powershell" => {
            session.println(
                "# powershell completion for kubectl                              -*- shell-script -*-",
            );
        }
        other => return Err(args.usage_error(format!("Unsupported shell type {other:?}."))),
    }
    Ok(())
}
