//! The one integration binary.
#![allow(
    clippy::disallowed_methods,
    reason = "tests speak from outside, at the present time and with ids of their own"
)]
pub mod api;
mod attack;
mod certify;
mod console;
mod counted;
mod crash;
mod database_server;
mod directory;
mod edges;
mod equality;
mod evidence;
mod features;
mod feedback;
mod fuzz;
mod gateways;
mod glossary;
mod govstack;
mod guesses;
mod hostile_smsc;
mod kannel;
mod kiosk;
mod newcomer;
mod node_binds;
mod node_smpp;
mod nodes;
mod numbers;
mod operating;
mod orders;
mod outbind;
mod outbox;
mod papers;
mod parts;
mod peers;
pub mod program;
mod providers;
mod receipts;
mod reload;
mod road;
mod rolling;
mod sandbox_telco;
mod silent;
mod sms;
mod smscs;
mod store_contract;
mod support;
mod texts;
mod tidy;
mod tls;
mod trace;
mod transcripts;
mod ussd;
mod ussd_screens;
