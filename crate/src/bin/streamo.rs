//! The `streamo` command. See [`streamo_wgpu::cli`].

fn main() -> std::process::ExitCode {
    streamo_wgpu::cli::main()
}
