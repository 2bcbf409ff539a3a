//! The tool `polyarray`: what is here, and genotypes analysed.
mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
