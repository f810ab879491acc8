//! What no single module can test: conformance with the reference, the memory's law, and the program as users run it.
//!
//! One test program, since each would link all of burn and wgpu again. Tests begin by the alphabet: `aging` has the
//! longest, which nothing else should have to wait for.

mod aging;
mod arena;
mod checkpoint;
mod cli;
mod compare;
mod conformance;
mod data;
mod dense;
mod dialogue;
mod exact;
mod faults_description;
mod faults_gguf;
mod faults_gguf_keys;
mod faults_pack;
mod faults_run;
mod faults_video;
mod faults_weights;
mod fixtures;
mod gguf;
mod gguf_file;
mod gguf_weights;
mod inspect;
#[cfg(target_os = "linux")]
mod kernel_report;
mod ledger;
mod limits;
mod loading;
mod memory_law;
mod pack;
mod preprocessing;
mod program;
mod recall;
mod school;
mod synth;
mod timing;
mod tokens;
mod train_beginning;
mod train_damage;
mod train_device;
mod train_files;
mod train_gradients;
mod train_reading;
mod train_run;
mod training;
